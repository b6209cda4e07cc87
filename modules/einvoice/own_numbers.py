"""Sequences that the issuer numbers itself: claim numbers, send several at once, record; recover by asking.

A number is given before sending and for good: it stays with its document until the authority has decided, whatever is
lost when. What was refused keeps its number for when it is sent again, unless the authority says that it is used up.
A worker holds the lease of a sequence, so that no document is sent by two.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock, jobs, logs
from core.db import db, lock
from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _
from core.scope import current_company
from modules.einvoice import services as documents
from modules.einvoice.answers import Answer, No, Signed, Taken, Wait, Yes
from modules.einvoice.models import Document
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice.states import SIGNED

# documents claimed together; one transaction before and one after sending them
BATCH = 50
# rounds in a row without a single answer, after which the authority is left in peace for a while
PATIENCE = 3
# rounds in a row in which others had our numbers, after which a person must look
COLLISIONS = 4
# cause of what was signed and has disappeared at the provider
VANISHED = "vanished"
# cause of a document of paper without its number
NO_PAPER_NUMBER = "no_paper_number"

log = logs.get(__name__)


@dataclass(frozen=True)
class Row:
    """A document as the wire needs it, without an ORM object; `number` is the one it was claimed or tried under."""

    id: int
    number: int | None
    issue_date: dt.date
    attempts: int
    request: dict[str, Any]
    data: dict[str, Any]
    sent_at: dt.datetime | None = None
    state: str = ""
    # of what was answered so far
    response: dict[str, Any] = field(default_factory=dict)


class Stop(Exception):
    """Nothing was done, and nothing more goes out on this sequence until a person has looked: `reason` tells why."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Wire(Protocol):
    """The talk with one authority or provider, with all that it needs in memory: it never touches the database.

    `send` and `ask` are called from several threads at once (`width`); they end as an answer, or raise Unavailable
    (nothing was done), Unknown (it may have been done) or Stop (a person must look first).
    """

    width: int

    def day(self, row: Row, today: dt.date) -> dt.date:
        """The date to put on the document when it is sent today; one after today makes it wait until then."""

    def numbered(self, row: Row, number: int, date: dt.date) -> dict[str, Any]:
        """The request with its number and date, and all that is made of them; pure."""

    def send(self, row: Row) -> Answer | Taken:
        """Send the request of the row, whose number is claimed."""

    def ask(self, row: Row) -> Answer | Taken | None:
        """What became of what was sent; None where it certainly never came."""


class OwnNumbers:
    """Works batch after batch on one sequence; its caller holds the sequence's lease.

    `connect` makes the wire anew for each round, for credentials change; it may use the database.
    """

    def __init__(self, sequence_id: int, keep: Callable[[], None], connect: Callable[[str], Wire]) -> None:
        self.id, self._keep, self._connect = sequence_id, keep, connect
        self.environment, self.by_hand = db.session.execute(
            sa.select(Numbering.environment, Numbering.by_hand).where(Numbering.id == sequence_id)).one()
        # rounds in a row in which every answer was lost
        self._silent = 0
        # rounds in a row in which somebody else had a number
        self._collided = 0

    def run(self) -> None:
        """Work until nothing is left that may be done now; raises Unavailable where it must be tried again later."""
        try:
            while self.step():
                jobs.checkpoint()
        except Stop as stop:
            log.warning("sequence_blocked", sequence=self.id, code=stop.code)
        jobs.checkpoint()

    def step(self) -> bool:
        """One round: ask about what is in flight, else send the next batch, else ask about what is signed.

        False where nothing is to be done now.
        """
        return self._ask_about(documents.IN_FLIGHT) or self._send_next() or self._ask_about((SIGNED,))

    def _ask_about(self, states: Sequence[str]) -> bool:
        sent = self._rows(states)
        if sent:
            wire = self._connect(self.environment)
            documents.mark_unknown(row.id for row in sent)
            self._record(sent, self._all(wire, wire.ask, sent), asked=True)
        return bool(sent)

    def _send_next(self) -> bool:
        if self._blocked() or not self._rows(("pending",)):
            return False
        wire = self._connect(self.environment)
        # only now, and held until they are claimed: a person may have changed number and request while we connected
        waiting = self._rows(("pending",), held=True)
        if self.by_hand and (bare := [row.id for row in waiting if row.number is None]):
            return self._refuse_bare(bare)
        claimed = self._claim(wire, waiting)
        if claimed:
            self._record(claimed, self._all(wire, wire.send, claimed), asked=False)
        return True

    def _refuse_bare(self, ids: list[int]) -> bool:
        """Paper has its number printed on it: one that lost it is for a person, and never gets the next one."""
        documents.refuse([documents.Refusal(one, [{"code": NO_PAPER_NUMBER, "field": "", "message": _(
            "To send this you must write the number that is printed on its paper.")}]) for one in ids])
        jobs.checkpoint()
        return True

    @contextmanager
    def _outside(self) -> Iterator[None]:
        """The place to talk: nothing is open, and the sequence is ours for longer than a call takes."""
        self._keep()
        with jobs.outside():
            yield

    # --- what is to be done --------------------------------------------------------------------------

    def _rows(self, states: Sequence[str], *, held: bool = False) -> list[Row]:
        due = sa.or_(Document.next_try.is_(None), Document.next_try <= clock.now())
        wanted = (
            sa.select(Document.id, sa.func.coalesce(Document.number, Document.tried_number), Document.issue_date,
                      Document.attempts, Document.request, Document.data, Document.sent_at, Document.state,
                      Document.response)
            .where(Document.sequence_id == self.id, Document.state.in_(states), due)
            .order_by(Document.issue_date, Document.id).limit(BATCH))
        return [Row(*row) for row in db.session.execute(lock(wanted) if held else wanted)]

    def _blocked(self) -> bool:
        return bool(db.session.scalar(sa.select(Numbering.blocked_code).where(Numbering.id == self.id)))

    # --- numbering -----------------------------------------------------------------------------------

    def _claim(self, wire: Wire, waiting: list[Row]) -> list[Row]:
        """Give numbers in order of date, store them and commit: from here on these documents are in flight."""
        today = clock.now().astimezone(ZoneInfo(current_company().timezone)).date()
        days = {row.id: wire.day(row, today) for row in waiting}
        for row in waiting:
            if days[row.id] > today:
                documents.postpone([row.id], _morning(days[row.id]))
        last, claims, claimed = self._last(), [], []
        for row in (one for one in waiting if days[one.id] <= today):
            number = row.number or (last := last + 1)
            request = wire.numbered(row, number, days[row.id])
            claims.append(documents.Claim(row.id, number, days[row.id], request))
            claimed.append(Row(row.id, number, days[row.id], row.attempts + 1, request, row.data))
        if documents.claim(claims, self.id) != len(claims):
            db.session.rollback()
            raise Unavailable(_("Another process changed these documents."), retry_after=1)
        documents.advance(self.id, last, max((one.issue_date for one in claimed), default=None))
        jobs.checkpoint()
        return claimed

    def _last(self) -> int:
        return int(db.session.execute(sa.select(Numbering.last_number).where(Numbering.id == self.id)).scalar_one())

    # --- talking and recording -------------------------------------------------------------------------

    def _all(self, wire: Wire, call: Callable[[Row], Answer | Taken | None], rows: list[Row]) -> list[Any]:
        """What came of each call, in order: its answer, or the error instead."""
        with self._outside():
            if wire.width == 1 or len(rows) == 1:
                return [_outcome(call, row) for row in rows]
            with ThreadPoolExecutor(wire.width) as pool:
                # each thread gets the context of its own: what logs say, in which language people are told
                return list(pool.map(lambda pair: pair[0].run(_outcome, call, pair[1]),
                                     [(copy_context(), row) for row in rows]))

    def _record(self, rows: list[Row], answers: list[Any], *, asked: bool) -> None:
        """Write what was decided; then give up for now where the authority is away.

        A call that did nothing frees what it was to send; a question that failed says nothing about it.
        """
        pairs = [(row, _judged(row, one)) for row, one in zip(rows, answers, strict=True)]
        documents.authorize([_authorization(row, one) for row, one in pairs if isinstance(one, Yes)])
        documents.sign([_signature(row, one) for row, one in pairs if isinstance(one, Signed) and row.state != SIGNED])
        documents.refuse([
            documents.Refusal(row.id, one.problems, one.response, None if one.used_up else row.number, one.files)
            for row, one in pairs if isinstance(one, No)])
        documents.use_up(self.id, [row.number for row, one in pairs if isinstance(one, No) and one.used_up])
        documents.wait([(row.id, clock.now() + dt.timedelta(seconds=one.seconds), one.response)
                        for row, one in pairs if isinstance(one, Wait) or (
                            isinstance(one, Signed) and row.state == SIGNED)])
        # sent and certainly not done, or asked about and not there: to be sent again under its number
        documents.release(row.id for row, one in pairs if one is None or (
            isinstance(one, Unavailable | Stop) and not asked))
        self._move_on([(row, one) for row, one in pairs if isinstance(one, Taken)])
        documents.mark_unknown(row.id for row, one in pairs if isinstance(one, Unknown))
        if any(isinstance(one, Yes | No | Wait | Signed) for one in answers):
            documents.clear_trouble(self.id)
            self._silent = 0
        stop = next((one for one in answers if isinstance(one, Stop)), None) or self._alarm(answers)
        if stop is not None:
            documents.block(self.id, stop.code, stop.reason)
        jobs.checkpoint()
        if stop is not None:
            raise stop
        self._rest([one for one in answers if isinstance(one, Unavailable | Unknown)])

    def _move_on(self, taken: list[tuple[Row, Taken]]) -> None:
        """Leave the numbers to those who have them; these documents get the next ones."""
        documents.use_up(self.id, [row.number for row, _one in taken])
        documents.release((row.id for row, _one in taken), forget=True)
        self._collided = self._collided + 1 if taken else 0

    def _alarm(self, answers: list[Any]) -> Stop | None:
        """Where somebody else's numbers mean more than a chance meeting."""
        taken = [one for one in answers if isinstance(one, Taken)]
        if any(one.alarm for one in taken) or self._collided > COLLISIONS:
            self._collided = 0
            return Stop("foreign_document", next((one.text for one in taken if one.alarm), taken[0].text))
        return None

    def _rest(self, lost: list[Unavailable | Unknown]) -> None:
        """Where the authority is away, or answers are lost again and again, leave it in peace for a while."""
        away = next((one for one in lost if isinstance(one, Unavailable)), None)
        if away is not None:
            raise away
        if lost:
            self._silent += 1
        if self._silent >= PATIENCE:
            self._silent = 0
            raise Unavailable(lost[-1].message if lost else _("Answers are lost again and again."))


def _outcome(call: Callable[[Row], Answer | Taken | None], row: Row) -> Any:
    """The answer; an error of the outside as a value, so that one lost answer does not lose the others."""
    try:
        return call(row)
    except Rejected as error:
        return No([{"code": error.code or "refused", "message": error.message}])
    except Stop as stop:
        return stop
    except (Unavailable, Unknown) as error:
        log.warning("document_no_answer", document=row.id, kind=type(error).__name__, reason=error.message)
        return error


def _judged(row: Row, answer: Any) -> Any:
    """What is signed and not there any more is refused: somebody holds a paper of it, so that a person must look."""
    if row.state != SIGNED or not (answer is None or isinstance(answer, Taken)):
        return answer
    return No([{"code": VANISHED, "message": _(
        "It was signed, and is not there any more: somebody deleted it at the provider.")}],
              {"before": row.response}, used_up=answer is not None)


def _signature(row: Row, found: Signed) -> documents.Signature:
    return documents.Signature(
        document_id=row.id, number=row.number or 0, code=found.code, response=found.response,
        issue_date=row.issue_date, data={**row.data, **found.data},
        ask_at=clock.now() + dt.timedelta(seconds=found.seconds), files=found.files)


def _authorization(row: Row, found: Yes) -> documents.Authorization:
    return documents.Authorization(
        document_id=row.id, number=row.number or 0, code=found.code, valid_until=found.valid_until,
        response=found.response, issue_date=row.issue_date, observations=found.observations,
        data={**row.data, **found.data}, files=found.files)


def _morning(day: dt.date) -> dt.datetime:
    """Early on that day in the company's zone, as a moment."""
    return dt.datetime.combine(day, dt.time(0, 10), ZoneInfo(current_company().timezone)).astimezone(dt.UTC)
