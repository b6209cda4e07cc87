"""Answers to the frame's slots and search box, without the weight of the views at import."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup

from core import months, setup
from core.db import db
from core.i18n import _, ngettext
from core.models import Company
from core.search import Hit, sorted_after
from core.setup import Step
from core.slots import NOTICE
from modules.contracts import queries, states
from modules.contracts.models import BillingDraft, BillingException, Contract, Plan
from modules.crm.models import Customer

FIGURE = Markup('<div class="figure"><div class="figure-label">{}</div><a class="figure-value" href="{}">{}</a>'
                '<div class="figure-note">{}</div></div>')


def customer_tab(customer: Customer) -> str:
    """The contracts of a customer."""
    from modules.contracts import views

    return views.customer_tab(customer)


def customer_summary(customer: Customer) -> str:
    """A strip per contract in use."""
    from modules.contracts import views

    return views.customer_summary(customer)


def customer_action(customer: Customer) -> str:
    """The button of a new contract."""
    from modules.contracts import views

    return views.customer_action(customer)


def find(text: str, limit: int) -> list[Hit]:
    """Contracts by number, user name or address on the network; customers are found by their own searcher."""
    typed = text.strip()
    rows = db.session.execute(
        sa.select(Contract.id, Contract.number, Contract.state, Customer.name, Plan.name.label("plan"))
        .join(Customer, Customer.id == Contract.customer_id).join(Plan, Plan.id == Contract.plan_id)
        .where(sa.or_(Contract.number == typed, Contract.number == typed.zfill(6), Contract.pppoe_user == typed,
                      Contract.ip == typed)).order_by(sorted_after(Contract.id)).limit(limit))
    return [Hit(_("Contract %(number)s", number=row.number), url_for("contracts.contract", contract_id=row.id),
                f"{row.name} · {row.plan} · {states.TITLES[row.state]}") for row in rows]


def figures(_company: Any) -> Markup:
    """Contracts in service, and how this month's billing stands."""
    from core.templating import number

    counts = queries.state_counts()
    if not counts:
        return Markup("")
    cut = counts.get(states.SUSPENDED, 0)
    note = ngettext("%(num)s is cut", "%(num)s are cut", cut) if cut else ""
    return FIGURE.format(_("Active contracts"), url_for("contracts.contracts", state="active"),
                         number(counts.get(states.ACTIVE, 0)), note)


def todo(company: Any) -> Markup:
    """A run that goes on, contracts that could not be billed, drafts that wait."""
    lines = []
    runs = queries.open_runs_and_last()
    run = next((one for one in runs if one.state != "billed"), None)
    if run is not None:
        lines.append(NOTICE.format("info", url_for("contracts.run", run_id=run.id), _("A month is being billed")))
    last = runs[-1] if runs else None
    excepted = 0 if last is None else db.session.scalar(sa.select(sa.func.count()).select_from(BillingException).where(
        BillingException.company_id == company.id, BillingException.month == last.month)) or 0
    if last is not None and excepted:
        lines.append(NOTICE.format("bad", url_for("contracts.exceptions", month=months.show(last.month)), ngettext(
            "%(num)s contract could not be billed", "%(num)s contracts could not be billed", excepted)))
    return Markup("").join(lines)


def drafts_todo(_company: Any) -> Markup:
    """Drafts that wait to be approved."""
    waiting = db.session.scalar(sa.select(sa.func.count()).select_from(BillingDraft).where(
        BillingDraft.state == "waiting")) or 0
    return NOTICE.format("warn", url_for("contracts.drafts"), ngettext(
        "%(num)s draft waits to be approved", "%(num)s drafts wait to be approved",
        waiting)) if waiting else Markup("")


def plan_steps(company: Company) -> list[Step]:
    """Set-up: the first plan."""
    done = setup.fact(company, "contracts.plans")
    return [Step("plans", _("Plans"), done, _("A plan is what you sell: its speed, its price and its taxes. Contracts "
                                              "take their price from it."),
                 _("Look at the plans") if done else _("Write a plan"),
                 url_for("contracts.plans") if done else url_for("contracts.new_plan"))]


def contract_steps(company: Company) -> list[Step]:
    """Set-up: somebody to bill."""
    done, people = setup.fact(company, "contracts.contracts"), setup.fact(company, "crm.customers")
    button, url = _("Look at the contracts"), url_for("contracts.contracts")
    if not done:
        button, url = (_("Make a contract"), url_for("contracts.new_contract")) if people else (
            _("Write down a customer"), url_for("crm.new_customer"))
    waits = "" if done or setup.fact(company, "contracts.plans") else _("First write a plan.")
    return [Step("contract", _("First customer and contract"), done, _(
        "A contract is one service of a customer at one place. Who came by the import has one already."), button, url,
        waits_for=waits)]


def month_steps(company: Company) -> list[Step]:
    """Set-up: the first month billed."""
    done = setup.fact(company, "contracts.runs")
    waits = "" if done or setup.fact(company, "contracts.contracts") else _("First make a contract.")
    return [Step("month", _("Bill your first month"), done, _(
        "The preview shows what each contract will pay before anything is written; then all invoices are made, "
        "authorised, drawn and sent."), _("Look at the month"), url_for("contracts.desk"), waits_for=waits,
        needed=False)]
