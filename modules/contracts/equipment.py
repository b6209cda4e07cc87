"""Devices lent with a contract: given, taken back, charged where they do not come back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa

from core import audit, clock
from core.db import db, lock
from core.i18n import _, lazy
from modules.contracts import extras, states
from modules.contracts.errors import NotPossible, WrongValue
from modules.contracts.models import Contract, Equipment
from modules.contracts.services import of_form

OUT, RETURNED, LOST = "out", "returned", "lost"
STATES = {OUT: (lazy("at the subscriber's"), "info"), RETURNED: (lazy("returned"), "ok"),
          LOST: (lazy("did not come back"), "bad")}


def lend(contract: Contract, what: str, serial: str = "", on: dt.date | None = None, value: Decimal | None = None,
         form_key: str | None = None) -> Equipment:
    """Something of ours is at the subscriber's from `on` (today); a serial number is in one place only."""
    if known := of_form(Equipment, form_key):
        return known
    if contract.state not in (states.DRAFT, states.ACTIVE, states.SUSPENDED):
        raise NotPossible(_("Lending is not possible because this contract is over."))
    serial = serial.strip()
    if serial and (other := _with_serial(serial)):
        raise WrongValue(_("To lend this you must first take it back from contract %(number)s: it has %(serial)s.",
                           number=other, serial=serial), field="serial")
    row = Equipment(contract_id=contract.id, what=what.strip(), serial=serial, given_on=on or clock.today(),
                    value=value, form_key=form_key)
    db.session.add(row)
    db.session.flush()
    audit.record("contracts.lend", contract, {"what": row.what, "serial": serial, "on": row.given_on})
    return row


def _with_serial(serial: str) -> str | None:
    """The number of the contract that has it now."""
    return db.session.scalar(sa.select(Contract.number).join(Equipment, Equipment.contract_id == Contract.id)
                             .where(Equipment.serial == serial, Equipment.state == OUT).limit(1))


def take_back(row: Equipment, on: dt.date | None = None) -> None:
    """It is back; what was charged for it and is not billed yet is taken back."""
    row = _held(row)
    if row.state == RETURNED:
        return
    if row.charge_id is not None:
        charge = next(one for one in row.contract.charges if one.id == row.charge_id)
        extras.cancel_charge(row.contract, charge, _("returned"))
    row.state, row.ended_on = RETURNED, on or clock.today()
    db.session.flush()
    audit.record("contracts.take_back", row.contract, {"what": row.what, "serial": row.serial})


def out_again(row: Equipment) -> None:
    """It was not back after all."""
    row = _held(row)
    if row.state == RETURNED:
        row.state, row.ended_on = OUT, None
        db.session.flush()
        audit.record("contracts.lend", row.contract, {"what": row.what, "serial": row.serial, "on": row.given_on})


def give_up(row: Equipment, amount: Decimal | None = None) -> None:
    """It does not come back; the amount, if any, comes with the contract's next invoice, also of one that ended."""
    row = _held(row)
    if row.state != OUT:
        raise NotPossible(_("This is not possible because it is not at the subscriber's any more."))
    if amount is not None and amount < 0:
        raise WrongValue(_("To charge it you must give an amount of zero or more."), field="amount")
    if amount:
        named = f"{row.what} {row.serial}".strip()
        row.charge_id = extras.add_charge(row.contract, _("Not returned: %(what)s", what=named), amount,
                                          code="equipment", form_key=f"contracts.equipment:{row.id}").id
    row.state, row.ended_on = LOST, clock.today()
    db.session.flush()
    audit.record("contracts.give_up", row.contract, {"what": row.what, "serial": row.serial, "amount": amount or 0})


def _held(row: Equipment) -> Equipment:
    """As it is now, locked until the transaction ends."""
    return db.session.scalars(lock(sa.select(Equipment).where(Equipment.id == row.id))
                              .execution_options(populate_existing=True)).one()


def of_contract(contract_id: int) -> list[Equipment]:
    """What was lent with it, what is out first."""
    return list(db.session.scalars(sa.select(Equipment).where(Equipment.contract_id == contract_id).order_by(
        Equipment.state != OUT, Equipment.given_on.desc(), Equipment.id.desc()).limit(50)))
