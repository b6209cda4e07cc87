"""What billing knows of a contract, as plain values that were read in bulk. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.months import Span

FOREVER = dt.date.max
EVER = dt.date.min

# What happens to billing while the service is cut.
CHARGE, SKIP, PRORATE = "charge", "skip", "prorate"
SUSPENDED_POLICIES = (CHARGE, SKIP, PRORATE)
PER_CONTRACT, PER_CUSTOMER = "contract", "customer"


@dataclass(frozen=True, slots=True)
class DatedPrice:
    """A price from a day on, until another day for promises."""

    first: dt.date
    price: Decimal
    last: dt.date = FOREVER
    # of contracts: no price revision touches it
    promised: bool = False


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A plan with its prices, oldest first."""

    id: int
    code: str
    name: str
    prices: tuple[DatedPrice, ...]
    period_months: int = 1
    includes_tax: bool = True
    taxes: tuple[Mapping[str, Any], ...] = ()
    # "": the company's
    currency: str = ""
    account_id: int | None = None
    product_code: str = ""


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """The rules by which a contract is billed."""

    id: int
    name: str = ""
    billing_day: int = 1
    due_days: int = 10
    # day of the month on which invoices are due; None: `due_days` after issue
    due_day: int | None = None
    second_due_days: int | None = None
    surcharge_percent: Decimal = Decimal(0)
    surcharge_amount: Decimal = Decimal(0)
    in_advance: bool = True
    day_count: str = "actual"
    first_period: str = "days"
    last_period: str = "days"
    first_with_next: bool = True
    while_suspended: str = CHARGE
    group_by: str = PER_CONTRACT
    needs_approval: bool = False


@dataclass(frozen=True, slots=True)
class PlanSwitch:
    """From `day` on the contract has the plan `after`."""

    day: dt.date
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """A recurring extra; the price is per month."""

    id: int
    description: str
    span: Span
    quantity: Decimal
    unit_price: Decimal
    code: str = ""
    includes_tax: bool = True
    taxes: tuple[Mapping[str, Any], ...] = ()
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class InstalmentFacts:
    """One instalment of a charge that waits to be billed; negative for a credit."""

    id: int
    description: str
    amount: Decimal
    position: int = 1
    of: int = 1
    code: str = ""
    includes_tax: bool = True
    taxes: tuple[Mapping[str, Any], ...] = ()
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class DiscountFacts:
    """Less by percent or by amount, in the months from `first` to `last`."""

    id: int
    description: str
    first: dt.date
    last: dt.date
    percent: Decimal | None = None
    amount: Decimal | None = None
    # also on recurring extras, not only on the plan
    on_items: bool = False


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """A contract as billing sees it."""

    id: int
    number: str
    customer_id: int
    plan_id: int
    profile: ProfileFacts
    state: str
    billing_from: dt.date
    ends_on: dt.date | None = None
    in_advance: bool = True
    billing_day: int = 1
    due_day: int | None = None
    courtesy: Span | None = None
    # where the service is, on one line; "" at the customer's address
    address: str = ""
    suspensions: tuple[Span, ...] = ()
    own_prices: tuple[DatedPrice, ...] = ()
    switches: tuple[PlanSwitch, ...] = ()
    items: tuple[ItemFacts, ...] = ()
    instalments: tuple[InstalmentFacts, ...] = ()
    discounts: tuple[DiscountFacts, ...] = ()

    @property
    def served(self) -> Span:
        """The days of the contract; the last one is far away while nothing ends it."""
        return Span(self.billing_from, max(self.ends_on or FOREVER, self.billing_from))

    def plan_on(self, day: dt.date) -> int:
        """The plan of that day, by the changes that are known."""
        plan_id = self.switches[0].before if self.switches else self.plan_id
        for switch in self.switches:
            if switch.day <= day:
                plan_id = switch.after
        return plan_id


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """Who is billed, as far as deciding whether it can be done needs it."""

    id: int
    code: str
    name: str
    kind: str = "person"
    tax_id_kind: str = ""
    tax_id: str = ""
    tax_condition: str = ""
    zone_id: int | None = None
    has_address: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A contract that may be billed in a month, with what was billed of it before."""

    contract: ContractFacts
    customer: CustomerFacts
    billed: bool = False
    billed_charges: bool = False
    billed_before: bool = False
    activated_at: dt.datetime | None = None
