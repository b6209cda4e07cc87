"""What a network that asks us over the web is answered, and what it may do. Pure values and a protocol."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True)
class Reply:
    """What we answer to a network that asks us."""

    status: int
    body: str
    content_type: str = "application/json"
    # why who asked is not the network, as a code; "" where he is
    forged: str = ""


@dataclass(frozen=True)
class Owed:
    """An open document as a network sees it: `number` is a whole number by which it may name it, `code` a text."""

    number: int
    code: str
    concept: str
    due: dt.date
    amount: Decimal


@dataclass(frozen=True)
class Owing:
    """What a subscriber owes. `holder` is masked (shapes.masked); documents oldest first, [] where nothing is owed."""

    code: str
    holder: str
    currency: str
    documents: tuple[Owed, ...]

    @property
    def total(self) -> Decimal:
        return sum((one.amount for one in self.documents), Decimal("0.00"))


@dataclass(frozen=True)
class Taken:
    """A payment that was booked. `number` is ours, `receipt` what the payer gets; `applied` are (document, amount).

    `service`: active, restoring, cut. `duplicate`: the same was told before, and this is what was answered then.
    `reversed`: its reversal had come before it, so nothing is booked.
    """

    transaction: str
    number: int
    receipt: str
    amount: Decimal
    applied: tuple[tuple[str, Decimal], ...] = ()
    credit: Decimal = Decimal("0.00")
    balance: Decimal = Decimal("0.00")
    service: str = "active"
    duplicate: bool = False
    reversed: bool = False


@dataclass(frozen=True)
class TakenBack:
    """A payment that was taken back. `kept`: its payment never came; the reversal waits for it (balance None)."""

    transaction: str
    balance: Decimal | None = None
    duplicate: bool = False
    kept: bool = False


@dataclass(frozen=True)
class Told:
    """A payment of a day, for the network's comparison; `document` is the number of what it named or paid first."""

    transaction: str
    code: str
    document: int | None
    amount: Decimal
    paid_at: dt.datetime
    channel: str = ""
    reversed: bool = False


class Desk(Protocol):
    """What a network that asks us may do, on behalf of its account.

    Every verb is idempotent by the network's own number, and takes money whatever became of the debt meanwhile.
    """

    def debts(self, code: str, channel: str = "", by: str = "") -> Owing | None:
        """What a code or document owes (`by`: code, document, "" for either); None for an unknown one.

        DomainError: "code_retired"; "slow_down" where this channel asked for too many unknown codes.
        """

    def pay(self, transaction: str, code: str, amount: Decimal, paid_at: dt.datetime | dt.date,
            invoices: Iterable[str] = (), channel: str = "", document: int | None = None) -> Taken:
        """Book a payment: of a code ("" where `document`, an Owed.number, says whose it is).

        DomainError: "transaction_conflict" for the same number with other content, "unknown_code".
        """

    def reverse(self, transaction: str, reason: str, until: dt.time | None = None,
                document: int | None = None) -> TakenBack:
        """Take a payment back; before its payment it is kept and cancels it. Its own identity is shapes.reversal_of.

        DomainError: "too_late" on another day than the payment's (company's zone), after `until`, or in a locked
        period; "transaction_conflict" where the payment named another `document`.
        """

    def payments(self, day: dt.date, cursor: str = "") -> tuple[list[Told], str]:
        """A page of the payments of a day, oldest first, and the cursor of the next page ("" at the end)."""
