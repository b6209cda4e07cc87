"""Work in the background: files of documents that could not be had when they were accepted."""

from __future__ import annotations

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
    """Accepted documents without CDR, some at a time; a link that is gone is tried again the next night."""
    has_cdr = sa.select(DocumentFile.document_id).where(DocumentFile.role == files.CDR)
    rows = db.session.execute(
        sa.select(Document.id, Document.request, Document.response).where(
            Document.country == "PE", Document.state == "authorized", Document.id.not_in(has_cdr))
        .order_by(Document.id.desc()).limit(BATCH)).all()
    for row in rows:
        with jobs.outside():
            found = fetch_files(Answer(row.response), row.request)
        files.keep({row.id: found})
        jobs.checkpoint()
