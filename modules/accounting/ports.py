"""What other modules put on accounting's documents: the country's legal part, ways to pay, taxes to be collected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from core.models import Company
from core.registry import Registry
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.print_data import CountryPart
from modules.accounting.totals import Totals


@dataclass(frozen=True)
class PrintBlock:
    """A way to pay on an invoice: words, a code to type, a bar code or a QR to scan."""

    label: str
    text: str = ""
    code: str = ""
    barcode: str = ""
    # of xhtml2pdf: code128, i2of5, ean13 ...
    symbology: str = "code128"
    qr_text: str = ""
    # an address to open, where there is one
    link: str = ""


class Printer(Protocol):
    """Gives invoices blocks, or none."""

    def of(self, invoices: Sequence[Any]) -> Callable[[Any], Sequence[PrintBlock]]:
        """What makes the blocks of one of these, in the language in use; all was read before, with a few selects."""


class BeforePrinting(Protocol):
    """Has something made elsewhere that is to stand on documents: tickets of networks."""

    def prepare(self, invoice_ids: Sequence[int]) -> None:
        """Have it made for those that are not drawn yet. For jobs: commits, may talk to the outside.

        What cannot be had is left out: a document never waits for it.
        """


class Layout(Protocol):
    """The legal part of a country's documents."""

    def parts(self, invoices: Sequence[Any]) -> dict[int, CountryPart]:
        """By invoice id, with a handful of selects for a batch; who is left out gets a plain part."""

    def sample(self, invoice: Any) -> CountryPart:
        """All that the law adds, with made-up numbers and codes, for a document that nobody issued."""


class Collecting(Protocol):
    """The taxes on the whole document (perceptions) that documents of one day must collect."""

    def look_up(self, customer_ids: Iterable[int]) -> None:
        """Read what these customers have of their own: a fixed number of selects."""

    def taxes(self, draft: InvoiceDraft, totals: Totals) -> tuple[Mapping[str, Any], ...]:
        """The draft's `document_taxes`; its customer was looked up, `totals` are those of its lines. No selects."""


class Collector(Protocol):
    """Knows what a company of the country must collect."""

    def on(self, company: Company, day: dt.date) -> Collecting | None:
        """What documents of that day must collect; None where that is nothing at all. One select."""


@dataclass(frozen=True)
class Place:
    """Where the later parts of a manual invoice come by themselves: with the invoices of the months from `first` on."""

    # the entry of `later_parts` that it is of, and what that one knows it by
    owner: str
    id: int
    label: str
    currency: str
    first: dt.date

    def months(self, count: int) -> list[dt.date]:
        """So many months, from the first one on."""
        start = self.first.year * 12 + self.first.month - 1
        return [dt.date(one // 12, one % 12 + 1, 1) for one in range(start, start + count)]


class LaterParts(Protocol):
    """Brings parts of what a customer is to pay with his invoices of the months that follow."""

    def places(self, customer_id: int) -> list[Place]:
        """Where they can come; [] where the customer gets no monthly invoice."""

    def put(self, place: Place, line: DraftLine, amounts: Sequence[Decimal], form_key: str | None) -> None:
        """Write down that of this line these parts are to come, one a month; the same key again writes nothing."""


@dataclass(frozen=True)
class OpenPoint:
    """Something that keeps a month from being closed: how many, in words, and the list that opens. tone: bad, warn."""

    text: str
    url: str
    tone: str = "warn"


class ClosingCheck(Protocol):
    """Looks at a month before it is closed."""

    title: Any
    # of who may see its lists
    permission: str
    order: int

    def open_points(self, first: dt.date, last: dt.date) -> Sequence[OpenPoint]:
        """What is not closed of these days; [] where everything is. A handful of selects over indexes."""


@dataclass(frozen=True)
class Held:
    """Documents that are not final for one reason; `state` is one of the legal states (pending, rejected, unknown)."""

    state: str
    count: int
    reason: str


class Holding(Protocol):
    """Knows why documents wait for the tax authority, or were refused by it."""

    # what shows all of them, and what to do
    command: str

    def held(self, invoice_ids: Any) -> Sequence[Held]:
        """Of these invoices (a select of ids): how many for which reason, the most frequent first; few statements."""


class Attacher(Protocol):
    """Has more to go with a document's PDF when it is sent: the XML that the law wants the receiver to get."""

    def files(self, invoice_ids: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """Ids of stored files by invoice, with a select or two for a batch."""


class NoteRule(Protocol):
    """What the law of a country never lets be corrected, beside what accounting itself refuses."""

    def refusal(self, invoice: Any, kind: str) -> str:
        """Why this document gets no note of that kind (credit_note, debit_note), and what to do; "" where it may."""


@dataclass(frozen=True)
class Elsewhere:
    """A part of a document that is paid in another way than the rest, and until another day: so much of it, in words.

    Until that day the customer is not in arrears with this part.
    """

    amount: Decimal
    until: dt.date
    words: str


@dataclass(frozen=True)
class Method:
    """A way of paying that another module brings, in words."""

    words: Any


class PaidElsewhere(Protocol):
    """Knows which documents have such a part that did not come yet (the detracción of Peru)."""

    def of(self, invoice_ids: Sequence[int]) -> Mapping[int, Elsewhere]:
        """By invoice id, with a select or two for a batch."""

    def parts(self) -> Any:
        """The same of all documents, as a select of (invoice_id, amount, until).

        Of bare tables, without a company: it is compiled once for all, and bound to documents that are in scope.
        """


class Surcharges(Protocol):
    """Knows what became of the charge for paying a document late, which comes with a later invoice."""

    def billed(self, invoice_ids: Sequence[int]) -> Collection[int]:
        """Those of these documents whose charge another document asks for already; a select for a batch."""


class PayerAction(Protocol):
    """What a payer can do on his page beside paying: promise, send a proof. He has no login: the address is signed."""

    def part(self, customer: Any, invoice: Any | None, url: str) -> Any:
        """The part of the page, Markup; "" where it does not concern him. Its form posts to `url`."""

    def act(self, customer: Any, invoice: Any | None, form: Mapping[str, str], files: Mapping[str, bytes],
            channel: str) -> tuple[str, Mapping[str, Any]]:
        """Do it; (what was done, in words; the same as plain values). A DomainError says why not.

        `channel` is pay_page or api. Twice is once.
        """

    def offered(self, customer: Any, invoice: Any | None) -> Mapping[str, Any]:
        """What the part says, as plain values."""


@dataclass(frozen=True)
class Pad:
    """Printed paper on which documents of a kind (the authority's code) can be written by hand, under its series."""

    kind: str
    series: str
    words: str

    @property
    def value(self) -> str:
        """Of forms: "1:0001"."""
        return f"{self.kind}:{self.series}"


class FirstOnPaper(Protocol):
    """Documents that were written by hand first, while nothing could be sent: their number is printed on the paper."""

    def pads(self, kind: str) -> Sequence[Pad]:
        """Those for documents of this kind (invoice, credit_note, debit_note); [] where the company has none."""

    def of(self, invoice: Any) -> tuple[Pad, int] | None:
        """The pad and the number under which a document was written, or None."""

    def put(self, invoice: Any, pad: Pad, number: int) -> None:
        """The document was written under this number; DomainError (paper, paper_number) where that cannot be.

        The same again changes nothing; another number takes the place of the one before.
        """

    def take_back(self, invoice: Any) -> None:
        """It was not written on paper: it gets its number as all others do."""


class Gathering(Protocol):
    """Knows the documents that a country has in one legal document of a period, instead of a legal document each.

    They have the company's own number; `legal_state` is not_required.
    """

    def gathered(self, documents: Sequence[Mapping[str, Any]]) -> Collection[int]:
        """The ids of those of these new documents (rows of Invoice, not yet written) that get none of their own.

        A few selects for a batch; what they rest on stays locked until the transaction ends.
        """

    def remember(self, documents: Sequence[Mapping[str, Any]]) -> None:
        """These were written, with their own numbers, in this transaction."""

    def refusal(self, invoice: Any) -> str:
        """Why a document that was gathered cannot be annulled, and what to do; "" where it may, or was not."""

    def numbers_given_up(self, kind: str) -> Any:
        """A select of (company_id, number): of gathered documents that have a legal document of their own now."""


holdings: Registry[Holding] = Registry("holdings")
attachers: Registry[Attacher] = Registry("attachers")
print_blocks: Registry[Printer] = Registry("print_blocks")
before_printing: Registry[BeforePrinting] = Registry("before_printing")
# by country
gatherings: Registry[Gathering] = Registry("gatherings")
# by country
first_on_paper: Registry[FirstOnPaper] = Registry("first_on_paper")
# by country
layouts: Registry[Layout] = Registry("layouts")
# by country
collectors: Registry[Collector] = Registry("collectors")
@dataclass(frozen=True)
class Rate:
    """What one unit of a currency is worth in the company's, and the day it was written down for."""

    rate: Decimal
    day: dt.date


class Rates(Protocol):
    """Knows the company's rates of exchange by day."""

    def on(self, currency: str, day: dt.date) -> Rate | None:
        """The newest of that day or before, of the company in scope; one select."""


# by country
note_rules: Registry[NoteRule] = Registry("note_rules")
later_parts: Registry[LaterParts] = Registry("later_parts")
rates: Registry[Rates] = Registry("rates")
elsewhere: Registry[PaidElsewhere] = Registry("elsewhere")
surcharges: Registry[Surcharges] = Registry("surcharges")
# by its code; payments of that source are named by it too
methods: Registry[Method] = Registry("methods")
# by the last part of the address
payer_actions: Registry[PayerAction] = Registry("payer_actions")
# what the month-end list asks
closing: Registry[ClosingCheck] = Registry("closing")


def rate_on(currency: str, day: dt.date) -> Rate | None:
    """The company's rate of a currency on a day; None where nobody keeps one."""
    return next((found for _key, one in rates.items() if (found := one.on(currency, day))), None)
