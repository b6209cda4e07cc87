"""Our own PDF to The Factory HKA (CargarAdjuntos): the document is valid already, whatever becomes of its attachment.

A row per document. It is marked as unknown and committed before the call, so that a lost answer or a killed worker is
asked about (poseeAdjuntos of EstadoDocumento) instead of mailing twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core import audit, clock, jobs, storage
from core.db import among, db, find, insert_new
from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _
from core.models import StoredFile
from core.scope import current_company_id
from modules.accounting.models import Invoice
from modules.einvoice.models import Document
from modules.einvoice_co import access, delivery
from modules.einvoice_co.models import Attachment
from modules.einvoice_co.providers.hka.client import AccessRefused, Hka

OPEN = ("waiting", "unknown")
# calls of one document, after which a person must look; with the waits between them nearly a day
MOST = 24
# seconds until the next call, by how often it was tried
PATIENCE = (60, 300, 900)
SELDOM = 3600


@dataclass(frozen=True)
class Parcel:
    """One PDF to be attached; `doubtful` where an earlier call may have done it."""

    document_id: int
    number: str
    kind: str
    emails: list[str]
    content: bytes
    doubtful: bool


@dataclass(frozen=True)
class Outcome:
    """What became of a parcel."""

    document_id: int
    state: str
    message: str = ""
    tried: bool = True


def begin(invoice_ids: Sequence[int]) -> list[int]:
    """Rows for those documents whose mail waits for our PDF; the ids of all of them that are still open."""
    rows = db.session.execute(sa.select(Document.id, Document.request).where(
        among(Document.invoice_id, invoice_ids), Document.country == "CO", Document.state == "authorized"))
    wanted = [row.id for row in rows if str((row.request or {}).get("adjuntos")) in delivery.WAITING]
    insert_new(Attachment.__table__, [
        {"document_id": key, "company_id": current_company_id(), "state": "waiting", "attempts": 0, "message": ""}
        for key in wanted], ("document_id",))
    return open_ones(wanted)


def open_ones(document_ids: Sequence[int]) -> list[int]:
    """Those of these documents whose PDF is still to be attached, oldest first."""
    return list(db.session.scalars(sa.select(Attachment.document_id).where(
        Attachment.state.in_(OPEN), among(Attachment.document_id, document_ids)).order_by(Attachment.document_id)))


def left_lying(limit: int = 500) -> list[int]:
    """Documents whose PDF nobody has tried to attach for twice the longest wait."""
    since = clock.now() - dt.timedelta(seconds=2 * SELDOM)
    return list(db.session.scalars(sa.select(Attachment.document_id).where(
        Attachment.state.in_(OPEN), sa.or_(Attachment.tried_at.is_(None), Attachment.tried_at < since))
        .order_by(Attachment.document_id).limit(limit)))


def attach(document_ids: Sequence[int]) -> float | None:
    """Attach them; seconds until it is to be tried again, None where all is decided.

    A PDF is drawn by accounting when the document is ready; one that is not there yet is waited for. For jobs: commits
    between the steps.
    """
    ids = open_ones(document_ids)
    if not ids:
        return None
    hka, parcels = access.hka(access.environment()), _claim(ids)
    undrawn = [Outcome(key, "waiting", _("Its PDF is not drawn yet.")) for key in set(ids) - {
        one.document_id for one in parcels}]
    with jobs.outside():
        outcomes = [*_talk(hka, parcels), *undrawn]
    tried = _record(outcomes)
    jobs.checkpoint()
    if not any(one.state in OPEN for one in outcomes):
        return None
    return PATIENCE[tried - 1] if tried <= len(PATIENCE) else SELDOM


def again(document_ids: Sequence[int]) -> list[int]:
    """Try those that failed once more, at the wish of a person; their ids."""
    rows = db.session.scalars(sa.select(Attachment).where(
        among(Attachment.document_id, document_ids), Attachment.state == "failed")).all()
    for row in rows:
        row.state, row.attempts, row.message = "waiting", 0, ""
        audit.record("einvoice_co.attach", find(Document, row.document_id))
    db.session.flush()
    return [row.document_id for row in rows]


def of_document(document_id: int) -> Attachment | None:
    """What became of the PDF of a document; None where none is attached."""
    return db.session.scalar(sa.select(Attachment).where(Attachment.document_id == document_id))


def failed(limit: int | None = None) -> list[tuple[Attachment, Document]]:
    """Those that wait for a person, oldest first."""
    rows = db.session.execute(
        sa.select(Attachment, Document).join(Document, Document.id == Attachment.document_id)
        .where(Attachment.state == "failed").order_by(Attachment.document_id).limit(limit))
    return [(row.Attachment, row.Document) for row in rows]


def count_failed() -> int:
    """How many wait for a person."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(Attachment).where(
        Attachment.state == "failed")) or 0


def _claim(document_ids: Sequence[int]) -> list[Parcel]:
    """Mark those whose PDF is there as tried."""
    rows = db.session.execute(
        sa.select(Attachment, Document.request, StoredFile)
        .join(Document, Document.id == Attachment.document_id).join(Invoice, Invoice.id == Document.invoice_id)
        .join(StoredFile, StoredFile.id == Invoice.pdf_file_id)
        .where(among(Attachment.document_id, document_ids))).all()
    found = []
    for row in rows:
        attachment: Attachment = row.Attachment
        found.append(_parcel(attachment, row.request, storage.read(row.StoredFile)))
        attachment.state, attachment.tried_at = "unknown", clock.now()
    db.session.flush()
    return found


def _parcel(row: Attachment, request: dict[str, object], content: bytes) -> Parcel:
    factura: dict[str, object] = request["factura"]  # type: ignore[assignment]
    receivers = (factura["cliente"].get("destinatario") or {}).get("Destinatario") or []  # type: ignore[attr-defined]
    emails = [email for one in receivers for email in one["email"]["string"]]
    return Parcel(row.document_id, str(factura["consecutivoDocumento"]), delivery.kind_of(str(request["adjuntos"])),
                  emails, content, row.state == "unknown")


def _talk(hka: Hka, parcels: Iterable[Parcel]) -> list[Outcome]:
    """What was decided about each; with the provider away, the rest is left for later."""
    found: list[Outcome] = []
    away = ""
    for parcel in parcels:
        one = Outcome(parcel.document_id, _before(parcel), away, tried=False) if away else _tried(hka, parcel)
        found.append(one)
        away = away or (one.message if one.state in OPEN else "")
    return found


def _tried(hka: Hka, parcel: Parcel) -> Outcome:
    try:
        return _one(hka, parcel)
    except (AccessRefused, Unavailable) as error:  # nothing was done
        return Outcome(parcel.document_id, _before(parcel), error.message)
    except Unknown as error:
        return Outcome(parcel.document_id, "unknown", error.message)
    except Rejected as error:
        return Outcome(parcel.document_id, "failed", error.message)


def _before(parcel: Parcel) -> str:
    return "unknown" if parcel.doubtful else "waiting"


def _one(hka: Hka, parcel: Parcel) -> Outcome:
    if parcel.doubtful:
        status = hka.status(parcel.number)
        if status is not None and status.answer.get("poseeAdjuntos"):
            return Outcome(parcel.document_id, "sent")
    hka.attach(parcel.number, parcel.number, parcel.content, parcel.emails, kind=parcel.kind)
    return Outcome(parcel.document_id, "sent")


def _record(outcomes: Iterable[Outcome]) -> int:
    """Write it down; what was tried too often waits for a person. The most tries of what is open still."""
    found, most = {one.document_id: one for one in outcomes}, 1
    for row in db.session.scalars(sa.select(Attachment).where(among(Attachment.document_id, sorted(found)))):
        one = found[row.document_id]
        row.attempts += one.tried
        given_up = one.state in OPEN and row.attempts >= MOST
        row.state, row.message = "failed" if given_up else one.state, one.message[:500]
        most = max(most, row.attempts) if row.state in OPEN else most
    db.session.flush()
    return most
