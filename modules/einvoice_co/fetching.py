"""What the law wants kept of an accepted document beside its XML, fetched from the provider once it is accepted.

The Factory HKA gives the AttachedDocument (contenedor electrónico: the signed document with the DIAN's
ApplicationResponse); Siigo gives the XML, which its answers do not hold.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core import clock, jobs, logs
from core.db import among, db
from core.errors import Rejected, Unavailable
from core.scope import current_company
from modules.einvoice import files
from modules.einvoice.files import ANSWER, XML, Kept
from modules.einvoice.models import Document, DocumentFile
from modules.einvoice_co import access, delivery
from modules.einvoice_co.bridge import BY_SIIGO
from modules.einvoice_co.providers.hka.client import Hka
from modules.einvoice_co.providers.siigo.client import CREDIT_NOTES, INVOICES, Siigo

log = logs.get(__name__)


@dataclass(frozen=True)
class Wanted:
    """A document with a file that is not here yet; `key` is what the provider knows it by."""

    document_id: int
    key: str
    path: str
    environment: str

    @property
    def role(self) -> str:
        return XML if self.path else ANSWER


def missing(document_ids: Sequence[int]) -> list[Wanted]:
    """Those of these documents that are accepted, and whose file is not kept."""
    rows = db.session.execute(sa.select(
        Document.id, Document.series, Document.number, Document.kind, Document.environment, Document.data).where(
            among(Document.id, document_ids), Document.country == "CO", Document.state == "authorized"))
    found = [_wanted(row) for row in rows]
    kept = {(row.document_id, row.role) for row in db.session.execute(
        sa.select(DocumentFile.document_id, DocumentFile.role).where(
            among(DocumentFile.document_id, [one.document_id for one in found])))}
    return [one for one in found if one.key and (one.document_id, one.role) not in kept]


def _wanted(row: sa.Row) -> Wanted:  # type: ignore[type-arg]
    if row.series.startswith(BY_SIIGO):
        return Wanted(row.id, str((row.data or {}).get("siigo_id") or ""),
                      CREDIT_NOTES if row.kind == "91" else INVOICES, row.environment)
    return Wanted(row.id, f"{row.series}{row.number}", "", row.environment)


def fetch(document_ids: Sequence[int]) -> None:
    """Fetch and keep what the provider gives now; the rest comes with the hourly sweep. Commits between the steps."""
    wanted = missing(document_ids)
    if not wanted:
        return
    environment = wanted[0].environment
    here = [one for one in wanted if one.environment == environment]
    talk = _Talk(access.hka(environment) if any(not one.path for one in here) else None,
                 access.siigo(environment) if any(one.path for one in here) else None)
    found: dict[int, list[Kept]] = {}
    with jobs.outside():
        for one in here:
            try:
                found[one.document_id] = talk.files(one)
            except Rejected:  # nothing to be had: the document stays valid without it
                continue
            except Unavailable as error:
                log.warning("files_not_fetched", document=one.document_id, reason=error.message)
                break
    files.keep(found)


@dataclass(frozen=True)
class _Talk:
    hka: Hka | None
    siigo: Siigo | None

    def files(self, one: Wanted) -> list[Kept]:
        if self.siigo is not None and one.path:
            content = self.siigo.file(one.path, one.key, "xml")
            return [Kept(XML, f"{one.key}.xml", "application/xml", content)] if content else []
        assert self.hka is not None
        return containers(self.hka, one.key)


def containers(hka: Hka, number: str) -> list[Kept]:
    """The AttachedDocument of a document of The Factory HKA."""
    content = hka.container(number)
    return [Kept(ANSWER, f"ad{number}.xml", "application/xml", content)] if content else []


def without_files(days: int = 3, limit: int = 500) -> list[int]:
    """Accepted documents of the last days whose file is not kept."""
    role = sa.case((Document.series.startswith(BY_SIIGO), XML), else_=ANSWER)
    kept = sa.exists().where(DocumentFile.document_id == Document.id, DocumentFile.role == role)
    return list(db.session.scalars(sa.select(Document.id).where(
        Document.country == "CO", Document.state == "authorized",
        Document.issue_date >= clock.today() - dt.timedelta(days=days), ~kept).order_by(Document.id).limit(limit)))


def of_invoices(invoice_ids: Sequence[int]) -> list[int]:
    """The accepted documents of these invoices."""
    return list(db.session.scalars(sa.select(Document.id).where(
        among(Document.invoice_id, invoice_ids), Document.country == "CO", Document.state == "authorized")
        .order_by(Document.id)))


class Containers:
    """Colombia's entry among what goes with a PDF: the AttachedDocument, where only this program mails documents."""

    def files(self, invoice_ids: Sequence[int]) -> dict[int, list[int]]:
        """The file of the container by invoice."""
        if current_company().country != "CO" or delivery.is_mailed(access.profile().mailing):
            return {}
        rows = db.session.execute(
            sa.select(Document.invoice_id, DocumentFile.file_id)
            .join(DocumentFile, DocumentFile.document_id == Document.id)
            .where(among(Document.invoice_id, invoice_ids), DocumentFile.role == ANSWER))
        return {row.invoice_id: [row.file_id] for row in rows}
