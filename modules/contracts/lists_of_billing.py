"""The lists of the billing desk: runs, who could not be billed, price revisions, plans."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import selectinload

from core import audit, clock
from core.db import db, find
from core.i18n import _, current_locale, format_amount, lazy, ngettext
from core.lists import Action, Choice, Choices, Column, Dates, Empty, Line, List, Text, badge, register
from core.models import User
from core.scope import current_company
from core.security import can
from core.templating import number
from modules.contracts import cures, plans, queries, revisions, taxes
from modules.contracts.models import BillingException, BillingRun, Contract, Plan, PriceRevision
from modules.contracts.settlement import NOT_CHARGED
from modules.contracts.wording import month_name
from modules.crm import queries as crm
from modules.crm.models import Customer

WHO = sa.func.coalesce(sa.func.nullif(User.name, ""), User.email)


def _month(day: dt.date) -> str:
    return month_name(day, current_locale())


# --- runs ----------------------------------------------------------------------------------------------------


RUN_STATES = {"planning": (lazy("running"), "info"), "running": (lazy("running"), "info"),
              "billed": (lazy("billed"), "ok")}


def _started_by(line: Line) -> Any:
    if line.row.automatic:
        return _("by itself")
    return line.extras.get("by") or _("command")


RUNS = register(List(
    "contracts.runs", lazy("All runs"), BillingRun, "contracts.view_billing",
    related=lambda statement: statement.outerjoin(User, User.id == BillingRun.started_by),
    columns=(
        Column("month", lazy("Month"), BillingRun.month, text=_month, sort=True, lead=True),
        Column("started", lazy("Started"), BillingRun.started_at),
        Column("by", lazy("By"), WHO, show=_started_by),
        Column("automatic", lazy("By itself"), BillingRun.automatic, default=False),
        Column("state", lazy("State"), BillingRun.state, words=RUN_STATES),
        Column("issued", lazy("Date of the invoices"), BillingRun.issue_date, default=False),
        Column("finished", lazy("Finished"), BillingRun.finished_at, default=False),
        Column("billed", lazy("Billed"), BillingRun.billed, total=True),
        Column("before", lazy("Billed before"), BillingRun.already_billed),
        Column("excepted", lazy("Cannot be billed"), BillingRun.excepted),
        Column("invoices", lazy("Invoices"), BillingRun.invoices, total=True),
        Column("drafts", lazy("Drafts"), BillingRun.drafts, default=False),
    ),
    filters=(
        Choice("state", lazy("State"), {"running": BillingRun.state != "billed",
                                        "billed": BillingRun.state == "billed"},
               {"running": lazy("running"), "billed": lazy("billed")}, chips=True),
        Choice("how", lazy("By"), {"hand": sa.not_(BillingRun.automatic), "itself": BillingRun.automatic},
               {"hand": lazy("by hand"), "itself": lazy("by itself")}),
        Dates("month", lazy("Month"), BillingRun.month),
        Dates("started", lazy("Started"), BillingRun.started_at),
    ),
    link=lambda row: url_for("contracts.run", run_id=row.id),
    crumbs=lambda: [(_("Bill a month"), url_for("contracts.desk"))],
    count=lambda count: ngettext("%(num)s run", "%(num)s runs", count),
    empty=Empty(lazy("Nothing was billed yet"), lazy("A run bills everybody of a month who is not billed yet."),
                "billing", lambda: (_("Bill a month"), url_for("contracts.desk")))))


# --- who could not be billed ---------------------------------------------------------------------------------


def _months_excepted() -> dict[str, str]:
    rows = sa.select(BillingException.month).distinct().order_by(BillingException.month.desc())
    return {day.isoformat(): _month(day) for day in db.session.scalars(rows)}


def _causes() -> dict[str, str]:
    rows = sa.select(BillingException.code).distinct()
    return {code: cures.title(code) for code in sorted(db.session.scalars(rows))}


def _cure(line: Line) -> Any:
    row, (plan_id, _colon, name) = line.row, line.extras["cure"].partition(":")
    label, url = cures.cure(row.cure, row.contract_id, row.customer_id, (int(plan_id), name))
    return Markup('<a class="btn btn-small" href="{}">{}</a>').format(url, label)


def _settled(ids: Sequence[int], _values: Any) -> None:
    """A person charged those days by hand, or lets them go: nothing is to be done about them any more."""
    for row in db.session.scalars(sa.select(BillingException).where(
            BillingException.id.in_(ids), BillingException.code == NOT_CHARGED)):
        audit.record("contracts.settle_days", find(Contract, row.contract_id), reason=row.message)
        db.session.delete(row)


EXCEPTIONS = register(List(
    "contracts.exceptions", lazy("Not billed"), BillingException, "contracts.view_billing",
    related=lambda statement: statement.join(Customer, Customer.id == BillingException.customer_id).join(
        Contract, Contract.id == BillingException.contract_id).join(Plan, Plan.id == Contract.plan_id),
    columns=(
        Column("customer", lazy("Customer"), Customer.name, lead=True),
        Column("code", lazy("Code"), Customer.code, default=False),
        Column("contract", lazy("Contract"), Contract.number),
        Column("month", lazy("Month"), BillingException.month, text=_month),
        Column("cause", lazy("Cause"), BillingException.code, text=cures.title),
        Column("message", lazy("What to do"), BillingException.message, css="long"),
        Column("since", lazy("Since"), BillingException.created_at, default=False),
        Column("plan", lazy("Plan"), Plan.name, default=False),
        Column("cure", "", sa.cast(Plan.id, sa.String) + ":" + Plan.name, show=_cure, export=False),
    ),
    filters=(
        Text("q", lazy("Contract or customer"), lambda text: sa.or_(
            BillingException.contract_id.in_(sa.select(Contract.id).where(
                Contract.number.contains(text.strip(), autoescape=True))),
            BillingException.customer_id.in_(sa.select(Customer.id).where(crm.matches(text))))),
        Choice("month", lazy("Month"), lambda code: BillingException.month == dt.date.fromisoformat(code),
               _months_excepted),
        Choices("cause", lazy("Cause"), BillingException.code, _causes),
        Choices("plan", lazy("Plan"), lambda codes: BillingException.contract_id.in_(
            sa.select(Contract.id).where(Contract.plan_id.in_(codes))), queries.plan_names),
        Choices("zone", lazy("Zone"), lambda codes: BillingException.customer_id.in_(
            sa.select(Customer.id).where(Customer.zone_id.in_(codes))),
            lambda: {one.id: one.name for one in crm.zones(False)}),
    ),
    actions=(Action("settled", lazy("Mark as settled"), "contracts.run_billing", apply=_settled, icon="check",
                    only=BillingException.code == NOT_CHARGED),),
    link=lambda row: url_for("contracts.contract", contract_id=row.contract_id),
    crumbs=lambda: [(_("Bill a month"), url_for("contracts.desk")),
                    (_("Not billed, and why"), url_for("contracts.exceptions"))],
    count=lambda count: ngettext("%(num)s contract waits for a correction", "%(num)s contracts wait for a correction",
                                 count),
    empty=Empty(lazy("Everybody could be billed"), lazy(
        "Whoever cannot be billed stands here, with the reason and what cures it."), "check")))


# --- price revisions -----------------------------------------------------------------------------------------


def change_of(row: PriceRevision) -> str:
    """By how much it changes prices: percent, or an amount."""
    return f"{number(row.percent)} %" if row.percent is not None else format_amount(
        row.amount or Decimal(0), current_company().currency)


REVISION_STATES = {revisions.DRAFT: (revisions.TITLES[revisions.DRAFT], "warn"),
                   revisions.APPLIED: (revisions.TITLES[revisions.APPLIED], "ok"),
                   revisions.CANCELLED: (revisions.TITLES[revisions.CANCELLED], "mute")}
REVISIONS = register(List(
    "contracts.revisions", lazy("Price revisions"), PriceRevision, "contracts.revise_prices",
    related=lambda statement: statement.outerjoin(User, User.id == PriceRevision.created_by),
    columns=(
        Column("name", lazy("Name"), PriceRevision.name, lead=True),
        Column("state", lazy("State"), PriceRevision.state, words=REVISION_STATES),
        Column("from", lazy("From"), PriceRevision.valid_from, sort=True),
        Column("change", lazy("Change"), change_of),
        Column("told", lazy("Told"), PriceRevision.notified_at),
        Column("contracts", lazy("Contracts"), sa.case((PriceRevision.state == revisions.APPLIED,
                                                        PriceRevision.contracts)), kind="number"),
        Column("spared", lazy("Left alone, promised"), sa.case((PriceRevision.state == revisions.APPLIED,
                                                                PriceRevision.spared)), kind="number", default=False),
        Column("by", lazy("By"), WHO, default=False),
        Column("created", lazy("Written down"), PriceRevision.created_at, default=False),
        Column("applied", lazy("Set"), PriceRevision.applied_at, default=False),
    ),
    filters=(
        Text("q", lazy("Name"), lambda text: PriceRevision.name.icontains(text.strip(), autoescape=True)),
        Choice("state", lazy("State"), PriceRevision.state, revisions.TITLES, chips=True),
        Dates("from", lazy("From"), PriceRevision.valid_from),
    ),
    link=lambda row: url_for("contracts.revision", revision_id=row.id), template="contracts/revisions.html",
    count=lambda count: ngettext("%(num)s revision", "%(num)s revisions", count),
    empty=Empty(lazy("No revision yet"), lazy(
        "A revision raises or lowers many prices at once, from a day on: you see first whom it touches, and promised "
        "prices are left alone."), "tag", lambda: (_("New revision"), url_for("contracts.new_revision")))))


# --- plans ---------------------------------------------------------------------------------------------------


CONTRACTS = sa.select(sa.func.count(Contract.id)).where(
    Contract.plan_id == Plan.id, Contract.state.in_(plans.IN_USE)).correlate(Plan).scalar_subquery()


def _plan_name(line: Line) -> Any:
    link = Markup('<a href="{}">{}</a>').format(url_for("contracts.plan", plan_id=line.id), line.row.name)
    return link if line.row.active else link + " " + badge((_("not sold"), "mute"))


def _speed(plan: Plan) -> str:
    return " / ".join(part for part in (plans.speed(plan.speed_down_kbps), plans.speed(plan.speed_up_kbps)) if part)


def _contracts(line: Line) -> Any:
    return Markup('<a href="{}">{}</a>').format(url_for("contracts.contracts", plan=line.id),
                                                number(line.extras.get("contracts") or 0))


def _price(line: Line) -> Any:
    price = line.row.price_on(clock.today())
    if price is None:
        return Markup('<span class="bad">{}</span>').format(_("none"))
    return format_amount(price, line.row.currency or current_company().currency)


def _period(months: int) -> str:
    return _("1 month") if months == 1 else _("%(count)s months", count=months)


PLANS = register(List(
    "contracts.plans", lazy("Plans"), Plan, "contracts.view_contracts",
    columns=(
        Column("name", lazy("Plan"), Plan.name, sort=True, lead=True, show=_plan_name),
        Column("code", lazy("Code"), Plan.code, sort=True),
        Column("speed", lazy("Speed"), _speed),
        Column("period", lazy("Price for"), Plan.period_months, text=_period),
        Column("tax", lazy("Tax"), lambda plan: taxes.text(plan.taxes or [], current_company().country)),
        Column("included", lazy("Tax included"), Plan.includes_tax),
        Column("sold", lazy("Sold"), Plan.active, default=False),
        Column("contracts", lazy("Contracts"), CONTRACTS, kind="number", show=_contracts),
        Column("price", lazy("Price today"), lambda plan: plan.price_on(clock.today()), kind="amount", show=_price,
               currency=lambda plan: plan.currency or current_company().currency),
    ),
    filters=(
        Text("q", lazy("Name or code"), (Plan.name, Plan.code)),
        Choice("state", lazy("State"), {"sold": Plan.active, "not_sold": sa.not_(Plan.active)},
               {"sold": lazy("Sold"), "not_sold": lazy("Not sold")}, chips=True, default="sold"),
        Choice("period", lazy("Price for"), Plan.period_months,
               lambda: {months: _period(months) for months in (1, 2, 3, 6, 12)}),
    ),
    options=(selectinload(Plan.prices),), sort="name", template="contracts/plans.html",
    count=lambda count: ngettext("%(num)s plan", "%(num)s plans", count),
    empty=Empty(lazy("No plans yet"), lazy("A plan is what you sell: its name on the invoice, speed, price and tax. "
                                           "Contracts choose one."), "tag",
                lambda: (_("New plan"), url_for("contracts.new_plan")) if can("contracts.edit_plans") else None)))
