"""The strict sequence of ARCA: one number after the other, whatever is lost when (argentina.md, section 2.8).

A worker holds the lease of a sequence (point of sale and kind) and repeats: ask about what is in flight, compare the
last number, number a batch and commit, send, record. Every step leaves the database so that another worker can go
on after a kill: what was being sent is asked about before anything is sent again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock, jobs, logs
from core.db import db
from core.errors import Unavailable, Unknown
from core.i18n import _, format_amount
from core.scope import current_company
from modules.einvoice import services as documents
from modules.einvoice.models import Document, Sequence
from modules.einvoice_ar import access, dates, questions, wsaa
from modules.einvoice_ar.client import BatchAnswer, Decision, Message, Registered, Wsfe
from modules.einvoice_ar.errors import HeaderRefused, TicketRefused
from modules.einvoice_ar.explanations import explain

DEFAULT_BATCH = 250
OUT_OF_SEQUENCE, TOO_MANY = "10016", "10003"
# how many numbers that we do not know of are looked up before giving up
FOREIGN_LIMIT = 2000
# lost answers in a row after which ARCA is left in peace for a while
PATIENCE = 3
# near midnight the answer may be computed on the next day
MARGIN = dt.timedelta(minutes=5)

log = logs.get(__name__)


class Stopped(Exception):
    """The sequence was blocked: a person must look."""


@dataclass(frozen=True)
class Row:
    """A document as the worker needs it, without an ORM object."""

    id: int
    number: int | None
    tried_number: int | None
    issue_date: dt.date
    attempts: int
    request: dict[str, Any]


class SequenceWorker:
    """Works batch after batch on one sequence; its caller holds the sequence's lease."""

    def __init__(self, sequence_id: int, keep: Callable[[], None]) -> None:
        self.id, self._keep = sequence_id, keep
        row = db.session.execute(sa.select(Sequence.environment, Sequence.series, Sequence.kind)
                                 .where(Sequence.id == sequence_id)).one()
        self.environment, self.point, self.kind = row.environment, int(row.series), int(row.kind)
        self.disputed = 0
        # reasons of requests in a row whose answers were lost
        self.losses: list[str] = []

    def run(self) -> None:
        """Work until nothing is pending; raises Unavailable where ARCA must be tried again later."""
        try:
            while self.step():
                jobs.checkpoint()
        except HeaderRefused as refusal:
            db.session.rollback()
            self._block(refusal.code, explain(refusal.code, refusal.message))
        except Stopped:
            pass
        jobs.checkpoint()

    def step(self) -> bool:
        """One round; False where nothing is left to do."""
        in_flight = self._rows(Document.state.in_(documents.IN_FLIGHT), by_number=True)
        if in_flight:
            self._recover(in_flight)
            self._rest_after_losses()
            return True
        with self._outside():
            size = self._batch_size() if self._anything_pending() else 0
        batch = self._next_batch(size)
        if not batch:
            return False
        with self._outside():
            last = self._question(lambda wsfe: wsfe.last_number(self.point, self.kind))
        if not self._agrees(last):
            return True
        claims = self._claim(batch, last)
        if claims:
            self._send(claims)
        return True

    @contextmanager
    def _outside(self) -> Iterator[None]:
        """The place to talk: nothing is open, and the sequence is ours for longer than a call takes."""
        self._keep()
        with jobs.outside():
            yield

    # --- the parts of a round ----------------------------------------------------------------------

    def _question(self, question: Callable[[Wsfe], Any]) -> Any:
        return questions.ask(self.environment, question)

    def _rows(self, *conditions: Any, by_number: bool = False, limit: int | None = None) -> list[Row]:
        order: list[Any] = [Document.number] if by_number else [Document.issue_date, Document.id]
        found = db.session.execute(
            sa.select(Document.id, Document.number, Document.tried_number, Document.issue_date,
                      Document.attempts, Document.request)
            .where(Document.sequence_id == self.id, *conditions).order_by(*order).limit(limit)).all()
        return [Row(*row) for row in found]

    def _today(self) -> dt.date:
        return (clock.now() + MARGIN).astimezone(wsaa.BUENOS_AIRES).date()

    def _pending(self) -> list[Any]:
        due = sa.or_(Document.next_try.is_(None), Document.next_try <= clock.now())
        return [Document.state == "pending", due]

    def _anything_pending(self) -> bool:
        blocked = db.session.scalar(sa.select(Sequence.blocked_code).where(Sequence.id == self.id))
        found = not blocked and bool(self._rows(*self._pending(), limit=1))
        db.session.rollback()
        return found

    def _next_batch(self, size: int) -> list[Row]:
        """In order of date; what is too old and will be dated today comes after the others."""
        if not size:
            return []
        oldest = self._today() - dt.timedelta(days=10)
        in_time = self._rows(*self._pending(), Document.issue_date >= oldest, limit=size)
        return in_time or self._rows(*self._pending(), limit=size)

    def _batch_size(self) -> int:
        """RegXReq, read once a day; a credit invoice travels alone."""
        if self.kind in dates.CREDIT_INVOICES:
            return 1
        profile = access.profile()
        if profile.batch_size_on == self._today() and profile.batch_size:
            size = profile.batch_size
            db.session.rollback()
            return size
        db.session.rollback()
        size = self._question(lambda wsfe: wsfe.batch_size()) or DEFAULT_BATCH
        profile = access.profile()
        profile.batch_size, profile.batch_size_on = size, self._today()
        db.session.commit()
        return size

    # --- what is in flight -------------------------------------------------------------------------

    def _recover(self, rows: list[Row]) -> None:
        """Ask about each number, in order. The first that is free proves that all later ones are."""
        documents.mark_unknown(row.id for row in rows)
        for index, row in enumerate(rows):
            found = self._ask(row.number or 0)
            if found is None:
                documents.release(later.id for later in rows[index:])
                return
            if same(found, row.request):
                self._adopt(row, found)
            else:
                # the authority counts strictly: with our number taken by another, nothing of ours came after it
                documents.release((later.id for later in rows[index:]), forget=True)
                self._foreign(found)
            jobs.checkpoint()

    def _rest_after_losses(self) -> None:
        """Several requests in a row were lost and asked about: leave ARCA in peace before the next."""
        if len(self.losses) >= PATIENCE:
            reason, self.losses = self.losses[-1], []
            jobs.checkpoint()
            raise Unavailable(reason)

    def _ask(self, number: int) -> Registered | None:
        """FECompConsultar."""
        with self._outside():
            found: Registered | None = self._question(lambda wsfe: wsfe.find(self.point, self.kind, number))
        return found

    def _adopt(self, row: Row, found: Registered) -> None:
        log.info("arca_recovered", document=row.id, number=found.number)
        documents.authorize([documents.Authorization(
            document_id=row.id, number=found.number, code=found.code, valid_until=found.valid_until,
            response=found.answer, issue_date=found.date,
            observations=[message.as_dict() for message in found.messages])])
        documents.advance(self.id, found.number, found.date)

    # --- the last number -----------------------------------------------------------------------------

    def _agrees(self, last: int) -> bool:
        """Whether ARCA's last number is ours; else adopt what is ours, or stop."""
        known = db.session.execute(sa.select(Sequence.last_number).where(Sequence.id == self.id)).scalar_one()
        if last == known:
            return True
        if known == 0 and self.environment != "production" and not self._ever_tried():
            # nothing of ours is there yet: testing and rehearsal begin where others left off
            documents.advance(self.id, last, None)
            jobs.checkpoint()
            return False
        if last < known:
            self._block("sequence_behind", _(
                "Sending is not possible because ARCA's last number is %(last)s and ours is %(known)s: this is another "
                "environment, or another certificate, than the documents were made with.", last=last, known=known))
            raise Stopped
        if last - known > FOREIGN_LIMIT:
            self._block("sequence_ahead", _(
                "Sending is not possible because ARCA has %(count)s documents after our last one: another program "
                "issues on this point of sale, or an old backup was restored.", count=last - known))
            raise Stopped
        for number in range(known + 1, last + 1):
            self._adopt_late(number)
        return False

    def _ever_tried(self) -> bool:
        tried = sa.or_(Document.tried_number.is_not(None), Document.number.is_not(None))
        return db.session.scalar(sa.select(Document.id).where(Document.sequence_id == self.id, tried)
                                 .limit(1)) is not None

    def _adopt_late(self, number: int) -> None:
        """A number that we thought free was taken: by a late answer to us, or by somebody else."""
        db.session.rollback()
        found = self._ask(number)
        if found is None:
            raise Unavailable(_("ARCA contradicts itself about number %(number)s.", number=number), retry_after=60)
        tried = self._rows(Document.state == "pending", Document.tried_number == number)
        mine = next((row for row in tried if same(found, row.request)), None)
        if mine is None:
            self._foreign(found)
        else:
            self._adopt(mine, found)
        jobs.checkpoint()

    def _foreign(self, found: Registered) -> None:
        self._block("foreign_document", _(
            "Sending is not possible because another program issued number %(number)s on this point of sale (total "
            "%(total)s, document %(document)s). Find out which; then continue after it.",
            number=found.number, total=format_amount(found.total, current_company().currency),
            document=found.doc_number))
        raise Stopped

    # --- numbering and sending ---------------------------------------------------------------------

    def _claim(self, batch: list[Row], last: int) -> list[documents.Claim]:
        """Give numbers in order of date, store them and commit: from here on the batch is in flight."""
        today = self._today()
        previous = db.session.scalar(sa.select(Sequence.last_date).where(Sequence.id == self.id))
        chosen, waiting = [], []
        for row in batch:
            concept = int(row.request["Concepto"])
            date = dates.date_to_send(row.issue_date, today, previous, self.kind, concept)
            if date is None:
                waiting.append((row, dates.first_day(max(row.issue_date, previous or row.issue_date), self.kind,
                                                     concept)))
            else:
                chosen.append((date, row))
        for row, day in waiting:
            documents.postpone([row.id], dt.datetime.combine(day, dt.time(3, 10), dt.UTC))
        # one that was refused before comes last of its day: what follows a refusal is refused with it
        chosen.sort(key=lambda pair: (pair[0], pair[1].attempts, pair[1].id))
        claims = [documents.Claim(row.id, number, date, dates.dated(
            row.request, number, date, dates.earliest_due(date, today, self.kind)))
            for number, (date, row) in enumerate(chosen, start=last + 1)]
        taken = documents.claim(claims, self.id)
        if taken != len(claims):
            db.session.rollback()
            raise Unavailable(_("Another process changed these documents."), retry_after=1)
        jobs.checkpoint()
        return claims

    def _send(self, claims: list[documents.Claim]) -> None:
        ids = [one.document_id for one in claims]
        try:
            with self._outside():
                wsfe = access.connect(self.environment)
                answer = wsfe.authorize(self.point, self.kind, [one.request for one in claims])
        except Unknown as error:
            self._unknown(ids, error)
        except Unavailable as error:
            db.session.rollback()
            documents.release(ids, forget=True)
            db.session.commit()
            if isinstance(error, TicketRefused):
                wsaa.forget(error.ticket_id)
            raise
        else:
            self._record(claims, answer)

    def _unknown(self, ids: list[int], error: Unknown) -> None:
        log.warning("arca_no_answer", sequence=self.id, documents=len(ids), reason=error.message)
        db.session.rollback()
        documents.mark_unknown(ids)
        self.losses.append(error.message)
        jobs.checkpoint()

    def _record(self, claims: list[documents.Claim], answer: BatchAnswer) -> None:
        """Write what ARCA decided; the rest of a batch after its first refusal goes back unchanged."""
        by_number = {one.number: one for one in claims}
        good = [found for found in answer.decisions if found.authorized and found.number in by_number]
        documents.authorize([self._authorization(by_number[found.number], found) for found in good])
        if good:
            documents.advance(self.id, good[-1].number, by_number[good[-1].number].issue_date)
            documents.clear_trouble(self.id)
            self.disputed, self.losses = 0, []
        rest = [one for one in claims if one.number not in {found.number for found in good}]
        access.note_events(answer.events)
        if rest:
            self._record_refusal(rest, answer)
        jobs.checkpoint()

    def _authorization(self, claim: documents.Claim, found: Decision) -> documents.Authorization:
        return documents.Authorization(
            document_id=claim.document_id, number=found.number, code=found.code, valid_until=found.valid_until,
            response=found.answer, issue_date=claim.issue_date,
            observations=[message.as_dict() for message in found.messages])

    def _record_refusal(self, rest: list[documents.Claim], answer: BatchAnswer) -> None:
        first = next((found for found in answer.decisions if not found.authorized
                      and found.number == rest[0].number), None)
        if first is not None and first.messages:
            documents.refuse([documents.Refusal(
                rest[0].document_id, [problem(message) for message in first.messages], first.answer)])
            documents.release((one.document_id for one in rest[1:]), forget=True)
            return
        documents.release((one.document_id for one in rest), forget=True)
        self._header_errors(rest, answer)

    def _header_errors(self, rest: list[documents.Claim], answer: BatchAnswer) -> None:
        """The request as a whole was refused."""
        codes = [error.code for error in answer.errors]
        if TOO_MANY in codes:
            access.profile().batch_size = 0
            db.session.flush()
        self.disputed += 1
        if OUT_OF_SEQUENCE in codes and self.disputed == 2:
            self._learn_last_date()
        elif self.disputed > 3 or not {OUT_OF_SEQUENCE, TOO_MANY} & set(codes):
            error = answer.errors[0] if answer.errors else Message("", _("ARCA gave no reason."))
            self._block(error.code or "no_reason", explain(error.code, error.text))
            raise Stopped

    def _learn_last_date(self) -> None:
        """Number right and still out of sequence: then the last document is younger than ours."""
        known = db.session.scalar(sa.select(Sequence.last_number).where(Sequence.id == self.id)) or 0
        jobs.checkpoint()
        found = self._ask(known) if known else None
        if found is not None:
            db.session.execute(sa.update(Sequence).where(Sequence.id == self.id).values(last_date=found.date)
                               .execution_options(synchronize_session=False))

    def _block(self, code: str, reason: str) -> None:
        log.warning("arca_sequence_blocked", sequence=self.id, code=code)
        documents.block(self.id, code, reason)


def same(found: Registered, request: dict[str, Any]) -> bool:
    """Whether what ARCA has under a number is what we sent: receiver, total, date, concept."""
    return (found.authorized and found.doc_kind == int(request["DocTipo"])
            and found.doc_number == int(request["DocNro"]) and found.concept == int(request["Concepto"])
            and found.total == Decimal(str(request["ImpTotal"])) and dates.text(found.date) == request["CbteFch"])


def problem(message: Message) -> dict[str, str]:
    """A refusal as the tray shows it: ARCA's words, ours, and the field to mend."""
    return {"code": message.code, "message": message.text}
