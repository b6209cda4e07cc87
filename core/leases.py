"""A lease: a name that one process at a time holds, taken over when its holder is gone."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from core import clock, processes
from core.db import db, insert_new
from core.errors import Unavailable
from core.models import Lease


def acquire(name: str, seconds: float, owner: str | None = None) -> bool:
    """Take or renew the lease and commit; False where another living holder has it."""
    owner, moment = owner or processes.identity(), clock.now()
    until = moment + dt.timedelta(seconds=seconds)
    holder = db.session.execute(sa.select(Lease.owner, Lease.until).where(Lease.name == name)).one_or_none()
    if holder is None:
        taken = bool(insert_new(Lease.__table__, [{"name": name, "owner": owner, "until": until}], ("name",)))
        db.session.commit()
        return taken
    if holder.owner != owner and holder.until > moment and not processes.is_dead(holder.owner.split("#")[0]):
        db.session.rollback()
        return False
    changed = db.session.execute(
        sa.update(Lease).where(Lease.name == name, Lease.owner == holder.owner, Lease.until == holder.until)
        .values(owner=owner, until=until).execution_options(synchronize_session=False))
    db.session.commit()
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def release(name: str, owner: str | None = None) -> None:
    """Give the lease back and commit."""
    db.session.execute(sa.delete(Lease).where(Lease.name == name, Lease.owner == (owner or processes.identity()))
                       .execution_options(synchronize_session=False))
    db.session.commit()


@contextmanager
def held(name: str, seconds: float, lost: str) -> Iterator[Callable[[], None] | None]:
    """Hold a name for a block: a function that commits and holds it for another while, or None where another has it.

    Each block is a holder of its own, also among the threads of one process. The function raises Unavailable with the
    words `lost` where somebody else took it over.
    """
    owner = f"{processes.identity()}#{uuid.uuid4().hex[:8]}"
    if not acquire(name, seconds, owner):
        yield None
        return

    def keep() -> None:
        db.session.commit()
        if not acquire(name, seconds, owner):
            raise Unavailable(lost, retry_after=1)

    try:
        yield keep
    finally:
        db.session.rollback()
        release(name, owner)


@contextmanager
def turn(name: str, seconds: float, busy: str, patience: float = 20) -> Iterator[Callable[[], None]]:
    """As `held`, waiting for whoever has the name. Unavailable with the words `busy` after `patience` seconds.

    Call it with no transaction open: what the other one committed is to be seen.
    """
    end = time.monotonic() + patience
    while True:
        with held(name, seconds, busy) as keep:
            if keep is not None:
                yield keep
                return
        if time.monotonic() > end:
            raise Unavailable(busy, retry_after=5)
        time.sleep(0.2)


def holder(name: str) -> str | None:
    """Who holds the lease now; None where nobody does, or where the holder is gone."""
    row = db.session.execute(sa.select(Lease.owner, Lease.until).where(Lease.name == name)).one_or_none()
    if row is None or row.until <= clock.now() or processes.is_dead(row.owner.split("#")[0]):
        return None
    return str(row.owner)
