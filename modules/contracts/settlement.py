"""What was billed in advance and turned out otherwise: the difference, line by line, as charges and credits.

A month that is billed is never billed again; a change that touches it is settled with the next invoice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa

from core import clock, months
from core.db import db
from core.i18n import _, use_locale
from core.months import Span
from core.scope import current_company
from modules.contracts import billing_context, billing_read, drafting, pricing
from modules.contracts.billing_context import Context
from modules.contracts.errors import WrongValue
from modules.contracts.facts import ContractFacts
from modules.contracts.models import BilledPeriod, BillingException, Charge, ChargeInstalment, Contract, PlanChange
from modules.contracts.pricing import CENT, ZERO, Line, Priced

Key = tuple[str, int, bool, Any]
# of an exception: days of service that nobody was charged for, until a person says that it is settled
NOT_CHARGED = "days_not_charged"


@dataclass(frozen=True)
class Difference:
    """One correction: the line it is about (with its taxes), the amount, and the words."""

    line: Line
    amount: Decimal
    text: str


@dataclass
class Settlement:
    """Facts of a contract as they were, to be compared once the change is made.

        settlement = Settlement.before(contract)
        ...the change...
        settlement.after(origin="plan_change")
    """

    contract: Contract
    context: Context
    facts: ContractFacts

    @classmethod
    def before(cls, contract: Contract) -> Settlement:
        db.session.flush()
        today = clock.today()
        context = billing_context.load(current_company(), months.of(today), today)
        return cls(contract, context, billing_read.facts_of(context, contract))

    def after(self, origin: str, change: PlanChange | None = None) -> list[Charge]:
        """Make the charges that settle what was billed already; [] where nothing was, or nothing differs."""
        db.session.flush()
        now = billing_read.facts_of(self.context, self.contract)
        return [self._charge(one, origin, change) for one in self.differences(now)]

    def after_restoring(self, day: dt.date) -> None:
        """As `after`; nobody stays cut because a billed month has no price any more: billing has the exception."""
        try:
            self.after("restore")
        except WrongValue as error:
            self._note_exception(_(
                "The service is back since %(day)s and its days are not charged. %(reason)s Then charge them by hand.",
                day=day.strftime("%d/%m/%Y"), reason=error.message))

    def _note_exception(self, message: str) -> None:
        """With the newest month that is billed: its run is where somebody looks for what could not be billed."""
        billed = db.session.scalars(sa.select(BilledPeriod).where(
            BilledPeriod.contract_id == self.contract.id, BilledPeriod.kind == pricing.SERVICE)
            .order_by(BilledPeriod.month.desc()).limit(1)).one()
        db.session.execute(sa.delete(BillingException).where(
            BillingException.contract_id == self.contract.id, BillingException.month == billed.month))
        db.session.add(BillingException(
            contract_id=self.contract.id, customer_id=self.contract.customer_id, month=billed.month,
            run_id=billed.run_id, code=NOT_CHARGED, message=message, cure="contract"))
        db.session.flush()

    def differences(self, now: ContractFacts) -> list[Difference]:
        """What every billed month would cost now, less what it was billed for."""
        found: list[Difference] = []
        for month in self._billed_months():
            before, after = (_lines(facts, self.context, month) for facts in (self.facts, now))
            found += compare(before, after, self.context)
        return found

    def _billed_months(self) -> list[dt.date]:
        return list(db.session.scalars(sa.select(BilledPeriod.month).where(
            BilledPeriod.contract_id == self.contract.id, BilledPeriod.kind == pricing.SERVICE)
            .order_by(BilledPeriod.month)))

    def _charge(self, difference: Difference, origin: str, change: PlanChange | None) -> Charge:
        line = difference.line
        charge = Charge(
            contract_id=self.contract.id, code=line.code, description=difference.text[:300], total=difference.amount,
            includes_tax=line.includes_tax, taxes=[dict(tax) for tax in line.taxes], account_id=line.account_id,
            origin=origin, plan_change_id=change.id if change else None)
        charge.instalments.append(ChargeInstalment(
            contract_id=self.contract.id, position=1, amount=difference.amount, month=months.of(clock.today())))
        db.session.add(charge)
        db.session.flush()
        return charge


def _lines(facts: ContractFacts, context: Context, month: dt.date) -> list[Line]:
    try:
        found = pricing.price_service(facts, context.plans, month)
    except pricing.NoPrice as error:
        raise WrongValue(drafting.no_price(facts, error).message, field="plan_id") from None
    return list(found.lines) if isinstance(found, Priced) else []


def compare(before: Iterable[Line], after: Iterable[Line], context: Context) -> list[Difference]:
    """The differences of two ways to bill the same month, one per plan or extra."""
    old, new = _by_key(before), _by_key(after)
    found = []
    for key in dict.fromkeys([*old, *new]):
        gone, come = old.get(key, []), new.get(key, [])
        amount = (_sum(come) - _sum(gone)).quantize(CENT, ROUND_HALF_UP)
        if amount:
            line = (gone or come)[0]
            found.append(Difference(line, amount, _text(context, gone, come, amount)))
    return found


def _by_key(lines: Iterable[Line]) -> Mapping[Key, list[Line]]:
    found: dict[Key, list[Line]] = {}
    for line in lines:
        found.setdefault((line.kind, line.ref_id, line.includes_tax, id(line.taxes)), []).append(line)
    return found


def _sum(lines: Iterable[Line]) -> Decimal:
    return sum((line.net for line in lines), ZERO)


def _text(context: Context, gone: list[Line], come: list[Line], amount: Decimal) -> str:
    """What is credited or charged: the days that were taken away or added, with how they are counted."""
    wording = context.wording
    removed = months.take_away(_spans(gone), _spans(come))
    added = months.take_away(_spans(come), _spans(gone))
    days = removed if amount < 0 else added
    line = (gone if amount < 0 and gone else come or gone)[0]
    with use_locale(wording.locale):
        credit, correction = _("Credit"), _("Correction")
    head = credit if amount < 0 else correction if gone else ""
    what = wording.named(line.name, Span(days[0].first, days[-1].last)) if days else line.name
    text = f"{head}: {what}" if head else what
    counted = _counted(gone, come)
    if counted is None:
        return text
    template = wording.day if counted[0] == 1 else wording.days
    return template % {"text": text, "days": counted[0], "price": wording.number(counted[2]), "of": counted[1]}


def _counted(gone: list[Line], come: list[Line]) -> tuple[int, int, Decimal] | None:
    """(days, of days, price) of the difference, where both sides count the days of one price and have no discount."""
    lines = [*gone, *come]
    shares = [line.share for line in lines if line.share]
    if not shares or any(line.discount for line in lines) or len({share.price for share in shares}) != 1:
        return None
    price, of_days = shares[0].price, shares[0].of_days
    if any(line.share is None and line.amount != price for line in lines):
        return None
    days = sum(_days(line, of_days) for line in come) - sum(_days(line, of_days) for line in gone)
    return abs(days), of_days, price


def _days(line: Line, whole: int) -> int:
    return line.share.days if line.share else whole


def _spans(lines: Iterable[Line]) -> list[Span]:
    return [line.span for line in lines if line.span]


