"""Work in the background: files of documents that could not be had when they were accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core import clock, companies, jobs
from core.db import db
from core.i18n import lazy
from core.jobs import enqueue, job, schedule
from core.scope import every_company
from modules.einvoice import files
from modules.einvoice.models import Document, DocumentFile
from modules.einvoice_pe.client import Answer
from modules.einvoice_pe.wire import fetch_files

BATCH = 200


@schedule("40 7 * * *", words=lazy("Fetch XML, CDR and PDF from Nubefact every night"))
def fetch_missing_files() -> None:
    """Every company of Peru: what the law wants kept is here, not only behind a link."""
    with every_company():
        found = [company.id for company in companies.active_companies() if company.country == "PE"]
    for company_id in found:
        enqueue(fetch_files_of_company, key=f"einvoice_pe.files:{company_id}:{clock.now():%Y-%m-%d}",
                company_id=company_id)


@job(queue="einvoice", max_attempts=5, words=lazy("Fetch XML, CDR and PDF from Nubefact"))
def fetch_files_of_company() -> None:
    """Signed and accepted documents that lack a file; a link that is gone is tried again the next night."""
    for row in lacking(BATCH):
        with jobs.outside():
            found = fetch_files(Answer(row.response), row.request)
        files.keep({row.id: found})
        jobs.checkpoint()


def lacking(limit: int) -> Sequence[Any]:
    """(id, request, response) of documents without XML, PDF or, once SUNAT has accepted them, CDR; the newest first."""
    def has(role: str) -> Any:
        return sa.exists().where(DocumentFile.document_id == Document.id, DocumentFile.role == role)

    accepted = Document.state == "authorized"
    return db.session.execute(
        sa.select(Document.id, Document.request, Document.response).where(
            Document.country == "PE", Document.state.in_(("signed", "authorized")),
            sa.or_(~has(files.XML), ~has(files.PDF), sa.and_(accepted, ~has(files.CDR))))
        .order_by(Document.id.desc()).limit(limit)).all()
