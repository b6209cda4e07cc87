"""Which lines a contract has in a month, and why. Pure: the same for the preview, the run and the contract's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core import months
from core.money import split
from core.months import DAY, Span
from modules.contracts import proration
from modules.contracts.facts import (
    EVER,
    PRORATE,
    SKIP,
    ContractFacts,
    DatedPrice,
    DiscountFacts,
    PlanFacts,
)

ZERO, CENT = Decimal("0.00"), Decimal("0.01")
SERVICE, CHARGES = "service", "charges"
PLAN, ITEM, INSTALMENT = "plan", "item", "instalment"


@dataclass(frozen=True, slots=True)
class Line:
    """One line with all that explains it. `amount` is before the discount; `share` is set where days were counted."""

    kind: str
    ref_id: int
    name: str
    amount: Decimal
    code: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = ZERO
    span: Span | None = None
    share: proration.Share | None = None
    includes_tax: bool = True
    taxes: tuple[Mapping[str, Any], ...] = ()
    account_id: int | None = None
    discount: Decimal = ZERO
    # (description, amount) of each discount in `discount`
    discounts: tuple[tuple[str, Decimal], ...] = ()
    # "2 of 3" of instalments
    position: tuple[int, int] = (1, 1)

    @property
    def net(self) -> Decimal:
        """What the line adds to the invoice, of the kind (with tax or without) of its price."""
        return self.amount.quantize(CENT, ROUND_HALF_UP) - self.discount


@dataclass(frozen=True, slots=True)
class Priced:
    """The lines of a contract in a month; `kind` says whether its service or only charges are billed."""

    kind: str
    lines: tuple[Line, ...]
    service: Span | None = None
    instalment_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """Nothing to bill, for a reason that has a name."""

    reason: str


class NoPrice(Exception):
    """A plan has no price on a day that is to be billed."""

    def __init__(self, plan: PlanFacts, day: dt.date) -> None:
        super().__init__(f"plan {plan.code} has no price on {day}")
        self.plan, self.day = plan, day


@dataclass(frozen=True, slots=True)
class Segment:
    """Days of one plan, inside the period that its price is for."""

    plan: PlanFacts
    span: Span
    period: Span


def price_month(contract: ContractFacts, plans: Mapping[int, PlanFacts], month: dt.date,
                known: dict[Any, Priced | Skipped] | None = None) -> Priced | Skipped:
    """What the contract has to pay with the invoice of this month. NoPrice where a plan has none on a day.

    `known` keeps what contracts with nothing of their own pay: the same for all of a plan and profile in a month.
    """
    if known is not None and _is_plain(contract, plans, month):
        found = _as_others(contract, plans, month, known)
    else:
        found = price_service(contract, plans, month)
    due = contract.instalments
    if not due:
        return found
    if isinstance(found, Skipped):
        if found.reason == "suspended":
            return found
        return Priced(CHARGES, tuple(instalment_lines(contract)), None, tuple(one.id for one in due))
    lines = (*found.lines, *instalment_lines(contract))
    return replace(found, lines=lines, instalment_ids=tuple(one.id for one in due))


def _is_plain(contract: ContractFacts, plans: Mapping[int, PlanFacts], month: dt.date) -> bool:
    """Whether nothing of its own decides about the contract's days and price: a monthly plan, served all the time."""
    return not (contract.suspensions or contract.own_prices or contract.switches or contract.courtesy
                or contract.ends_on) and (plans[contract.plan_id].period_months == 1
                                          and contract.billing_from <= months.add(month, -1))


def _as_others(contract: ContractFacts, plans: Mapping[int, PlanFacts], month: dt.date,
               known: dict[Any, Priced | Skipped]) -> Priced | Skipped:
    """The price of a plain contract: its plan's is computed once, its own extras and discounts come on top."""
    key = (contract.plan_id, contract.profile.id, contract.in_advance)
    found = known.get(key)
    if found is None:
        found = known[key] = price_service(replace(contract, items=(), discounts=()), plans, month)
    if isinstance(found, Skipped) or not (contract.items or contract.discounts):
        return found
    assert found.service is not None
    lines = [*found.lines, *_item_lines(contract, plans, found.service)]
    return Priced(SERVICE, tuple(discounted(lines, contract.discounts, month)), found.service)


def price_service(contract: ContractFacts, plans: Mapping[int, PlanFacts], month: dt.date) -> Priced | Skipped:
    """Plan and recurring extras of the period that this month's invoice is for."""
    period = service_period(contract, plans, month)
    if period is None:
        begun = months.of(contract.billing_from) <= (month if contract.in_advance else months.add(month, -1))
        return Skipped("not_this_month" if begun else "not_started")
    profile, served = contract.profile, contract.served
    if period.meets(served) is None:
        return Skipped("not_started" if served.first > period.last else "ended")
    if proration.edges(period, served, profile.first_period, profile.last_period) is None:
        return Skipped("free_period")
    if _wholly(contract.courtesy, period.meets(served)):
        return Skipped("courtesy")
    pieces = list(_pieces(contract, plans, period))
    if not pieces or _skipped_by_suspension(contract, pieces):
        return Skipped("suspended")
    lines = [_plan_line(contract, segment, span) for segment, span in pieces]
    lines += _item_lines(contract, plans, period)
    lines = discounted(lines, contract.discounts, month, months.between(period.first, period.last) + 1)
    return Priced(SERVICE, tuple(lines), Span(pieces[0][1].first, pieces[-1][1].last))


def service_period(contract: ContractFacts, plans: Mapping[int, PlanFacts], month: dt.date) -> Span | None:
    """The period that the invoice of this month is for; None where none falls due.

    In advance the period begins with the month, in arrears it ended with the month before.
    """
    if contract.in_advance:
        plan, anchor = _cycle(contract, plans, max(month, contract.billing_from))
        if month < months.of(contract.billing_from) or months.between(anchor, month) % plan.period_months:
            return None
        return months.months_span(month, plan.period_months)
    plan, anchor = _cycle(contract, plans, max(month - DAY, contract.billing_from))
    begin = months.add(month, -plan.period_months)
    if begin < anchor and plan.period_months > 1:
        return None
    if begin < months.of(contract.billing_from) or months.between(anchor, begin) % plan.period_months:
        return None
    return months.months_span(begin, plan.period_months)


def _cycle(contract: ContractFacts, plans: Mapping[int, PlanFacts], day: dt.date) -> tuple[PlanFacts, dt.date]:
    """The plan of the day and the month from which its periods are counted."""
    plan, anchor = plans[contract.plan_on(contract.billing_from)], months.of(contract.billing_from)
    for switch in contract.switches:
        if contract.billing_from < switch.day <= day:
            after = plans[switch.after]
            if after.period_months != plan.period_months:
                anchor = months.of(switch.day)
            plan = after
    return plan, anchor


def segments(contract: ContractFacts, plans: Mapping[int, PlanFacts], period: Span) -> list[Segment]:
    """The period cut where the plan changes. A plan of another length begins its own period with its month."""
    plan = plans[contract.plan_on(max(period.first, contract.billing_from))]
    found = [Segment(plan, period, period)]
    for switch in contract.switches:
        last = found[-1]
        if not max(last.span.first, contract.billing_from) < switch.day <= last.span.last:
            continue
        after = plans[switch.after]
        same = after.period_months == last.plan.period_months
        whole = last.period if same else months.months_span(months.of(switch.day), after.period_months)
        found[-1] = replace(last, span=Span(last.span.first, switch.day - DAY))
        found.append(Segment(after, Span(switch.day, whole.last), whole))
    return found


def _pieces(contract: ContractFacts, plans: Mapping[int, PlanFacts], period: Span) -> Iterator[tuple[Segment, Span]]:
    """The days to charge, by plan: without courtesy, and without suspension where the profile says so."""
    for segment in segments(contract, plans, period):
        yield from ((segment, span) for span in _charged(contract, segment.period, segment.span, period))


def _charged(contract: ContractFacts, whole: Span, part: Span, base: Span) -> list[Span]:
    profile, served = contract.profile, contract.served
    if whole != base:  # began by a change of plan, not by the contract
        served = Span(min(served.first, whole.first), served.last)
    used = proration.edges(whole, served, profile.first_period, profile.last_period)
    spans = [found] if used and (found := used.meets(part)) else []
    if contract.courtesy:
        spans = months.take_away(spans, [contract.courtesy])
    if profile.while_suspended == PRORATE:
        spans = months.take_away(spans, contract.suspensions)
    return spans


def _skipped_by_suspension(contract: ContractFacts, pieces: Sequence[tuple[Segment, Span]]) -> bool:
    """Where the profile skips wholly suspended periods: whether not one charged day was in service."""
    if contract.profile.while_suspended != SKIP:
        return False
    return not months.take_away([span for _segment, span in pieces], contract.suspensions)


def _wholly(gone: Span | None, span: Span | None) -> bool:
    return gone is not None and span is not None and not span.without(gone)


def price_of(contract: ContractFacts, plan: PlanFacts, day: dt.date) -> Decimal:
    """The price on that day: the contract's own where it has one, else the plan's. NoPrice where there is none."""
    found = own_price(contract, day) or dated(plan.prices, day)
    if found is None:
        raise NoPrice(plan, day)
    return found.price


def own_price(contract: ContractFacts, day: dt.date) -> DatedPrice | None:
    """The contract's own price on that day. It belongs to the plan for which it was agreed: a change ends it."""
    since = max((switch.day for switch in contract.switches if switch.day <= day), default=EVER)
    return dated([one for one in contract.own_prices if one.first >= since], day)


def dated(prices: Sequence[DatedPrice], day: dt.date) -> DatedPrice | None:
    """Of prices in order of their first day, the last one that is valid on the day."""
    found = None
    for one in prices:
        if one.first <= day <= one.last:
            found = one
    return found


def _plan_line(contract: ContractFacts, segment: Segment, span: Span) -> Line:
    plan = segment.plan
    price = price_of(contract, plan, max(span.first, contract.billing_from))
    found = proration.share(price, segment.period, span, contract.profile.day_count)
    return Line(PLAN, plan.id, plan.name, found.amount, plan.product_code or plan.code, unit_price=found.amount,
                span=span, share=None if found.whole else found, includes_tax=plan.includes_tax, taxes=plan.taxes,
                account_id=plan.account_id)


def _item_lines(contract: ContractFacts, plans: Mapping[int, PlanFacts], period: Span) -> list[Line]:
    """Recurring extras follow the service: its days, its courtesy, its suspension."""
    spans = _charged(contract, period, period, period)
    count = months.between(period.first, period.last) + 1
    return [line for item in contract.items for span in spans
            if (part := span.meets(item.span)) and (line := _item_line(contract, item, period, part, count))]


def _item_line(contract: ContractFacts, item: Any, period: Span, part: Span, count: int) -> Line:
    price = item.unit_price * item.quantity * count
    found = proration.share(price, period, part, contract.profile.day_count)
    quantity, unit = (item.quantity * count, item.unit_price) if found.whole else (Decimal(1), found.amount)
    return Line(ITEM, item.id, item.description, found.amount, item.code, quantity, unit, part,
                None if found.whole else found, item.includes_tax, item.taxes, item.account_id)


def instalment_lines(contract: ContractFacts) -> Iterator[Line]:
    """The charges and credits that have fallen due."""
    for one in contract.instalments:
        yield Line(INSTALMENT, one.id, one.description, one.amount, one.code, unit_price=one.amount,
                   includes_tax=one.includes_tax, taxes=one.taxes, account_id=one.account_id,
                   position=(one.position, one.of))


def discounted(lines: list[Line], discounts: Sequence[DiscountFacts], month: dt.date, count: int = 1) -> list[Line]:
    """The lines with the month's discounts: percents first, then amounts, never below zero.

    An amount is per month; it is spread over the lines in proportion, so that each tax base bears its part.
    """
    valid = [one for one in discounts if one.first <= month <= one.last]
    for one in sorted(valid, key=lambda one: (one.percent is None, one.id)):
        targets = [i for i, line in enumerate(lines) if line.net > 0 and (line.kind == PLAN or one.on_items)]
        for index, less in zip(targets, _reductions([lines[i].net for i in targets], one, count), strict=True):
            line = lines[index]
            if less:
                lines[index] = replace(line, discount=line.discount + less,
                                       discounts=(*line.discounts, (one.description, less)))
    return lines


def _reductions(amounts: list[Decimal], discount: DiscountFacts, count: int) -> list[Decimal]:
    if not amounts:
        return []
    if discount.percent is not None:
        return [(amount * discount.percent / 100).quantize(CENT, ROUND_HALF_UP) for amount in amounts]
    whole = min((discount.amount or ZERO) * count, sum(amounts, ZERO))
    return split(whole, amounts)
