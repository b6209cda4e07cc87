"""What goes to a gateway and what comes from it, the same for all of them. Pure values: no database, no network.

Their JSON forms are those of `abona gateways parse | build | coupon | notice` (docs: commands).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

ZERO = Decimal("0.00")
# what became of a payment, in the product's words; "unknown" means: ask again, never "not paid"
STATUSES = ("approved", "pending", "rejected", "expired", "error", "reversed", "mismatch", "unknown")
# a remark of a reading: the gateway refuses because of the account's settings
MISCONFIGURED = "misconfigured"
# what a notice asks for: book it as it stands, read the payment, poll what is open, nothing
ACTIONS = ("book", "read", "poll", "ignore")


@dataclass(frozen=True)
class Due:
    """Until this day (company's zone) this amount is owed."""

    date: dt.date
    amount: Decimal


@dataclass(frozen=True)
class Debt:
    """What is to be collected. `customer` and `invoice` are the codes by which the payment will name them.

    `due` has one to three pairs, days and amounts rising. `extra`: what one provider alone wants, under the names of
    its README.
    """

    customer: str
    name: str
    invoice: str
    concept: str
    currency: str
    due: tuple[Due, ...]
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def amount(self) -> Decimal:
        """What is owed until the first day."""
        return self.due[0].amount


@dataclass(frozen=True)
class Reference:
    """Whose a payment is, as far as the gateway tells: codes as it wrote them, "" where it does not.

    `attempt` is the reference of ours under which a page or ticket was opened (`Attempt.reference`).
    """

    customer: str = ""
    invoice: str = ""
    barcode: str = ""
    attempt: str = ""


@dataclass(frozen=True)
class Reading:
    """A payment, or the taking back of one, as a gateway tells it in a file, a notice or an answer.

    `external_id` is the payment's identity at the gateway, the same by whichever way it is told. Where a gateway
    numbers a payment in two ways (in its answer, in its file), `known_as` holds the other one; `shared` is a name that
    a second payment may bear too (that of a page that was paid twice, naming.names). A reversal has the
    status "reversed", an identity of its own and `reverses`, the payment's identity ("" where the gateway does not
    say); its amount is positive. While it is only asked for it is "pending"; "rejected" says that it came to nothing or
    is undone (a chargeback that was won), and is nothing where it was never told of before. `fee` and `withheld` (taxes
    kept back) are what the gateway takes off, None where it does not say.
    """

    external_id: str
    status: str
    amount: Decimal
    currency: str
    paid_at: dt.date | None = None
    credited_at: dt.date | None = None
    fee: Decimal | None = None
    withheld: Decimal | None = None
    channel: str = ""
    reference: Reference = Reference()
    reverses: str = ""
    known_as: tuple[str, ...] = ()
    shared: str = ""
    # when the gateway last changed it (aware); of two readings the later one counts
    updated_at: dt.datetime | None = None
    # False: made with test keys; refused outside the rehearsal
    live: bool = True
    # the gateway's own reason, in its words, for a refusal or a return
    reason: str = ""
    # what helps to find the owner: name, document, email
    payer: Mapping[str, str] = field(default_factory=dict)
    # codes of remarks: "unknown_channel", "subject_to_clearing"
    remarks: tuple[str, ...] = ()
    line: int | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    # what may only be kept encrypted and is never printed: "card", a new number of the payer's card
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Problem:
    """A line of a file that is no payment but does not spoil the file: kept, shown, counted."""

    line: int
    code: str
    message: str


@dataclass(frozen=True)
class Control:
    """What a file says of itself, proved against its lines; the last thing that a reader gives."""

    count: int
    total: Decimal
    # the day of the file, and what else its header tells, for the screen
    date: dt.date | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Coupon:
    """What is printed so that somebody can pay: digits of a bar code, text below it, a link, or some of these.

    `symbology` is code128, i2of5, gs1-128 (function characters as GS, 0x1D) or codabar.
    """

    barcode: str = ""
    symbology: str = ""
    text: str = ""
    link: str = ""


@dataclass(frozen=True)
class Made:
    """Which file is made: its day and time (company's zone) and its running number of that day, from 1."""

    date: dt.date
    time: dt.time = dt.time(0, 0)
    number: int = 1


@dataclass(frozen=True)
class Incoming:
    """A request that a gateway sent us, as it came. Header names are lower case."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str
    path: str = ""
    remote: str = ""
    # the query as it was sent, for signatures over it
    raw_query: str = ""


@dataclass(frozen=True)
class Notice:
    """What a request of a gateway says. `event_id` is the same for every repetition of it.

    `reason` is "ok" or a code why it is not authentic; `payment_id` what to read at the gateway; `payment` what the
    request itself tells, trusted only where `action` is "book". `is_hint`: nobody signs it and it may not say what
    happened, so that one that comes again may mean something new.
    """

    authentic: bool
    reason: str
    event_id: str
    payment_id: str = ""
    action: str = "read"
    payment: Reading | None = None
    is_hint: bool = False


@dataclass(frozen=True)
class Payer:
    """Who pays, as a checkout wants to know it; empty where we do not.

    `address` has street, number, district, city, region, postal_code, as far as they are known.
    """

    name: str = ""
    email: str = ""
    phone: str = ""
    document_kind: str = ""
    document: str = ""
    address: Mapping[str, str] = field(default_factory=dict)
    # where he opened the page from; "" where somebody else opened it
    ip: str = ""


@dataclass(frozen=True)
class Attempt:
    """One try to open a way to pay. `reference` is ours, unique per try and never used again; `key` is the idempotency
    key.

    `method` is one of the checkout's: "link", or the ticket's name (oxxo, efecty).
    """

    reference: str
    key: str
    expires_at: dt.datetime
    method: str = "link"
    description: str = ""
    payer: Payer = Payer()
    notice_url: str = ""
    return_url: str = ""
    # the running number of the try, for who wants numbers only
    number: int = 0


@dataclass(frozen=True)
class Opened:
    """A way to pay that a gateway opened: a page to go to, a form to post there, a ticket to print."""

    provider_ref: str
    url: str = ""
    # the fields of a form that the payer's browser posts to `url`
    form: Mapping[str, str] = field(default_factory=dict)
    coupon: Coupon = Coupon()
    expires_at: dt.datetime | None = None
    # kept encrypted, for reading its state later
    secret: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    # what it really asks for, where that is not the debt's amount (rounded to what the gateway can take)
    amount: Decimal | None = None


def masked(name: str) -> str:
    """A name as others may see it: the first letter of each word, the rest as stars ("A** P*****")."""
    return " ".join(word[0] + "*" * (len(word) - 1) for word in name.split())


def reversal_of(external_id: str) -> str:
    """The identity of a taking back to which the gateway gives only its payment's number."""
    return f"{external_id}-R"
