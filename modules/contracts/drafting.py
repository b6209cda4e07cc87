"""From the contracts of a month to invoices: who is billed what, who is skipped, who cannot be billed and why.

No statement is run here: the preview and the run decide by the same code on the same values.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby
from typing import Any

from core import months
from core.i18n import _
from core.money import quantize
from core.months import Span
from modules.accounting import totals as accounting_totals
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.contracts import pricing
from modules.contracts.billing_context import Context
from modules.contracts.facts import PER_CUSTOMER, Candidate, ContractFacts, CustomerFacts
from modules.contracts.ports import Problem, billing_checks
from modules.contracts.pricing import PLAN, SERVICE, Line, NoPrice, Priced, Skipped

ONE = Decimal(1)
KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Part:
    """What one contract contributes to an invoice for one month."""

    contract: ContractFacts
    month: dt.date
    kind: str
    service: Span | None
    lines: tuple[Line, ...]
    instalment_ids: tuple[int, ...] = ()
    # what decided about taxes that follow the place (ports.place_taxes); "" where nothing follows
    placed: str = ""

    @property
    def plans(self) -> list[int]:
        """The plans that it bills, in their order; one-off charges alone go with the plan that there is then."""
        billed = [line.ref_id for line in self.lines if line.kind == PLAN]
        return billed or [self.contract.plan_on(months.last_day(self.month))]


@dataclass(slots=True)
class Bill:
    """An invoice to be, with the contracts that it bills."""

    customer: CustomerFacts
    parts: tuple[Part, ...]
    draft: InvoiceDraft
    totals: Any
    needs_approval: bool

    @property
    def contracts(self) -> list[int]:
        return list(dict.fromkeys(part.contract.id for part in self.parts))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A contract that cannot be billed."""

    contract: ContractFacts
    customer: CustomerFacts
    problem: Problem


@dataclass
class Decision:
    """What is to become of a chunk's contracts. Every contract is in exactly one of the four."""

    bills: list[Bill] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)
    already_billed: int = 0
    # who is served and pays nothing, with the reason
    free: list[tuple[ContractFacts, CustomerFacts, str]] = field(default_factory=list)

    @property
    def billed(self) -> int:
        return sum(len(bill.contracts) for bill in self.bills)

    @property
    def contracts(self) -> int:
        return self.billed + self.skipped.total() + len(self.refusals) + self.already_billed


def decide(context: Context, candidates: Iterable[Candidate]) -> Decision:
    """Price every contract, group by customer where the profile says so, compute and check each invoice."""
    decision = Decision()
    for _customer_id, group in groupby(candidates, key=lambda one: one.customer.id):
        parts: list[tuple[Candidate, list[Part]]] = []
        for candidate in group:
            if _in_filters(context, candidate.contract) and (found := _parts(context, candidate, decision)):
                parts.append((candidate, found))
        for together in _invoices(context, parts):
            _finish(context, together, decision)
    return decision


def _in_filters(context: Context, contract: ContractFacts) -> bool:
    wanted = context.filters
    return not wanted or (contract.profile.id in wanted["profile_ids"]
                          and contract.billing_day == wanted["billing_day"])


def _parts(context: Context, candidate: Candidate, decision: Decision) -> list[Part]:
    """What this contract is billed for in the month; [] where it is not, which the decision then knows."""
    contract = candidate.contract
    try:
        priced = pricing.price_month(contract, context.plans, context.month, context.alike)
        found = [_part(context, contract, context.month, priced)]
        if candidate.billed or (candidate.billed_charges and isinstance(found[0], Part) and found[0].kind != SERVICE):
            decision.already_billed += 1
            return []
        if _catches_up(context, candidate):
            before = months.add(context.month, -1)
            found.insert(0, _part(context, contract, before, pricing.price_service(contract, context.plans, before)))
    except NoPrice as error:
        if candidate.billed:
            decision.already_billed += 1
        else:
            decision.refusals.append(Refusal(contract, candidate.customer, no_price(contract, error)))
        return []
    parts = [one for one in found if isinstance(one, Part)]
    if not parts:
        _note_skipped(found[-1], candidate, decision)
    problem = _place_problem(context, contract, parts)
    if problem is not None:
        decision.refusals.append(Refusal(contract, candidate.customer, problem))
        return []
    return parts


def _place_problem(context: Context, contract: ContractFacts, parts: Sequence[Part]) -> Problem | None:
    """What is not known of the place whose taxes some line follows."""
    if context.placing is None:
        return None
    return context.placing.problem(contract, (line.taxes for part in parts for line in part.lines))


def _part(context: Context, contract: ContractFacts, month: dt.date, found: Priced | Skipped) -> Part | Skipped:
    if isinstance(found, Skipped):
        return found
    placed = "" if context.placing is None else next(
        (group for line in found.lines if (group := context.placing.group(contract.id, line.taxes))), "")
    return Part(contract, month, found.kind, found.service, found.lines, found.instalment_ids, placed)


def _note_skipped(found: Any, candidate: Candidate, decision: Decision) -> None:
    """Contracts that ended before the month are not part of it; charges billed on their own count as billed."""
    if candidate.billed_charges:
        decision.already_billed += 1
    elif found.reason != "ended":
        decision.skipped[found.reason] += 1
        if found.reason == "courtesy":
            decision.free.append((candidate.contract, candidate.customer, found.reason))


def _catches_up(context: Context, candidate: Candidate) -> bool:
    """Whether the first, incomplete period of a contract comes with this invoice.

    Only of the month before, only where that month was billed here, and before the contract was there.
    """
    contract, before = candidate.contract, months.add(context.month, -1)
    if not (contract.profile.first_with_next and contract.in_advance) or candidate.billed_before:
        return False
    if months.of(contract.billing_from) != before or context.previous_run is None:
        return False
    return candidate.activated_at is not None and candidate.activated_at > context.previous_run


def no_price(contract: ContractFacts, error: NoPrice) -> Problem:
    """The problem of a plan without a price."""
    return Problem("no_plan_price", _(
        "To bill contract %(number)s you must give the plan %(plan)s a price that is valid on %(day)s.",
        number=contract.number, plan=error.plan.name, day=error.day.strftime("%d/%m/%Y")), "plan")


# --- invoices ------------------------------------------------------------------------------------------


def _invoices(context: Context, parts: Sequence[tuple[Candidate, list[Part]]]
              ) -> Iterator[list[tuple[Candidate, list[Part]]]]:
    """Contracts that share an invoice: those of a customer with the same profile and currency, where it groups."""
    groups: dict[tuple[Any, ...], list[tuple[Candidate, list[Part]]]] = {}
    for candidate, found in parts:
        contract = candidate.contract
        profile = contract.profile
        together = profile.group_by == PER_CUSTOMER
        key = (profile.id, _currency(context, contract), 0) if together else (profile.id, "", contract.id)
        groups.setdefault(key, []).append((candidate, found))
    yield from groups.values()


def _currency(context: Context, contract: ContractFacts) -> str:
    return context.plans[contract.plan_on(months.last_day(context.month))].currency


def _finish(context: Context, together: list[tuple[Candidate, list[Part]]], decision: Decision) -> None:
    """Make the invoice of these contracts, or note why it cannot be."""
    customer = together[0][0].customer
    parts = tuple(part for _candidate, found in together for part in found)
    problem, bill = _bill(context, customer, parts)
    if problem is None and bill is not None:
        decision.bills.append(bill)
    elif problem is None:
        decision.skipped["free"] += len(together)
        decision.free += [(candidate.contract, customer, "free") for candidate, _found in together]
    else:
        decision.refusals += [Refusal(candidate.contract, customer, problem) for candidate, _found in together]


def _bill(context: Context, customer: CustomerFacts, parts: tuple[Part, ...]) -> tuple[Problem | None, Bill | None]:
    """(problem, None), (None, bill), or (None, None) where nothing is to be paid."""
    contract = parts[-1].contract
    currency = _currency(context, contract)
    if currency != context.company.currency and currency not in context.rates:
        return _no_rate(contract, currency, context.issue_date), None
    draft = _draft(context, customer, parts, currency)
    totals = compute(context, draft)
    if context.collecting is not None and (taxes := context.collecting.taxes(draft, totals)):
        draft = replace(draft, document_taxes=taxes)
        totals = accounting_totals.of_draft(draft, context.company.country)
    if totals.total < 0:
        return _negative(contract, totals.total), None
    if totals.total == 0:
        return None, None
    problem = too_small(contract, totals) or _country_problem(context, customer, draft, totals)
    if problem is not None:
        return problem, None
    return None, Bill(customer, parts, _with_second_due(contract, draft, totals.total), totals,
                      contract.profile.needs_approval)


def _draft(context: Context, customer: CustomerFacts, parts: tuple[Part, ...], currency: str) -> InvoiceDraft:
    contract = parts[-1].contract
    spans = [part.service for part in parts if part.service]
    due = due_date(contract, context.issue_date)
    return InvoiceDraft(
        customer_id=customer.id, issue_date=context.issue_date, due_date=due, currency=currency, origin="billing",
        exchange_rate=context.rates.get(currency, ONE),
        lines=tuple(draft_line(context, line, part.contract.id) for part in parts for line in part.lines),
        service_from=min(span.first for span in spans) if spans else context.issue_date,
        service_to=max(span.last for span in spans) if spans else context.issue_date,
        extra=_printed(context, parts))


def _printed(context: Context, parts: tuple[Part, ...]) -> Mapping[str, Any]:
    """What the printed invoice says of the contracts."""
    contracts = {part.contract.id: part.contract for part in parts}
    plans = dict.fromkeys(context.plans[one.plan_on(months.last_day(context.month))].name
                          for one in contracts.values())
    addresses = dict.fromkeys(one.address for one in contracts.values() if one.address)
    return {"plan": ", ".join(plans), "service_address": " / ".join(addresses),
            "contracts": [one.number for one in contracts.values()], "period": months.show(context.month)}


def draft_line(context: Context, line: Line, contract_id: int) -> DraftLine:
    """A line as accounting wants it; that of a plan for whole days is made once per price, days and taxes."""
    taxes = line.taxes if context.placing is None else context.placing.taxes(contract_id, line.taxes)
    if line.kind != PLAN or line.share is not None or line.discounts or line.span is None:
        return _draft_line(context, line, taxes)
    key = (line.ref_id, line.unit_price, line.span.first, line.span.last, id(taxes))
    found: DraftLine | None = context.lines.get(key)
    if found is None:
        if len(context.lines) >= KEPT:
            context.lines.clear()
        found = context.lines[key] = _draft_line(context, line, taxes)
    return found


def _draft_line(context: Context, line: Line, taxes: tuple[Mapping[str, Any], ...]) -> DraftLine:
    return DraftLine(
        description=context.wording.line(line)[:500], quantity=line.quantity, unit_price=line.unit_price,
        code=line.code, price_includes_tax=line.includes_tax, discount=line.discount, taxes=taxes,
        account_id=line.account_id)


def due_date(contract: ContractFacts, issued: dt.date) -> dt.date:
    """The first due date: on the contract's or profile's day of the month, or so many days after issue."""
    day = contract.due_day or contract.profile.due_day
    if day is None:
        return issued + dt.timedelta(days=contract.profile.due_days)
    this_month = months.day_in(months.of(issued), day)
    return this_month if this_month >= issued else months.day_in(months.add(months.of(issued), 1), day)


def _with_second_due(contract: ContractFacts, draft: InvoiceDraft, total: Decimal) -> InvoiceDraft:
    profile = contract.profile
    if profile.second_due_days is None or draft.due_date is None:
        return draft
    surcharge = total * profile.surcharge_percent / 100 + profile.surcharge_amount
    # dataclasses.replace costs several times as much, and this is done for every invoice of a month
    return InvoiceDraft(**{**{name: getattr(draft, name) for name in InvoiceDraft.__dataclass_fields__},
                           "second_due_date": draft.due_date + dt.timedelta(days=profile.second_due_days),
                           "second_due_total": quantize(total + surcharge, draft.currency)})


def compute(context: Context, draft: InvoiceDraft) -> Any:
    """The totals of an invoice's lines; equal lines are computed once per run."""
    key = tuple((line.quantity, line.unit_price, line.price_includes_tax, line.discount, id(line.taxes))
                for line in draft.lines)
    found = context.totals.get(key)
    if found is None:
        if len(context.totals) >= KEPT:
            context.totals.clear()
        found = context.totals[key] = accounting_totals.of_draft(draft, context.company.country)
    return found


# --- problems ------------------------------------------------------------------------------------------


def _no_rate(contract: ContractFacts, currency: str, day: dt.date) -> Problem:
    return Problem("no_exchange_rate", _(
        "To bill contract %(number)s you must enter an exchange rate of %(currency)s for %(day)s or before.",
        number=contract.number, currency=currency, day=day.strftime("%d/%m/%Y")), "rate")


def _negative(contract: ContractFacts, total: Decimal) -> Problem:
    return Problem("negative_total", _(
        "Billing contract %(number)s is not possible because its credits exceed its charges by %(amount)s. To give "
        "them back you must issue a credit note; otherwise they wait for the next invoice.",
        number=contract.number, amount=f"{-total:.2f}"), "contract")


def too_small(contract: ContractFacts, totals: Any) -> Problem | None:
    """A tax with a rate that rounds to nothing cannot be authorised (ARCA 10018, argentina.md 2.4)."""
    for tax in totals.taxes:
        if tax.rate and tax.base > 0 and tax.amount == 0:
            return Problem("amount_too_small", _(
                "To bill contract %(number)s you must raise its amount: the tax of %(total)s rounds to zero.",
                number=contract.number, total=f"{totals.total:.2f}"), "contract")
    return None


def _country_problem(context: Context, customer: CustomerFacts, draft: InvoiceDraft, totals: Any) -> Problem | None:
    check = billing_checks.find(context.company.country)
    return check.check(context.company, customer, draft, totals) if check else None
