"""A contract that is to hang elsewhere: what was changed at the place it leaves is put right there first.

The row of that place stays without contract until it is; whoever is linked with it meanwhile takes over what is known.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from core import clock
from core.db import among, db
from core.i18n import _
from modules.networking import pools, words
from modules.networking.errors import Taken
from modules.networking.models import Change, Connection, Router


def place(router: Router, method: str, key: str, address: str) -> tuple[int, str, str]:
    """What on which router a connection means: its secret, queue, lease or user, or an entry of the address list."""
    way = method or router.method
    if way == "address_list":
        return router.id, way, address or key
    # both ways of PPPoE mean the secret
    return router.id, "pppoe" if way.startswith("pppoe") else way, key


def leave(row: Connection, for_key: str = "", but: str = "") -> None:
    """The contract leaves this place: what we changed there is undone. Where nobody writes, it stays as it is.

    `for_key`: the name on the same router that it has from now on. Two rows cannot have one: Taken, where the old one
    is needed still. `but`: the address that it has from now on.
    """
    # by address alone: it may be the one of the new place too
    key = place(row.router, row.method, row.key, row.address)[2]
    keeps = is_written(row.router)
    if keeps and (key == for_key or _is_held(row, key)):
        if _is_changed(row):
            raise Taken(_("%(key)s is changed on router %(router)s as the contract hangs there now: let it be restored "
                          "first.", key=row.key, router=row.router.name), field="method")
        keeps = False
    pools.give_back(row, but)
    if keeps:
        row.key, row.contract_id, row.address, row.desired = key, None, "", words.ON
        row.speed, row.cause, row.waits_since = "", "moved", clock.now()
    else:
        forget([row.id])
    db.session.flush()
    db.session.expire_all()


def is_written(router: Router) -> bool:
    """Whether anything is written onto this router."""
    return router.driver != "manual" and router.active and router.armed_at is not None


def _is_held(row: Connection, key: str) -> bool:
    return db.session.scalar(sa.select(Connection.id).where(
        Connection.router_id == row.router_id, Connection.key == key, Connection.id != row.id)) is not None


def _is_changed(row: Connection) -> bool:
    """Whether a cut stands there, may stand there for want of an answer, or is on its way."""
    if row.difference == "missing":
        return False
    if row.desired != words.ON or row.applied not in ("", words.ON):
        return True
    sent = sa.select(Change.id).where(Change.connection_id == row.id, Change.action == "cut")
    if row.applied_at is not None:
        sent = sent.where(Change.at >= row.applied_at)
    return row.waits_since is not None and db.session.scalar(sent.limit(1)) is not None


def take_over(row: Connection, router: Router) -> None:
    """Somebody is linked with a place that was just left: what stood there before the cut is known to that row.

    Another way of cutting is another place: that one is put right by the row that is left, or refuses the new one.
    """
    here = place(router, row.method, row.key, row.address)
    left = [one for one in db.session.scalars(sa.select(Connection).where(
        Connection.router_id == router.id, Connection.contract_id.is_(None), Connection.key == here[2]))
        if place(router, one.method, one.key, one.address) == here]
    for one in left:
        row.former, row.kick = {**row.former, **one.former}, row.kick or one.kick
    forget([one.id for one in left])
    db.session.flush()


def clear(router: Router, key: str) -> None:
    """Nothing that was left has this name on the router; Taken, while what has it is to be put right still.

    A session may be under way that cuts there, and nobody knows yet: the row goes when it was read.
    """
    left = db.session.scalars(sa.select(Connection).where(
        Connection.router_id == router.id, Connection.contract_id.is_(None), Connection.key == key)).all()
    if is_written(router) and any(one.difference != "missing" for one in left):
        raise Taken(_("%(key)s was left by another contract and is not put right on router %(router)s yet: try again "
                      "when it is.", key=key, router=router.name), field="key")
    forget([one.id for one in left])


def forget(connection_ids: Collection[int]) -> None:
    """Rows go; what was written for them stays on record."""
    if not connection_ids:
        return
    ids = sorted(connection_ids)
    db.session.execute(sa.update(Change).where(among(Change.connection_id, ids)).values(connection_id=None)
                       .execution_options(synchronize_session=False))
    db.session.execute(sa.delete(Connection).where(among(Connection.id, ids))
                       .execution_options(synchronize_session=False))
    db.session.expire_all()
