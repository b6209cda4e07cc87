"""The list of contracts: what it shows, what it can be narrowed to, and what many contracts get at once."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload, selectinload

from core import clock
from core.db import find as find_row
from core.forms import Form, Length, SelectField, StringField
from core.i18n import _, lazy, ngettext
from core.lists import Action, Choice, Choices, Column, Dates, Empty, Line, List, Text, badge, register
from modules.contracts import queries, services, states
from modules.contracts.blueprint import contract_state
from modules.contracts.forms import CAUSES
from modules.contracts.models import Contract, Plan
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
        Choices("zone", lazy("Zone"), _in_zones, lambda: {one.id: one.name for one in crm.zones(False)}),
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
