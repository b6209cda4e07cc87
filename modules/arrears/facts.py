"""What is known of a debtor when it is decided what is done: plain values, read before. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal("0.00")
ARREARS = "arrears"


@dataclass(frozen=True)
class Rules:
    """A billing profile and its policy of arrears, as one."""

    profile_id: int
    name: str = ""
    # days before the due date (negative: after it)
    notice_days: tuple[int, ...] = ()
    second_notice_days: tuple[int, ...] = ()
    # null: nobody is cut
    cut_after_days: int | None = None
    cut_minimum_debt: Decimal = ZERO
    # cuts from this hour until before that one
    cut_hour: int = 10
    cut_until_hour: int = 17
    reconnection_charge: Decimal = ZERO
    automatic: bool = True
    minimum_invoices: int = 1
    new_customer_days: int = 0
    spare_courtesy: bool = True
    counts_other_debt: bool = True
    warn_days: int | None = 1
    free_weekdays: frozenset[int] = frozenset({5, 6})
    free_holidays: bool = True
    free_eves: bool = True
    promise_hours: int = 48
    promises_most: int = 3
    promises_days: int = 60
    promises_broken_most: int = 2
    promises_online: bool = True
    proof_hours: int = 72


@dataclass(frozen=True)
class Debt:
    """A document that is not paid, less what is in favour of its customer and what is not yet due by law.

    `amount` is in the document's currency, `value` in the company's. `contracts` are those that it bills; () where it
    bills none.
    """

    invoice_id: int
    label: str
    due: dt.date
    amount: Decimal
    value: Decimal
    currency: str
    contracts: tuple[int, ...] = ()
    second_due: dt.date | None = None
    # what paying after the second due date costs more
    surcharge: Decimal = ZERO
    # why nothing of it counts: paid_elsewhere (not due by law yet), credit (what is in favour covers it)
    not_counted: str = ""


@dataclass(frozen=True)
class Given:
    """A promise: until when, and what became of it."""

    id: int
    made_at: dt.datetime
    until: dt.datetime
    state: str
    ended_at: dt.datetime | None = None


@dataclass(frozen=True)
class Shown:
    """A proof of payment: until when it restores, and what became of it."""

    id: int
    keeps_until: dt.datetime | None
    state: str
    decided_at: dt.datetime | None = None

    @property
    def ended_at(self) -> dt.datetime | None:
        """When a proof that was decided stopped restoring: then, or before where its time had run out."""
        if self.decided_at is None or self.keeps_until is None:
            return self.decided_at
        return min(self.decided_at, self.keeps_until)


@dataclass(frozen=True)
class LastCut:
    """The latest cut of a contract; `ended_at` is None while it lasts."""

    id: int
    invoice_id: int
    at: dt.datetime
    ended_by: str = ""
    ended_at: dt.datetime | None = None


@dataclass(frozen=True)
class Debtor:
    """A contract with all that concerns its debt."""

    contract_id: int
    number: str
    customer_id: int
    customer: str
    state: str
    rules: Rules
    began: dt.date
    zone_id: int | None = None
    # province by the code of crm's regions
    region: str = ""
    # why it is suspended; "" where it is not
    suspended_by: str = ""
    suspension_id: int | None = None
    courtesy: tuple[dt.date, dt.date] | None = None
    debts: tuple[Debt, ...] = ()
    promises: tuple[Given, ...] = ()
    proofs: tuple[Shown, ...] = ()
    last_cut: LastCut | None = None
    cuts: int = 0
    # keys of what was done already
    done: frozenset[str] = frozenset()

    def promised(self, now: dt.datetime) -> Given | None:
        """The promise that holds."""
        return next((one for one in self.promises if one.state == "open" and one.until > now), None)

    def ran_out(self, now: dt.datetime) -> Given | None:
        """The promise whose time is over and that nobody has looked at yet."""
        return next((one for one in self.promises if one.state == "open" and one.until <= now), None)

    def shown(self, now: dt.datetime) -> Shown | None:
        """The proof that keeps the service on."""
        return next((one for one in self.proofs if one.state == "waiting" and one.keeps_until
                     and one.keeps_until > now), None)


@dataclass(frozen=True)
class Moment:
    """When it is decided: aware, in the company's zone. `whole_day`: as of that day, at whatever hour."""

    local: dt.datetime
    whole_day: bool = False

    @property
    def day(self) -> dt.date:
        return self.local.date()


@dataclass(frozen=True)
class Action:
    """Something to be done; `data` are the rule's numbers, of which the words are made."""

    contract_id: int
    number: str
    customer_id: int
    customer: str
    action: str
    rule: str
    key: str
    invoice_id: int | None = None
    # the document, in words
    label: str = ""
    amount: Decimal = ZERO
    currency: str = ""
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Spared:
    """Who would be cut, but for this."""

    contract_id: int
    number: str
    customer_id: int
    customer: str
    by: str
    invoice_id: int | None = None
    amount: Decimal = ZERO
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """What is done about one contract, in order, and what spares it from the cut."""

    actions: tuple[Action, ...] = ()
    spared: Spared | None = None
    # the open promise whose debt is paid
    kept: int | None = None
