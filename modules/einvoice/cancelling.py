"""Cancelling a document at the authority, where the country allows it: asked for, sent, and recovered by asking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import db, find
from core.errors import DomainError
from core.i18n import _
from core.jobs import enqueue
from modules.accounting import services as accounting
from modules.accounting.models import Invoice
from modules.einvoice import states
from modules.einvoice.answers import No, Wait, Yes
from modules.einvoice.errors import WrongState
from modules.einvoice.files import keep
from modules.einvoice.models import Document
from modules.einvoice.ports import CancelOrder, CancelReason, cancellers
from modules.einvoice.results import report

CANCEL = "modules.einvoice.jobs.cancel_document"


def reasons_for(document: Document) -> Sequence[CancelReason]:
    """The reasons that can be given now; none where the country or the document's state has no cancelling.

    DomainError where this document cannot be cancelled: why, and what to do instead.
    """
    canceller = cancellers.find(document.country)
    if canceller is None or document.state != states.AUTHORIZED:
        return ()
    return canceller.reasons(document)


def request(document: Document, code: str, text: str = "", replaced_by: Document | None = None) -> None:
    """Ask for a document to be cancelled; it is sent in the background. `code` is one of `reasons_for`."""
    reason = next((one for one in reasons_for(document) if one.code == code), None)
    if document.state != states.AUTHORIZED:
        raise WrongState(_("Cancelling is not possible because only authorised documents can be cancelled."))
    if reason is None:
        raise DomainError(_("To cancel a document you must choose one of the reasons."), field="code")
    if reason.needs_text and not text.strip():
        raise DomainError(_("To cancel a document for this reason you must say more about it."), field="text")
    if reason.needs_replacement and (replaced_by is None or replaced_by.state != states.AUTHORIZED):
        raise DomainError(_("To cancel with this reason you must first have the new document authorised, and name "
                            "it."), field="replaced_by")
    _check_notes(document)
    _begin(document, code, text, replaced_by)
    audit.record("einvoice.cancel", document, {"code": code}, text)
    enqueue(CANCEL, key=f"einvoice.cancel:{document.id}:{clock.now().timestamp()}", document_id=document.id)


def _check_notes(document: Document) -> None:
    note = db.session.scalar(sa.select(Invoice).where(Invoice.original_id == document.invoice_id,
                                                      Invoice.state == "issued").limit(1))
    if note is not None:
        raise DomainError(_("Cancelling is not possible because %(note)s corrects this document.", note=str(note)))


def _begin(document: Document, code: str, text: str, replaced_by: Document | None) -> None:
    document.state = states.CANCELLING
    document.data = {**document.data, "cancellation": {
        "code": code, "text": text.strip()[:300], "sent": False, "asked_at": clock.now().isoformat(),
        "replaced_by": replaced_by.authorization_code if replaced_by else ""}}
    db.session.flush()


def order_of(document: Document) -> CancelOrder:
    """What the canceller gets to know."""
    said = document.data["cancellation"]
    return CancelOrder(document.id, document.environment, document.series, document.kind, document.number or 0,
                       document.issue_date, document.authorization_code, said["code"], said["text"],
                       said["replaced_by"], document.request, document.data)


def mark(document: Document, **values: Any) -> None:
    """Remember how far the cancelling has come."""
    document.data = {**document.data, "cancellation": {**document.data["cancellation"], **values}}
    db.session.flush()


def conclude(document: Document, answer: Yes | No | Wait | None) -> None:
    """Record the authority's word: cancelled with its invoice, or as it was, with why. Waiting changes nothing."""
    if isinstance(answer, Yes):
        _cancelled(document, answer)
    elif isinstance(answer, No):
        document.state = states.AUTHORIZED
        mark(document, sent=False, refused=answer.problems)
        audit.record("einvoice.cancel_refused", document, {"problems": answer.problems})


def _cancelled(document: Document, answer: Yes) -> None:
    said = document.data["cancellation"]
    document.state = states.CANCELLED
    document.data = {**document.data, **answer.data}
    mark(document, proof=answer.code, at=clock.now().isoformat(), answer=answer.response)
    keep({document.id: answer.files})
    report([document.id], states.CANCELLED)
    accounting.cancel_invoice(find(Invoice, document.invoice_id), said["text"] or _("Cancelled at the tax authority"))
