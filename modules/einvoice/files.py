"""What the law wants kept of a document beside its numbers: the XML as sent, the answer to it, the CDR, the PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core import storage
from core.db import among, db, insert_new
from core.models import StoredFile
from modules.einvoice.models import Document, DocumentFile

ROLES = XML, ANSWER, CDR, PDF = "xml", "answer", "cdr", "pdf"


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
