"""Debt files on their way to gateways, and what these answer: taken, refused, refused in part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import BinaryIO, cast

import sqlalchemy as sa

from core import audit, clock, jobs
from core.db import among, db, find, lock
from core.errors import DomainError, Rejected, Unavailable, Unknown
from core.i18n import _
from modules.gateways import accounts, files_out, ports
from modules.gateways.models import DebtLine, File
from modules.gateways.ports import Delivered

# minutes after which a file is asked about: often at first, then seldom, for some days
QUESTIONS = (1, 5, 15, 60, 180)
LONGEST = dt.timedelta(days=4)
# words of a gateway that name no debt are kept with the file
MOST_WORDS = 5


def request(row: File) -> None:
    """Have a job take it to the gateway."""
    from modules.gateways import jobs as own_jobs

    if row.account.provider not in ports.deliveries:
        raise DomainError(_("%(account)s takes no files from us: download it, and take it there yourself.",
                            account=row.account.name))
    files_out.must_be(row, ("made",))
    jobs.enqueue(own_jobs.deliver, file_id=row.id)


def send(file_id: int) -> None:
    """Claim it, take it there, record what came of it. Sent without an answer it is asked about, never sent again."""
    row = _claimed(file_id)
    if row is None:
        return
    access, port, name = files_out.access_of(row), ports.deliveries.get(row.account.provider), row.name
    try:
        with files_out.content(row) as file, jobs.outside():
            number = port.send(access, cast(BinaryIO, file), name)
    except (Rejected, DomainError) as refusal:
        _record(file_id, "refused" if isinstance(refusal, Rejected) else "made", str(refusal))
        return
    except Unknown as trouble:
        _record(file_id, "unknown", str(trouble))
        return
    except Unavailable as trouble:
        _record(file_id, "made", str(trouble))
        raise
    files_out.mark_sent(find(File, file_id), number)
    audit.record("gateways.send_debt_file", find(File, file_id), {"name": name, "number": number})
    db.session.commit()


def _claimed(file_id: int) -> File | None:
    """The file, to be sent by us alone. One that was being sent when its worker died may have arrived."""
    row: File | None = db.session.scalar(lock(sa.select(File).where(File.id == file_id)))
    if row is None or row.state not in ("made", "sending"):
        return None
    if row.state == "sending":
        _record(file_id, "unknown", _("The sending was interrupted."))
        return None
    row.state, row.error, row.asked_at = "sending", "", clock.now()
    db.session.flush()
    return row


def _record(file_id: int, state: str, words: str) -> None:
    db.session.rollback()
    row = find(File, file_id)
    if state == "refused":
        files_out.refuse(row, words)
    else:
        row.state, row.error, row.asked_at = state, words[:500], None
    db.session.commit()


def arrived(row: File, number: str) -> None:
    """A person found it at the gateway, which numbered it so ("" where it does not)."""
    files_out.must_be(row, ("unknown",))
    files_out.mark_sent(row, number.strip())
    audit.record("gateways.send_debt_file", row, {"name": row.name, "number": number.strip(), "by": "hand"})


def not_arrived(row: File) -> None:
    """A person looked: the gateway never got it. It can be sent again."""
    files_out.must_be(row, ("unknown",))
    row.state, row.error = "made", ""
    audit.record("gateways.send_debt_file", row, {"name": row.name, "arrived": False})


# --- what became of it -----------------------------------------------------------------------------------


def ask(file_id: int) -> None:
    """Ask the gateway what became of it, and plan the next question."""
    row = find(File, file_id)
    if row.state != "sent" or not row.remote or row.account.provider not in ports.deliveries:
        row.asked_at = None
        db.session.commit()
        return
    access, port, number = accounts.access(row.account), ports.deliveries.get(row.account.provider), row.remote
    try:
        with jobs.outside():
            found = port.state(access, number)
    except Rejected as refusal:
        found = Delivered("waiting", errors=(str(refusal),))
    row = find(File, file_id)
    apply(row, found)
    if row.state == "sent":
        _plan(row, found)
    db.session.commit()


def _plan(row: File, found: Delivered) -> None:
    since = clock.now() - (row.sent_at or clock.now())
    wait = next((one for one in QUESTIONS if since < dt.timedelta(minutes=one)), QUESTIONS[-1])
    row.asked_at = clock.now() + dt.timedelta(minutes=wait) if since < LONGEST else None
    row.error = " ".join(found.errors[:1])[:500]


def apply(row: File, found: Delivered) -> None:
    """Keep what a gateway says of a debt file; the same again changes nothing."""
    if found.state == "waiting" or row.state not in ("sent", "unknown", "taken", "made", "sending"):
        return
    words = " · ".join(found.errors[:MOST_WORDS])
    if found.state == "refused":
        files_out.refuse(row, words or _("The gateway refused the whole file."))
    else:
        row.state, row.asked_at, row.ended_at = "taken", None, clock.now()
        told = _by_place(row, found) + _by_name(row, found)
        row.error = "" if told or not found.refused else words[:500]
    row.facts = {**row.facts, **{name: str(value) for name, value in (("taken", found.taken),
                                                                     ("refused", found.refused)) if value is not None}}
    audit.record("gateways.answer_debt_file", row, {"name": row.name, "state": row.state, "taken": found.taken,
                                                    "refused": found.refused})


def _by_place(row: File, found: Delivered) -> int:
    """Say of debts by their place in the file why they were not taken."""
    return _refuse_lines(db.session.scalars(sa.select(DebtLine).where(
        DebtLine.file_id == row.id, among(DebtLine.position, list(found.records)))),
        lambda line: found.records.get(line.position, "")) if found.records else 0


def _by_name(row: File, found: Delivered) -> int:
    """And of debts by how the file named them."""
    if not found.debts:
        return 0
    codes = {invoice or customer for customer, invoice in found.debts}
    lines = db.session.scalars(sa.select(DebtLine).where(
        DebtLine.file_id == row.id, sa.or_(among(DebtLine.invoice_code, codes), among(DebtLine.customer_code, codes))))
    return _refuse_lines(lines, lambda line: found.debts.get((line.customer_code, line.invoice_code), "")
                         or found.debts.get((line.customer_code, ""), "") or found.debts.get(("", line.invoice_code),
                                                                                             ""))


def _refuse_lines(lines: sa.ScalarResult[DebtLine], words_of: Callable[[DebtLine], str]) -> int:
    count = 0
    for line in lines.yield_per(1000):
        if words := words_of(line):
            line.refusal, count = words[:300], count + 1
    db.session.flush()
    return count
