"""What documents and money put into the frame and the customer's page."""

from __future__ import annotations

from core import deeds as known_deeds
from core import setup, slots
from core.i18n import lazy
from core.search import Searcher, searchers
from modules.accounting import closing, desk, figures, story
from modules.accounting.deeds import WORDS as DEEDS
from modules.accounting.ports import closing as closing_checks
from modules.crm.ports import stories

DOCUMENTS, PAYMENTS = "accounting.view_documents", "accounting.view_payments"
slots.add("customer.summary", "accounting", lazy("Balance"), desk.customer_summary, permission=DOCUMENTS, order=10)
slots.add("customer.actions", "accounting", lazy("Collect"), desk.customer_action,
          permission="accounting.record_payments", order=10)
slots.add("customer.tabs", "account", lazy("Account"), desk.account_tab, permission=DOCUMENTS, order=30)
slots.add("customer.tabs", "documents", lazy("Documents and payments"), desk.documents_tab, permission=DOCUMENTS,
          order=40)
slots.add("home.figures", "accounting.billed", lazy("Billed this month"), desk.billed, permission=DOCUMENTS, order=30)
slots.add("home.figures", "accounting.collected", lazy("Collected this month"), desk.collected, permission=PAYMENTS,
          order=40)
slots.add("home.figures", "accounting.owed", lazy("Owed"), desk.owed, permission=DOCUMENTS, order=50)
slots.add("home.charts", "accounting.money", lazy("Billed, collected, owed"), figures.money,
          permission=DOCUMENTS, order=10)
slots.add("home.charts", "accounting.by_day", lazy("Collected per day of this month"), figures.by_day,
          permission=PAYMENTS, order=15)
slots.add("home.charts", "accounting.by_method", lazy("Collected this month, by payment method"), figures.by_method,
          permission=PAYMENTS, order=35)
slots.add("home.charts", "accounting.ageing", lazy("Not paid, by how long it is due"), figures.ageing,
          permission=DOCUMENTS, order=30)
slots.add("setup.steps", "accounting.design", lazy("Logo and design"), desk.design_steps,
          permission="accounting.edit_design", order=40)
setup.facts.register("accounting.logo", desk.has_logo)
slots.add("home.todo", "accounting.cash", lazy("Cash accounts"), desk.cash_todo,
          permission="accounting.edit_accounts", order=40)
slots.add("home.todo", "accounting.closing", lazy("Locked periods"), desk.closing_todo,
          permission="accounting.lock_periods", order=60)
searchers.register("accounting.documents", Searcher(lazy("Invoices"), desk.find_documents, DOCUMENTS, order=30))
searchers.register("accounting.receipts", Searcher(lazy("Payments"), desk.find_receipts, PAYMENTS, order=40))
closing_checks.register("accounting.payments", closing.Payments())
closing_checks.register("accounting.numbers", closing.Numbers())
closing_checks.register("accounting.papers", closing.Papers())
closing_checks.register("notifications", closing.Notices())
LEDGER = "accounting.view_ledger"
slots.add("invoice.aside", "ledger", lazy("In the ledger"), desk.entries_part, permission=LEDGER, order=90)
slots.add("payment.aside", "ledger", lazy("In the ledger"), desk.entries_part, permission=LEDGER, order=90)
stories.register("accounting.documents", story.Documents())
stories.register("accounting.payments", story.Payments())
known_deeds.add(DEEDS)
