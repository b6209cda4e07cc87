"""Claim, talk, record: a batch of messages over one connection, with throttle, back-off and lost answers.

A message is claimed and committed before it is handed over, so that a killed worker leaves it visible as `sending`.
Where handing over twice does no harm (the file outbox) it is simply done again; where it does, it becomes `unknown`
for a person to decide.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from core import clock, jobs, storage
from core.db import db, write_rows
from core.errors import DomainError, Rejected, Unavailable, Unknown
from core.i18n import _
from core.mail import Attachment
from core.scope import current_company, current_company_id
from modules.crm.models import Customer
from modules.notifications import services, unsubscribing
from modules.notifications.models import Attempt, MailAccount, Message
from modules.notifications.ports import Channel, Letter, Sender, channels, kinds

CHUNK = 50
MAX_ATTEMPTS = 8
# minutes until the next try after the n-th: about two days in all
WAITS = (1, 5, 15, 60, 180, 480, 960)
REFUSED_WAIT = 900
# states in which the message itself tells when it was handed over
TOLD = ("sent", "unknown")


@dataclass(frozen=True)
class Outcome:
    """What became of one message."""

    message_id: int
    state: str
    answer: str = ""
    external_id: str = ""
    address: str = ""
    bad_address: bool = False


def send(channel_code: str, message_ids: Sequence[int]) -> None:
    """Send what is due of these messages; RetryLater or Unavailable where the rest must wait."""
    channel = channels.get(channel_code)
    sender = channel.sender()
    settle_lost(message_ids, sender.repeatable)
    outcomes: list[Outcome] = []
    try:
        while True:
            record(channel_code, outcomes)
            letters = claim(message_ids, _room(sender, channel_code))
            if not letters:
                break
            with jobs.outside():
                outcomes = talk(channel, sender, letters)
    except _NotOpen as error:
        put_back(error.letters, error.reason)
        raise Unavailable(error.reason, retry_after=error.wait) from None
    finally:
        sender.close()
    wait_for_rest(message_ids)


class _NotOpen(Exception):
    """The service cannot be reached, or refuses the company: no message is to blame."""

    def __init__(self, letters: Sequence[Letter], reason: str, wait: float | None) -> None:
        super().__init__(reason)
        self.letters, self.reason, self.wait = letters, reason, wait


def settle_lost(message_ids: Sequence[int], repeatable: bool) -> None:
    """Messages that a killed worker left behind: again where that does no harm, else unknown."""
    words = "" if repeatable else services.lost_words()
    db.session.execute(
        sa.update(Message).where(Message.id.in_(list(message_ids)), Message.state == "sending")
        .values(state="queued" if repeatable else "unknown", answer=words).execution_options(synchronize_session=False))


def _room(sender: Sender, channel_code: str) -> int:
    """How many may be claimed now: one at a time where a lost answer matters, none beyond the allowance."""
    size = CHUNK if sender.repeatable else 1
    if not sender.per_minute:
        return size
    db.session.execute(sa.update(MailAccount).values(problem=MailAccount.problem)
                       .execution_options(synchronize_session=False))  # its row lock orders parallel batches
    since = clock.now() - dt.timedelta(seconds=60)
    recent, oldest = db.session.execute(
        sa.select(sa.func.count(), sa.func.min(Message.sent_at))
        .where(Message.channel == channel_code, Message.sent_at > since)).one()
    if recent < sender.per_minute or oldest is None:
        return min(size, sender.per_minute - recent)
    jobs.checkpoint()
    wait = (oldest + dt.timedelta(seconds=60) - clock.now()).total_seconds()
    jobs.retry_later(max(wait, 1), _("The mail provider's limit per minute is reached."))
    raise AssertionError("unreachable")


def claim(message_ids: Sequence[int], size: int) -> list[Letter]:
    """Take due messages and compose their letters; those that cannot be composed fail on their own."""
    rows = list(db.session.scalars(
        sa.select(Message).where(Message.id.in_(list(message_ids)), Message.state == "queued",
                                 Message.next_at <= clock.now())
        .order_by(Message.id).limit(size)))
    if not rows:
        return []
    db.session.execute(sa.update(Message).where(Message.id.in_([row.id for row in rows]))
                       .values(state="sending", attempts=Message.attempts + 1, sent_at=clock.now())
                       .execution_options(synchronize_session=False))
    letters = compose(rows)
    db.session.expire_all()
    return letters


def compose(rows: Sequence[Message]) -> list[Letter]:
    """Letters with their attachments read; a missing file keeps its message queued with the reason."""
    company = current_company()
    names = {row.id: row.name for row in db.session.execute(
        sa.select(Customer.id, Customer.name).where(Customer.id.in_([row.customer_id for row in rows])))}
    files = storage.names_of([file_id for row in rows for file_id in row.attachments])
    letters, broken = [], []
    for row in rows:
        try:
            attached = [Attachment(files[file_id].name, storage.read(files[file_id]), files[file_id].media_type)
                        for file_id in row.attachments]
        except (DomainError, KeyError) as error:
            broken.append(Outcome(row.id, "failed", str(error), address=row.address))
            continue
        free = kinds.find(row.kind)
        url = unsubscribing.url(row) if free is not None and not free.transactional else ""
        letters.append(Letter(row.id, str(company), row.address, names.get(row.customer_id, ""), row.subject, row.body,
                              row.language, company.color, tuple(attached), url, row.sendings))
    record(rows[0].channel, broken)
    return letters


def talk(channel: Channel, sender: Sender, letters: Sequence[Letter]) -> list[Outcome]:
    """Hand the letters over, with no transaction open."""
    outcomes: list[Outcome] = []
    for index, letter in enumerate(letters):
        try:
            sender.open()
        except Unavailable as error:
            raise _NotOpen(letters[index:], error.message, error.retry_after) from None
        except Rejected as error:
            raise _NotOpen(letters[index:], error.message, REFUSED_WAIT) from None
        outcomes.append(_hand_over(channel, sender, letter))
    return outcomes


def _hand_over(channel: Channel, sender: Sender, letter: Letter) -> Outcome:
    def became(state: str, answer: str, external_id: str = "", bad_address: bool = False) -> Outcome:
        return Outcome(letter.message_id, state, answer, external_id, letter.address, bad_address)

    try:
        return became("sent", *sender.send(letter))
    except Unavailable as error:
        return became("queued", error.message)
    except Unknown as error:
        return became("unknown", error.message)
    except Rejected as error:
        bad = channel.is_bad_address(error)
        return became("bounced" if bad else "failed", error.message, bad_address=bad)
    except (DomainError, ValueError) as error:  # what cannot be written as a message: nothing was handed over
        return became("failed", str(error))


def hand_over_test(channel: Channel, letter: Letter) -> Outcome:
    """Send a test at once, with no transaction open; what became of it is written, and it is not tried again."""
    sender = channel.sender()
    db.session.commit()
    try:
        outcome = talk(channel, sender, [letter])[0]
    except _NotOpen as error:
        outcome = Outcome(letter.message_id, "failed", error.reason, address=letter.address)
    finally:
        sender.close()
    state = "failed" if outcome.state == "queued" else outcome.state
    return replace(outcome, state=state, bad_address=False)  # whose address it is must not be blocked by a test


def record(channel_code: str, outcomes: Sequence[Outcome]) -> None:
    """Write what became of the messages; a temporary refusal is tried again later, a bad address is remembered."""
    if not outcomes:
        return
    moment = clock.now()
    attempts = {row.id: row.attempts for row in db.session.execute(
        sa.select(Message.id, Message.attempts).where(Message.id.in_([one.message_id for one in outcomes])))}
    table: Any = Message.__table__
    statement = sa.update(table).where(table.c.id == sa.bindparam("row_id")).values(
        state=sa.bindparam("new_state"), answer=sa.bindparam("new_answer"), external_id=sa.bindparam("new_external"),
        sent_at=sa.bindparam("new_sent"), next_at=sa.bindparam("new_next"))
    db.session.connection().execute(statement, [_values(one, attempts.get(one.message_id, 1), moment)
                                                for one in outcomes])
    _keep_tries([one for one in outcomes if one.state not in TOLD], moment)
    for one in outcomes:
        if one.bad_address:
            services.suppress(channel_code, one.address, "bounced", one.answer)


def _keep_tries(outcomes: Sequence[Outcome], moment: dt.datetime) -> None:
    """A try that failed is kept: the message itself only tells of the last one."""
    company_id = current_company_id()
    write_rows(Attempt.__table__, [
        {"company_id": company_id, "message_id": one.message_id, "at": moment, "address": one.address,
         "state": one.state, "answer": one.answer[:1000]} for one in outcomes])


def _values(outcome: Outcome, attempts: int, moment: dt.datetime) -> dict[str, Any]:
    state = outcome.state
    if state == "queued" and attempts >= MAX_ATTEMPTS:
        state = "failed"
    wait = WAITS[min(max(attempts, 1), len(WAITS)) - 1]
    return {"row_id": outcome.message_id, "new_state": state, "new_answer": outcome.answer[:1000],
            "new_external": outcome.external_id[:200], "new_sent": moment if state in TOLD else None,
            "new_next": moment + dt.timedelta(minutes=wait)}


def put_back(letters: Sequence[Letter], reason: str) -> None:
    """The service was out of reach: the messages wait, without an attempt being counted, and say why."""
    db.session.execute(
        sa.update(Message).where(Message.id.in_([letter.message_id for letter in letters]), Message.state == "sending")
        .values(state="queued", answer=reason[:1000], attempts=Message.attempts - 1, sent_at=None)
        .execution_options(synchronize_session=False))
    db.session.execute(sa.update(MailAccount).values(problem=reason[:1000])
                       .execution_options(synchronize_session=False))
    jobs.checkpoint()


def wait_for_rest(message_ids: Sequence[int]) -> None:
    """Come back for the messages whose next try lies ahead."""
    jobs.checkpoint()
    due = db.session.scalar(sa.select(sa.func.min(Message.next_at))
                            .where(Message.id.in_(list(message_ids)), Message.state == "queued"))
    if due is not None:
        jobs.retry_later(max((due - clock.now()).total_seconds(), 1), _("Some notices are tried again later."))
