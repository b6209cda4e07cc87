"""What connections should be, set-wise out of contracts; and when their routers are to be brought there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import among, db, lock
from core.i18n import _
from core.jobs import enqueue, run_again
from core.models import Job
from modules.contracts.models import Contract, Plan
from modules.networking import moving, pools, words
from modules.networking.errors import Taken, WrongSetting
from modules.networking.models import Connection, Router

JOB = "modules.networking.jobs.reconcile"
CHUNK = 1000


def follow(contract_ids: Collection[int], cause: str = "") -> int:
    """Let the connections of these contracts be what the contracts say now; how many changed. Set-based.

    Their routers are asked to be brought there, each once.
    """
    if not contract_ids:
        return 0
    return _follow(among(Connection.contract_id, contract_ids), cause)


def follow_all(cause: str = "checked") -> int:
    """The same for every connection of the company: what a lost event left behind is found here."""
    return _follow(sa.true(), cause)


def _follow(which: sa.ColumnElement[bool], cause: str) -> int:
    """Two statements: what differs, and one update; then the routers."""
    state = sa.case(words.OF_CONTRACT, value=Contract.state, else_=words.GONE)
    speed = sa.case((sa.and_(Plan.speed_up_kbps > 0, Plan.speed_down_kbps > 0),
                     sa.cast(Plan.speed_up_kbps, sa.String) + "/" + sa.cast(Plan.speed_down_kbps, sa.String)), else_="")
    wanted = (sa.select(Connection.id, Connection.router_id, state.label("state"), speed.label("speed"))
              .join(Contract, Contract.id == Connection.contract_id).join(Plan, Plan.id == Contract.plan_id)
              .where(which, sa.or_(state != Connection.desired, speed != Connection.speed)))
    rows = db.session.execute(wanted).all()
    if not rows:
        return 0
    table: Any = Connection.__table__
    moment = clock.now()
    db.session.flush()
    db.session.connection().execute(
        sa.update(table).where(table.c.id == sa.bindparam("b_id")).values(
            desired=sa.bindparam("b_state"), speed=sa.bindparam("b_speed"), cause=cause[:60],
            waits_since=sa.func.coalesce(table.c.waits_since, sa.literal(moment, table.c.waits_since.type))),
        [{"b_id": row.id, "b_state": row.state, "b_speed": row.speed} for row in rows])
    db.session.expire_all()
    ask({row.router_id for row in rows})
    return len(rows)


def ask(router_ids: Iterable[int], at: dt.datetime | None = None) -> None:
    """Have these routers brought where they should be; one waiting job is enough, since it reads all when it begins.

    The router's row is locked: a job that begins meanwhile sees what was changed in this transaction, or is followed
    by another one.
    """
    rows = db.session.execute(lock(sa.select(
        Router.id, Router.generation, Router.next_try_at, Router.company_id).where(
            among(Router.id, sorted(set(router_ids))), Router.active, Router.driver != "manual")
        .order_by(Router.id))).all()
    for row in rows:
        when = max((one for one in (at, row.next_try_at) if one is not None), default=None)
        key = f"networking.reconcile:{row.id}:{row.generation}"
        if enqueue(JOB, router_id=row.id, company_id=row.company_id, run_at=when, key=key) is None:
            _sooner(key, when or clock.now())


def _sooner(key: str, when: dt.datetime) -> None:
    """The job that waits already is to run by then."""
    waiting = db.session.scalar(sa.select(Job).where(Job.key == key, Job.state == "pending", Job.run_at > when))
    if waiting is not None and when <= clock.now():
        run_again(waiting)
    elif waiting is not None:
        waiting.run_at = when


def try_now(router: Router, force: bool = False) -> None:
    """A person does not want to wait for the next try; `force`: also what the guard holds back."""
    router.next_try_at = None
    router.generation += 1
    if router.state == "stopped":
        router.state, router.trouble_code, router.trouble = "new", "", ""
    db.session.flush()
    audit.record("networking.try_now", router, {"force": force})
    enqueue(JOB, router_id=router.id, force=force, key=f"networking.reconcile:{router.id}:{router.generation}")


def arm(router: Router) -> None:
    """What would be changed was seen; from now on it is changed."""
    router.armed_at = clock.now()
    audit.record("networking.arm", router)
    ask([router.id])


def disarm(router: Router) -> None:
    """Nothing is written onto this router until somebody arms it again."""
    router.armed_at = None
    audit.record("networking.disarm", router)


def link(contract: Contract, router: Router, key: str, method: str = "", address: str = "",
         address6: str = "") -> Connection:
    """Hang a contract on a router. Refused where the contract, the key or the address is taken."""
    key, address = key.strip(), address.strip()
    if not key:
        raise WrongSetting(_("To link a contract with a router you must say by what it is found there."), field="key")
    check_free(router.id, key, address, None, contract)
    row = Connection(contract_id=contract.id, router_id=router.id, key=key, method=method, address=address,
                     address6=address6.strip(), desired=state_of(contract.state),
                     speed=speed_of(contract.plan), cause="linked", waits_since=clock.now(), former={}, kick="")
    moving.take_over(row, router)
    moving.clear(router, key)
    db.session.add(row)
    db.session.flush()
    audit.record("networking.link", contract, {"router": router.name, "key": key, "method": method})
    ask([router.id])
    return row


def relink(row: Connection, router: Router, key: str, method: str = "", address: str = "",
           address6: str = "") -> Connection:
    """Let a contract hang elsewhere, or correct how it is found. What was changed at the place it leaves is put right.

    Where it stays the same place, what is known of it stays: without that who is cut could not be restored.
    """
    contract, key, address = row.contract, key.strip(), address.strip()
    place = moving.place(router, method, key, address)
    if not key or place != moving.place(row.router, row.method, row.key, row.address):
        left = row.router_id
        moving.leave(row, key if router.id == left else "", but=address)
        ask([left])
        return link(contract, router, key, method, address, address6)
    check_free(router.id, key, address, row.id, None)
    moving.clear(router, key)
    if address != row.address:
        pools.give_back(row, but=address)
    row.key, row.method, row.address, row.address6 = key, method, address, address6.strip()
    row.waits_since = row.waits_since or clock.now()
    db.session.flush()
    audit.record("networking.link", contract, {"router": router.name, "key": key, "method": method})
    ask([router.id])
    return row


def check_free(router_id: int, key: str, address: str, own_id: int | None, contract: Contract | None) -> None:
    """Two contracts with one name or address: neither would be what it should."""
    others = sa.select(Contract.number).join(Connection, Connection.contract_id == Contract.id).where(
        Connection.id != (own_id or 0))
    taken = db.session.scalar(others.where(Connection.router_id == router_id, Connection.key == key).limit(1))
    if taken:
        raise Taken(_("%(key)s belongs to contract %(number)s on this router already.", key=key, number=taken),
                    field="key")
    if address and (taken := db.session.scalar(others.where(Connection.router_id == router_id,
                                                            Connection.address == address).limit(1))):
        raise Taken(_("%(key)s belongs to contract %(number)s on this router already.", key=address, number=taken),
                    field="address")
    if contract is not None and db.session.scalar(others.where(Connection.contract_id == contract.id).limit(1)):
        raise Taken(_("Contract %(number)s is linked with a router already.", number=contract.number), field="contract")


def unlink(connection: Connection) -> None:
    """The contract hangs on no router any more; what stands on the router stays as it is.

    Its address of a pool is free again as soon as the router too says that nobody has it.
    """
    audit.record("networking.unlink", connection.contract, {"router": connection.router.name, "key": connection.key})
    pools.give_back(connection)
    moving.forget([connection.id])


def tick(connection: Connection) -> None:
    """A person did on the router what waited; the log says who."""
    from modules.networking.models import Change

    if connection.waits_since is None:
        return
    moment = clock.now()
    db.session.add(Change(router_id=connection.router_id, connection_id=connection.id,
                          contract_id=connection.contract_id, user_id=_person(), cause=connection.cause,
                          action="restore" if connection.desired == words.ON else "cut", state="done", at=moment,
                          words=_("done by hand: %(key)s", key=connection.key), answered_at=moment))
    connection.applied, connection.applied_speed = connection.desired, connection.speed
    connection.waits_since, connection.applied_at = None, moment
    db.session.flush()
    audit.record("networking.tick", connection.contract, {"router": connection.router.name, "to": connection.desired})


def _person() -> int | None:
    from core import scope

    return scope.current_user_id()


def state_of(contract_state: str) -> str:
    """What the connection of a contract in this state should be: on, cut, gone."""
    return words.OF_CONTRACT.get(contract_state, words.GONE)


def speed_of(plan: Plan) -> str:
    """`up/down` in kb/s, or "" where nobody said."""
    return f"{plan.speed_up_kbps}/{plan.speed_down_kbps}" if plan.speed_up_kbps and plan.speed_down_kbps else ""


def chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    """In parts of about a thousand."""
    return (ids[at:at + CHUNK] for at in range(0, len(ids), CHUNK))
