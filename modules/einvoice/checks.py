"""Invariants of legal documents, each with a few set-based selects over all companies."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from core import clock
from core.checks import Result, Words, check
from core.db import db
from core.i18n import _, lazy
from modules.accounting.models import Invoice
from modules.einvoice import states
from modules.einvoice.models import Document, Sequence

# an answer that is lost for so long needs a person
PATIENCE = dt.timedelta(hours=1)


def _count(statement: sa.Select) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(statement.subquery())) or 0


@check("one_document_per_invoice", words=Words(lazy("One legal document per invoice"), live=False))
def one_document_per_invoice() -> Result:
    """Every invoice that the authority has authorised has exactly one authorised document, and the reverse."""
    document = sa.select(Document.id).where(Document.invoice_id == Invoice.id)
    bare = _count(sa.select(Invoice.id).where(
        Invoice.legal_state.in_(("signed", "authorized", "rejected", "unknown")), ~document.exists()))
    unlike = _count(sa.select(Document.id).join(Invoice, Invoice.id == Document.invoice_id).where(
        sa.or_(*[sa.and_(Document.state == one, Invoice.legal_state != one)
                 for one in (states.SIGNED, states.AUTHORIZED)],
               sa.and_(Document.state != states.SIGNED, Invoice.legal_state == "signed"),
               sa.and_(Document.state != states.AUTHORIZED, Invoice.legal_state == "authorized",
                       Document.state.not_in((states.CANCELLING, states.CANCELLED))))))
    return not (bare or unlike), bare + unlike, _("%(bare)s invoices without document, %(unlike)s with another state.",
                                                  bare=bare, unlike=unlike)


@check("numbers_no_gap", words=Words(lazy("Legal numbers without gaps"), live=False))
def numbers_no_gap() -> Result:
    """In each sequence the numbers of authorised documents follow each other without a hole.

    What another program issued before we began, or what a person accepted as foreign, lies outside. A number that
    waits with its document, also one refused that keeps it, is no hole. Paper is reported in no order.
    """
    taken = sa.func.coalesce(Document.number, Document.tried_number)
    numbers = (sa.select(Document.sequence_id, taken.label("number"), sa.func.lag(taken).over(
        partition_by=Document.sequence_id, order_by=taken).label("before"))
        .where(taken.is_not(None))).subquery()
    found = db.session.execute(
        sa.select(Sequence.series, Sequence.kind, Sequence.skipped, numbers.c.before, numbers.c.number)
        .join(numbers, numbers.c.sequence_id == Sequence.id)
        .where(numbers.c.before.is_not(None), numbers.c.number > numbers.c.before + 1, ~Sequence.by_hand)
        .order_by(Sequence.id, numbers.c.number).limit(1000)).all()
    holes = [row for row in found if not _accepted(row.skipped, row.before + 1, row.number - 1)]
    if not holes:
        return True, 0, _("No number is missing.")
    first = holes[0]
    return False, len(holes), _("%(series)s/%(kind)s: after %(before)s comes %(number)s.", series=first.series,
                                kind=first.kind, before=first.before, number=first.number)


def _accepted(ranges: list[list[int]], first: int, last: int) -> bool:
    """Whether a person accepted each of these numbers as another program's."""
    return all(any(low <= number <= high for low, high in ranges) for number in range(first, last + 1))


@check("numbers_no_duplicate", words=Words(lazy("No legal number twice"), live=False))
def numbers_no_duplicate() -> Result:
    """No number and no authorisation code is used twice (the table's constraint holds the first half)."""
    same_number = _count(sa.select(Document.number).where(Document.number.is_not(None)).group_by(
        Document.company_id, Document.environment, Document.series, Document.kind, Document.number)
        .having(sa.func.count() > 1))
    same_code = _count(sa.select(Document.authorization_code).where(Document.authorization_code != "").group_by(
        Document.company_id, Document.environment, Document.authorization_code).having(sa.func.count() > 1))
    return not (same_number or same_code), same_number + same_code, _(
        "%(numbers)s numbers and %(codes)s codes are used twice.", numbers=same_number, codes=same_code)


@check("unknown_documents", words=Words(
    lazy("Answers of the tax authority"),
    lazy("An answer of the authority was lost, or a series of numbers is stopped."),
    lazy("Customers whose invoices wait: they cannot be authorised before the first of them is."),
    lazy("Open “Electronic documents” and have the authority asked again; if a series is stopped, let it go on "
         "there.")))
def unknown_documents() -> Result:
    """No document waits long for a lost answer, and no sequence is stopped."""
    since = clock.now() - PATIENCE
    # one that the authority has and takes its time with is asked about at `next_try`
    late = sa.or_(Document.next_try.is_(None), Document.next_try < since)
    lost = _count(sa.select(Document.id).where(Document.state.in_((*states.IN_FLIGHT, states.SIGNED)),
                                            Document.sent_at < since, late))
    stopped = _count(sa.select(Sequence.id).where(Sequence.blocked_code != ""))
    return not (lost or stopped), lost + stopped, _(
        "%(lost)s documents are without answer for over an hour, %(stopped)s sequences are stopped.", lost=lost,
        stopped=stopped)


@check("withdrawn_documents", words=Words(
    lazy("Documents refused after they were handed over"),
    lazy("The authority refused documents that customers have already: they are not valid."),
    lazy("These customers: what they hold is no invoice, and cannot be used as one."),
    lazy("Open “Refused documents”, mend what the authority says and send them again: the customers are sent what "
         "takes their place.")))
def withdrawn_documents() -> Result:
    """Nothing that was handed over before the authority decided has been refused."""
    count = _count(sa.select(Document.id).where(Document.state == states.REJECTED, Document.signed_at.is_not(None)))
    return not count, count, _("%(count)s documents were refused after they were handed over.", count=count)
