"""Electronic documents and notices of a bench's invoices, by one statement each, so that their lists can be read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import db
from modules.accounting.models import Invoice
from modules.einvoice.models import Document, Sequence
from modules.notifications.models import Message

CODE = "76480000000000"


def fill(company_id: int) -> None:
    """An authorised document and a sent notice for each invoice of the company. Commits."""
    sequence = Sequence(company_id=company_id, country="AR", environment="rehearsal", series="1", kind="6")
    db.session.add(sequence)
    db.session.flush()
    ours = sa.and_(Invoice.company_id == company_id, Invoice.state == "issued")
    _copy(Document, ours, {
        "company_id": company_id, "invoice_id": Invoice.id, "sequence_id": sequence.id, "country": "AR",
        "environment": "rehearsal", "state": "authorized", "series": "1", "kind": "6", "number": Invoice.id,
        "issue_date": Invoice.issue_date, "authorization_code": CODE, "request": {}, "response": {},
        "observations": [], "problems": [], "cause": "", "attempts": 1, "created_at": clock.now(), "data": {}})
    _copy(Message, ours, {
        "company_id": company_id, "customer_id": Invoice.customer_id, "kind": "accounting.invoice_ready",
        "subject_key": "invoice:" + sa.cast(Invoice.id, sa.String()), "channel": "email", "address": "s@bench.example",
        "language": "es", "subject": "Factura", "body": "Factura", "attachments": [], "state": "sent", "answer": "",
        "external_id": "", "attempts": 1, "sendings": 1, "created_at": clock.now(), "next_at": clock.now(),
        "sent_at": clock.now()})
    db.session.commit()


def _copy(table: Any, condition: Any, values: dict[str, Any]) -> None:
    """INSERT … SELECT; what is no expression stands in every row."""
    kept = table.__table__.c
    row = [value if hasattr(value, "__clause_element__") or isinstance(value, sa.ColumnElement)
           else sa.literal(value, kept[name].type) for name, value in values.items()]
    db.session.execute(sa.insert(table.__table__).from_select(list(values), sa.select(*row).where(condition),
                                                              include_defaults=False))
