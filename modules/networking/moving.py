"""A contract that is to hang elsewhere: what was changed at the place it leaves is put right there first.

The row of that place stays without contract until it is; whoever is linked with it meanwhile takes over what is known.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from core import clock
from core.db import among, db
from modules.networking import pools, words
from modules.networking.models import Change, Connection, Router


def place(router: Router, method: str, key: str, address: str) -> tuple[int, str, str]:
    """What on which router a connection means: its secret, queue, lease or user, or an entry of the address list."""
    way = method or router.method
    if way == "address_list":
        return router.id, way, address or key
    # both ways of PPPoE mean the secret
    return router.id, "pppoe" if way.startswith("pppoe") else way, key


def leave(row: Connection) -> None:
    """The contract leaves this place: what we changed there is undone. Where nobody writes, it stays as it is."""
    pools.give_back(row)
    router = row.router
    if router.driver == "manual" or not router.active or router.armed_at is None:
        forget([row.id])
    else:
        # by address alone: it may be the one of the new place too
        row.key = place(router, row.method, row.key, row.address)[2]
        row.contract_id, row.address, row.desired, row.speed, row.cause = None, "", words.ON, "", "moved"
        row.waits_since = clock.now()
    db.session.flush()
    db.session.expire_all()


def take_over(row: Connection) -> None:
    """Somebody is linked with a place that was just left: what stood there before the cut is known to that row."""
    names = [one for one in (row.key, row.address) if one]
    left = db.session.scalars(sa.select(Connection).where(
        Connection.router_id == row.router_id, Connection.contract_id.is_(None), Connection.key.in_(names))).all()
    for one in left:
        row.former, row.kick = {**row.former, **one.former}, row.kick or one.kick
    forget([one.id for one in left])
    db.session.flush()


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
