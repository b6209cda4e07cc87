"""Addresses of pools: which are free, and the next one for a contract, given once whoever asks at the same time."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterator

import sqlalchemy as sa

from core import audit, clock
from core.db import db, insert_new
from core.errors import DomainError
from core.i18n import _
from modules.contracts.models import Contract
from modules.networking.errors import WrongSetting
from modules.networking.models import Connection, Given, Pool

MOST = 1 << 20


def addresses(ranges: str) -> Iterator[str]:
    """The addresses of ranges, one per line: 10.5.0.2-10.5.0.254 or 10.6.0.0/24 (without its ends). WrongSetting."""
    for line in ranges.split("\n"):
        text = line.strip()
        if text:
            yield from _of_line(text)


def _of_line(text: str) -> Iterator[str]:
    try:
        if "-" in text:
            first, last = (ipaddress.ip_address(part.strip()) for part in text.split("-", 1))
            numbers = range(int(first), int(last) + 1)
            if not 0 < len(numbers) <= MOST or first.version != last.version:
                raise ValueError(text)
            return (str(type(first)(one)) for one in numbers)
        network = ipaddress.ip_network(text)
        if network.num_addresses > MOST:
            raise ValueError(text)
        return (str(one) for one in network.hosts())
    except ValueError as error:
        raise WrongSetting(_("Addresses of a pool are written one range a line, like 10.5.0.2-10.5.0.254 or "
                             "10.6.0.0/24; found: %(found)s.", found=text[:60]), field="ranges") from error


def taken(pool: Pool) -> set[str]:
    """What of it is somebody's: given, written in a contract, or on one of our connections."""
    given = set(db.session.scalars(sa.select(Given.address).where(Given.pool_id == pool.id)))
    given |= set(db.session.scalars(sa.select(Connection.address).where(Connection.address != "")))
    given |= set(db.session.scalars(sa.select(Contract.ip).where(
        Contract.ip != "", Contract.state.in_(("active", "suspended", "draft")))))
    return given


def give(pool: Pool, contract: Contract | None, used: Collection[str] = ()) -> str:
    """The next free address, given once. `used`: what is seen on routers. DomainError where none is left."""
    away = taken(pool) | set(used)
    for address in addresses(pool.ranges):
        if address in away:
            continue
        row = {"company_id": pool.company_id, "pool_id": pool.id, "address": address, "at": clock.now(),
               "contract_id": contract.id if contract else None}
        if insert_new(Given.__table__, [row], ("pool_id", "address")):  # type: ignore[arg-type]
            audit.record("networking.give_address", pool, {"address": address,
                                                          "contract": contract.number if contract else ""})
            return address
    raise DomainError(_("No address of %(pool)s is free.", pool=pool.name), field="pool_id")


def free_count(pool: Pool) -> tuple[int, int]:
    """(free, in all)."""
    away, count, free = taken(pool), 0, 0
    for address in addresses(pool.ranges):
        count += 1
        free += address not in away
    return free, count


def names() -> dict[int, str]:
    """The pools to choose from."""
    return {row.id: row.name for row in db.session.execute(sa.select(Pool.id, Pool.name).order_by(Pool.name))}
