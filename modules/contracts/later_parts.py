"""Later instalments of a manual invoice come with the monthly invoices of a contract: contracts' entry in the port."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa

from core import clock, months
from core.db import db, find
from core.scope import current_company
from modules.accounting.drafts import DraftLine
from modules.accounting.ports import Place
from modules.contracts import extras, queries, states
from modules.contracts.models import BilledPeriod, Contract

KEY = "contracts"


class MonthlyInvoices:
    """Charges in instalments, of which the first was invoiced by hand."""

    def places(self, customer_id: int) -> list[Place]:
        """The contracts in use, from the first month that is not billed yet and not this one."""
        company = current_company()
        return [Place(KEY, one.id, f"{one.number} · {one.plan.name}", one.plan.currency or company.currency,
                      _first_month(one.id)) for one in queries.contracts_of(customer_id)
                if one.state in (states.DRAFT, states.ACTIVE, states.SUSPENDED)]

    def put(self, place: Place, line: DraftLine, amounts: Sequence[Decimal], form_key: str | None) -> None:
        """A charge of these parts; its lines count on from the first, which was on the invoice."""
        total = sum(amounts, Decimal("0.00"))
        if total:
            extras.add_charge(
                find(Contract, place.id), line.description[:300], total, instalments=len(amounts), invoiced=1,
                first_month=place.first, code=line.code, includes_tax=line.price_includes_tax,
                taxes=[dict(tax) for tax in line.taxes], account_id=line.account_id, form_key=form_key)


def _first_month(contract_id: int) -> dt.date:
    billed: dt.date | None = db.session.scalar(sa.select(sa.func.max(BilledPeriod.month)).where(
        BilledPeriod.contract_id == contract_id))
    following = months.add(months.of(clock.today()), 1)
    return max(following, months.add(billed, 1)) if billed else following
