"""Requests of gateways: stored as they came, judged, and kept for the job that works through them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from core import audit, clock, logs
from core.db import db, insert_new
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company_id
from modules.gateways import accounts, ports
from modules.gateways.models import Account, Notice
from modules.gateways.shapes import Incoming, Reading
from modules.gateways.shapes import Notice as Judged

# headers that are kept: none that could hold a password of ours or of a proxy
KEPT_HEADERS = ("content-type", "user-agent", "x-signature", "x-request-id", "x-event-checksum", "date")
LARGEST_BODY = 256 * 1024
# so many forged notices of an account within an hour are an alarm
ALARM = 10
# a hint that comes again is read again after so long
READ_AGAIN = dt.timedelta(minutes=1)
# how a provider fails over what it is sent; anything else is ours (a database that went away), and passes
OVER_WHAT_CAME = (ValueError, LookupError, TypeError, ArithmeticError, AttributeError)
# the verdict on what its provider failed over, and what is answered then: it is kept
NOT_JUDGED = "not_judged"
KEPT = (200, "", "text/plain")

log = logs.get(__name__)


def receive(account: Account, incoming: Incoming) -> tuple[tuple[int, str, str], bool]:
    """Keep a request of a gateway; (what to answer, whether there is something to do that nobody will do anyway)."""
    judged = _judge(account, incoming)
    if judged is None:  # kept all the same: a person sees it, and tries it again when the reason is mended
        _store(account, incoming, Judged(False, NOT_JUDGED, "", action="ignore"))
        return KEPT, False
    wakes = _store(account, incoming, judged)
    if not judged.authentic:
        log.warning("forged_notice", account=account.id, reason=judged.reason, remote=incoming.remote)
    wakes &= judged.action != "ignore" and (judged.authentic or judged.action == "poll")
    return (ports.webhooks.get(account.provider).answer(judged),
            wakes and not _others_wait(account, _event(incoming, judged)))


def _judge(account: Account, incoming: Incoming,
           failures: tuple[type[Exception], ...] = (Exception,)) -> Judged | None:
    """What its provider says of it; None where it failed over it: what somebody sends must never be lost by that."""
    access = accounts.access(account)
    try:
        return ports.webhooks.get(account.provider).notice(access, incoming)
    except failures as error:
        log.error("notice_not_judged", account=account.id, remote=incoming.remote, exc_info=error)
        return None


def keep_forged(account: Account, incoming: Incoming, reason: str) -> None:
    """Keep a request of somebody who pretends to be a network that asks us: enough of them are an alarm."""
    log.warning("forged_request", account=account.id, reason=reason, remote=incoming.remote)
    _store(account, incoming, Judged(False, reason, ""))


def _store(account: Account, incoming: Incoming, judged: Judged) -> bool:
    """Whether it brings something new: it comes for the first time, or it is a hint that was read before."""
    row = {"company_id": current_company_id(), "account_id": account.id, "event_id": _event(incoming, judged),
           "method": incoming.method[:8], "path": _storable(incoming.path)[:300],
           "query": {_storable(key): _storable(value) for key, value in incoming.query.items()},
           "headers": {key: value for key, value in incoming.headers.items() if key in KEPT_HEADERS},
           "body": _storable(incoming.body)[:LARGEST_BODY], "remote": incoming.remote[:60],
           "authentic": judged.authentic, "reason": judged.reason[:60], "action": judged.action,
           "payment_ref": _storable(judged.payment_id)[:120], "state": _state(judged), "error": _error(judged),
           "times": 1, "received_at": clock.now(), "done_at": None}
    if insert_new(Notice.__table__, [row], unique=("account_id", "event_id")):
        return True
    return _repeated(account, str(row["event_id"]), judged)


def _storable(text: str) -> str:
    """Without what no database column holds: half a pair of surrogates (JSON may name one), and the sign zero."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def _repeated(account: Account, event_id: str, judged: Judged) -> bool:
    """Count it. A hint that was read is to be read again, once a minute at most; whether that is now."""
    known = sa.and_(Notice.account_id == account.id, Notice.event_id == event_id)
    db.session.execute(sa.update(Notice).where(known).values(times=Notice.times + 1)
                       .execution_options(synchronize_session=False))
    if not judged.is_hint:
        return False
    woken = db.session.execute(sa.update(Notice).where(known, Notice.state.in_(("done", "failed")))
                               .values(state="waiting").execution_options(synchronize_session=False))
    return bool(woken.rowcount) and db.session.scalar(  # type: ignore[attr-defined]
        sa.select(Notice.id).where(known, ripe())) is not None


def ripe() -> sa.ColumnElement[bool]:
    """Waiting, and not read a moment ago: whoever repeats a hint does not make us ask its gateway all the time."""
    return sa.and_(Notice.state == "waiting", sa.or_(Notice.done_at.is_(None),
                                                     Notice.done_at <= clock.now() - READ_AGAIN))


def _state(judged: Judged) -> str:
    if judged.reason == NOT_JUDGED:
        return "failed"
    if judged.action == "ignore":
        return "ignored"
    return "waiting" if judged.authentic or judged.action == "poll" else "refused"


def _error(judged: Judged) -> str:
    return _("What came could not be judged. It is kept as it came, and can be tried again."
             ) if judged.reason == NOT_JUDGED else ""


def _event(incoming: Incoming, judged: Judged) -> str:
    """The event's identity. A forged notice must never take the place of the true one, so it gets one of its own."""
    if judged.authentic:
        return _storable(judged.event_id)[:200]
    whole = "\n".join((incoming.method, incoming.path, repr(sorted(incoming.query.items())), incoming.body))
    return f"?{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()}"


def _others_wait(account: Account, event_id: str) -> bool:
    """Whether a job will come anyway, for a notice that was there before."""
    return db.session.scalar(sa.select(Notice.id).where(
        Notice.account_id == account.id, ripe(), Notice.event_id != event_id).limit(1)) is not None


def waiting(account_id: int, after: int = 0, limit: int = 50) -> Sequence[Notice]:
    """The next notices to be worked through, the oldest first."""
    return db.session.scalars(sa.select(Notice).where(
        Notice.account_id == account_id, ripe(), Notice.id > after)
        .order_by(Notice.id).limit(limit)).all()


def finish(states: Mapping[int, tuple[str, str]], hints: Mapping[int, int]) -> None:
    """Say what became of these notices: id -> (state, error).

    `hints`: how often each of them had come when it was read; one that came again meanwhile waits for its next reading.
    """
    moment = clock.now()
    for (state, error), ids in _grouped(states).items():
        plain = [key for key in ids if key not in hints]
        for which in (Notice.id.in_(plain), *(sa.and_(Notice.id == key, Notice.times == hints[key])
                                              for key in ids if key in hints)):
            db.session.execute(sa.update(Notice).where(which, Notice.state == "waiting")
                               .values(state=state, error=error[:500], done_at=moment)
                               .execution_options(synchronize_session=False))
    db.session.execute(sa.update(Notice).where(
        Notice.id.in_([key for key in states if key in hints]), Notice.state == "waiting")
        .values(done_at=moment).execution_options(synchronize_session=False))


def _grouped(states: Mapping[int, tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for key, state in states.items():
        found.setdefault(state, []).append(key)
    return found


def judged_anew(account: Account, rows: Sequence[Notice],
                states: dict[int, tuple[str, str]]) -> tuple[dict[int, Reading | None], dict[int, int]]:
    """(the payment that each notice itself tells, how often each hint came), by their ids.

    Judged from what was stored: settings may have changed since. What cannot be judged fails, and stops no other.
    """
    says: dict[int, Reading | None] = {}
    hints: dict[int, int] = {}
    for row in rows:
        judged = _judge(account, _stored(row), OVER_WHAT_CAME)
        if judged is None:
            states[row.id] = ("failed", _error(Judged(False, NOT_JUDGED, "")))
            continue
        if row.action in ("read", "book"):
            says[row.id] = judged.payment
        if judged.is_hint:
            hints[row.id] = row.times
    return says, hints


def _stored(row: Notice) -> Incoming:
    return Incoming(row.method, row.query, row.headers, row.body, row.path, row.remote)


def try_again(row: Notice) -> None:
    """Let a notice that failed be worked through again; what could not be judged is judged first. DomainError else."""
    if row.state != "failed":
        raise DomainError(_("Only what failed can be tried again."))
    audit.record("gateways.try_notice", row, {"error": row.error})
    if row.reason != NOT_JUDGED:
        row.state, row.error, row.done_at = "waiting", "", None
        return
    judged = _judge(row.account, _stored(row), OVER_WHAT_CAME)
    if judged is None:
        raise DomainError(_error(Judged(False, NOT_JUDGED, "")))
    if not judged.authentic and judged.action != "ignore" and row.account.provider in ports.polls:
        # what proved it is gone (a password is not kept, a signature grows old): the gateway itself is asked
        judged = replace(judged, action="poll")
    event = _event(_stored(row), judged)
    row.authentic, row.reason, row.action = judged.authentic, judged.reason[:60], judged.action
    row.payment_ref, row.state, row.error, row.done_at = _storable(judged.payment_id)[:120], _state(judged), "", None
    if db.session.scalar(sa.select(Notice.id).where(Notice.account_id == row.account_id, Notice.event_id == event,
                                                    Notice.id != row.id)):
        row.state, row.error = "ignored", _("The gateway told it again meanwhile.")
    else:
        row.event_id = event


def forged_lately_by_account() -> sa.Select[int, int]:
    """(account_id, count) where there were more forged notices within an hour than a mistake explains."""
    counted = sa.func.count()
    return (sa.select(Notice.account_id, counted.label("count"))
            .where(Notice.state == "refused", Notice.received_at > clock.now() - dt.timedelta(hours=1))
            .group_by(Notice.account_id).having(counted >= ALARM))


def forged_lately() -> dict[int, int]:
    """The same, read: account -> how many."""
    return {row[0]: row[1] for row in db.session.execute(forged_lately_by_account())}
