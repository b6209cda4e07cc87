"""The kinds of integration. A provider registers where it can; each entry is stateless and knows no database.

A talk with the outside ends as a value, or raises Rejected, Unavailable or Unknown (core.errors).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO, Protocol

from core.registry import Registry
from modules.gateways.access import Access, Setting
from modules.gateways.networks import Desk, Reply
from modules.gateways.shapes import (
    Attempt,
    Control,
    Coupon,
    Debt,
    Incoming,
    Made,
    Notice,
    Opened,
    Problem,
    Reading,
    Reference,
)


@dataclass(frozen=True)
class Provider:
    """Who a gateway is: countries and currencies it serves (none: any), settings, and what staff do to set it up.

    `method` is how its payments are called in the books (at most 20 characters), `guide` what to ask the provider for,
    a sentence each. `test` proves settings against the service and answers in a sentence; without it the screen offers
    a try-out. `confirmed` False: the network did not confirm the layout, which the screen says until a person ticks it.
    `counter`: (what the payer says or types, what he does with it) where the network finds a debt by a code. Pure.
    `watched_days`: how long a page of it is asked about after it was paid or closed, where the gateway cannot close
    pages or tells what was taken back only to who asks. `extra`: "rehearsal", by country, the settings that its
    simulator takes; "plan", how files are usually exchanged; "day_list", whether `Poll.since` tells its own lists of
    whole days (day_files); "several_names", whether it tells a payment by more than one name (`Reading.known_as`,
    `shared`); "layouts", what one's own can begin with (name -> title and a function that gives the JSON).
    """

    code: str
    title: Any
    countries: tuple[str, ...]
    settings: tuple[Setting, ...]
    guide: tuple[Any, ...] = ()
    currencies: tuple[str, ...] = ()
    method: str = ""
    test: Callable[[Access], str] | None = None
    confirmed: bool = True
    watched_days: int = 0
    counter: Callable[[Access, Debt], tuple[str, str]] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


class Checkout(Protocol):
    """Opens ways to pay at the gateway: a page ("link"), or tickets that it makes (oxxo, efecty)."""

    # code -> words; "link" is the page
    methods: Mapping[str, Any]

    def problem(self, access: Access, debt: Debt, method: str) -> str:
        """Why this debt cannot be collected this way (amount outside limits, currency), in words; "" where it can.

        Pure.
        """

    def open(self, access: Access, debt: Debt, attempt: Attempt) -> Opened:
        """Open it. The same attempt again gives the same, where the gateway knows keys; else Unknown asks by `find`."""

    def find(self, access: Access, attempt: Attempt) -> Opened | None:
        """What became of an attempt whose answer was lost; None where it certainly never came."""

    def close(self, access: Access, opened: Opened, attempt: Attempt) -> None:
        """The debt is paid elsewhere or annulled: nobody shall pay here any more. Doing it again does nothing."""


class Coupons(Protocol):
    """Digits to be printed, made without asking anybody."""

    def coupon(self, access: Access, debt: Debt) -> Coupon:
        """The coupon of a debt; BadDebt where it cannot be printed. Pure."""


# what a debt file holds of debts that were sent before: all that is open, since a file replaces the one before it;
# only what is new or changed; a debit only once until its answer came
ALL, NEW, UNANSWERED = "all", "new", "unanswered"


class DebtFile(Protocol):
    """A file of debts for the gateway."""

    # names of `extra` that are kept encrypted and stand in the file alone (card, cbu): such a file is never stored
    secrets: tuple[str, ...]
    dates: int  # how many due dates of a debt it has fields for

    def resend(self, access: Access) -> str:
        """What of debts that were sent before goes into a new file: ALL, NEW or UNANSWERED."""

    def keys(self, access: Access, debt: Debt) -> Iterator[tuple[str, Debt]]:
        """What identifies a debt in this gateway's base, with the debt as it is then written.

        Where a key was used before, the next one is tried. Most give one; an empty key is never compared.
        """

    def problem(self, access: Access, debt: Debt) -> str:
        """Why this debt cannot be in the file, in words; "" where it can. Pure."""

    def name(self, access: Access, made: Made) -> str:
        """What the gateway wants the file to be called."""

    def write(self, file: BinaryIO, access: Access, debts: Iterable[Debt], made: Made) -> Control:
        """Write it, byte for byte the same for the same input.

        `debts` may be walked through more than once, and is not held.
        """


@dataclass(frozen=True)
class Delivered:
    """What became of a debt file at the gateway.

    `state`: waiting, taken (all or some of its records), refused (nothing of it counts as sent). Counts where it tells
    them; `errors` are its words, one per record or reason; `records` its words by the place of the debt in the file,
    from 1, and `debts` by (customer, invoice) as the file named them, for debts that it did not take.
    """

    state: str
    taken: int | None = None
    refused: int | None = None
    errors: tuple[str, ...] = ()
    records: Mapping[int, str] = field(default_factory=dict)
    debts: Mapping[tuple[str, str], str] = field(default_factory=dict)


class Delivery(Protocol):
    """Takes a debt file to the gateway; without it a person uploads the file."""

    def send(self, access: Access, file: BinaryIO, name: str) -> str:
        """Send it; the gateway's number of it, by which `state` asks. Rejected where nothing was taken."""

    def state(self, access: Access, number: str) -> Delivered:
        """What became of it."""


class DebtAnswer(Protocol):
    """A file by which the gateway says what became of a debt file."""

    def read(self, file: BinaryIO, name: str, access: Access) -> tuple[str, Delivered]:
        """(name of the debt file, what became of it); BadFile where it is no such answer."""


class PaymentFile(Protocol):
    """A file of payments from the gateway."""

    def read(self, file: BinaryIO, access: Access) -> Iterator[Reading | Problem | Control]:
        """Its payments in order, its Control last; BadFile, where it is not whole or ours, at any time.

        Nothing but a line or a record is held; an access without the account's settings skips what only they can prove.
        """


class Webhook(Protocol):
    """Understands the requests that a gateway sends by itself."""

    def notice(self, access: Access, incoming: Incoming) -> Notice:
        """What it says and whether it is authentic.

        Pure, constant-time where secrets are compared; never raises for bad input.
        """

    def answer(self, notice: Notice) -> tuple[int, str, str]:
        """(HTTP status, body, content type) by which the gateway knows that we have it."""


class Poll(Protocol):
    """Asks a gateway about payments: the net under every other way."""

    def read(self, access: Access, payment_id: str = "", reference: str = "",
             opened: Opened | None = None) -> list[Reading]:
        """A payment by its identity, or those of our reference, with what was taken back of them.

        [] where there is none.
        """

    def since(self, access: Access, cursor: str) -> tuple[list[Reading], str, bool]:
        """A page of what changed since `cursor` ("" at first), the cursor that follows, and whether more waits."""


class Refund(Protocol):
    """Gives money back through the gateway."""

    def problem(self, access: Access, amount: Decimal, whole: bool) -> str:
        """Why so much of a payment cannot be given back from here, in words; "" where it can. Pure."""

    def refund(self, access: Access, payment_id: str, amount: Decimal, whole: bool, key: str,
               known: Mapping[str, Any] | None = None) -> Reading:
        """Ask for it; the reversal, pending or done. `key` is the idempotency key, `known` the payment's Reading.raw.

        The same again asks for nothing twice: after Unknown it may be repeated.
        """


@dataclass(frozen=True)
class Settled:
    """A row of a gateway's settlement report: gross = fee + withheld + net, to the cent.

    Kind: payment, refund, chargeback, payout. `number`: of equal returns of a payment on a day (settling.numbered).
    """

    external_id: str
    kind: str
    gross: Decimal
    fee: Decimal
    withheld: Decimal
    net: Decimal
    currency: str
    settled_on: dt.date | None
    released_on: dt.date | None = None
    reference: Reference = field(default_factory=Reference)
    line: int | None = None
    number: int = 1


class Statement(Protocol):
    """A gateway's own account of what it collected, kept and paid out."""

    def read(self, file: BinaryIO, access: Access) -> Iterator[Settled | Problem | Control]:
        """As PaymentFile.read."""


class Pull(Protocol):
    """A network that asks us what somebody owes and tells us what was paid, by requests to routes of ours."""

    # (method, path below the account's address, "<name>" standing for one part of a path) it serves
    routes: tuple[tuple[str, str], ...]
    # requests of an account that are let through, as flask-limiter writes it
    limit: str

    def answer(self, access: Access, incoming: Incoming, desk: Desk) -> Reply:
        """Prove who asks, and do it. Refusals are answers, in the network's own codes."""

    def harmless(self, incoming: Incoming) -> Incoming:
        """The request as it may be kept: without what only the network may know."""

    def busy(self, access: Access, incoming: Incoming, status: int) -> Reply:
        """The answer where `limit` is passed (429), or we cannot answer in time (503)."""


@dataclass(frozen=True)
class BankLine:
    """A movement on a bank account; `amount` is positive for money that came in.

    `external_id` is the bank's own, else a digest of the line that is the same in every statement that shows it.
    """

    external_id: str
    date: dt.date
    amount: Decimal
    currency: str
    text: str = ""
    reference: str = ""
    name: str = ""
    balance: Decimal | None = None
    line: int | None = None


class BankStatement(Protocol):
    """A bank's statement of an account, in one of the formats of the trade."""

    def read(self, file: BinaryIO, access: Access) -> Iterator[BankLine | Problem | Control]:
        """As PaymentFile.read; the Control counts lines and adds their signed amounts."""


providers: Registry[Provider] = Registry("gateway_providers")
checkouts: Registry[Checkout] = Registry("gateway_checkouts")
coupons: Registry[Coupons] = Registry("gateway_coupons")
debt_files: Registry[DebtFile] = Registry("gateway_debt_files")
deliveries: Registry[Delivery] = Registry("gateway_deliveries")
debt_answers: Registry[DebtAnswer] = Registry("gateway_debt_answers")
payment_files: Registry[PaymentFile] = Registry("gateway_payment_files")
webhooks: Registry[Webhook] = Registry("gateway_webhooks")
polls: Registry[Poll] = Registry("gateway_polls")
refunds: Registry[Refund] = Registry("gateway_refunds")
statements: Registry[Statement] = Registry("gateway_statements")
pulls: Registry[Pull] = Registry("gateway_pulls")
bank_statements: Registry[BankStatement] = Registry("gateway_bank_statements")
