"""Addresses of pools: which are free, and the next one for a contract, given once whoever asks at the same time."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import sqlalchemy as sa

from core import audit, clock
from core.db import among, db, find, insert_new, lock
from core.errors import DomainError
from core.i18n import _
from modules.contracts.models import Contract
from modules.networking import in_use
from modules.networking.errors import WrongSetting
from modules.networking.models import Connection, Given, InUse, Pool, Router

MOST, CHUNK = 1 << 20, 1000
# free ones are counted up to here, so many looked up at once
COUNTED, LOOKED_UP = 1000, 10_000

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def addresses(ranges: str) -> Iterator[str]:
    """The addresses of ranges, one per line: 10.5.0.2-10.5.0.254 or 10.6.0.0/24 (without its ends). WrongSetting."""
    for kind, numbers in _ranges(ranges):
        yield from (str(kind(one)) for one in numbers)


def size(ranges: str) -> int:
    """How many addresses these ranges have."""
    return sum(len(numbers) for _kind, numbers in _ranges(ranges))


def _ranges(ranges: str) -> Iterator[tuple[type[Address], range]]:
    return (_of_line(text) for line in ranges.split("\n") if (text := line.strip()))


def _of_line(text: str) -> tuple[type[Address], range]:
    try:
        if "-" in text:
            first, last = (ipaddress.ip_address(part.strip()) for part in text.split("-", 1))
            numbers = range(int(first), int(last) + 1)
            if not 0 < len(numbers) <= MOST or first.version != last.version:
                raise ValueError(text)
            return type(first), numbers
        network = ipaddress.ip_network(text)
        if network.num_addresses > MOST:
            raise ValueError(text)
        return type(network.network_address), _hosts(network)
    except ValueError as error:
        raise WrongSetting(_("Addresses of a pool are written one range a line, like 10.5.0.2-10.5.0.254 or "
                             "10.6.0.0/24; found: %(found)s.", found=text[:60]), field="ranges") from error


def _hosts(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> range:
    """What `hosts` of a network counts up, without counting: IPv6 has no address for all of them."""
    first, after = int(network.network_address), int(network.broadcast_address) + 1
    if network.num_addresses <= 2:
        return range(first, after)
    return range(first + 1, after - 1 if network.version == 4 else after)


def _taken(pool: Pool, wanted: Sequence[str]) -> set[str]:
    """What of these is somebody's: given, written in a contract, on a connection, or in use as the router said.

    Addresses of a pool that one router has may be somebody else's on another one.
    """
    here, rows = pool.router_id, Connection.router_id == pool.router_id
    contracts = sa.select(Contract.ip).outerjoin(Connection, Connection.contract_id == Contract.id).where(
        among(Contract.ip, wanted), Contract.state.in_(("active", "suspended", "draft")))
    found = [sa.select(Given.address).join(Pool, Pool.id == Given.pool_id).where(
                 among(Given.address, wanted),
                 sa.or_(Pool.router_id.is_(None), Pool.router_id == here) if here else sa.true()),
             sa.select(Connection.address).where(among(Connection.address, wanted), rows if here else sa.true()),
             # by address alone: the key is the address
             sa.select(Connection.key).where(among(Connection.key, wanted), rows if here else sa.true()),
             contracts.where(sa.or_(Connection.id.is_(None), rows)) if here else contracts,
             sa.select(InUse.address).where(among(InUse.address, wanted),
                                            InUse.router_id == here if here else sa.true())]
    return {address for statement in found for address in db.session.scalars(statement)}


def _free(pool: Pool, chunk: int = CHUNK) -> Iterator[str]:
    """The free addresses in order, looked up so many at a time."""
    every = addresses(pool.ranges)
    while part := list(itertools.islice(every, chunk)):
        away = _taken(pool, part)
        yield from (one for one in part if one not in away)


def hold(company_id: int) -> None:
    """Lock the company's pools until the transaction ends: the same address may stand in several of them."""
    db.session.execute(lock(sa.select(Pool.id).where(Pool.company_id == company_id).order_by(Pool.id)))


def give(pool: Pool, contract: Contract | None, router: Router | None = None) -> str:
    """The next free address for a connection of this router, given once. DomainError where none is left."""
    if pool.router_id and router is not None and pool.router_id != router.id:
        raise WrongSetting(_("The addresses of %(pool)s belong to router %(router)s: choose another pool.",
                             pool=pool.name, router=find(Router, pool.router_id).name), field="pool_id")
    hold(pool.company_id)
    for address in _free(pool):
        row = {"company_id": pool.company_id, "pool_id": pool.id, "address": address, "at": clock.now(),
               "contract_id": contract.id if contract else None}
        if insert_new(Given.__table__, [row], ("pool_id", "address")):  # type: ignore[arg-type]
            audit.record("networking.give_address", pool, {"address": address,
                                                          "contract": contract.number if contract else ""})
            return address
    raise DomainError(_("No address of %(pool)s is free.", pool=pool.name), field="pool_id")


def give_back(connection: Connection, but: str = "") -> None:
    """What a contract had that hangs nowhere any more may be given again, once its router is read and has it no more.

    What stands there was left as it is, and what was read may be an hour old. A router that is never read is asked by
    nobody: there it is free at once. `but`: the address that it has from now on.
    """
    mine = sa.and_(Given.contract_id == connection.contract_id, Given.address != but)
    if connection.router.active and connection.router.driver != "manual":
        had = {*db.session.scalars(sa.select(Given.address).where(mine)), connection.address, connection.key}
        in_use.add(connection.router_id, [one for one in had if _is_address(one)])
    db.session.execute(sa.delete(Given).where(mine).execution_options(synchronize_session=False))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def free_count(pool: Pool) -> tuple[int, int]:
    """(free, in all); of the free ones no more than COUNTED are counted."""
    free = itertools.islice(_free(pool, LOOKED_UP), COUNTED)
    return sum(1 for _address in free), size(pool.ranges)


def names() -> dict[int, str]:
    """The pools to choose from, each with the router that it belongs to."""
    rows = db.session.execute(sa.select(Pool.id, Pool.name, Router.name.label("router"))
                              .outerjoin(Router, Router.id == Pool.router_id).order_by(Pool.name))
    return {row.id: f"{row.name} · {row.router}" if row.router else row.name for row in rows}
