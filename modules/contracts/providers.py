"""What contracts and billing put into the frame and the customer's page."""

from __future__ import annotations

from core import deeds as known_deeds
from core import setup, slots
from core.i18n import lazy
from core.lists import Choices, extend
from core.search import Searcher, searchers
from modules.accounting.ports import closing as closing_checks
from modules.accounting.ports import later_parts, rates
from modules.contracts import closing, desk, figures, history, queries, standing
from modules.contracts.deeds import WORDS as DEEDS
from modules.contracts.later_parts import KEY, MonthlyInvoices
from modules.contracts.models import BillingRun, Contract, Plan
from modules.contracts.rates import ExchangeRates
from modules.crm.ports import bonds, service_states, stories

SEE, BILL = "contracts.view_contracts", "contracts.view_billing"
slots.add("customer.tabs", "contracts", lazy("Contracts"), desk.customer_tab, permission=SEE, order=20)
slots.add("customer.summary", "contracts", lazy("Contracts"), desk.customer_summary, permission=SEE, order=20)
slots.add("customer.actions", "contracts", lazy("New contract"), desk.customer_action,
          permission="contracts.edit_contracts", order=20)
slots.add("home.figures", "contracts", lazy("Contracts"), desk.figures, permission=SEE, order=10)
slots.add("home.charts", "contracts.comings", lazy("Contracts that began and ended"), figures.comings, permission=SEE,
          order=20)
slots.add("home.charts", "contracts.arpu", lazy("Billed per contract (ARPU)"), figures.arpu, permission=SEE, order=25)
slots.add("home.charts", "contracts.plans", lazy("Active contracts by plan"), figures.plans, permission=SEE, order=50)
slots.add("home.todo", "contracts", lazy("Billing"), desk.todo, permission=BILL, order=10)
slots.add("home.todo", "contracts.drafts", lazy("Drafts to approve"), desk.drafts_todo,
          permission="contracts.approve_drafts", order=15)
slots.add("setup.steps", "contracts.plan", lazy("Plans"), desk.plan_steps, permission="contracts.edit_plans", order=30)
slots.add("setup.steps", "contracts.contract", lazy("First customer and contract"), desk.contract_steps,
          permission="contracts.edit_contracts", order=70)
slots.add("setup.steps", "contracts.billing", lazy("Bill your first month"), desk.month_steps,
          permission="contracts.run_billing", order=90)
for name, table in (("plans", Plan), ("contracts", Contract), ("runs", BillingRun)):
    setup.facts.register(f"contracts.{name}", setup.any_row(table))
later_parts.register(KEY, MonthlyInvoices())
rates.register("contracts", ExchangeRates())
searchers.register("contracts", Searcher(lazy("Contracts"), desk.find, SEE, order=20))
closing_checks.register("contracts", closing.Billing())
stories.register("contracts", history.Services())
service_states.register("contracts", standing.ServiceState())
bonds.register("contracts", standing.ContractsInUse())
for shown, of_plans in (("invoices", queries.billed_plans), ("payments", queries.paid_plans),
                        ("debtors", queries.owed_plans)):
    extend(f"accounting.{shown}", Choices("plan", lazy("Plan"), of_plans, queries.plan_names))
known_deeds.add(DEEDS)
known_deeds.add(history.WORDS)
