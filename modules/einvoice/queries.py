"""Selects that views, commands and checks share."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from core import months
from core.db import db
from core.i18n import _
from core.scope import current_company_id
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.einvoice import states
from modules.einvoice.models import Document, Sequence
from modules.einvoice.ports import WAITS_FOR_ORIGINAL


@dataclass(frozen=True)
class CauseGroup:
    """Refused documents of one cause: the code, the words of the first, and how many."""

    cause: str
    count: int
    message: str


def month(period: str) -> tuple[dt.date, dt.date]:
    """First and last day of a period written as 2026-11."""
    return months.bounds(dt.date.fromisoformat(f"{period}-01"))


def counts(period: str | None = None) -> dict[str, int]:
    """Documents per state, of a period or of all time."""
    wanted = sa.select(Document.state, sa.func.count()).group_by(Document.state)
    if period:
        wanted = wanted.where(Document.issue_date.between(*month(period)))
    found: dict[str, int] = {row[0]: row[1] for row in db.session.execute(wanted)}
    return {state: found.get(state, 0) for state in states.STATES}


def count_of(wanted: Iterable[str]) -> dict[str, int]:
    """How many documents there are in these states: what is authorised is not counted, nor looked at."""
    rows = db.session.execute(sa.select(Document.state, sa.func.count(Document.id)).where(
        Document.state.in_(list(wanted))).group_by(Document.state))
    return dict.fromkeys(wanted, 0) | {row[0]: row[1] for row in rows}


def of_days(first: dt.date, last: dt.date) -> dict[str, int]:
    """Documents of these days by state. Those that are authorised, nearly all, are what is left of the whole."""
    days = (Document.issue_date.between(first, last), Document.company_id == current_company_id())
    others = [one for one in states.STATES if one != states.AUTHORIZED]
    every = sa.select(sa.literal("").label("state"), sa.func.count(Document.id)).where(*days)
    apart = sa.select(Document.state, sa.func.count(Document.id)).where(
        *days, Document.state.in_(others)).group_by(Document.state)
    found = dict.fromkeys(states.STATES, 0) | {row[0]: row[1] for row in db.session.execute(sa.union_all(every, apart))}
    return found | {states.AUTHORIZED: found.pop("") - sum(found[one] for one in others)}


def refused_groups() -> list[CauseGroup]:
    """The tray: refused documents by cause, the most frequent first."""
    rows = db.session.execute(
        sa.select(Document.cause, sa.func.count().label("documents"), sa.func.min(Document.id).label("first"))
        .where(Document.state == states.REJECTED).group_by(Document.cause)
        .order_by(sa.func.count().desc(), Document.cause)).all()
    problems = {row.id: row.problems for row in db.session.execute(
        sa.select(Document.id, Document.problems).where(Document.id.in_([row.first for row in rows])))}
    return [CauseGroup(row.cause, row.documents, (problems[row.first] or [{"message": ""}])[0]["message"])
            for row in rows]


def refused(cause: str | None = None, limit: int | None = None) -> list[Document]:
    """Refused documents, of one cause or of all, oldest first."""
    wanted = sa.select(Document).where(Document.state == states.REJECTED).order_by(Document.id).limit(limit)
    if cause is not None:
        wanted = wanted.where(Document.cause == cause)
    return list(db.session.scalars(wanted))


def refused_by_cause(each: int) -> dict[str, list[Document]]:
    """The oldest refused documents of every cause, at most `each` of one, so that none hides another."""
    place = sa.func.row_number().over(partition_by=Document.cause, order_by=Document.id)
    ranked = sa.select(Document.id, place.label("place")).where(Document.state == states.REJECTED).subquery()
    rows = db.session.scalars(sa.select(Document).join(ranked, ranked.c.id == Document.id)
                              .where(ranked.c.place <= each).order_by(Document.id))
    found: dict[str, list[Document]] = defaultdict(list)
    for row in rows:
        found[row.cause].append(row)
    return found


def with_invoices(documents: Iterable[Document]) -> dict[int, tuple[Invoice, Customer]]:
    """Invoice and customer of these documents by document id, with one select."""
    ids = {document.invoice_id: document.id for document in documents}
    rows = db.session.execute(sa.select(Invoice, Customer).join(Customer, Customer.id == Invoice.customer_id)
                              .where(Invoice.id.in_(list(ids))))
    return {ids[row[0].id]: (row[0], row[1]) for row in rows}


def troubled_sequences() -> list[Sequence]:
    """Sequences that are stopped, or whose authority cannot be reached."""
    return list(db.session.scalars(sa.select(Sequence).where(
        sa.or_(Sequence.blocked_code != "", Sequence.failures > 0)).order_by(Sequence.id)))


def sequences(environment: str | None = None) -> list[Sequence]:
    """All sequences of the company in scope."""
    wanted = sa.select(Sequence).order_by(Sequence.environment, Sequence.series, Sequence.kind)
    if environment:
        wanted = wanted.where(Sequence.environment == environment)
    return list(db.session.scalars(wanted))


def of_invoice(invoice_id: int) -> Document | None:
    """The legal document of an invoice, if it has one."""
    return db.session.scalar(sa.select(Document).where(Document.invoice_id == invoice_id))


def of_invoices(invoice_ids: Iterable[int]) -> dict[int, Document]:
    """The legal documents of these invoices by invoice id, with one select."""
    rows = db.session.scalars(sa.select(Document).where(Document.invoice_id.in_(list(invoice_ids))))
    return {row.invoice_id: row for row in rows}


def invoices_without_document(limit: int) -> list[int]:
    """Invoices that wait for a document that was never opened."""
    return list(db.session.scalars(
        sa.select(Invoice.id).where(
            Invoice.legal_state == "pending", Invoice.state == "issued",
            ~sa.exists().where(Document.invoice_id == Invoice.id)).order_by(Invoice.id).limit(limit)))


def still_open(signed_too: bool = False) -> int:
    """Documents that wait for the authority, on sequences that are not stopped.

    What is signed counts where it is asked for, and only in rehearsal: a real authority takes days.
    """
    wanted: sa.ColumnElement[bool] = Document.state.in_((states.PENDING, *states.IN_FLIGHT))
    if signed_too:
        wanted = sa.or_(wanted, sa.and_(Document.state == states.SIGNED, Document.environment == "rehearsal"))
    found = db.session.scalar(
        sa.select(sa.func.count()).select_from(Document).join(Sequence).where(wanted, Sequence.blocked_code == ""))
    return found or 0


def withdrawn() -> int:
    """Documents that customers have, and the authority refused after they were handed over."""
    return db.session.scalar(sa.select(sa.func.count(Document.id)).where(
        Document.state == states.REJECTED, Document.signed_at.is_not(None))) or 0


def waiting_since(moment: dt.datetime) -> int:
    """Documents that have waited since before then, for another reason than their date."""
    found = db.session.scalar(sa.select(sa.func.count()).select_from(Document).where(
        Document.state.in_((states.PENDING, states.SENDING)), Document.created_at < moment,
        Document.next_try.is_(None)))
    return found or 0


def notes_waiting_for(document_ids: Iterable[int]) -> list[Document]:
    """Documents of notes that could not be sent before these documents were authorised."""
    invoices = sa.select(Document.invoice_id).where(Document.id.in_(list(document_ids)))
    return list(db.session.scalars(
        sa.select(Document).join(Invoice, Invoice.id == Document.invoice_id).where(
            Document.state == states.REJECTED, Document.cause == WAITS_FOR_ORIGINAL,
            Invoice.original_id.in_(invoices))))


def authorized_as(code: str) -> Document | None:
    """The document with this authorisation code, if the authority has it."""
    return db.session.scalar(sa.select(Document).where(Document.authorization_code == code,
                                                       Document.state == states.AUTHORIZED).limit(1))


def number_held() -> str:
    """Why the company's tax number stays: a document bears it at the authority; "" where none does.

    What was only rehearsed or tested binds nobody: a wrong number is often seen there first.
    """
    numbered = sa.select(Document.id).where(Document.number.is_not(None),
                                            Document.environment == "production").limit(1)
    return _("electronic documents bear it already") if db.session.scalar(numbered) else ""
