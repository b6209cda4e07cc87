"""The list of contracts: what it shows, what it can be narrowed to, and what many contracts get at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload, selectinload

from core import clock
from core.db import db
from core.db import find as find_row
from core.forms import Form, Length, SelectField, StringField
from core.i18n import _, current_locale, lazy, ngettext
from core.lists import Action, Amounts, Choice, Choices, Column, Dates, Empty, Line, List, Text, badge, register
from modules.contracts import approval, queries, services, states
from modules.contracts.blueprint import contract_state
from modules.contracts.forms import CAUSES
from modules.contracts.models import BilledPeriod, BillingDraft, BillingRun, Contract, Plan
from modules.contracts.wording import month_name
from modules.crm import queries as crm
from modules.crm.models import Customer

# asked anew in each statement
TODAY: Any = sa.bindparam(None, callable_=clock.today, type_=sa.Date())
RUNNING = Contract.state.in_((states.ACTIVE, states.SUSPENDED))
CONDITIONS = {state: Contract.state == state for state in states.STATES} | {
    "ending": sa.and_(RUNNING, Contract.ends_on.is_not(None)),
    "courtesy": sa.and_(RUNNING, sa.or_(Contract.courtesy_from.is_not(None), Contract.courtesy_until.is_not(None)),
                        sa.or_(Contract.courtesy_from.is_(None), Contract.courtesy_from <= TODAY),
                        sa.or_(Contract.courtesy_until.is_(None), Contract.courtesy_until >= TODAY))}
WORDS = {**states.TITLES, "ending": lazy("ending"), "courtesy": lazy("courtesy")}


# --- cells -------------------------------------------------------------------------------------------------


def _state(line: Line) -> Any:
    return badge(contract_state(line.row))


def _price(contract: Contract) -> Any:
    return queries.price_on(contract, clock.today())


def _currency(contract: Contract) -> str:
    from core.scope import current_company

    return contract.plan.currency or current_company().currency


def _where(contract: Contract) -> str:
    return str(contract.address or _("at the customer's"))


def _in_zones(codes: list[int]) -> Any:
    return Contract.customer_id.in_(sa.select(Customer.id).where(Customer.zone_id.in_(codes)))


def _zones() -> dict[int, str]:
    return {one.id: one.name for one in crm.zones(False)}


# --- for many at once ----------------------------------------------------------------------------------------


class CutForm(Form):
    """Why the service of these contracts is cut."""

    cause = SelectField(lazy("Cause"), choices=CAUSES)
    reason = StringField(lazy("Reason"), [Length(max=300)])


class RestoreForm(Form):
    """Why the service is back."""

    reason = StringField(lazy("Reason"), [Length(max=300)])


def cut(contract_id: int, values: dict[str, Any]) -> None:
    """Cut the service of one contract."""
    services.suspend(find_row(Contract, contract_id), values.get("cause") or "request", values.get("reason") or "")


def restore(contract_id: int, values: dict[str, Any]) -> None:
    """Restore the service of one contract."""
    services.restore(find_row(Contract, contract_id), reason=values.get("reason") or "")


def _restore_all(ids: Any, _notes: Any) -> None:
    for contract_id in ids:
        services.restore(find_row(Contract, contract_id))


def _cut_all(ids: Any, _notes: Any) -> None:
    for contract_id in ids:
        services.suspend(find_row(Contract, contract_id), "other")


CONTRACTS = register(List(
    "contracts.contracts", lazy("Contracts"), Contract, "contracts.view_contracts",
    related=lambda statement: statement.join(Customer, Customer.id == Contract.customer_id).join(
        Plan, Plan.id == Contract.plan_id),
    columns=(
        Column("customer", lazy("Customer"), Customer.name, lead=True),
        Column("number", lazy("Contract"), Contract.number, sort=True),
        Column("code", lazy("Code"), Customer.code, default=False),
        Column("plan", lazy("Plan"), Plan.name),
        Column("state", lazy("State"), Contract.state, words=states.TITLES, show=_state),
        Column("address", lazy("Where"), _where),
        Column("since", lazy("Billed from"), Contract.billing_from, default=False),
        Column("installed", lazy("Installed on"), Contract.installed_on, default=False),
        Column("ends", lazy("Last day of service"), Contract.ends_on, default=False),
        Column("speed", lazy("Download, kb per second"), Plan.speed_down_kbps, default=False),
        Column("ip", lazy("IP address"), Contract.ip, default=False, css="mono"),
        Column("pppoe", lazy("PPPoE user"), Contract.pppoe_user, default=False, css="mono"),
        Column("price", lazy("Price"), _price, kind="amount", currency=_currency),
    ),
    filters=(
        Text("q", lazy("Number, customer, PPPoE user, IP"), queries.matches),
        Choice("state", lazy("State"), CONDITIONS, WORDS, chips=True),
        Choices("plan", lazy("Plan"), Contract.plan_id, lambda: {one.id: one.name for one in queries.plans(False)}),
        Choices("zone", lazy("Zone"), _in_zones, _zones),
        Choice("profile", lazy("Billing profile"), Contract.profile_id,
               lambda: {one.id: one.name for one in queries.profiles()}),
        Dates("since", lazy("Billed from"), Contract.billing_from),
        Dates("ends", lazy("Last day of service"), Contract.ends_on),
    ),
    actions=(
        Action("cut", lazy("Cut off"), "contracts.suspend_contracts", each=cut, undo=_restore_all, form=CutForm,
               only=Contract.state == states.ACTIVE, icon="pause", danger=True, chunk=50),
        Action("restore", lazy("Restore"), "contracts.suspend_contracts", each=restore, undo=_cut_all,
               form=RestoreForm, only=Contract.state == states.SUSPENDED, icon="play", chunk=50),
    ),
    options=(joinedload(Contract.address), joinedload(Contract.plan).selectinload(Plan.prices),
             selectinload(Contract.prices), selectinload(Contract.changes)),
    sort="number", link=lambda row: url_for("contracts.contract", contract_id=row.id),
    count=lambda count: ngettext("%(num)s contract", "%(num)s contracts", count),
    empty=Empty(lazy("No contracts yet"), lazy(
        "A contract is one service of a customer at one place: which plan, since when, how it is billed. Import your "
        "spreadsheet, or make the first one from a customer's page."), "contracts",
        lambda: (lazy("Customers"), url_for("crm.customers"))),
    template="contracts/contracts.html"))


# --- drafts ------------------------------------------------------------------------------------------------


def _by_run(ids: Sequence[int], decide: Callable[[BillingRun, Sequence[int]], int]) -> None:
    """Decide about drafts run by run; of one that was decided meanwhile it is said."""
    runs: dict[int, list[int]] = defaultdict(list)
    for draft_id, run_id in db.session.execute(
            sa.select(BillingDraft.id, BillingDraft.run_id).where(BillingDraft.id.in_(ids))):
        runs[run_id].append(draft_id)
    for run_id, chosen in runs.items():
        decide(find_row(BillingRun, run_id), chosen)


def _months_waiting() -> dict[int, str]:
    rows = db.session.execute(sa.select(BillingRun.id, BillingRun.month).where(BillingRun.id.in_(
        sa.select(BillingDraft.run_id).where(BillingDraft.state != "issued"))).order_by(BillingRun.id.desc()))
    return {row.id: month_name(row.month, current_locale()) for row in rows}


WAITS = BillingDraft.state == "waiting"
DRAFTS = register(List(
    "contracts.drafts", lazy("Drafts to approve"), BillingDraft, "contracts.approve_drafts",
    select=lambda: sa.select(BillingDraft).where(BillingDraft.state != "issued"),
    related=lambda statement: statement.join(Customer, Customer.id == BillingDraft.customer_id),
    columns=(
        Column("customer", lazy("Customer"), Customer.name, lead=True),
        Column("code", lazy("Code"), Customer.code, default=False),
        Column("month", lazy("Month"), BillingDraft.month, text=lambda day: month_name(day, current_locale())),
        Column("state", lazy("State"), BillingDraft.state, words={
            "waiting": (lazy("waits"), "warn"), "approved": (lazy("being issued"), "info")}),
        Column("total", lazy("Total"), BillingDraft.total, currency=BillingDraft.currency, total=True),
        Column("currency", lazy("Currency"), BillingDraft.currency, default=False),
    ),
    filters=(
        Text("q", lazy("Customer"), lambda text: BillingDraft.customer_id.in_(
            sa.select(Customer.id).where(crm.matches(text)))),
        Choice("run", lazy("Month"), BillingDraft.run_id, _months_waiting),
        Choice("state", lazy("State"), BillingDraft.state, {
            "waiting": lazy("waits"), "approved": lazy("being issued")}, chips=True),
        Amounts("total", lazy("Total"), BillingDraft.total),
        Choices("plan", lazy("Plan"), lambda codes: BillingDraft.id.in_(sa.select(BilledPeriod.draft_id).where(
            BilledPeriod.plan_id.in_(codes))), queries.plan_names),
        Choices("zone", lazy("Zone"), lambda codes: BillingDraft.customer_id.in_(
            sa.select(Customer.id).where(Customer.zone_id.in_(codes))), _zones),
    ),
    actions=(
        Action("approve", lazy("Approve"), "contracts.approve_drafts", only=WAITS, icon="check",
               apply=lambda ids, _values: _by_run(ids, approval.approve),
               warning=lazy("They are issued: numbered, sent to the authority and to the customers.")),
        Action("discard", lazy("Undo"), "contracts.approve_drafts", only=WAITS, danger=True,
               apply=lambda ids, _values: _by_run(ids, approval.undo),
               warning=lazy("Their contracts count as not billed.")),
    ),
    sort="-id", link=lambda row: url_for("contracts.draft", draft_id=row.id),
    count=lambda count: ngettext("%(num)s draft", "%(num)s drafts", count),
    empty=Empty(lazy("No draft waits"), lazy("Where a billing profile asks for approval, invoices wait here before "
                                             "anything is numbered or sent."), "check")))
