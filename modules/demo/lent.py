"""What of a made-up company is at its subscribers: some of it is to be returned, since their contracts are over."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa

from core import clock
from core.db import db, write_rows
from modules.contracts.models import Contract, Equipment
from modules.demo import facts

WHAT = ("ONU Huawei HG8145V5", "Router TP-Link Archer C6", "Antena Ubiquiti LiteBeam")
# of those who are over, and of those in service
OVER, IN_SERVICE = 5, 40


def make(country: str) -> None:
    """Once per company in scope; who went away took it along, but for one who brought it back."""
    if db.session.scalar(sa.select(sa.exists().where(Equipment.id > 0))):
        return
    value = Decimal(facts.of(country).debt[1])
    chosen = [row for state, most in (("ended", OVER), ("active", IN_SERVICE)) for row in db.session.scalars(
        sa.select(Contract).where(Contract.state == state).order_by(Contract.id).limit(most))]
    write_rows(Equipment.__table__, [_row(contract, number, value) for number, contract in enumerate(chosen)])


def _row(contract: Contract, number: int, value: Decimal) -> dict[str, object]:
    given = contract.installed_on or contract.billing_from
    is_back = contract.state == "ended" and number == 0
    last: dt.date | None = contract.ends_on if is_back else None
    return {"company_id": contract.company_id, "contract_id": contract.id, "what": WHAT[number % len(WHAT)],
            "serial": f"DEMO{contract.id:08d}", "given_on": given, "value": value, "charge_id": None,
            "state": "returned" if is_back else "out", "ended_on": last, "form_key": None, "created_at": clock.now()}
