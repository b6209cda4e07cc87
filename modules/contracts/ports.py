"""What a country brings to billing: a look at each invoice before it is issued, and taxes that follow the place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.models import Company
from core.registry import Registry
from modules.accounting.drafts import InvoiceDraft
from modules.contracts.facts import ContractFacts, CustomerFacts

Taxes = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Problem:
    """Why something cannot be billed; `message` says what to do, `cure` where: customer, contract, plan or rate."""

    code: str
    message: str
    cure: str = "customer"


class BillingCheck(Protocol):
    """What the country's authority would refuse. No selects, no network: it is asked once per invoice of a month."""

    # a short title for each code of its problems, for grouping them on screen
    titles: Mapping[str, Any]
    # how a code is cured in place: "identity" or "condition" of the customer (mending.py); others have no entry
    cures: Mapping[str, str]

    def check(self, company: Company, customer: CustomerFacts, draft: InvoiceDraft, totals: Any) -> Problem | None:
        """The problem with this invoice (`totals` are accounting.totals' of the draft), or None."""


@dataclass(frozen=True, slots=True)
class Served:
    """Who is served where: the customer's kind, and what only the country knows of the address (None: none)."""

    contract_id: int
    kind: str
    extra: Mapping[str, Any] | None


class PlaceTaxing(Protocol):
    """The taxes of a chunk's lines where they follow the place of the service. No selects."""

    def look_at(self, served: Iterable[Served]) -> None:
        """The contracts that are asked about from now on."""

    def taxes(self, contract_id: int, asked: Taxes) -> Taxes:
        """What these taxes come to for this contract: the same object for the same; `asked` where nothing follows."""

    def group(self, contract_id: int, asked: Taxes) -> str:
        """Which of the rule's `groups` decides; "" where nothing follows."""

    def problem(self, contract: ContractFacts, asked: Iterable[Taxes]) -> Problem | None:
        """What is missing for deciding about one of these taxes."""


class PlaceTaxRule(Protocol):
    """Decides the taxes of a service by where and to whom it is given, so that one plan serves all."""

    # what a plan or an extra may be given instead of fixed taxes: (taxes, label)
    choices: Sequence[tuple[list[dict[str, Any]], Any]]
    # each way in which it can be decided, in words
    groups: Mapping[str, Any]
    # how what is missing is cured in place: its name, and (value, label) to choose from
    asks: Any
    answers: Sequence[tuple[str, Any]]

    def follows(self, taxes: Taxes) -> bool:
        """Whether one of these taxes is decided by the place."""

    def usual(self, taxes: Taxes) -> list[dict[str, Any]]:
        """The same for what is sold beside the service (installation, equipment): what the place does not change."""

    def on(self, company: Company) -> PlaceTaxing:
        """For the contracts of a company. No select."""

    def answer(self, contract: Any, value: str) -> None:
        """Write what was missing where the contract is served; DomainError where it cannot be."""


@dataclass(frozen=True)
class Remark:
    """A few words about a contract; `tone` is ok, warn, bad or "" where they are no state."""

    words: Any
    tone: str = ""


class StripPart(Protocol):
    """What another module says of contracts in the strips of a customer's page, like "router Norte-2"."""

    # who may see it
    permission: str

    def of(self, contract_ids: Sequence[int]) -> Mapping[int, Remark]:
        """By contract, of those that there is something to say of; a select or two whatever their number."""


# by module
strip_parts: Registry[StripPart] = Registry("strip_parts")
# by country
place_taxes: Registry[PlaceTaxRule] = Registry("place_taxes")
# by country
billing_checks: Registry[BillingCheck] = Registry("billing_checks")
