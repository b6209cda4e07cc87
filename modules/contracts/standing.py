"""Whether a customer is served and what still binds him, for modules below that are asked about it."""

from __future__ import annotations

import sqlalchemy as sa

from core.db import db
from core.i18n import ngettext
from modules.contracts.models import Contract
from modules.contracts.states import ACTIVE, IN_USE, SUSPENDED
from modules.crm.ports import Bond

NAMED = 5


class ServiceState:
    """As crm.ports.ServiceState."""

    def state(self, customer_id: int) -> str:
        found = set(db.session.scalars(sa.select(Contract.state).where(
            Contract.customer_id == customer_id, Contract.state.in_((ACTIVE, SUSPENDED))).distinct()))
        return "cut" if SUSPENDED in found else "active" if found else ""


class ContractsInUse:
    """As crm.ports.Bonds: who is billed, or will be, cannot leave."""

    def of(self, customer_id: int) -> list[Bond]:
        numbers = db.session.scalars(sa.select(Contract.number).where(
            Contract.customer_id == customer_id, Contract.state.in_(IN_USE))
            .order_by(Contract.id)).all()
        which = ", ".join(numbers[:NAMED]) + ("…" if numbers[NAMED:] else "")
        return [Bond(ngettext("contract %(which)s is still in use: end or cancel it first",
                              "%(num)s contracts are still in use (%(which)s): end or cancel them first",
                              len(numbers), which=which), "contracts")] if numbers else []
