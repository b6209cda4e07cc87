"""Tell accounting what became of its invoices' documents, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core.db import db
from modules.accounting import services as accounting
from modules.einvoice.models import Document
from modules.einvoice.ports import issuers


def report(document_ids: Sequence[int], state: str) -> None:
    """Record the legal state (and number) of these documents' invoices."""
    if not document_ids:
        return
    rows = db.session.execute(
        sa.select(Document.invoice_id, Document.country, Document.series, Document.kind, Document.number,
                  Document.issue_date)
        .where(Document.id.in_(list(document_ids)))).all()
    accounting.record_legal_results([
        accounting.LegalResult(invoice_id=row.invoice_id, state=state, number=_number(row)) for row in rows])


def _number(row: Any) -> str:
    issuer = issuers.find(row.country)
    return issuer.legal_number(row.series, row.kind, row.number) if issuer and row.number else ""
