"""Why documents of invoices are not authorised, for who shows a month and cannot know the tax authority."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core.db import db
from core.i18n import _
from modules.accounting.models import Invoice
from modules.accounting.ports import Held
from modules.einvoice import states
from modules.einvoice.models import Document, Sequence

WAITING = (states.PENDING, states.SENDING, states.UNKNOWN)


class Documents:
    """Refused documents by cause, waiting ones by what holds their series, invoices that have no document yet."""

    command = "abona einvoice status"

    def held(self, invoice_ids: Any) -> list[Held]:
        found = [*_refused(invoice_ids), *_waiting(invoice_ids), *_without_document(invoice_ids)]
        return sorted(found, key=lambda one: -one.count)


def _refused(invoice_ids: Any) -> list[Held]:
    rows = db.session.execute(
        sa.select(Document.cause, sa.func.count(), sa.func.min(Document.id))
        .where(Document.state == states.REJECTED, Document.invoice_id.in_(invoice_ids)).group_by(Document.cause)).all()
    first = {row.id: row.problems for row in db.session.execute(
        sa.select(Document.id, Document.problems).where(Document.id.in_([row[2] for row in rows])))} if rows else {}
    return [Held("rejected", count, _with_code((first[key] or [{"message": ""}])[0]["message"], cause))
            for cause, count, key in rows]


def _with_code(message: str, code: str) -> str:
    return f"{message} ({code})" if code and code not in message else message or _("without a reason")


def _waiting(invoice_ids: Any) -> list[Held]:
    """By what stops their series, or keeps the authority from being reached; else it has only not answered yet."""
    rows = db.session.execute(
        sa.select(Document.state, sa.func.count(), Sequence.blocked_reason, Sequence.trouble)
        .outerjoin(Sequence, Sequence.id == Document.sequence_id)
        .where(Document.state.in_(WAITING), Document.invoice_id.in_(invoice_ids))
        .group_by(Document.state, Sequence.blocked_reason, Sequence.trouble))
    return [_as_held(state, count, stopped or trouble) for state, count, stopped, trouble in rows]


def _as_held(state: str, count: int, reason: str | None) -> Held:
    if state == states.UNKNOWN:
        return Held("unknown", count, reason or _("the authority is asked what became of them"))
    return Held("pending", count, reason or _("they are sent in the background"))


def _without_document(invoice_ids: Any) -> list[Held]:
    count = db.session.scalar(sa.select(sa.func.count(Invoice.id)).where(
        Invoice.id.in_(invoice_ids), Invoice.legal_state == "pending",
        ~sa.exists().where(Document.invoice_id == Invoice.id))) or 0
    return [Held("pending", count, _("electronic invoices are not enabled, or were not when they were issued"))
            ] if count else []
