"""What a country brings to billing: a look at each invoice before it is issued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core.models import Company
from core.registry import Registry
from modules.accounting.drafts import InvoiceDraft
from modules.contracts.facts import CustomerFacts


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


# by country
billing_checks: Registry[BillingCheck] = Registry("billing_checks")
