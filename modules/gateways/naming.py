"""Which payment is meant: the identity that a transaction has already for each that is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from core.db import among, db, insert_new
from modules.gateways import ports
from modules.gateways.models import Account, Alias, Transaction
from modules.gateways.shapes import Reading

# a row in one of these is a payment of its own, whatever another name of it leads to
SETTLED = ("booked", "set_aside")


@dataclass
class Names:
    """Told identity -> the one that a transaction has already, where they differ.

    `by_page` are those that only the name of their page led there (`Reading.shared`).
    """

    found: dict[str, str] = field(default_factory=dict)
    by_page: set[str] = field(default_factory=set)

    def of(self, one: Reading) -> str:
        """The identity under which it is kept."""
        return self.found.get(one.external_id, one.external_id)


def may_differ(account: Account, told: Sequence[Reading]) -> bool:
    """Whether a payment of this account can be told by another name than the one it is kept under."""
    provider = ports.providers.find(account.provider)
    return bool(provider and provider.extra.get("several_names")) or any(one.known_as or one.shared for one in told)


def names(account: Account, told: Sequence[Reading], held: bool) -> Names:
    """By its own identity, by another one of the same payment, or by its page; `held`: the network's own file tells it.

    A page may be paid twice. Each payment is a line of the network's file, which therefore decides: of its lines one is
    what was told of the page otherwise, and every other one is a payment of its own. What else tells of the page means
    the one that is known.
    """
    aliases, rows = _aliases(account, told), _rows(account, told)
    pages: dict[str, str] = {}
    result = Names()
    for one in told:
        if rows.get(one.external_id) in SETTLED:
            continue
        target = _by_identity(one, aliases, rows)
        if target is None and one.shared and (target := _by_page(one, aliases, pages, held)):
            result.by_page.add(one.external_id)
        if target is not None and target != one.external_id:
            result.found[one.external_id] = target
        if one.shared and not held:
            pages.setdefault(one.shared, target or one.external_id)
    return result


def _by_identity(one: Reading, aliases: dict[str, tuple[str, bool]], rows: dict[str, str]) -> str | None:
    for name in (one.external_id, *one.known_as):
        if name in aliases:
            return aliases[name][0]
        if name in rows and name != one.external_id:
            return name
    return None


def _by_page(one: Reading, aliases: dict[str, tuple[str, bool]], pages: dict[str, str], held: bool) -> str | None:
    if one.shared not in aliases:
        return pages.get(one.shared)
    target, is_held = aliases[one.shared]
    return None if held and (is_held or _in_file(one.shared) in aliases) else target


def keep(account: Account, pairs: Sequence[tuple[Transaction, Reading]], found: Names, held: bool) -> None:
    """Remember by which other names a transaction is told of."""
    insert_new(Alias.__table__, [
        {"account_id": account.id, "name": name, "transaction_id": row.id} for row, one in pairs
        for name in _kept(one, one.external_id in found.by_page, held) if name != row.external_id],
        unique=("account_id", "name"))


def _kept(one: Reading, by_page: bool, held: bool) -> Iterable[str]:
    """Where only the page led there, it may be another payment of it: its other names are not the transaction's."""
    yield one.external_id
    if not by_page:
        yield from one.known_as
    if one.shared:
        yield one.shared
        if held:
            yield _in_file(one.shared)


def _in_file(shared: str) -> str:
    """The name that says that a line of a file is what was told of the page: also after that file was taken back."""
    return f"{shared}#file"


def _aliases(account: Account, told: Sequence[Reading]) -> dict[str, tuple[str, bool]]:
    """name -> (identity of its transaction, whether a file of the network held that)."""
    wanted = {name for one in told for name in (one.external_id, *one.known_as)}
    wanted |= {name for one in told if one.shared for name in (one.shared, _in_file(one.shared))}
    found = db.session.execute(
        sa.select(Alias.name, Transaction.external_id, Transaction.held_at.is_not(None).label("held"))
        .join(Transaction, Transaction.id == Alias.transaction_id)
        .where(Alias.account_id == account.id, among(Alias.name, wanted)))
    return {row.name: (row.external_id, bool(row.held)) for row in found}


def _rows(account: Account, told: Sequence[Reading]) -> dict[str, str]:
    """identity -> state of what is there under any of the names."""
    wanted = {name for one in told for name in (one.external_id, *one.known_as)}
    found = db.session.execute(sa.select(Transaction.external_id, Transaction.state).where(
        Transaction.account_id == account.id, among(Transaction.external_id, wanted)))
    return {row.external_id: row.state for row in found}
