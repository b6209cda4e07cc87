"""What contracts and billing put into the frame and the customer's page."""

from __future__ import annotations

from core import slots
from core.i18n import lazy
from core.search import Searcher, searchers
from modules.contracts import desk

SEE, BILL = "contracts.view_contracts", "contracts.view_billing"
slots.add("customer.tabs", "contracts", lazy("Contracts"), desk.customer_tab, permission=SEE, order=20)
slots.add("customer.summary", "contracts", lazy("Contracts"), desk.customer_summary, permission=SEE, order=20)
slots.add("customer.actions", "contracts", lazy("New contract"), desk.customer_action,
          permission="contracts.edit_contracts", order=20)
slots.add("home.figures", "contracts", lazy("Contracts"), desk.figures, permission=SEE, order=10)
slots.add("home.todo", "contracts", lazy("Billing"), desk.todo, permission=BILL, order=10)
slots.add("home.todo", "contracts.drafts", lazy("Drafts to approve"), desk.drafts_todo,
          permission="contracts.approve_drafts", order=15)
slots.add("home.steps", "contracts.plan", lazy("Write your first plan"), desk.plan_step,
          permission="contracts.edit_plans", order=20)
slots.add("home.steps", "contracts.billing", lazy("Bill your first month"), desk.billing_step,
          permission="contracts.run_billing", order=90)
searchers.register("contracts", Searcher(lazy("Contracts"), desk.find, SEE, order=20))
