"""Files that come in: proved whole before anything of them is taken, then taken in chunks; a killed import goes on.

The first pass only reads. The second takes what it reads in chunks of one transaction each; the file is the same bytes
by its hash, so the place where a killed one stopped is a number of readings.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core import audit, clock, logs, storage
from core.db import db, find, lock
from core.errors import DomainError
from core.i18n import _, format_date
from core.scope import current_user_id
from modules.accounting import queries
from modules.gateways import accounts, booking, day_files, file_kinds
from modules.gateways.booking import Taken
from modules.gateways.errors import BadFile
from modules.gateways.models import Account, File, FileProblem, Transaction
from modules.gateways.shapes import Control, Problem, Reading

CHUNK = 1000
log = logs.get(__name__)
LARGEST = 512 * 2**20


def store(account: Account, file: IO[bytes], name: str, kind: str = "") -> File:
    """Keep a file, and refuse one that was imported before. Nothing of it is taken yet."""
    kind = file_kinds.chosen(account, kind)
    mark, size = fingerprint(file)
    if not size:
        raise BadFile(_("This file is empty: choose the one that %(account)s sent.", account=account.name))
    if found := _imported(account, mark):
        raise BadFile(_("This file was imported on %(day)s already (%(name)s). Nothing was changed.",
                        day=format_date(clock.local(found.created_at).date()), name=found.name),
                      code="already_imported")
    with storage.draft() as place:
        file.seek(0)
        with place.open("wb") as kept:
            shutil.copyfileobj(file, kept)
        stored = storage.store_path(place, name[:200], "application/octet-stream")
    made = File(account_id=account.id, direction="in", kind=kind, name=name[:200], sha256=mark,
                stored_id=stored.id, state="proving", created_by=current_user_id())
    try:
        with db.session.begin_nested():
            db.session.add(made)
            db.session.flush()
    except IntegrityError:
        raise BadFile(_("This file is being imported by somebody else."), code="already_imported") from None
    return made


def fingerprint(file: IO[bytes]) -> tuple[str, int]:
    """(sha256 of the content without line ends, size): the same file with other line ends is the same file."""
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while part := file.read(1 << 20):
        size += len(part)
        if size > LARGEST:
            raise BadFile(_("This file is larger than %(most)s MB; it cannot be a file of payments.",
                            most=LARGEST >> 20))
        digest.update(part.replace(b"\r", b"").replace(b"\n", b""))
    file.seek(0)
    return digest.hexdigest(), size


def _imported(account: Account, mark: str) -> File | None:
    return db.session.scalar(sa.select(File).where(
        File.account_id == account.id, File.sha256 == mark, File.direction == "in",
        File.state.not_in(("refused", "undone"))))


def prove(file_id: int) -> bool:
    """Read the whole file without taking anything; False where it is refused, with the first bad line. Commits."""
    row = find(File, file_id)
    problems: list[dict[str, object]] = []
    control: Control | None = None
    paid: set[dt.date | None] = set()
    try:
        for one in _read(row):
            if isinstance(one, Control):
                control = one
            elif isinstance(one, Reading):
                paid.add(one.paid_at)
            elif isinstance(one, Problem):
                problems.append({"file_id": row.id, "line": one.line, "code": one.code[:40],
                                 "message": one.message[:500]})
        if control is None:
            raise BadFile(_("This file has no end. Ask for it again."))
    except BadFile as refusal:
        return _refuse(row, str(refusal), refusal.line)
    except (ValueError, LookupError, ArithmeticError) as error:  # a file that no reader was made for
        log.error("file_not_understood", file=row.id, exc_info=error)
        return _refuse(row, _("This file cannot be understood as a file of %(account)s. Ask for it again.",
                              account=row.account.name), None)
    db.session.execute(sa.delete(FileProblem).where(FileProblem.file_id == row.id))
    if problems:
        db.session.execute(sa.insert(FileProblem), problems)
    row.state, row.count, row.total = "importing", control.count, control.total
    row.day = control.date or (day_files.day_of(paid, row.name) if row.kind == "payments" else None)
    row.facts = dict(control.facts)
    db.session.commit()
    return True


def _refuse(row: File, error: str, line: int | None) -> bool:
    row.state, row.error, row.line, row.ended_at = "refused", error[:500], line, clock.now()
    db.session.commit()
    return False


def _read(row: File) -> Iterator[Any]:
    """What the file tells, line by line; its bytes stay where they are stored."""
    assert row.stored is not None  # what came in is always stored
    access, mark = accounts.access(row.account), row.stored.sha256
    kind = file_kinds.KINDS[row.kind]
    with storage.backend().open(mark) as content:
        yield from kind.shaped(kind.readers.get(access.provider).read(content, access))


def load(file_id: int, keep: Callable[[], None] | None = None) -> Taken:
    """Take what was proved, a chunk per transaction, going on where a killed one stopped. Commits.

    `keep` commits too, and holds the file against another worker.
    """
    row, total = find(File, file_id), Taken()
    take = file_kinds.KINDS[row.kind].take
    readings = (one for one in _read(row) if not isinstance(one, (Problem, Control)))
    next(islice(readings, row.done, row.done), None)
    while chunk := list(islice(readings, CHUNK)):
        row = find(File, file_id)
        total.add(take(row.account, chunk, file_id=row.id))
        row.done += len(chunk)
        (keep or db.session.commit)()
    row = find(File, file_id)
    row.state, row.ended_at = "imported", clock.now()
    audit.record("gateways.import_file", row, {"name": row.name, "payments": row.count, "total": row.total})
    db.session.commit()
    return total


@dataclass(frozen=True)
class Undone:
    """Payments that were taken back with a file, those that stay as something else told of them too, or set aside."""

    payments: int
    told_too: int
    aside: int


def undo(row: File, reason: str) -> Undone:
    """Take back every payment that only this file told. All or nothing.

    Told again, they are booked again. What another file or list, a notice or a poll told too stays, as theirs.
    Refused where the books of one of their days are closed, and where the file itself took payments back.
    """
    if row.state != "imported":
        raise DomainError(_("Taking this file back is not possible because it is not imported."))
    if not reason.strip():
        raise DomainError(_("To take a file back you must say why."), field="reason")
    brought = db.session.scalars(lock(sa.select(Transaction).where(Transaction.file_id == row.id)
                                      .order_by(Transaction.id))).all()
    others = day_files.others(row.id)
    kept = [one for one in brought if one.id in others or one.told_at is not None]
    only = [one for one in brought if one.id not in others and one.told_at is None]
    _check_undo(only)
    undone = file_kinds.KINDS[row.kind].forget(row, reason) or 0
    for one in kept:
        one.file_id = others.get(one.id)
    day_files.forget(row.id, row.account_id)
    undone += booking.unbook(row.account, only, reason)
    row.state, row.reason, row.ended_at = "undone", reason.strip()[:300], clock.now()
    audit.record("gateways.undo_file", row, {"payments": undone, "stay": len(kept)}, reason)
    return Undone(undone, len(kept), sum(one.state == "set_aside" for one in only))


def _check_undo(brought: Sequence[Transaction]) -> None:
    if any(one.kind == "reversal" and one.state == "booked" for one in brought):
        raise DomainError(_("Taking this file back is not possible because it took payments back, which cannot be "
                            "undone together. Take back its payments one by one."))
    closed = queries.locked_until()
    days = [one.payment.paid_on for one in brought if one.payment is not None]
    if closed is not None and days and min(days) <= closed:
        raise DomainError(_("Taking this file back is not possible because the books are closed until %(day)s, and it "
                            "has payments of %(first)s. Have the period opened first.", day=format_date(closed),
                            first=format_date(min(days))))
