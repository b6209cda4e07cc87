"""Work in the background: authorising sequence by sequence, and looking after what was left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager

import sqlalchemy as sa

from core import clock, companies, leases
from core.db import db, find
from core.errors import DomainError, OutsideError, Rejected, Unavailable, Unknown
from core.i18n import _, lazy
from core.jobs import enqueue, job, outside, retry_later, schedule
from core.scope import company_scope, every_company
from modules.einvoice import cancelling, services, states
from modules.einvoice.answers import No, Wait
from modules.einvoice.models import Document, Sequence
from modules.einvoice.ports import cancellers
from modules.einvoice.states import IN_FLIGHT

# one batch is in flight per sequence; longer than the longest call
LEASE_SECONDS = 300
# seconds between tries while the authority cannot be reached; the simulators of a rehearsal are asked sooner
WAITS = (60, 120, 300, 900)
REHEARSAL_WAITS = (1, 2, 3, 5)
# what the authority has, or may have
ASKED_ABOUT = (*IN_FLIGHT, states.SIGNED)


@job(queue="einvoice", max_attempts=20, words=lazy("Authorise documents"))
def authorize_sequence(sequence_id: int) -> None:
    """Send what is pending on a sequence, batch after batch, until nothing is left.

    Whoever finds the sequence taken goes home: its holder looks once more after giving it back.
    """
    while True:
        sequence = db.session.execute(
            sa.select(Sequence.country, Sequence.environment, Sequence.next_try, Sequence.trouble,
                      Sequence.blocked_code).where(Sequence.id == sequence_id)).one_or_none()
        db.session.rollback()
        if sequence is None:
            return
        if sequence.next_try and sequence.next_try > clock.now():
            _come_back(sequence_id, sequence.next_try, sequence.trouble)
            return
        with _lease(sequence_id) as keep:
            if keep is None:
                return
            _work(sequence_id, sequence.country, sequence.environment, keep)
        if sequence.blocked_code or not _left(sequence_id):
            break
    _ask_again(sequence_id)


def _come_back(sequence_id: int, moment: dt.datetime, trouble: str) -> None:
    """Have a sequence worked on when its trouble has had its time; asked for once, whoever comes too early.

    Who noted the trouble means to come back himself, but may have been killed before his job was put back.
    """
    enqueue(authorize_sequence, key=f"einvoice.trouble:{sequence_id}:{moment.timestamp()}", run_at=moment,
            waits_for=trouble, sequence_id=sequence_id)
    db.session.commit()


def _lease(sequence_id: int) -> AbstractContextManager[Callable[[], None] | None]:
    """Hold a sequence, so that no document is sent by two."""
    return leases.held(f"einvoice.sequence:{sequence_id}", LEASE_SECONDS, _(
        "Another process works on this sequence."))


def _work(sequence_id: int, country: str, environment: str, keep: Callable[[], None]) -> None:
    """Let the issuer work; where the authority is away, note it and come back later."""
    try:
        services.issuer_of(country).work(sequence_id, keep)
    except (OutsideError, DomainError) as error:
        _later(sequence_id, environment, error)


def _later(sequence_id: int, environment: str, error: Exception) -> None:
    db.session.rollback()
    waits = REHEARSAL_WAITS if environment == "rehearsal" else WAITS
    text = str(error)
    wait = services.note_trouble(sequence_id, text, waits)
    wait = max(wait, int(getattr(error, "retry_after", 0) or 0))
    db.session.commit()
    retry_later(wait, text)


def _ask_again(sequence_id: int) -> None:
    """Come back when the first of those is due that the authority received and has not decided.

    One that became due after the last look is among them: nobody else would come for it.
    """
    due = db.session.scalar(sa.select(sa.func.min(Document.next_try)).where(
        Document.sequence_id == sequence_id, Document.state.in_(ASKED_ABOUT)))
    if due is not None:
        enqueue(authorize_sequence, key=f"einvoice.ask:{sequence_id}:{int(due.timestamp())}", run_at=due,
                waits_for=_("The tax authority has it and has not decided yet."), sequence_id=sequence_id)
    db.session.commit()


def _left(sequence_id: int) -> bool:
    """Whether documents came in, or became due, while the lease was being given back."""
    is_due = Document.next_try <= clock.now()
    fresh = sa.and_(Document.state == states.PENDING, Document.next_try.is_(None))
    found = db.session.execute(
        sa.select(Document.id).join(Sequence).where(
            Document.sequence_id == sequence_id, Document.state.in_((states.PENDING, *ASKED_ABOUT)),
            sa.or_(fresh, is_due), Sequence.blocked_code == "").limit(1)).first()
    db.session.rollback()
    return found is not None


@job(queue="einvoice", max_attempts=20, words=lazy("Let a series of numbers go on"))
def reopen_sequence(sequence_id: int) -> None:
    """Make the requests of what waits on a sequence anew, then have it sent: on this one or on another."""
    with _lease(sequence_id) as keep:
        if keep is None:
            retry_later(1, _("Another process works on this sequence."))
            return
        after: int | None = 0
        touched = {sequence_id}
        while after is not None:
            after, found = services.reopen(sequence_id, after)
            touched |= found
            keep()
    services.enqueue_work(touched, mark=f"reopened:{sequence_id}:{clock.now().timestamp()}")


@schedule("*/5 * * * *", words=lazy("Look after documents that wait"))
def look_after_documents() -> None:
    """What is open and nobody works on (a crash, a date in the future, a cured trouble) is taken up again."""
    with every_company():
        ids = [company.id for company in companies.active_companies()]
    for company_id in ids:
        with company_scope(company_id):
            services.enqueue_open(company_id)


@job(queue="einvoice", words=lazy("Open legal documents of a company"))
def open_for_company(company_id: int) -> None:
    """Open the documents of invoices that have none: those issued before electronic invoicing was enabled."""
    from modules.einvoice.queries import invoices_without_document

    with company_scope(company_id):
        ids = invoices_without_document(limit=1000)
        if ids:
            services.open_documents(ids)
        if len(ids) == 1000:
            enqueue(open_for_company, company_id=company_id)


@job(queue="einvoice", max_attempts=50, words=lazy("Cancel a document at the tax authority"))
def cancel_document(document_id: int) -> None:
    """Send an order to cancel, or ask what became of it where it was sent before and no answer came."""
    document = find(Document, document_id)
    if document.state != states.CANCELLING:
        return
    order, canceller = cancelling.order_of(document), cancellers.get(document.country)
    was_sent = bool(document.data["cancellation"]["sent"])
    cancelling.mark(document, sent=True)
    waits = REHEARSAL_WAITS if document.environment == "rehearsal" else WAITS
    try:
        with outside():
            answer = canceller.ask(order) if was_sent else canceller.cancel(order)
            if answer is None:
                answer = canceller.cancel(order)
    except Rejected as refusal:
        answer = No([{"code": refusal.code, "message": refusal.message}])
    except Unavailable as error:
        cancelling.mark(find(Document, document_id), sent=was_sent)
        db.session.commit()
        retry_later(error.retry_after or waits[0], error.message)
    except Unknown as error:
        retry_later(waits[0], error.message)
    cancelling.conclude(find(Document, document_id), answer)
    if isinstance(answer, Wait):
        db.session.commit()
        retry_later(answer.seconds, answer.text)
