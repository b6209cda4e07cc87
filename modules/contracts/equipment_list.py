"""The list of devices that are lent: what is still to be returned by whose contract is over, since when."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import joinedload

from core import clock
from core.db import find as find_row
from core.i18n import lazy, ngettext
from core.lists import Action, Choice, Choices, Column, Dates, Empty, List, Text, register
from core.scope import current_company
from modules.contracts import equipment, states
from modules.contracts.models import Contract, Equipment
from modules.crm import queries as crm
from modules.crm import reach
from modules.crm.models import Customer

OVER = (states.ENDED, states.CANCELLED)
WHICH = {"due": sa.and_(Equipment.state == equipment.OUT, Equipment.contract_id.in_(
    sa.select(Contract.id).where(Contract.state.in_(OVER)))),
         **{state: Equipment.state == state for state in equipment.STATES}}
WORDS = {"due": lazy("to be returned"), **{key: one[0] for key, one in equipment.STATES.items()}}


def _matches(text: str) -> Any:
    typed = text.strip()
    return sa.or_(Equipment.serial == typed, Equipment.contract_id.in_(sa.select(Contract.id).where(sa.or_(
        Contract.number == typed, Contract.customer_id.in_(sa.select(Customer.id).where(crm.matches(typed)))))))


def _in_zones(codes: list[int]) -> Any:
    return Equipment.contract_id.in_(sa.select(Contract.id).join(Customer, Customer.id == Contract.customer_id)
                                     .where(Customer.zone_id.in_(codes)))


def _phone(row: Equipment) -> str:
    found = row.contract.customer.phones[:1]
    if not found:
        return ""
    return reach.readable(found[0].e164, current_company().country) if found[0].e164 else found[0].typed


def _days(row: Equipment) -> int | None:
    """How long it has been to be returned."""
    if row.state != equipment.OUT or row.contract.state not in OVER:
        return None
    return (clock.today() - row.contract.ends_on).days if row.contract.ends_on else None


def _back(row_id: int, _values: Any) -> None:
    equipment.take_back(find_row(Equipment, row_id))


def _out_again(ids: Any, _notes: Any) -> None:
    for row_id in ids:
        equipment.out_again(find_row(Equipment, row_id))


EQUIPMENT = register(List(
    "contracts.equipment_list", lazy("Equipment"), Equipment, "contracts.view_contracts",
    related=lambda statement: statement.join(Contract, Contract.id == Equipment.contract_id).join(
        Customer, Customer.id == Contract.customer_id),
    columns=(
        Column("what", lazy("What"), Equipment.what, lead=True),
        Column("serial", lazy("Serial number"), Equipment.serial, css="mono"),
        Column("customer", lazy("Customer"), Customer.name, css="name"),
        Column("phone", lazy("Phone"), _phone, css="nowrap"),
        Column("contract", lazy("Contract"), Contract.number),
        Column("state", lazy("State"), Equipment.state, words=equipment.STATES),
        Column("given", lazy("Since"), Equipment.given_on, sort=True),
        Column("ended", lazy("Last day of service"), Contract.ends_on),
        Column("days", lazy("Days since"), _days, kind="number"),
        Column("value", lazy("Value"), Equipment.value, kind="amount"),
        Column("back", lazy("Returned on"), Equipment.ended_on, default=False),
    ),
    filters=(
        Text("q", lazy("Serial number, contract, customer"), _matches),
        Choice("state", lazy("State"), WHICH, WORDS, chips=True),
        Choices("zone", lazy("Zone"), _in_zones,
                lambda: {one.id: one.name for one in crm.zones(False)}),
        Dates("given", lazy("Since"), Equipment.given_on),
    ),
    actions=(Action("back", lazy("Mark as returned"), "contracts.edit_contracts", each=_back, undo=_out_again,
                    only=Equipment.state == equipment.OUT, icon="check"),),
    options=(joinedload(Equipment.contract).joinedload(Contract.customer).selectinload(Customer.all_phones),),
    sort="given", link=lambda row: url_for("contracts.contract", contract_id=row.contract_id),
    count=lambda count: ngettext("%(num)s device", "%(num)s devices", count),
    empty=Empty(lazy("Nothing is lent"), lazy("What of yours a subscriber has at home is written down on the page of "
                                              "his contract; when the contract ends, it is to be returned."),
                "contracts", lambda: (lazy("Contracts"), url_for("contracts.contracts")))))
