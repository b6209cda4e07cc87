"""What a country must bring to issue electronic documents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from core.registry import Registry
from modules.einvoice.answers import Verdict
from modules.einvoice.case import Case
from modules.einvoice.files import Papers
from modules.einvoice.preview import Certificate, Preview

# cause of a note that is sent by itself once its invoice is authorised
WAITS_FOR_ORIGINAL = "original_not_authorized"


@dataclass(frozen=True)
class Opened:
    """An invoice ready to be sent, or the problems ({"code", "message", "field"}) that the authority would have."""

    invoice_id: int
    environment: str
    series: str
    kind: str
    issue_date: dt.date
    request: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    # the number that it bears already, printed on its paper; None: it gets one when it is sent
    number: int | None = None

    @property
    def place(self) -> tuple[str, str, str]:
        """(environment, series, kind): its sequence."""
        return self.environment, self.series, self.kind


@dataclass(frozen=True)
class AtAuthority:
    """A document as the authority has it."""

    number: int
    authorization_code: str
    total: Decimal
    date: dt.date
    receiver: str


@dataclass(frozen=True)
class Explanation:
    """A refusal in our words: what it means and what to do; `field` is the customer's field to mend, or "".

    Fields are named as a case names them: tax_id, name, email, address.postal_code, extra.UsoCFDI.
    """

    text: str
    field: str = ""


class Issuer(Protocol):
    """How documents of one country are issued. Stateless; registered under the country's code."""

    def open(self, invoice_ids: Sequence[int]) -> list[Opened]:
        """Make requests of these invoices, set-wise, without talking to anybody."""

    def work(self, sequence_id: int, keep: Callable[[], None]) -> None:
        """Send what is pending on a sequence, whose lease is held; commits between steps.

        `keep` is called before each talk: it commits and renews the lease, or raises Unavailable where it was lost.
        """

    def last_number(self, environment: str, series: str, kind: str) -> int | None:
        """Ask the authority for the last number of a sequence; None where it cannot be asked."""

    def find(self, environment: str, series: str, kind: str, number: int) -> AtAuthority | None:
        """Ask the authority for one document."""

    def legal_number(self, series: str, kind: str, number: int) -> str:
        """The number as people write it on this country's documents, like "B 0003-00000119"."""

    def kind_name(self, kind: str) -> str:
        """The law's name of a kind of document, like "Factura B"."""

    def explain(self, code: str, message: str) -> Explanation:
        """The authority's refusal in our words."""


@dataclass(frozen=True)
class Listed:
    """A document as a provider lists it; `number` and `kind` as they stand on its paper."""

    environment: str
    kind: str
    number: str
    authorization_code: str
    total: Decimal
    date: dt.date
    receiver: str


class Listing(Protocol):
    """Lists what a provider has, whoever issued it. For countries whose provider can."""

    def listed(self, first: dt.date, last: dt.date) -> Sequence[Listed]:
        """All authorised documents of these days of the company in scope; ends the transaction before it talks.

        [] where the company's provider lists nothing.
        """


issuers: Registry[Issuer] = Registry("issuers")
listings: Registry[Listing] = Registry("listings")
# countries where a provider signs and the authority decides later, after the document was handed over
signed_first: set[str] = set()


@dataclass(frozen=True)
class CancelReason:
    """A reason that the authority knows, in its words; what else it wants to be told."""

    code: str
    text: str
    needs_text: bool = False
    needs_replacement: bool = False


@dataclass(frozen=True)
class CancelOrder:
    """A document that is to be cancelled, and why; `replaced_by` is the new document's authorisation code, or ""."""

    document_id: int
    environment: str
    series: str
    kind: str
    number: int
    issue_date: dt.date
    authorization_code: str
    reason: str
    text: str
    replaced_by: str
    request: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)


papers: Registry[Papers] = Registry("papers")


def papers_of(country: str) -> Papers:
    """How a country's documents are had as files; the usual way where it says nothing of its own."""
    return papers.find(country) or Papers()


class Canceller(Protocol):
    """How authorised documents of a country are cancelled at the authority. Stateless."""

    def reasons(self, document: Any) -> Sequence[CancelReason]:
        """The reasons that may be given for this document; DomainError where it cannot be: why, and what to do."""

    def cancel(self, order: CancelOrder) -> Verdict:
        """Send the order; no transaction is open. Rejected, Unavailable or Unknown where there is no answer."""

    def ask(self, order: CancelOrder) -> Verdict | None:
        """What became of an order; None where it certainly never came."""


cancellers: Registry[Canceller] = Registry("cancellers")


class Previewer(Protocol):
    """What would be sent for a case of one country, offline and without a database."""

    def preview(self, case: Case, certificate: Certificate | None = None) -> Preview:
        """The document with all that the authority would refuse; signed where the country signs and can be."""


previewers: Registry[Previewer] = Registry("previewers")


@dataclass(frozen=True)
class ExportFile:
    """A file for the accountant; `rows` is how many lines of sales it has."""

    name: str
    media_type: str
    content: bytes
    rows: int


class Export(Protocol):
    """One kind of file that accountants compare with the authority's register."""

    code: str
    title: Any
    # what it is, what it is not, in a sentence or two
    about: Any
    # {form: words} where it can be had in several, the usual one first
    forms: Mapping[str, Any]

    def make(self, first: dt.date, last: dt.date, form: str) -> ExportFile:
        """The file of the company in scope for these days; DomainError where it cannot be made yet, and why."""


# by country
exports: Registry[Sequence[Export]] = Registry("exports")


@dataclass(frozen=True)
class Input:
    """Something to fill in, at a step or to mend a customer: kind is text, file, choice, date or check."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""


Inputs = tuple[Input, ...]


class Mender(Protocol):
    """What a country mends where a document was refused, beside what all have (mending.py). Stateless."""

    def inputs(self, wanted: Mapping[tuple[int, str], Any]) -> Mapping[tuple[int, str], Inputs]:
        """Of these customers by (id, field of the explanation) those that are its own, filled with what is there now.

        A few selects whatever the number; what it leaves out is asked for as everywhere.
        """

    def write(self, customer: Any, typed: Mapping[str, str]) -> None:
        """Write what was typed of its inputs, of those that were asked for; DomainError with the field."""


# by country
menders: Registry[Mender] = Registry("menders")


@dataclass(frozen=True)
class Step:
    """One step of enabling: what to do (at the authority, with its exact menu names) and what is verified here."""

    key: str
    title: str
    done: bool
    # what to do, in order
    instructions: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    # words of the button that verifies the step
    action: str = ""
    # what is known now: (label, value)
    facts: tuple[tuple[str, str], ...] = ()
    # a text to copy or download: (file name, content)
    download: tuple[str, str] | None = None
    # why it cannot be done yet; "" when it can
    waits_for: str = ""
    # "rehearsal" where it only concerns the simulator, "" where every document needs it, else what comes later
    stage: str = ""


class Enabler(Protocol):
    """The guided set-up of a country for the company in scope. Every step may be repeated."""

    def steps(self) -> list[Step]:
        """All steps, in order, with what is done."""

    def run(self, key: str, values: dict[str, Any]) -> str:
        """Do and verify a step; what happened, in a sentence. DomainError or OutsideError where it did not work."""


enablers: Registry[Enabler] = Registry("enablers")
