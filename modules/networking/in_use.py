"""Which addresses somebody has on a router, as it said when it was asked last: those are given to nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from core import clock
from core.db import among, db, find, insert_new
from core.scope import current_company_id
from modules.networking.models import InUse, Pool, Router

# it costs a handful of prints: not with each payment that comes in
EVERY = dt.timedelta(hours=1)
# where there was no answer
AGAIN = dt.timedelta(minutes=10)


def is_due(router: Router) -> bool:
    """Whether a session should ask: addresses of this router are given here, and what is known of them is old."""
    if router.addresses_at is not None and router.addresses_at > clock.now() - EVERY:
        return False
    return db.session.scalar(sa.select(sa.exists().where(
        Pool.company_id == router.company_id, sa.or_(Pool.router_id.is_(None), Pool.router_id == router.id)))) or False


def put_off(router_id: int) -> None:
    """There was no answer: not with the next session again, but soon. What was never read is asked for with each."""
    router = find(Router, router_id)
    if router.addresses_at is not None:
        router.addresses_at = clock.now() - EVERY + AGAIN
    db.session.flush()


def add(router_id: int, addresses: Collection[str]) -> None:
    """These too are somebody's, until the router says otherwise. Another reading may have written them meanwhile."""
    company = current_company_id()
    insert_new(InUse.__table__, [{"company_id": company, "router_id": router_id, "address": one}  # type: ignore[arg-type]
                                 for one in sorted(addresses)], ("router_id", "address"))


def keep(router_id: int, used: Collection[str]) -> None:
    """What a router said just now, in the place of what it said before; only what differs is written."""
    known = set(db.session.scalars(sa.select(InUse.address).where(InUse.router_id == router_id)))
    gone, fresh = sorted(known - set(used)), sorted(set(used) - known)
    if gone:
        db.session.execute(sa.delete(InUse).where(InUse.router_id == router_id, among(InUse.address, gone))
                           .execution_options(synchronize_session=False))
    add(router_id, fresh)
    find(Router, router_id).addresses_at = clock.now()
    db.session.flush()
