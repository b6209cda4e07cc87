"""What a change would mean, before it is made: credits and charges for billed days, and the next invoice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock, months
from core.db import among, db
from core.errors import DomainError
from core.i18n import use_locale
from core.months import DAY, Span
from core.scope import current_company
from modules.contracts import billing_context, billing_read, drafting, pricing, queries
from modules.contracts.billing_context import Context
from modules.contracts.drafting import Bill, Decision
from modules.contracts.facts import FOREVER, PRORATE, ContractFacts, DatedPrice, PlanSwitch
from modules.contracts.models import BilledPeriod, Contract, Plan
from modules.contracts.ports import Problem
from modules.contracts.settlement import Difference, Settlement

ZERO = Decimal("0.00")
# how far ahead the next invoice is looked for: the longest period, and the month after it
AHEAD = 13


@dataclass(frozen=True)
class Outcome:
    """The corrections that a change would bring with the next invoice; with or without tax as each line's price is."""

    differences: Sequence[Difference] = ()

    @property
    def total(self) -> Decimal:
        return sum((one.amount for one in self.differences), ZERO)

    @property
    def lines(self) -> list[tuple[str, Decimal]]:
        return [(one.text, one.amount) for one in self.differences]


def _if(contract: Contract, change: Callable[[ContractFacts], ContractFacts]) -> Outcome:
    settlement = Settlement.before(contract)
    return Outcome(settlement.differences(change(settlement.facts)))


def if_plan_changed(contract: Contract, plan: Plan, day: dt.date, price: Decimal | None = None) -> Outcome:
    """Another plan from that day on, perhaps at a price of its own."""

    def change(facts: ContractFacts) -> ContractFacts:
        before = [one for one in facts.switches if one.day < day]
        later = [one for one in facts.switches if one.day > day]
        if later:
            later[0] = replace(later[0], before=plan.id)
        own = (*facts.own_prices, DatedPrice(day, price)) if price is not None else facts.own_prices
        return replace(facts, switches=(*before, PlanSwitch(day, facts.plan_on(day), plan.id), *later), own_prices=own)

    return _if(contract, change)


def if_ended(contract: Contract, last_day: dt.date) -> Outcome:
    """Service until that day."""
    return _if(contract, lambda facts: replace(facts, ends_on=last_day, suspensions=tuple(
        Span(one.first, min(one.last, last_day)) for one in facts.suspensions if one.first <= last_day)))


def if_suspended(contract: Contract, day: dt.date) -> Outcome:
    """No service from that day on; nothing to settle where suspended days are charged all the same."""
    return _if(contract, lambda facts: _suspended(facts, day) if facts.profile.while_suspended == PRORATE else facts)


def _suspended(facts: ContractFacts, day: dt.date) -> ContractFacts:
    return replace(facts, suspensions=(*facts.suspensions, Span(day, FOREVER)))


def refused_suspensions(contract_ids: Iterable[int], day: dt.date) -> dict[int, str]:
    """Which of these cannot be suspended that day because days that are billed cannot be credited; why, by contract.

    Only who is charged by days in service is looked at, with what all of them share read once.
    """
    ids, found = queries.prorating(contract_ids), {}
    if not ids:
        return {}
    today = clock.today()
    context = billing_context.load(current_company(), months.of(today), today)
    for contract in db.session.scalars(sa.select(Contract).where(among(Contract.id, ids))):
        facts = billing_read.facts_of(context, contract)
        try:
            Settlement(contract, context, facts).differences(_suspended(facts, day))
        except DomainError as error:
            found[contract.id] = str(error)
    return found


def if_restored(contract: Contract, day: dt.date) -> Outcome:
    """Service again from that day on."""
    return _if(contract, lambda facts: replace(facts, suspensions=tuple(
        one if one.last != FOREVER else Span(one.first, max(day - DAY, one.first)) for one in facts.suspensions
        if one.last != FOREVER or one.first < day)) if facts.profile.while_suspended == PRORATE else facts)


def if_courtesy(contract: Contract, first: dt.date, until: dt.date | None) -> Outcome:
    """Free of charge for these days."""
    return _if(contract, lambda facts: replace(facts, courtesy=Span(first, until or FOREVER)))


# --- the next invoice ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class NextBill:
    """What the contract will be billed next: the bill, or why there is none."""

    month: dt.date
    bill: Bill | None = None
    problem: Problem | None = None
    skipped: str = ""
    # (description, amount) of its lines, in the company's language
    lines: Sequence[tuple[str, Decimal]] = field(default_factory=tuple)


def next_bill(contract: Contract) -> NextBill | None:
    """The next invoice as a run of today would make it; None for contracts that are over or never began."""
    if contract.state not in ("active", "suspended"):
        return None
    company, today = current_company(), clock.today()
    context = billing_context.load(company, _first_month(contract, today), today)
    facts = billing_read.facts_of(context, contract)
    month = _due_month(facts, context)
    if month != context.month:
        context = billing_context.load(company, month, today)
    with use_locale(company.locale):
        decision = drafting.decide(context, billing_read.candidates(
            context, contract.customer_id - 1, contract.customer_id, [contract.id]))
    return _next(context, decision)


def _first_month(contract: Contract, today: dt.date) -> dt.date:
    """The month after the last one that was billed, else that in which billing begins."""
    billed: dt.date | None = db.session.scalar(sa.select(sa.func.max(BilledPeriod.month)).where(
        BilledPeriod.contract_id == contract.id, BilledPeriod.kind == pricing.SERVICE))
    return months.add(billed, 1) if billed else max(months.of(today), months.of(contract.billing_from))


def _due_month(facts: ContractFacts, context: Context) -> dt.date:
    for ahead in range(AHEAD):
        month = months.add(context.month, ahead)
        try:
            found = pricing.price_month(facts, context.plans, month)
        except pricing.NoPrice:
            return month
        if not isinstance(found, pricing.Skipped) or found.reason not in ("not_this_month", "not_started"):
            return month
    return context.month


def _next(context: Context, decision: Decision) -> NextBill:
    if decision.bills:
        bill = decision.bills[0]
        lines = [(line.description, shown) for line, shown in zip(bill.draft.lines, _amounts(bill), strict=True)]
        lines += [(tax.description or tax.code, tax.amount) for tax in bill.totals.taxes if tax.of_document]
        return NextBill(context.month, bill, lines=lines)
    if decision.refusals:
        return NextBill(context.month, problem=decision.refusals[0].problem)
    return NextBill(context.month, skipped=next(iter(decision.skipped), "ended"))


def _amounts(bill: Bill) -> list[Any]:
    return [line.total for line in bill.totals.lines]
