"""Documents and receipts to the customer again, at the wish of a person."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.db import db
from core.i18n import _
from modules.accounting import documents, handlers, notices, receipt_files
from modules.accounting.errors import NotPossible
from modules.accounting.models import Invoice, Payment
from modules.notifications import services as notifications
from modules.notifications.models import Message
from modules.notifications.services import Notice


def send_document(invoice: Invoice) -> Message:
    """Queue the document's notice, for the first time or once more; refused where it is not final or cannot be sent."""
    if not documents.is_final(invoice):
        raise NotPossible(_("Sending %(document)s is not possible because it is not final: it must be authorised "
                            "first, and not annulled.", document=str(invoice)))
    documents.pdf_of(invoice)
    kind = notices.CREDIT_NOTE_READY if invoice.kind == "credit_note" else notices.INVOICE_READY
    return _send(invoice.customer_id, kind.code, handlers.subject_of(invoice), handlers.document_notices([invoice.id]))


def send_receipt(payment: Payment) -> Message:
    """Queue the receipt's notice, for the first time or once more."""
    if payment.state != "recorded":
        raise NotPossible(_("Sending the receipt is not possible because the payment was taken back."))
    receipt_files.receipt_of(payment)
    return _send(payment.customer_id, notices.PAYMENT_RECEIVED.code, f"payment:{payment.id}",
                 handlers.payment_notices([payment.id]))


def _send(customer_id: int, kind: str, subject_key: str, wanted: Sequence[Notice]) -> Message:
    found = message_of(customer_id, kind, subject_key)
    if found is not None:
        notifications.send_again(found)
        return found
    notifications.notify_many(wanted)
    found = message_of(customer_id, kind, subject_key)
    if found is None:
        raise NotPossible(_("Sending is not possible because notices of this kind are switched off."))
    if found.state != "queued":
        raise NotPossible(_("To send this you must first give the customer an e-mail address that takes mail."))
    return found


def message_about(row: Invoice | Payment) -> Message | None:
    """The notice of this document or payment, if there is one."""
    if isinstance(row, Payment):
        return message_of(row.customer_id, notices.PAYMENT_RECEIVED.code, f"payment:{row.id}")
    kind = notices.CREDIT_NOTE_READY if row.kind == "credit_note" else notices.INVOICE_READY
    return message_of(row.customer_id, kind.code, handlers.subject_of(row))


def message_of(customer_id: int, kind: str, subject_key: str) -> Message | None:
    """The notice that was queued about this, if there is one."""
    return db.session.scalar(sa.select(Message).where(
        Message.customer_id == customer_id, Message.kind == kind, Message.subject_key == subject_key))
