"""What this module plugs into the ports of others, and what happens below and concerns it; providers/ are apart."""

from __future__ import annotations

import sqlalchemy as sa

from core import deeds as known_deeds
from core import outside, slots
from core.db import among, db
from core.i18n import lazy
from core.jobs import on
from modules.accounting.events import CreditNoteIssued, InvoiceCancelled, PaymentsRecorded
from modules.accounting.models import Allocation
from modules.accounting.ports import before_printing, closing, print_blocks
from modules.gateways import checkouts, desk, figures, going_live, paying_desk, refund_views
from modules.gateways.closing import MoneyIn
from modules.gateways.deeds import WORDS as DEEDS
from modules.gateways.printing import WaysToPay
from modules.gateways.tickets import TicketsFirst

known_deeds.add(DEEDS)
slots.add("customer.tabs", "payer_codes", lazy("Payment codes"), desk.payer_codes, permission="gateways.view_inbox",
          order=65)
print_blocks.register("gateways", WaysToPay())
before_printing.register("gateways", TicketsFirst())
slots.add("invoice.aside", "gateways", lazy("Ways to pay"), paying_desk.invoice_part,
          permission="gateways.hand_out_links", order=40)
slots.add("customer.tabs", "ways_to_pay", lazy("Ways to pay"), paying_desk.customer_tab,
          permission="gateways.hand_out_links", order=55)
slots.add("customer.actions", "gateways", lazy("Payment link"), paying_desk.customer_action,
          permission="gateways.hand_out_links", order=40)
slots.add("payment.aside", "gateways", lazy("At the gateway"), refund_views.part, permission="gateways.view_inbox",
          order=20)
outside.services.register("gateways", going_live.standing)
closing.register("gateways", MoneyIn())
slots.add("home.charts", "gateways", lazy("Collected by gateways"), figures.share_and_delay,
          permission="gateways.view_inbox", order=37)
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


@on(CreditNoteIssued, words=lazy("Close pages of debts that were credited"))
def close_credited(event: CreditNoteIssued) -> None:
    """Nobody shall pay what a credit note took off, be it the whole document or a part."""
    credited = db.session.scalars(sa.select(Allocation.invoice_id).where(
        Allocation.credit_note_id == event.invoice_id).distinct())
    checkouts.close_settled(list(credited))
