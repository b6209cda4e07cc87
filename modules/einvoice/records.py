"""Set-based changes of documents: what the issuers of the countries call, a batch at a time, never one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import db, find, lock
from core.jobs import publish
from modules.einvoice import states
from modules.einvoice.events import DocumentRejected, DocumentsAuthorized
from modules.einvoice.files import Kept, keep, refusals
from modules.einvoice.models import Document
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice.ports import Opened

TABLE: Any = Document.__table__


@dataclass(frozen=True)
class Claim:
    """A number taken for a document that is about to be sent."""

    document_id: int
    number: int
    issue_date: dt.date
    request: dict[str, Any]


@dataclass(frozen=True)
class Authorization:
    """The authority's yes."""

    document_id: int
    number: int
    code: str
    valid_until: dt.date | None
    response: dict[str, Any]
    issue_date: dt.date
    observations: list[dict[str, str]] = field(default_factory=list)
    # the document's data from now on; None where they stay as they are (for all of a batch alike)
    data: dict[str, Any] | None = None
    files: Sequence[Kept] = ()


@dataclass(frozen=True)
class Signature:
    """The provider's signature on a document that the authority decides later: valid to hand over."""

    document_id: int
    number: int
    code: str
    response: dict[str, Any]
    issue_date: dt.date
    data: dict[str, Any]
    ask_at: dt.datetime
    files: Sequence[Kept] = ()


@dataclass(frozen=True)
class Refusal:
    """The authority's no, or ours before sending: problems are [{"code", "message", "field"}], the cause first."""

    document_id: int
    problems: list[dict[str, str]]
    response: dict[str, Any] = field(default_factory=dict)
    # the number under which it will be sent again, where it keeps its own
    keeps_number: int | None = None
    files: Sequence[Kept] = ()


def claim(claims: Sequence[Claim], sequence_id: int | None = None) -> int:
    """Number pending documents and mark them as being sent; how many were still pending. Commit before sending.

    With a sequence only those on it: what a person has meanwhile moved elsewhere is not touched.
    """
    moment = clock.now()
    return _update(states.SENDING, [
        {"row_id": one.document_id, "number": one.number, "tried_number": one.number, "issue_date": one.issue_date,
         "request": one.request, "sent_at": moment, "next_try": None} for one in claims], count_attempt=True,
        sequence_id=sequence_id)


def authorize(found: Sequence[Authorization]) -> None:
    """Record authorised documents here and on their invoices."""
    if not found:
        return
    moment = clock.now()
    _update(states.AUTHORIZED, [
        {"row_id": one.document_id, "number": one.number, "authorization_code": one.code, "issue_date": one.issue_date,
         "valid_until": one.valid_until, "response": one.response, "observations": one.observations,
         "problems": [], "cause": "", "decided_at": moment, "next_try": None}
        | ({} if one.data is None else {"data": one.data}) for one in found])
    keep({one.document_id: one.files for one in found if one.files})
    _tell_accounting([one.document_id for one in found], "authorized")
    publish(DocumentsAuthorized([one.document_id for one in found]))


def sign(found: Sequence[Signature]) -> None:
    """Record documents that can be handed over now and are asked about later, here and on their invoices."""
    if not found:
        return
    moment = clock.now()
    _update(states.SIGNED, [
        {"row_id": one.document_id, "number": one.number, "authorization_code": one.code, "issue_date": one.issue_date,
         "response": one.response, "problems": [], "cause": "", "data": one.data, "signed_at": moment,
         "next_try": one.ask_at} for one in found])
    keep({one.document_id: one.files for one in found if one.files})
    _tell_accounting([one.document_id for one in found], "signed")


def refuse(found: Sequence[Refusal]) -> None:
    """Record refused documents: they wait in the tray; their numbers go back, where they do not keep them."""
    if not found:
        return
    moment = clock.now()
    keep({one.document_id: one.files for one in found if one.files})
    refusals({one.document_id: (one.problems, one.response) for one in found if one.response})
    _update(states.REJECTED, [
        {"row_id": one.document_id, "number": None, "tried_number": one.keeps_number, "authorization_code": "",
         "response": one.response, "problems": one.problems,
         "cause": one.problems[0]["code"][:40] if one.problems else "", "decided_at": moment, "next_try": None}
        for one in found])
    _tell_accounting([one.document_id for one in found], "rejected")
    publish(DocumentRejected([one.document_id for one in found]))


def release(document_ids: Iterable[int], *, forget: bool = False) -> None:
    """Back to pending, the number free: it was certainly not registered.

    The number tried is kept, for an answer may be late; `forget` drops it where the authority has refused it.
    """
    values: dict[str, Any] = {"number": None, "next_try": None} | ({"tried_number": None} if forget else {})
    ids = list(document_ids)
    _set(states.PENDING, ids, values)
    _tell_accounting(ids, "pending")


def mark_unknown(document_ids: Iterable[int]) -> None:
    """Sent, and no answer: only asking may follow."""
    ids = list(document_ids)
    _set(states.UNKNOWN, ids, {})
    _tell_accounting(ids, "unknown")


def wait(found: Sequence[tuple[int, dt.datetime, dict[str, Any]]]) -> None:
    """Received and not decided yet: (document, when to ask again, what was answered)."""
    rows = [{"row_id": document_id, "next_try": until, "response": response}
            for document_id, until, response in found]
    _update(states.UNKNOWN, rows, before=states.IN_FLIGHT)
    _update(states.SIGNED, rows, before=(states.SIGNED,))
    _tell_accounting([document_id for document_id, _until, _response in found], "unknown")


def next_number(sequence_id: int) -> int:
    """The number after the last one of a sequence, which nobody else takes until the transaction ends."""
    row = db.session.execute(lock(sa.select(Numbering.last_number).where(Numbering.id == sequence_id))).one()
    return int(row.last_number) + 1


def use_up(sequence_id: int, numbers: Sequence[int | None]) -> None:
    """These numbers of a sequence will never be a document: the authority refused them for good, or we gave them up."""
    gone = [[number, number] for number in numbers if number]
    if gone:
        sequence = find(Numbering, sequence_id)
        sequence.skipped = [*sequence.skipped, *gone]
        db.session.flush()


def postpone(document_ids: Iterable[int], until: dt.datetime) -> None:
    """Leave pending documents alone until then."""
    ids = list(document_ids)
    if ids:
        db.session.execute(sa.update(TABLE).where(TABLE.c.id.in_(ids), TABLE.c.state == states.PENDING)
                           .values(next_try=until))


def advance(sequence_id: int, number: int, date: dt.date | None) -> None:
    """The sequence has come to this number; it never goes back."""
    table: Any = Numbering.__table__
    db.session.execute(
        sa.update(table).where(table.c.id == sequence_id, table.c.last_number < number)
        .values(last_number=number, last_date=sa.case(
            (sa.or_(table.c.last_date.is_(None), table.c.last_date < date), date), else_=table.c.last_date)
            if date else table.c.last_date))


def note_trouble(sequence_id: int, text: str, waits: Sequence[int]) -> int:
    """Remember that the authority could not be reached; seconds until the next try."""
    table: Any = Numbering.__table__
    row = db.session.execute(sa.select(table.c.failures, table.c.trouble_since)
                             .where(table.c.id == sequence_id)).one()
    wait = waits[min(row.failures, len(waits) - 1)]
    db.session.execute(sa.update(table).where(table.c.id == sequence_id).values(
        trouble=text, trouble_since=row.trouble_since or clock.now(), failures=row.failures + 1,
        next_try=clock.now() + dt.timedelta(seconds=wait)))
    return wait


def clear_trouble(sequence_id: int) -> None:
    """The authority answers again."""
    table: Any = Numbering.__table__
    db.session.execute(sa.update(table).where(table.c.id == sequence_id, table.c.failures > 0)
                       .values(trouble="", trouble_since=None, next_try=None, failures=0))


def block(sequence_id: int, code: str, reason: str) -> None:
    """Send nothing more on this sequence until a person has looked."""
    table: Any = Numbering.__table__
    db.session.execute(sa.update(table).where(table.c.id == sequence_id)
                       .values(blocked_code=code, blocked_reason=reason))


def renew(found: Sequence[tuple[int, Opened, int | None]]) -> None:
    """Give pending documents the requests that were made anew for them: (document id, opened, its sequence)."""
    for refused in (False, True):
        rows = [{"row_id": document_id, "environment": one.environment, "series": one.series, "kind": one.kind,
                 "sequence_id": place, "issue_date": one.issue_date, "request": one.request, "data": one.data,
                 "tried_number": one.number, "problems": one.problems,
                 "cause": one.problems[0]["code"][:40] if refused else "", "next_try": None}
                for document_id, one, place in found if bool(one.problems) == refused]
        _update(states.REJECTED if refused else states.PENDING, rows, before=(states.PENDING,))


def _set(state: str, ids: Sequence[int], values: dict[str, Any]) -> None:
    if ids:
        db.session.execute(sa.update(TABLE).where(TABLE.c.id.in_(ids), TABLE.c.state.in_(states.sources(state)))
                           .values(state=state, **values))


def _update(state: str, rows: list[dict[str, Any]], *, count_attempt: bool = False,
            before: Sequence[str] = (), sequence_id: int | None = None) -> int:
    """One executemany; rows whose state does not allow the change, or of another sequence, are left alone."""
    if not rows:
        return 0
    names = [name for name in rows[0] if name != "row_id"]
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}", type_=TABLE.c[name].type) for name in names}
    if count_attempt:
        values["attempts"] = TABLE.c.attempts + 1
    # IN does not go with executemany
    allowed = sa.or_(*[TABLE.c.state == one for one in before or states.sources(state)])
    here = sa.true() if sequence_id is None else TABLE.c.sequence_id == sequence_id
    statement = (sa.update(TABLE).where(TABLE.c.id == sa.bindparam("row_id"), allowed, here)
                 .values(state=state, **values))
    result = db.session.connection().execute(
        statement, [{"row_id": row["row_id"], **{f"new_{name}": row[name] for name in names}} for row in rows])
    return int(result.rowcount)


def _tell_accounting(document_ids: Sequence[int], state: str) -> None:
    from modules.einvoice.results import report

    report(document_ids, state)
