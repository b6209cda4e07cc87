"""Global invoices that are no longer right: cancelled, replaced, made again; customers who ask for a CFDI of their own.

The SAT's way where the operation is in a stamped one: it is cancelled with motive 04, made again without the
operation, and the customer gets his CFDI (reference: Mexico, 1.6 and 4.4).
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core import audit, clock
from core.db import among, db, find, lock
from core.errors import DomainError
from core.i18n import _
from core.jobs import enqueue
from modules.accounting import services as accounting
from modules.accounting.models import Invoice
from modules.einvoice import services as einvoice
from modules.einvoice.models import Document
from modules.einvoice.ports import WAITS_FOR_ORIGINAL
from modules.einvoice_mx import cancels, catalogs, gathering
from modules.einvoice_mx.gathering import PAPER
from modules.einvoice_mx.models import GlobalInvoice, PublicSale
from modules.einvoice_mx.public_sales import is_public

REPLACED, ERRORS, NEVER_TOOK_PLACE, NOMINATIVE = "01", "02", "03", "04"
# what a person may give; 04 comes with a customer's wish
BY_HAND = (REPLACED, ERRORS, NEVER_TOOK_PLACE)
DRAW = "modules.einvoice_mx.jobs.draw_globals"
# what tells who somebody is
RECEIVER = ("tax_id_kind", "tax_id", "tax_condition")


# --- what follows of an answer ---------------------------------------------------------------------------


def after_stamped(global_ids: Sequence[int]) -> None:
    """Draw them; cancel what they take the place of; send the credit notes that waited for them."""
    replaced = db.session.execute(sa.select(GlobalInvoice.replaces_id, GlobalInvoice.cancel_text).where(
        among(GlobalInvoice.id, global_ids), GlobalInvoice.replaces_id.is_not(None))).all()
    cancels.begin(GlobalInvoice, PAPER, [row.replaces_id for row in replaced], REPLACED,
                  _("Issued again with what is right."))
    einvoice.retry_all(_waiting_notes(global_ids))
    if global_ids:
        enqueue(DRAW, key=f"einvoice_mx.draw:{global_ids[0]}:{global_ids[-1]}:{len(global_ids)}",
                global_ids=list(global_ids))


def _waiting_notes(global_ids: Sequence[int]) -> list[Document]:
    """Egresos of sales of these that wait for them."""
    sold = sa.select(PublicSale.invoice_id).where(among(PublicSale.global_id, global_ids))
    return list(db.session.scalars(
        sa.select(Document).join(Invoice, Invoice.id == Document.invoice_id).where(
            Document.state == "rejected", Document.cause == WAITS_FOR_ORIGINAL, Invoice.original_id.in_(sold))))


def after_cancelled(row: GlobalInvoice) -> None:
    """Its sales wait for another one; who asked for a CFDI of his own gets it now.

    Where the operations never took place (03) they stay: a person annuls them, or has them gathered again.
    """
    free([row.id], only_asked=row.cancel_code == NEVER_TOOK_PLACE)
    enqueue(gathering.MAKE, key=f"einvoice_mx.make:{row.id}")


def after_refused(row: GlobalInvoice) -> None:
    """The SAT keeps it: its sales stay where they are."""
    db.session.execute(sa.update(PublicSale).where(PublicSale.global_id == row.id).values(asked_at=None)
                       .execution_options(synchronize_session=False))
    db.session.expire_all()


def free(global_ids: Sequence[int], only_asked: bool = False) -> None:
    """Take the sales out of global invoices that are no more, and open the CFDI of those who asked for one."""
    inside = among(PublicSale.global_id, global_ids)
    asked = list(db.session.scalars(sa.select(PublicSale.invoice_id).where(inside, PublicSale.asked_at.is_not(None))))
    accounting.hold_customers(asked)
    chosen = (PublicSale.asked_at.is_not(None),) if only_asked else ()
    db.session.execute(sa.update(PublicSale).where(inside, *chosen).values(global_id=None)
                       .execution_options(synchronize_session=False))
    db.session.expire_all()
    accounting.require_legal(asked)


# --- by hand ---------------------------------------------------------------------------------------------


def cancel(row: GlobalInvoice, code: str, reason: str) -> None:
    """Have a stamped one cancelled (02, 03), or issued again first and then cancelled (01)."""
    row = _locked(row.id)
    if row.state != "authorized":
        raise DomainError(_("Cancelling is not possible because this global invoice is not stamped."))
    if code not in BY_HAND:
        raise DomainError(_("To cancel a global invoice you must give the motive 01, 02 or 03; 04 is given by itself "
                            "when a customer asks for his own."), field="code")
    if not reason.strip():
        raise DomainError(_("To cancel a global invoice you must say why."), field="reason")
    _check_notes(row)
    audit.record("einvoice_mx.cancel_asked", row, {"number": str(row), "code": code}, reason.strip()[:300])
    if code == REPLACED:
        _check_not_replaced(row)
        gathering.replace(row)
    else:
        cancels.begin(GlobalInvoice, PAPER, [row.id], code, reason.strip())


def reasons() -> list[tuple[str, str]]:
    """The SAT's motives that a person may give, in its words."""
    known = catalogs.cancellation_reasons()
    return [(code, f"{code} {known[code]}") for code in BY_HAND]


def _check_not_replaced(row: GlobalInvoice) -> None:
    found = db.session.scalar(sa.select(GlobalInvoice).where(GlobalInvoice.replaces_id == row.id,
                                                             GlobalInvoice.state != "cancelled"))
    if found is not None:
        raise DomainError(_("Issuing it again is not possible because %(number)s takes its place already.",
                            number=found))


def notes_on(row: GlobalInvoice) -> list[Document]:
    """The egresos that refer to it and stand: the SAT keeps it until they are cancelled (reference: Mexico, 4.4)."""
    sold = sa.select(PublicSale.invoice_id).where(PublicSale.global_id == row.id)
    return list(db.session.scalars(
        sa.select(Document).join(Invoice, Invoice.id == Document.invoice_id)
        .options(sa.orm.joinedload(Document.invoice))
        .where(Invoice.original_id.in_(sold), Invoice.kind == "credit_note", Document.state != "cancelled")
        .order_by(Document.id)))


def _check_notes(row: GlobalInvoice) -> None:
    note = next(iter(notes_on(row)), None)
    if note is not None:
        raise DomainError(_(
            "Cancelling %(number)s is not possible because the credit note %(note)s refers to it: cancel that one "
            "first, then this one, and credit the sale again. A customer who wants a CFDI of his own gets it without "
            "that by “Wrong name” on his sale: a credit note and a new invoice.", number=row, note=note.invoice))


def retry(row: GlobalInvoice) -> GlobalInvoice | None:
    """Make a refused one anew from what its sales say now; None where nothing is left of it."""
    row = _locked(row.id)
    if row.state != "rejected":
        raise DomainError(_("Making it again is not possible because this global invoice is not refused."))
    audit.record("einvoice_mx.retry_global", row)
    db.session.flush()
    _give_up(row)
    if row.replaces_id is not None:
        return gathering.replace(find(GlobalInvoice, row.replaces_id))
    return gathering.make_next()


def _give_up(row: GlobalInvoice) -> None:
    """One that was certainly never stamped: its sales are free, or back in the one it was to take the place of."""
    if not cancels.drop(GlobalInvoice, [row.id]):
        raise DomainError(_("This is not possible just now because %(number)s is being stamped; try again in a minute.",
                            number=row))
    if row.replaces_id is None:
        free([row.id])
        return
    db.session.execute(sa.update(PublicSale).where(PublicSale.global_id == row.id).values(global_id=row.replaces_id)
                       .execution_options(synchronize_session=False))
    db.session.expire_all()


def gather_again(row: GlobalInvoice) -> None:
    """The sales of one cancelled because they never took place (03) did take place: they wait for another one."""
    if row.state != "cancelled" or row.cancel_code != NEVER_TOOK_PLACE:
        raise DomainError(_("Gathering the sales again is not possible because this global invoice is not cancelled "
                            "with motive 03."))
    audit.record("einvoice_mx.gather_again", row)
    free([row.id])
    gathering.ask_for_all()


# --- a CFDI of his own -----------------------------------------------------------------------------------


def own_cfdi(invoice: Invoice) -> str:
    """The customer asks for a CFDI of his own of a sale: what happens, in a sentence. The second time changes nothing.

    His data come from the customer: RFC, name, regime and postal code must be there.
    """
    sale, row = _held(invoice)
    if sale is None or invoice.state != "issued":
        raise DomainError(_("A CFDI of his own is not possible because this is no sale to the general public."))
    if sale.asked_at is not None:
        return _("It was asked for already.")
    if is_public({name: getattr(invoice.customer, name) for name in RECEIVER}):
        raise DomainError(_("To give the customer a CFDI of his own you must first enter his RFC, with name, regime "
                            "and postal code as on his tax certificate."), field="tax_id")
    audit.record("einvoice_mx.own_cfdi", invoice)
    return _take_out(sale, row)


def _held(invoice: Invoice) -> tuple[PublicSale | None, GlobalInvoice | None]:
    """The sale and its global invoice, locked in the order of all: global invoices, customers, sales."""
    before = db.session.scalar(sa.select(PublicSale.global_id).where(PublicSale.invoice_id == invoice.id))
    row = _locked(before) if before is not None else None
    accounting.hold_customers([invoice.id])
    sale = db.session.scalars(lock(sa.select(PublicSale).where(PublicSale.invoice_id == invoice.id))
                              .execution_options(populate_existing=True)).one_or_none()
    if sale is not None and sale.global_id != before:
        raise DomainError(_("This is not possible just now because the sale is being gathered; try again in a minute."))
    return sale, row


def _locked(global_id: int) -> GlobalInvoice:
    return db.session.scalars(lock(sa.select(GlobalInvoice).where(GlobalInvoice.id == global_id))
                              .execution_options(populate_existing=True)).one()


def _take_out(sale: PublicSale, row: GlobalInvoice | None) -> str:
    """Out of the global invoice that it is in; its own CFDI is opened as soon as it is in none."""
    if row is not None and row.state == "authorized":
        _check_notes(row)
    sale.asked_at = clock.now()
    db.session.flush()
    if row is None:
        accounting.require_legal([sale.invoice_id])
        return _("His CFDI is on its way.")
    if row.state in ("authorized", "cancelling"):
        cancels.begin(GlobalInvoice, PAPER, [row.id], NOMINATIVE, _("The customer asked for a CFDI of his own."))
        return _("The global invoice %(number)s is cancelled at the SAT (motive 04) and made again without this sale; "
                 "then the customer's CFDI is issued.", number=row)
    if row.state == "cancelled":
        free([row.id], only_asked=True)
        return _("His CFDI is on its way.")
    _give_up(row)
    if row.replaces_id is not None:
        return _take_out(sale, _locked(row.replaces_id))
    enqueue(gathering.MAKE, key=f"einvoice_mx.make:{row.id}")
    return _("His CFDI is on its way; the global invoice is made again without this sale.")
