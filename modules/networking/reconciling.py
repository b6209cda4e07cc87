"""One session with a router: read all, compare, write what differs, read again. May be killed at any moment.

Nothing is assumed: each write is put on record before it is sent and after it was answered, and what a connection is
now is what was read, never what was sent.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from core import clock, logs, scope
from core.db import among, db, find, write_rows
from core.errors import OutsideError, Rejected, Unavailable, Unknown
from core.i18n import _
from core.jobs import publish
from modules.contracts.models import Contract, Plan
from modules.networking import access, in_use, moving, routers, words
from modules.networking.events import ConnectionsApplied
from modules.networking.models import Change, Connection, Router
from modules.networking.ports import About, Seen, Session, Step, Wanted, drivers

# more than this share, and more than this many, that are not there: the router was reset or restored
GUARD_SHARE, GUARD_COUNT = 20, 20
MOST_STRAYS = 500
# how often a session that talks for long holds on to its router: well within the lease
BEAT_SECONDS = 20
MARK = "abona:contract:"
log = logs.get(__name__)


@dataclass
class Result:
    """What came of a session. `steps` are what was, or would be, written."""

    router_id: int
    router: str
    linked: int = 0
    steps: list[Step] = field(default_factory=list)
    applied: int = 0
    waiting: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    trouble: str = ""
    code: str = ""
    written: bool = False
    heals: bool = True

    @property
    def kicked(self) -> bool:
        return self.written and any(step.action == "kick" for step in self.steps)


def wanted(router: Router) -> list[Wanted]:
    """What each connection of a router should be: one select."""
    rows = db.session.execute(
        sa.select(Connection, Contract.number, Contract.pppoe_user, Plan.code, Plan.id)
        .outerjoin(Contract, Contract.id == Connection.contract_id).outerjoin(Plan, Plan.id == Contract.plan_id)
        .where(Connection.router_id == router.id).order_by(Connection.id))
    return [Wanted(row.id, f"{MARK}{number or ''}", row.method or router.method, row.key, row.desired, row.speed,
                   plan or "", row.address, row.address6, user or "", dict(row.former), row.applied,
                   row.kick, plan_id or 0)
            for row, number, user, plan, plan_id in rows]


def preview(router: Router) -> tuple[About, Seen, list[Step]]:
    """What would be changed; nothing is written. For a person's request: call it between transactions."""
    asked, settings, driver = wanted(router), access.of(router), drivers.get(router.driver)
    db.session.commit()
    with driver.open(settings) as session:
        about = session.about()
        seen, steps = session.plan(asked)
    return about, seen, steps


def run(router_id: int, keep: Callable[[], None], *, force: bool = False, dry: bool = False) -> Result:
    """Bring a router where it should be; `keep` commits and holds on to the router. Commits."""
    router = find(Router, router_id)
    if not dry:
        router.generation = Router.generation + 1
        _settle_unanswered(router_id)
    asked, settings, driver = wanted(router), access.of(router), drivers.get(router.driver)
    result = Result(router_id, router.name, linked=len(asked))
    writes = router.armed_at is not None and not dry
    known, result.heals = (router.serial, router.identity), router.heals
    asks_addresses = not dry and in_use.is_due(router)
    keep()
    try:
        with driver.open(settings, _heartbeat(keep)) as session:
            about = session.about()
            _check_identity(about, known)
            _work(session, asked, result, keep, writes=writes, force=force, about=about, dry=dry)
            if asks_addresses:
                _addresses(session, router_id)
                keep()
    except (Rejected, Unavailable, Unknown) as trouble:
        db.session.rollback()
        result.trouble, result.code = trouble.message, getattr(trouble, "code", "")
        if not dry:
            _troubled(router_id, trouble)
            keep()
    return result


def _heartbeat(keep: Callable[[], None]) -> Callable[[], None]:
    """Row by row over many, or a slow print, takes longer than the lease: held on to meanwhile, but not each time."""
    last = time.monotonic()

    def beat() -> None:
        nonlocal last
        if time.monotonic() - last >= BEAT_SECONDS:
            keep()
            last = time.monotonic()

    return beat


def _addresses(session: Session, router_id: int) -> None:
    """Which addresses are in use. Without an answer what it said before counts: all else is done, it is not away."""
    try:
        used = session.used_addresses()
    except OutsideError as trouble:
        log.warning("networking_addresses_unread", router=router_id, reason=str(trouble))
        in_use.put_off(router_id)
    else:
        in_use.keep(router_id, used)


def _check_identity(about: About, known: tuple[str, str]) -> None:
    """The same machine as before? A virtual router has no serial number: then its name counts."""
    serial, identity = known
    if (serial and about.serial != serial) or (not serial and identity and about.identity != identity):
        raise Rejected(_("Another router answers at this address: %(found)s instead of %(known)s. Nothing was written.",
                         found=about.serial or about.identity, known=serial or identity), code="other_router")


def _work(session: Session, asked: Sequence[Wanted], result: Result, keep: Callable[[], None], *, writes: bool,
          force: bool, about: About, dry: bool) -> None:
    seen, steps = session.plan(asked)
    result.steps = steps if result.heals else _asked_for(steps, result.router_id)
    if not dry:
        _answered(result.router_id, about, seen)
    if writes:
        _guard(asked, seen, force)
        if result.steps:
            _write(session, asked, result, keep)
            # what was thrown off is proved by the next reading: it is not to be done twice within this one
            left = _left_to_kick(result.router_id)
            seen, _steps = session.plan([replace(one, kick=left.get(one.connection_id, "")) for one in asked])
    if not dry:
        result.applied, result.waiting = _record(asked, seen, result)
        keep()


def _asked_for(steps: Sequence[Step], router_id: int) -> list[Step]:
    """Of these steps what was wished here; what else differs is listed only."""
    mine = set(db.session.scalars(sa.select(Connection.id).where(
        Connection.router_id == router_id, sa.or_(Connection.waits_since.is_not(None), Connection.kick != ""))))
    db.session.rollback()
    made = []
    for step in steps:
        kept = [place for place, key in enumerate(step.connection_ids) if key in mine]
        if kept or not step.connection_ids:
            made.append(replace(step, ids=tuple(step.ids[place] for place in kept) if step.ids else (),
                                connection_ids=tuple(step.connection_ids[place] for place in kept),
                                addresses=tuple(step.addresses[place] for place in kept) if step.addresses else ()))
    return made if any(step.connection_ids for step in made) else []


def _guard(asked: Sequence[Wanted], seen: Seen, force: bool) -> None:
    """A router that was reset or restored must not be taken for the truth, nor be written to in its confusion."""
    share = seen.missing * 100 > len(asked) * GUARD_SHARE and seen.missing > GUARD_COUNT
    none_should_be = not any(one.state == words.ON for one in asked)
    if not force and (share or (seen.all_off and len(asked) > GUARD_COUNT and not none_should_be)):
        raise Rejected(_("%(missing)s of %(count)s connections are not on the router, or all are off: it looks as if "
                         "it had been reset. Nothing was written.", missing=seen.missing, count=len(asked)),
                       code="guard")


def _write(session: Session, asked: Sequence[Wanted], result: Result, keep: Callable[[], None]) -> None:
    """Step after step, each on record before and after. A lost connection leaves the rest for the next run."""
    result.written = True
    causes = _causes([key for step in result.steps for key in step.connection_ids])
    for step in result.steps:
        ids = _sending(step, result.router_id, causes)
        keep()
        try:
            refused = session.apply(step)
        except OutsideError as trouble:
            db.session.rollback()
            state = "refused" if isinstance(trouble, Rejected) else "unknown"
            _answer(ids, state, str(trouble)[:300])
            keep()
            raise
        result.refused |= refused
        _done(step, ids, refused)
        keep()


def _left_to_kick(router_id: int) -> dict[int, str]:
    """The sessions that the router did not let us throw off."""
    return dict(db.session.execute(sa.select(Connection.id, Connection.kick).where(
        Connection.router_id == router_id, Connection.kick != "")).tuples().all())


def _causes(connection_ids: Sequence[int]) -> dict[int, tuple[str, int | None]]:
    rows = db.session.execute(sa.select(Connection.id, Connection.cause, Connection.contract_id).where(
        among(Connection.id, sorted(set(connection_ids)))))
    return {row.id: (row.cause, row.contract_id) for row in rows}


def _sending(step: Step, router_id: int, causes: Mapping[int, tuple[str, int | None]]) -> list[int]:
    """On record before it goes out, with what stood there before; the ids of the records."""
    from core.db import allocate_ids

    table = Change.__table__
    keys: Sequence[int | None] = step.connection_ids or (None,)
    ids = allocate_ids(table, len(keys))
    company, user, moment = scope.current_company_id(), scope.current_user_id(), clock.now()
    write_rows(table, [
        {"id": row_id, "company_id": company, "router_id": router_id, "connection_id": key,
         "contract_id": causes[key][1] if key else None, "user_id": user, "action": step.action,
         "cause": causes[key][0] if key else "", "words": step.words[:500], "state": "sending", "answer": "",
         "at": moment, "answered_at": None} for row_id, key in zip(ids, keys, strict=True)])
    rows = Connection.__table__
    if step.former:
        db.session.connection().execute(
            sa.update(rows).where(rows.c.id == sa.bindparam("b_id")).values(former=sa.bindparam("b_former")),
            [{"b_id": key, "b_former": dict(value)} for key, value in step.former.items()])
    if step.sessions:
        db.session.connection().execute(
            sa.update(rows).where(rows.c.id == sa.bindparam("b_id")).values(kick=sa.bindparam("b_kick")),
            [{"b_id": key, "b_kick": value[:200]} for key, value in step.sessions.items()])
    return ids


def _done(step: Step, ids: Sequence[int], refused: Mapping[int, str]) -> None:
    """What the router answered; a session that was thrown off need not be thrown off again."""
    good = [row_id for row_id, key in zip(ids, step.connection_ids or (0,), strict=True) if key not in refused]
    _answer(good, "done", "")
    for row_id, key in zip(ids, step.connection_ids, strict=False):
        if key in refused:
            _answer([row_id], "refused", refused[key][:300])
    if step.action == "kick":
        rows = Connection.__table__
        done = [key for key in step.connection_ids if key not in refused]
        db.session.execute(sa.update(rows).where(among(rows.c.id, done)).values(kick=""))


def _answer(ids: Sequence[int], state: str, answer: str) -> None:
    rows = Change.__table__
    db.session.execute(sa.update(rows).where(among(rows.c.id, ids)).values(
        state=state, answer=answer, answered_at=clock.now()))


def _settle_unanswered(router_id: int) -> None:
    """What a killed process had sent: nobody knows; the reading that follows tells."""
    db.session.execute(sa.update(Change).where(Change.router_id == router_id, Change.state == "sending").values(
        state="unknown", answered_at=clock.now()).execution_options(synchronize_session=False))


def _record(asked: Sequence[Wanted], seen: Seen, result: Result) -> tuple[int, int]:
    """What was read, into the connections: (as they should be, waiting). One read, one update, of what changed."""
    moment, rows = clock.now(), Connection.__table__
    states: dict[str, Any] = {one.connection_id: one for one in asked}  # type: ignore[misc]
    changed, fulfilled, left, waiting = [], [], [], 0
    current = db.session.execute(sa.select(
        Connection.id, Connection.contract_id, Connection.applied, Connection.difference, Connection.waits_since,
        Connection.desired, Connection.speed, Connection.applied_speed, Connection.session_address).where(
            Connection.router_id == result.router_id)).all()
    _keep_sessions(current, seen)
    for row in current:
        one = states.get(row.id)
        if one is None:
            continue
        difference = seen.differences.get(row.id, "") or ("refused" if row.id in result.refused else "")
        is_right = not difference and seen.applied.get(row.id) == row.desired and (row.desired, row.speed) == (
            one.state, one.speed)
        since = None if is_right else row.waits_since or (moment if result.heals else None)
        if row.contract_id is None and (is_right or difference == "missing"):
            left.append(row.id)
            continue
        waiting += not is_right
        values = {"b_id": row.id, "applied": seen.applied.get(row.id, ""), "difference": difference,
                  "waits_since": since, "applied_speed": row.speed if is_right else row.applied_speed}
        if (row.applied, row.difference, row.waits_since, row.applied_speed) != tuple(values.values())[1:]:
            changed.append({**values, "b_at": moment if is_right else None})
            fulfilled += [row.contract_id] if is_right and row.waits_since and row.contract_id else []
    if changed:
        db.session.connection().execute(
            sa.update(rows).where(rows.c.id == sa.bindparam("b_id")).values(
                applied=sa.bindparam("applied"), difference=sa.bindparam("difference"),
                waits_since=sa.bindparam("waits_since"), applied_speed=sa.bindparam("applied_speed"),
                applied_at=sa.func.coalesce(sa.bindparam("b_at", type_=rows.c.applied_at.type), rows.c.applied_at)),
            changed)
        db.session.expire_all()
    # who was to be thrown off and left by himself
    db.session.execute(sa.update(rows).where(rows.c.router_id == result.router_id, rows.c.kick != "",
                                             rows.c.waits_since.is_(None)).values(kick=""))
    moving.forget(left)
    if fulfilled:
        publish(ConnectionsApplied(fulfilled))
    return len(asked) - len(left) - waiting, waiting


def _keep_sessions(current: Sequence[Any], seen: Seen) -> None:
    """Who has which address now; who has it no more loses it: one update of what changed."""
    moved = [{"b_id": row.id, "b_address": seen.sessions.get(row.id, "")} for row in current
             if row.session_address != seen.sessions.get(row.id, "")]
    rows = Connection.__table__
    if moved:
        db.session.connection().execute(sa.update(rows).where(rows.c.id == sa.bindparam("b_id")).values(
            session_address=sa.bindparam("b_address")), moved)
        db.session.expire_all()


def _answered(router_id: int, about: About, seen: Seen) -> None:
    """The router speaks: what it is, and that it is not away."""
    router = find(Router, router_id)
    routers.speaks(router, about)
    router.seen_at = clock.now()
    router.strays, router.stray_count = [dict(one) for one in seen.strays[:MOST_STRAYS]], len(seen.strays)
    db.session.flush()


def _troubled(router_id: int, trouble: Rejected | Unavailable | Unknown) -> None:
    """Stopped where a person must look; else away, and tried again later and later."""
    router = find(Router, router_id)
    router.trouble = trouble.message[:500]
    if isinstance(trouble, Rejected):
        router.state, router.trouble_code, router.next_try_at = "stopped", trouble.code or "setting", None
    else:
        router.state, router.trouble_code = "away", ""
        router.failures += 1
        router.away_since = router.away_since or clock.now()
        minutes = words.wait_minutes(router.failures)
        router.next_try_at = clock.now() + dt.timedelta(minutes=minutes)
    db.session.flush()
