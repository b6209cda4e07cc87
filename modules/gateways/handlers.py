"""What this module plugs into the ports of others, and what happens below and concerns it; providers/ are apart."""

from __future__ import annotations

import sqlalchemy as sa

from core import deeds as known_deeds
from core import slots
from core.db import among, db
from core.i18n import lazy
from core.jobs import on
from modules.accounting.events import InvoiceCancelled, PaymentsRecorded
from modules.accounting.models import Allocation
from modules.gateways import checkouts, desk
from modules.gateways.deeds import WORDS as DEEDS

known_deeds.add(DEEDS)
slots.add("customer.tabs", "payer_codes", lazy("Payment codes"), desk.payer_codes, permission="gateways.view_inbox",
          order=65)
slots.add("home.todo", "gateways", lazy("Gateways"), desk.todo, permission="gateways.view_inbox", order=35)


@on(PaymentsRecorded, words=lazy("Close pages of debts that are paid"))
def close_paid(event: PaymentsRecorded) -> None:
    """Nobody shall pay again what these payments paid."""
    paid = db.session.scalars(sa.select(Allocation.invoice_id).where(
        among(Allocation.payment_id, event.payment_ids)).distinct())
    checkouts.close_settled(list(paid))


@on(InvoiceCancelled, words=lazy("Close pages of debts that were annulled"))
def close_annulled(event: InvoiceCancelled) -> None:
    """Nobody shall pay what is not owed any more."""
    checkouts.close_settled([event.invoice_id])
