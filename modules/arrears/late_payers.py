"""Who paid between the two due dates what the second one asks for: the surcharge that is in his favour is charged.

A document asks for its surcharge once its first date is over, and the surcharge is no part of it. Who paid it has it in
his favour until the next invoice brings the charge. Who paid at the counter what was open, without it, is let off.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa

from core import clock
from core.db import among, db
from modules.accounting.models import Allocation, Invoice, Payment
from modules.arrears import reading, services, wording
from modules.arrears.facts import Action
from modules.contracts.models import Contract


def surcharge(payment_ids: Sequence[int]) -> None:
    """Charge what these payments brought too much for that reason; the second time does nothing."""
    rows = db.session.execute(
        sa.select(Invoice, Payment.id.label("payment_id"), Payment.open_amount)
        .join(Allocation, Allocation.invoice_id == Invoice.id).join(Payment, Payment.id == Allocation.payment_id)
        .where(among(Payment.id, payment_ids), Payment.state == "recorded", Payment.open_amount > 0,
               Invoice.open_amount == 0, Invoice.second_due_total > Invoice.total, Payment.paid_on > Invoice.due_date,
               Payment.paid_on <= Invoice.second_due_date, Allocation.amount > 0)
        .order_by(Invoice.id, Payment.id)).all()
    billed = reading.contracts_of({row.Invoice.id for row in rows}) if rows else {}
    left, charged = {row.payment_id: row.open_amount for row in rows}, set[int]()
    for row in rows:
        more = (row.Invoice.second_due_total or row.Invoice.total) - row.Invoice.total
        if row.Invoice.id in charged or more > left[row.payment_id]:
            continue
        if _charge(row.Invoice, more, billed.get(row.Invoice.id, ())):
            charged.add(row.Invoice.id)
            left[row.payment_id] -= more


def _charge(invoice: Invoice, more: Decimal, billed: Sequence[int]) -> bool:
    """With the next invoice of the contract that it billed, or of any that the customer has; False where he has none.

    What was charged before counts as charged: its part of the money in favour pays for nothing else.
    """
    which = Contract.id.in_(billed) if billed else Contract.customer_id == invoice.customer_id
    contract = db.session.scalar(sa.select(Contract).where(which, Contract.state.in_(reading.LIVE))
                                 .order_by(Contract.id).limit(1))
    if contract is None:
        return False
    one = Action(contract.id, contract.number, contract.customer_id, contract.customer.code, "surcharge", "paid_late",
                 f"surcharge:{invoice.id}", invoice.id, str(invoice), more, invoice.currency, {"day": invoice.due_date})
    services.surcharge(one, wording.reason(one), clock.today())
    return True
