"""What a billing comes to: the result that commands print and screens show (commands.md, Billing)."""

from __future__ import annotations

import datetime as dt
import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import months
from core.db import db
from core.models import Company
from modules.contracts.billing_run import part_amounts
from modules.contracts.drafting import Bill, Decision
from modules.contracts.models import BilledPeriod
from modules.contracts.ports import place_taxes
from modules.crm.models import Customer

ZERO = Decimal("0.00")
# how many customers a list of differences names; the counts are always whole
NAMED = 200
EXCEPTIONS = 10_000
Amounts = dict[tuple[int, str], Decimal]


@dataclass
class Comparison:
    """This month beside the one before, customer by customer."""

    new: int = 0
    gone: int = 0
    dearer: int = 0
    cheaper: int = 0
    before: Decimal = ZERO
    # (how far apart, customer id, before, after): the largest ones of each direction
    up: list[tuple[Decimal, int, Decimal, Decimal]] = field(default_factory=list)
    down: list[tuple[Decimal, int, Decimal, Decimal]] = field(default_factory=list)
    new_ids: list[tuple[int, Decimal]] = field(default_factory=list)
    gone_ids: list[tuple[int, Decimal]] = field(default_factory=list)

    def add(self, now: Mapping[tuple[int, str], Decimal], before: Mapping[tuple[int, str], Decimal],
            currency: str) -> None:
        """Compare the same customers of both months; (customer, currency) -> total."""
        for key in now.keys() | before.keys():
            after, was = now.get(key), before.get(key)
            if was is not None and key[1] == currency:
                self.before += was
            if was is None and after is not None:
                self.new += 1
                _keep(self.new_ids, (key[0], after))
            elif after is None and was is not None:
                self.gone += 1
                _keep(self.gone_ids, (key[0], was))
            elif after is not None and was is not None and after != was:
                self._change(key[0], was, after)

    def _change(self, customer_id: int, was: Decimal, after: Decimal) -> None:
        if after > was:
            self.dearer += 1
        else:
            self.cheaper += 1
        named, entry = self.up if after > was else self.down, (abs(after - was), customer_id, was, after)
        if len(named) < NAMED:
            heapq.heappush(named, entry)
        else:
            heapq.heappushpop(named, entry)

    def as_json(self, period: dt.date) -> dict[str, Any]:
        """With the codes and names of the customers that are named."""
        changed = sorted([*self.up, *self.down], key=lambda one: (-one[0], one[1]))
        ids = {one[1] for one in changed} | {one[0] for one in (*self.new_ids, *self.gone_ids)}
        known = customers_named(ids)
        return {
            "period": months.show(period), "total": f"{self.before:.2f}", "new": self.new, "gone": self.gone,
            "dearer": self.dearer, "cheaper": self.cheaper,
            "changed": [{**_who(known, key), "before": f"{was:.2f}", "after": f"{after:.2f}"}
                        for _far, key, was, after in changed],
            "new_customers": [{**_who(known, key), "total": f"{total:.2f}"} for key, total in self.new_ids],
            "gone_customers": [{**_who(known, key), "total": f"{total:.2f}"} for key, total in self.gone_ids]}


def _keep(named: list[tuple[int, Decimal]], entry: tuple[int, Decimal]) -> None:
    if len(named) < NAMED:
        named.append(entry)


def customers_named(ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """(code, name) of these customers, with one select."""
    wanted = list(ids)
    rows = db.session.execute(sa.select(Customer.id, Customer.code, Customer.name).where(Customer.id.in_(wanted)))
    return {row.id: (row.code, row.name) for row in rows} if wanted else {}


def _who(known: Mapping[int, tuple[str, str]], customer_id: int) -> dict[str, Any]:
    code, name = known.get(customer_id, (str(customer_id), ""))
    return {"customer": code, "customer_id": customer_id, "name": name}


@dataclass
class Placed:
    """Contracts whose taxes follow the place, of one kind of place, with all that they are billed."""

    contracts: int = 0
    net: Decimal = ZERO
    tax: Decimal = ZERO


@dataclass
class Tally:
    """Adds up decisions as they are made; holds no more than counts and the named differences."""

    company: Company
    month: dt.date
    contracts: int = 0
    billed: int = 0
    already_billed: int = 0
    invoices: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    exceptions: list[dict[str, Any]] = field(default_factory=list)
    exceptions_count: int = 0
    totals: dict[str, list[Decimal]] = field(default_factory=dict)
    comparison: Comparison = field(default_factory=Comparison)
    # the first of those who are served and pay nothing
    free: list[dict[str, Any]] = field(default_factory=list)
    # where taxes follow the place, by what decided
    placed: dict[str, Placed] = field(default_factory=dict)

    def add(self, decision: Decision, now: Amounts, before: Amounts) -> None:
        """One chunk: what was decided, what its customers were billed this month already, and the month before."""
        self.contracts += decision.contracts
        self.billed += decision.billed
        self.already_billed += decision.already_billed
        self.invoices += len(decision.bills)
        self.skipped += decision.skipped
        self.free += [{"contract": contract.number, "contract_id": contract.id, "customer": customer.code,
                       "customer_id": customer.id, "name": customer.name, "reason": reason}
                      for contract, customer, reason in decision.free[:NAMED - len(self.free)]]
        self.exceptions_count += len(decision.refusals)
        self.exceptions += [exception_json(one.contract.number, one.contract.id, one.customer.code,
                                           one.customer.id, one.customer.name, one.problem)
                            for one in decision.refusals[:EXCEPTIONS - len(self.exceptions)]]
        for bill in decision.bills:
            self._place(bill)
            add_totals(self.totals, bill.draft.currency, bill.totals.total - bill.totals.tax_total,
                       bill.totals.tax_total, bill.totals.total)
            key = (bill.customer.id, bill.draft.currency)
            now[key] = now.get(key, ZERO) + bill.totals.total
        self.comparison.add(now, before, self.company.currency)

    def _place(self, bill: Bill) -> None:
        """Where the place decided about a tax: once per contract, with all that the contract is billed."""
        if not any(part.placed for part in bill.parts):
            return
        seen: set[int] = set()
        for part, (tax, total) in zip(bill.parts, part_amounts(bill), strict=True):
            if part.placed:
                found = self.placed.setdefault(part.placed, Placed())
                found.contracts += part.contract.id not in seen
                found.net, found.tax = found.net + total - tax, found.tax + tax
                seen.add(part.contract.id)

    def as_json(self, seconds: float) -> dict[str, Any]:
        return {
            "company": self.company.code, "period": months.show(self.month), "contracts": self.contracts,
            "billed": self.billed, "already_billed": self.already_billed, "skipped": skipped_json(self.skipped),
            "exceptions": self.exceptions, "exceptions_count": self.exceptions_count, "free_contracts": self.free,
            "totals": totals_json(self.totals, self.company.currency),
            "compared": self.comparison.as_json(months.add(self.month, -1)), "invoices": self.invoices,
            "documents": no_documents(), "notices": {"queued": 0, "sent": 0, "failed": 0},
            "seconds": round(seconds, 2)} | self._by_place()

    def _by_place(self) -> dict[str, Any]:
        rule = place_taxes.find(self.company.country)
        if rule is None or not self.placed:
            return {}
        return {"by_place": [
            {"code": code, "place": str(label), "contracts": found.contracts, "net": f"{found.net:.2f}",
             "tax": f"{found.tax:.2f}"} for code, label in rule.groups.items() if (found := self.placed.get(code))]}


def exception_json(number: str, contract_id: int, customer: str, customer_id: int, name: str,
                   problem: Any) -> dict[str, Any]:
    """One exception; `problem` has code, message and cure."""
    return {"contract": number, "customer": customer, "code": problem.code, "message": problem.message,
            "cure": problem.cure, "contract_id": contract_id, "customer_id": customer_id, "name": name}


def no_documents() -> dict[str, int]:
    return dict.fromkeys(("not_required", "pending", "authorized", "rejected", "unknown"), 0)


def add_totals(totals: dict[str, list[Decimal]], currency: str, net: Decimal, tax: Decimal, total: Decimal) -> None:
    found = totals.setdefault(currency, [ZERO, ZERO, ZERO])
    for place, amount in enumerate((net, tax, total)):
        found[place] += amount


def totals_json(totals: Mapping[str, Sequence[Decimal]], currency: str) -> list[dict[str, str]]:
    """The company's currency first; zeros where nothing was billed."""
    found = dict(totals) or {currency: [ZERO, ZERO, ZERO]}
    order = sorted(found, key=lambda code: (code != currency, code))
    return [{"currency": code, "net": f"{found[code][0]:.2f}", "tax": f"{found[code][1]:.2f}",
             "total": f"{found[code][2]:.2f}"} for code in order]


def skipped_json(skipped: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"reason": reason, "count": count} for reason, count in sorted(skipped.items()) if count]


def billed_amounts(company_id: int, month: dt.date, after: int, upto: int) -> Amounts:
    """What the customers of a range were billed in a month, by customer and currency."""
    rows = db.session.execute(
        sa.select(BilledPeriod.customer_id, BilledPeriod.currency, sa.func.sum(BilledPeriod.total))
        .where(BilledPeriod.company_id == company_id, BilledPeriod.month == month,
               BilledPeriod.customer_id > after, BilledPeriod.customer_id <= upto)
        .group_by(BilledPeriod.customer_id, BilledPeriod.currency))
    return {(customer_id, currency): total for customer_id, currency, total in rows}


