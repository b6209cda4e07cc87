"""Whether a customer is served, for modules below that are asked about it."""

from __future__ import annotations

import sqlalchemy as sa

from core.db import db
from modules.contracts.models import Contract
from modules.contracts.states import ACTIVE, SUSPENDED


class ServiceState:
    """As crm.ports.ServiceState."""

    def state(self, customer_id: int) -> str:
        found = set(db.session.scalars(sa.select(Contract.state).where(
            Contract.customer_id == customer_id, Contract.state.in_((ACTIVE, SUSPENDED))).distinct()))
        return "cut" if SUSPENDED in found else "active" if found else ""
