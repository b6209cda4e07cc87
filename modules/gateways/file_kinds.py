"""What files can tell us: payments, what a gateway settled, movements of a bank account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from core.errors import DomainError
from core.i18n import _, lazy
from core.registry import Registry
from modules.gateways import bank_lines, booking, ports, settling
from modules.gateways.booking import Taken
from modules.gateways.models import Account, File


@dataclass(frozen=True)
class Kind:
    """Who reads it, what takes a chunk of what was read, and what else is to be taken back with the file."""

    title: Any
    readers: Registry[Any]
    take: Callable[..., Taken]
    # takes back what else a file brought (file, reason): None, or the number of payments
    forget: Callable[[File, str], int | None] = lambda _file, _reason: None
    # what a reader gives, on its way to `take`
    shaped: Callable[[Iterator[Any]], Iterator[Any]] = iter


KINDS = {
    "payments": Kind(lazy("Payments"), ports.payment_files, booking.take),
    "statement": Kind(lazy("Settlement report"), ports.statements, settling.take,
                      lambda file, _reason: settling.forget(file.account, file.id), settling.numbered),
    "bank": Kind(lazy("Bank statement"), ports.bank_statements, bank_lines.take,
                 lambda file, reason: bank_lines.forget(file.id, reason)),
}


def of(account: Account) -> list[str]:
    """The kinds of files that the provider of an account sends."""
    return [name for name, kind in KINDS.items() if account.provider in kind.readers]


def chosen(account: Account, wanted: str = "") -> str:
    """The kind of a file that is brought; where nobody said, the fullest that the gateway sends: a report also pays."""
    known = of(account)
    if not known:
        raise DomainError(_("%(account)s sends no files that can be imported.", account=account.name))
    if wanted and wanted not in known:
        raise DomainError(_("%(account)s sends no such files; choose one of: %(known)s.", account=account.name,
                            known=", ".join(str(KINDS[name].title) for name in known)), field="kind")
    return wanted or known[-1]
