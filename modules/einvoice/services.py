"""The verbs of legal documents: open, send again, continue after a stop, give up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import db, find, insert_new, lock
from core.i18n import _
from core.jobs import enqueue, publish
from core.scope import current_company, current_company_id
from modules.accounting import services as accounting
from modules.accounting.models import Invoice
from modules.accounting.ports import Pad, first_on_paper
from modules.einvoice import labels, records, results, states
from modules.einvoice.errors import NoIssuer, StillWrong, WrongState
from modules.einvoice.events import DocumentRejected
from modules.einvoice.models import Document
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice.ports import Issuer, Opened, issuers
from modules.einvoice.records import (
    Authorization,
    Claim,
    Refusal,
    Signature,
    advance,
    authorize,
    block,
    claim,
    clear_trouble,
    mark_unknown,
    next_number,
    note_trouble,
    postpone,
    refuse,
    release,
    sign,
    use_up,
    wait,
)
from modules.einvoice.states import IN_FLIGHT

__all__ = [
    "IN_FLIGHT", "Authorization", "Claim", "Refusal", "Signature", "abandon", "advance", "authorize", "block",
    "claim", "clear_trouble", "continue_after", "enqueue_open", "enqueue_work", "issuer_of", "mark_unknown",
    "may_be_on_paper", "next_number", "note_trouble", "open_documents", "postpone", "put_on_paper", "refuse",
    "release", "reopen", "retry", "retry_all", "sign", "try_again", "use_up", "wait",
]

AUTHORIZE, REOPEN = "modules.einvoice.jobs.authorize_sequence", "modules.einvoice.jobs.reopen_sequence"


def issuer_of(country: str) -> Issuer:
    """The issuer of a country; NoIssuer where no enabled module issues there."""
    found = issuers.find(country)
    if found is None:
        raise NoIssuer(_("To issue electronic invoices in %(country)s you must enable the module for that country.",
                         country=country))
    return found


# --- opening -------------------------------------------------------------------------------------------


def open_documents(invoice_ids: Sequence[int]) -> int:
    """Make the legal documents of these invoices, set-wise, and have them authorised; how many were new.

    Invoices that need none, or have theirs, are passed over. What the authority would refuse is refused here.
    """
    wanted = _without_document(invoice_ids)
    if not wanted:
        return 0
    company = current_company()
    opened = issuer_of(company.country).open(wanted)
    places = _places(company.country, opened)
    rows = [_row(company.country, one, places.get(one.place)) for one in opened]
    made = insert_new(Document.__table__, rows, unique=("invoice_id",))
    _report_refused([one.invoice_id for one in opened if one.problems])
    enqueue_work(set(places.values()), mark=str(max(wanted)))
    return made


def _without_document(invoice_ids: Sequence[int]) -> list[int]:
    taken = sa.select(Document.invoice_id)
    return list(db.session.scalars(
        sa.select(Invoice.id).where(Invoice.id.in_(list(invoice_ids)), Invoice.legal_state == "pending",
                                    Invoice.id.not_in(taken)).order_by(Invoice.id)))


def _places(country: str, opened: Sequence[Opened]) -> dict[tuple[str, str, str], int]:
    """The sequences of what can be sent; those of paper never give a number."""
    good = [one for one in opened if not one.problems]
    return ensure_sequences(country, {one.place for one in good}, {one.place for one in good if one.number})


def ensure_sequences(country: str, wanted: Iterable[tuple[str, str, str]],
                     by_hand: Collection[tuple[str, str, str]] = ()) -> dict[tuple[str, str, str], int]:
    """The ids of these (environment, series, kind), made where they are new; `by_hand` are those of paper, for good."""
    keys = sorted(set(wanted))
    if not keys:
        return {}
    insert_new(Numbering.__table__, [
        {"company_id": current_company_id(), "country": country, "environment": environment, "series": series,
         "kind": kind, "last_number": 0, "blocked_code": "", "blocked_reason": "", "trouble": "", "failures": 0,
         "skipped": [], "by_hand": (environment, series, kind) in by_hand}
        for environment, series, kind in keys], unique=("company_id", "environment", "series", "kind"))
    for environment, series, kind in sorted(by_hand):
        db.session.execute(sa.update(Numbering).where(
            Numbering.environment == environment, Numbering.series == series, Numbering.kind == kind,
            Numbering.country == country, ~Numbering.by_hand).values(by_hand=True))
    found = db.session.execute(sa.select(Numbering.id, Numbering.environment, Numbering.series, Numbering.kind))
    return {(row.environment, row.series, row.kind): row.id for row in found
            if (row.environment, row.series, row.kind) in set(keys)}


def _row(country: str, one: Opened, sequence_id: int | None) -> dict[str, Any]:
    moment, refused = clock.now(), bool(one.problems)
    return {
        "company_id": current_company_id(), "invoice_id": one.invoice_id, "sequence_id": sequence_id,
        "country": country, "environment": one.environment, "series": one.series, "kind": one.kind,
        "state": states.REJECTED if refused else states.PENDING, "issue_date": one.issue_date,
        "request": one.request, "response": {}, "observations": [], "problems": one.problems,
        "cause": one.problems[0]["code"][:40] if refused else "", "attempts": 0, "authorization_code": "",
        "created_at": moment, "decided_at": moment if refused else None, "data": one.data, "tried_number": one.number,
    }


def _report_refused(invoice_ids: list[int]) -> None:
    if not invoice_ids:
        return
    ids = list(db.session.scalars(sa.select(Document.id).where(Document.invoice_id.in_(invoice_ids))))
    results.report(ids, states.REJECTED)
    publish(DocumentRejected(ids))


def enqueue_work(sequence_ids: Iterable[int], mark: str) -> None:
    """Have these sequences worked on; the same mark asks once."""
    for sequence_id in sorted(sequence_ids):
        enqueue(AUTHORIZE, key=f"einvoice.authorize:{sequence_id}:{mark}", sequence_id=sequence_id)


def enqueue_open(company_id: int) -> list[int]:
    """Have every sequence of the company worked on that has open documents and is not stopped; their ids."""
    open_states = (states.PENDING, states.SIGNED, *IN_FLIGHT)
    ids = list(db.session.scalars(
        sa.select(Document.sequence_id).join(Numbering).where(
            Document.state.in_(open_states), Numbering.blocked_code == "",
            sa.or_(Document.next_try.is_(None), Document.next_try <= clock.now())).distinct()))
    enqueue_work([one for one in ids if one], mark=f"open:{int(clock.now().timestamp())}")
    return [one for one in ids if one]


def reopen(sequence_id: int, after: int, size: int = 1000) -> tuple[int | None, set[int]]:
    """Make the requests of what waits on a sequence anew, with the present settings; its lease is held.

    A document may then belong to another point of sale, or be refused. What was ever tried stays: an answer may come.
    Goes on after this document id; (id to go on after or None, the sequences that have something to send now).
    """
    country = find(Numbering, sequence_id).country
    rows = db.session.execute(
        sa.select(Document.id, Document.invoice_id).where(
            Document.sequence_id == sequence_id, Document.state == states.PENDING, Document.tried_number.is_(None),
            Document.id > after).order_by(Document.id).limit(size)).all()
    if not rows:
        return None, set()
    opened = issuer_of(country).open([row.invoice_id for row in rows])
    places = _places(country, opened)
    ids = {row.invoice_id: row.id for row in rows}
    records.renew([(ids[one.invoice_id], one, places.get(one.place)) for one in opened])
    _report_refused([one.invoice_id for one in opened if one.problems])
    return rows[-1].id, set(places.values())


# --- the tray ------------------------------------------------------------------------------------------


def retry(document: Document) -> Document:
    """Send a refused document again with the customer's present data; StillWrong where it would be refused again.

    A document that waits, that is signed, or whose answer was lost is only tried sooner: it is asked about, never
    repeated.
    """
    if document.state in (states.PENDING, states.UNKNOWN, states.SENDING, states.SIGNED):
        try_again(document)
        return document
    if document.state != states.REJECTED:
        raise WrongState(_("Sending again is not possible because the document is already %(state)s.",
                           state=document.state))
    accounting.refresh_snapshot(find(Invoice, document.invoice_id))
    opened = issuer_of(document.country).open([document.invoice_id])[0]
    _reopen(document, opened)
    if opened.problems:
        raise StillWrong(opened.problems[0]["message"], field=opened.problems[0].get("field") or None)
    return document


def _reopen(document: Document, opened: Opened) -> None:
    document.request, document.data = opened.request, opened.data
    document.problems = opened.problems
    document.cause = opened.problems[0]["code"][:40] if opened.problems else ""
    if opened.problems:
        db.session.flush()
        return
    place = _places(document.country, [opened])[opened.place]
    _move(document, place)
    document.tried_number = opened.number or document.tried_number
    document.environment, document.series, document.kind = opened.environment, opened.series, opened.kind
    document.issue_date = opened.issue_date
    document.state, document.number = states.PENDING, None
    document.decided_at = document.next_try = document.signed_at = None
    db.session.flush()
    results.report([document.id], states.PENDING)
    audit.record("einvoice.retry", document)
    enqueue_work([place], mark=f"retry:{document.id}:{document.attempts}:{clock.now().timestamp()}")


def _move(document: Document, sequence_id: int) -> None:
    """A document that goes to another sequence leaves the number that it kept on its old one unused."""
    if document.sequence_id != sequence_id:
        _give_number_up(document)
    document.sequence_id = sequence_id


def _give_number_up(document: Document) -> None:
    """Paper that was not reported can still be: only a number that we counted is left unused."""
    if document.sequence_id is not None and document.tried_number is not None and not _is_by_hand(document):
        use_up(document.sequence_id, [document.tried_number])
    document.tried_number = None


def _is_by_hand(document: Document) -> bool:
    return document.sequence is not None and document.sequence.by_hand


def retry_all(documents: Iterable[Document]) -> tuple[int, list[tuple[Document, str]]]:
    """Send all of these again: (how many go, those that would be refused again with the reason)."""
    sent, wrong, chosen = 0, [], list(documents)
    # in one go and in order of id, as billing does: one by one, each would wait for what the other holds
    accounting.hold_customers([document.invoice_id for document in chosen])
    for document in chosen:
        try:
            retry(document)
            sent += 1
        except StillWrong as error:
            wrong.append((document, str(error)))
    return sent, wrong


def try_again(document: Document) -> None:
    """Do not wait for the next try of this document's sequence."""
    if document.sequence_id is None:
        return
    document.next_try = None
    sequence = find(Numbering, document.sequence_id)
    sequence.next_try = None
    db.session.flush()
    enqueue_work([sequence.id], mark=f"now:{document.id}:{clock.now().timestamp()}")


def abandon(document: Document, reason: str) -> None:
    """Give a refused document up: its invoice is annulled by a reversing entry, with the reason."""
    if document.state != states.REJECTED:
        raise WrongState(_("Giving up is not possible because only refused documents can be given up; an authorised "
                           "one is corrected by a credit note."))
    if not reason.strip():
        raise WrongState(_("To give a document up you must say why."), field="reason")
    accounting.cancel_invoice(find(Invoice, document.invoice_id), reason)
    _give_number_up(document)
    document.state, document.decided_at = states.CANCELLED, clock.now()
    db.session.flush()
    audit.record("einvoice.abandon", document, reason=reason)


# --- written on paper ---------------------------------------------------------------------------------


def may_be_on_paper(document: Document) -> bool:
    """Whether a document can be one that was written on paper: nothing of it was ever sent, or it was refused."""
    return document.state == states.REJECTED or (document.state == states.PENDING and not document.attempts)


def put_on_paper(document: Document, pad: Pad | None, number: int = 0) -> Document:
    """It was written on paper under this number, and goes out under it; None: it was not, after all.

    Raises WrongState where it went out, or may have, under another number. Where it would be refused it waits in the
    tray with its paper; its `problems` say why.
    """
    row = db.session.scalars(lock(sa.select(Document).where(Document.id == document.id))
                             .execution_options(populate_existing=True)).one()
    if not may_be_on_paper(row):
        raise WrongState(_("Reporting the paper is not possible because this document goes out, or went out, under "
                           "another number: it is %(state)s.", state=labels.of_state(row.state)[0]))
    entry, invoice = first_on_paper.find(row.country), find(Invoice, row.invoice_id)
    if entry is None:
        raise WrongState(_("Reporting a paper is not possible because nothing is written on paper first here."))
    if pad is None:
        entry.take_back(invoice)
    else:
        entry.put(invoice, pad, number)
    if _is_by_hand(row):
        row.tried_number = None
    if row.state == states.REJECTED:
        # what is still wrong stands on the document
        with suppress(StillWrong):
            retry(row)
    else:
        _open_anew(row)
    return row


def _open_anew(document: Document) -> None:
    """Make the request of a document that was never sent anew; refused where it would be."""
    opened = issuer_of(document.country).open([document.invoice_id])[0]
    place = _places(document.country, [opened]).get(opened.place)
    records.renew([(document.id, opened, place)])
    db.session.refresh(document)
    if opened.problems:
        _report_refused([document.invoice_id])
    elif place:
        enqueue_work([place], mark=f"anew:{document.id}:{clock.now().timestamp()}")


# --- stopped sequences ---------------------------------------------------------------------------------


def continue_after(sequence: Numbering, last_number: int | None = None) -> None:
    """Go on with a stopped sequence; `last_number` accepts what another program issued up to there."""
    before = {"blocked": sequence.blocked_code, "last_number": sequence.last_number}
    if last_number is not None:
        if last_number < sequence.last_number and sequence.blocked_code != "sequence_behind":
            raise WrongState(_("To go on you must not go back: the last number is %(last)s.",
                               last=sequence.last_number))
        if last_number > sequence.last_number:
            sequence.skipped = [*sequence.skipped, [sequence.last_number + 1, last_number]]
        sequence.last_number = last_number
    sequence.blocked_code = sequence.blocked_reason = sequence.trouble = ""
    sequence.failures, sequence.trouble_since, sequence.next_try = 0, None, None
    db.session.flush()
    audit.record("einvoice.continue_sequence", sequence, {"before": before, "last_number": sequence.last_number})
    # what waits may belong elsewhere by now: another point of sale was chosen, a customer was corrected
    enqueue(REOPEN, key=f"einvoice.reopen:{sequence.id}:{clock.now().timestamp()}", sequence_id=sequence.id)
