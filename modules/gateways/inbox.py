"""Requests of gateways: stored as they came, judged, and kept for the job that works through them."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core import clock, logs
from core.db import db, insert_new
from core.scope import current_company_id
from modules.gateways import accounts, ports
from modules.gateways.models import Account, Notice
from modules.gateways.shapes import Incoming
from modules.gateways.shapes import Notice as Judged

# headers that are kept: none that could hold a password of ours or of a proxy
KEPT_HEADERS = ("content-type", "user-agent", "x-signature", "x-request-id", "x-event-checksum", "date")
LARGEST_BODY = 256 * 1024
# so many forged notices of an account within an hour are an alarm
ALARM = 10

log = logs.get(__name__)


def receive(account: Account, incoming: Incoming) -> tuple[tuple[int, str, str], bool]:
    """Keep a request of a gateway; (what to answer, whether there is something to do that nobody will do anyway)."""
    webhook = ports.webhooks.get(account.provider)
    judged = webhook.notice(accounts.access(account), incoming)
    is_new = _store(account, incoming, judged)
    if not judged.authentic:
        log.warning("forged_notice", account=account.id, reason=judged.reason, remote=incoming.remote)
    wakes = is_new and judged.action != "ignore" and (judged.authentic or judged.action == "poll")
    return webhook.answer(judged), wakes and not _others_wait(account, _event(incoming, judged))


def keep_forged(account: Account, incoming: Incoming, reason: str) -> None:
    """Keep a request of somebody who pretends to be a network that asks us: enough of them are an alarm."""
    log.warning("forged_request", account=account.id, reason=reason, remote=incoming.remote)
    _store(account, incoming, Judged(False, reason, ""))


def _store(account: Account, incoming: Incoming, judged: Judged) -> bool:
    """Whether it is the first time that it comes."""
    row = {"company_id": current_company_id(), "account_id": account.id, "event_id": _event(incoming, judged),
           "method": incoming.method[:8], "path": incoming.path[:300], "query": dict(incoming.query),
           "headers": {key: value for key, value in incoming.headers.items() if key in KEPT_HEADERS},
           "body": incoming.body[:LARGEST_BODY], "remote": incoming.remote[:60], "authentic": judged.authentic,
           "reason": judged.reason[:60], "action": judged.action, "payment_ref": judged.payment_id[:120],
           "state": _state(judged), "error": "", "times": 1, "received_at": clock.now(), "done_at": None}
    if insert_new(Notice.__table__, [row], unique=("account_id", "event_id")):
        return True
    db.session.execute(sa.update(Notice).where(Notice.account_id == account.id, Notice.event_id == row["event_id"])
                       .values(times=Notice.times + 1).execution_options(synchronize_session=False))
    return False


def _state(judged: Judged) -> str:
    if judged.action == "ignore":
        return "ignored"
    return "waiting" if judged.authentic or judged.action == "poll" else "refused"


def _event(incoming: Incoming, judged: Judged) -> str:
    """The event's identity. A forged notice must never take the place of the true one, so it gets one of its own."""
    if judged.authentic:
        return judged.event_id[:200]
    whole = "\n".join((incoming.method, incoming.path, repr(sorted(incoming.query.items())), incoming.body))
    return f"?{hashlib.sha256(whole.encode()).hexdigest()}"


def _others_wait(account: Account, event_id: str) -> bool:
    """Whether a job will come anyway, for a notice that was there before."""
    return db.session.scalar(sa.select(Notice.id).where(
        Notice.account_id == account.id, Notice.state == "waiting", Notice.event_id != event_id).limit(1)) is not None


def waiting(account_id: int, after: int = 0, limit: int = 50) -> Sequence[Notice]:
    """The next notices to be worked through, the oldest first."""
    return db.session.scalars(sa.select(Notice).where(
        Notice.account_id == account_id, Notice.state == "waiting", Notice.id > after)
        .order_by(Notice.id).limit(limit)).all()


def finish(states: Mapping[int, tuple[str, str]]) -> None:
    """Say what became of these notices: id -> (state, error)."""
    moment = clock.now()
    for (state, error), ids in _grouped(states).items():
        db.session.execute(sa.update(Notice).where(Notice.id.in_(ids), Notice.state == "waiting")
                           .values(state=state, error=error[:500], done_at=moment)
                           .execution_options(synchronize_session=False))


def _grouped(states: Mapping[int, tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for key, state in states.items():
        found.setdefault(state, []).append(key)
    return found


def payment_of(account: Account, row: Notice) -> Any:
    """The payment that a notice itself tells, judged anew from what was stored: settings may have changed since."""
    incoming = Incoming(row.method, row.query, row.headers, row.body, row.path, row.remote)
    return ports.webhooks.get(account.provider).notice(accounts.access(account), incoming).payment


def forged_lately_by_account() -> sa.Select[int, int]:
    """(account_id, count) where there were more forged notices within an hour than a mistake explains."""
    counted = sa.func.count()
    return (sa.select(Notice.account_id, counted.label("count"))
            .where(Notice.state == "refused", Notice.received_at > clock.now() - dt.timedelta(hours=1))
            .group_by(Notice.account_id).having(counted >= ALARM))


def forged_lately() -> dict[int, int]:
    """The same, read: account -> how many."""
    return {row[0]: row[1] for row in db.session.execute(forged_lately_by_account())}
