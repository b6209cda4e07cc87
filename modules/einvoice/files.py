"""What the law wants kept of a document beside its numbers: the XML as sent, the answer to it, the CDR, the PDF.

And how it is had back: with the notice (`Attached`), and of many documents as one ZIP (`of_many`), to which a country
adds its own kinds and forms by the port `ports.papers`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from core import storage
from core.db import among, db, insert_new
from core.i18n import lazy
from core.models import StoredFile
from modules.einvoice import exchange
from modules.einvoice.models import Document, DocumentFile

ROLES = XML, ANSWER, CDR, PDF, REFUSAL = "xml", "answer", "cdr", "pdf", "refusal"
# beside what is stored: what was said to the authority and by it, cancelling, the printed document, what came before
REQUEST, REPLY, CANCELLING, PRINTED, BEFORE = "request", "reply", "cancelling", "printed", "before"
JSON = "application/json"


@dataclass(frozen=True)
class Kept:
    """A file to keep with a document; `role` is XML, ANSWER, CDR or PDF, one of each."""

    role: str
    name: str
    media_type: str
    content: bytes


def keep(found: Mapping[int, Sequence[Kept]]) -> None:
    """Keep these files by document id; what is there in a role stays. StorageUnavailable where the disk is full."""
    pairs = [(document_id, one) for document_id, files in found.items() for one in files]
    if not pairs:
        return
    ids = storage.store_many([(one.content, one.name, one.media_type) for _id, one in pairs])
    insert_new(DocumentFile.__table__, [
        {"document_id": document_id, "role": one.role, "file_id": file_id}
        for (document_id, one), file_id in zip(pairs, ids, strict=True)], unique=("document_id", "role"))


def refusals(found: Mapping[int, tuple[Sequence[Mapping[str, Any]], Mapping[str, Any]]]) -> None:
    """Keep what the authority refused, {document id: (problems, answer)}, with what had been sent: both are replaced.

    Files that a document had when it was signed are set aside with it.
    """
    requests = db.session.execute(sa.select(Document.id, Document.request, Document.tried_number, Document.sent_at)
                                  .where(among(Document.id, list(found))))
    said = {row.id: {"number": row.tried_number, "sent_at": row.sent_at.isoformat() if row.sent_at else "",
                     "request": row.request, "answer": found[row.id][1], "problems": found[row.id][0]}
            for row in requests}
    keep({key: [Kept(REFUSAL, "refusal.json", JSON, _json(one))] for key, one in said.items()})
    set_aside(list(said))


def _json(said: Any) -> bytes:
    return json.dumps(said, ensure_ascii=False, indent=1, default=str).encode()


def set_aside(document_ids: Sequence[int]) -> None:
    """Keep the files of documents that were refused after they were signed, but under `xml-1`: others will follow."""
    rows = db.session.execute(sa.select(DocumentFile.id, DocumentFile.document_id, DocumentFile.role)
                              .where(among(DocumentFile.document_id, document_ids))).all()
    taken = {(row.document_id, row.role) for row in rows}
    for row in rows:
        if row.role in ROLES:
            times = next(n for n in range(1, len(rows) + 2) if (row.document_id, f"{row.role}-{n}") not in taken)
            db.session.execute(sa.update(DocumentFile).where(DocumentFile.id == row.id)
                               .values(role=f"{row.role}-{times}"))


class Attached:
    """Its entry among what goes with a PDF: the XML that the authority has, which the receiver must get."""

    def files(self, invoice_ids: Sequence[int]) -> dict[int, list[int]]:
        """The file of the XML by invoice."""
        rows = db.session.execute(
            sa.select(Document.invoice_id, DocumentFile.file_id)
            .join(DocumentFile, DocumentFile.document_id == Document.id)
            .where(among(Document.invoice_id, invoice_ids), DocumentFile.role == XML))
        return {row.invoice_id: [row.file_id] for row in rows}


def of_documents(document_ids: Sequence[int]) -> dict[int, dict[str, StoredFile]]:
    """The files of these documents by role."""
    rows = db.session.execute(
        sa.select(DocumentFile.document_id, DocumentFile.role, StoredFile)
        .join(StoredFile, StoredFile.id == DocumentFile.file_id)
        .where(among(DocumentFile.document_id, document_ids)).order_by(DocumentFile.id))
    found: dict[int, dict[str, StoredFile]] = {}
    for row in rows:
        found.setdefault(row.document_id, {})[row.role] = row.StoredFile
    return found


# --- what there is of many documents ------------------------------------------------------------------------


class Papers:
    """How a country's documents are had as files. The usual way; a country's entry in `ports.papers` may differ."""

    # what can be ticked: {kind: words}
    kinds: Mapping[str, Any] = {
        XML: lazy("XML of the document"), PRINTED: lazy("Printed document (PDF)"), REQUEST: lazy("What was sent"),
        REPLY: lazy("What was answered"), CANCELLING: lazy("Cancelling: what was asked and answered"),
        BEFORE: lazy("What was refused before")}

    def said(self, document: Document) -> Iterator[Kept]:
        """What was sent, what was answered, and the same of cancelling, as far as it is. Pure."""
        cancelled = (document.data or {}).get("cancellation")
        for role, words in ((REQUEST, document.request), (REPLY, document.response), (CANCELLING, cancelled)):
            if words:
                yield self.as_file(role, words)

    def as_file(self, role: str, said: Any) -> Kept:
        """A structure as a file: XML with the same names and values."""
        root = "answer" if role == REPLY else role
        return Kept(role, f"{role}.xml", "application/xml", exchange.as_xml(root, said))


class JsonPapers(Papers):
    """Of who speaks JSON: as it was sent and answered."""

    def as_file(self, role: str, said: Any) -> Kept:
        return Kept(role, f"{role}.json", JSON, _json(said))


def of_many(session: Session, papers: Papers, ids: Sequence[int], kinds: Sequence[str],
            title: Callable[[Document], str]) -> Iterator[tuple[int, str, bytes]]:
    """(document id, name with folders, content) of these documents' files of these kinds, from three selects."""
    rows = session.scalars(sa.select(Document).where(among(Document.id, ids)).options(joinedload(Document.invoice)))
    by_id = {row.id: row for row in rows}
    stored: dict[int, list[tuple[str, StoredFile]]] = {}
    for row_id, role, file in session.execute(
            sa.select(DocumentFile.document_id, DocumentFile.role, StoredFile)
            .join(StoredFile, StoredFile.id == DocumentFile.file_id)
            .where(among(DocumentFile.document_id, ids)).order_by(DocumentFile.id)):
        stored.setdefault(row_id, []).append((role, file))
    printed = _printed(session, by_id.values()) if PRINTED in kinds else {}
    for row_id in ids:
        if row_id in by_id:
            folder = f"{by_id[row_id].issue_date:%Y-%m}/{title(by_id[row_id]).replace('/', '-')}"
            for name, content in _of_one(by_id[row_id], papers, kinds, stored.get(row_id, []), printed.get(row_id)):
                yield row_id, f"{folder}/{name}", content
    session.expunge_all()


def _printed(session: Session, documents: Any) -> dict[int, StoredFile]:
    """The printed document of each, where it was made."""
    wanted = {row.invoice.pdf_file_id: row.id for row in documents if row.invoice.pdf_file_id}
    files = session.scalars(sa.select(StoredFile).where(among(StoredFile.id, list(wanted))))
    return {wanted[file.id]: file for file in files}


def _of_one(document: Document, papers: Papers, kinds: Sequence[str], stored: Sequence[tuple[str, StoredFile]],
            printed: StoredFile | None) -> Iterator[tuple[str, bytes]]:
    for role, file in stored:
        plain, _dash, times = role.partition("-")
        if (BEFORE if times or plain == REFUSAL else plain) in kinds:
            yield (f"{times}/{file.name}" if times else file.name), storage.backend().get(file.sha256)
    if printed is not None:
        yield printed.name, storage.backend().get(printed.sha256)
    for one in papers.said(document):
        if one.role in kinds:
            yield one.name, one.content
