"""Price revisions: many prices changed at once, looked at first, told to subscribers, undone while nobody is billed.

A revision of whole plans gives the plans a new price from its day on, and those contracts that have a price of their
own a new one. Limited to zones or tags it gives each contract a price of its own. Promised prices are left alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa

from core import audit, clock, months
from core.db import db, lock, write_rows
from core.i18n import _, format_amount, format_date, lazy
from core.jobs import ENDED_BADLY, checkpoint, enqueue, publish, run_again
from core.models import Company, Job
from core.scope import current_company, current_user_id
from modules.contracts import billing_context, billing_read, pricing
from modules.contracts.billing_context import Context
from modules.contracts.errors import NotPossible, WrongValue
from modules.contracts.events import PricesRevised
from modules.contracts.facts import FOREVER, Candidate, ContractFacts, DatedPrice, PlanFacts
from modules.contracts.models import BilledPeriod, BillingRun, ContractPrice, PlanPrice, PriceRevision
from modules.contracts.notices import PRICE_CHANGE
from modules.contracts.services import of_form
from modules.crm.models import CustomerTag
from modules.notifications.services import Notice, notify_many

ZERO, CENT = Decimal("0.00"), Decimal("0.01")
SAMPLE = 100
TELL = "modules.contracts.jobs.tell_revision"
APPLY = "modules.contracts.jobs.apply_revision"
DRAFT, APPLIED, CANCELLED = "draft", "applied", "cancelled"
TITLES = {DRAFT: lazy("draft"), APPLIED: lazy("applied"), CANCELLED: lazy("taken back")}


@dataclass(frozen=True)
class RevisionData:
    """A revision to be drafted: by `percent` or by `amount`, rounded to a multiple of `rounding`. Empty: no limit."""

    name: str
    valid_from: dt.date
    percent: Decimal | None = None
    amount: Decimal | None = None
    rounding: Decimal = CENT
    plan_ids: Sequence[int] = ()
    zone_ids: Sequence[int] = ()
    tag_ids: Sequence[int] = ()
    # how many days before subscribers are told by itself; None: only by hand
    notice_days: int | None = None
    form_key: str | None = None

    @property
    def tell_on(self) -> dt.date | None:
        return None if self.notice_days is None else self.valid_from - dt.timedelta(days=self.notice_days)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a revision does to one contract; a promised price stays as it is."""

    contract_id: int
    number: str
    customer_id: int
    customer: str
    plan_id: int
    plan: str
    before: Decimal
    after: Decimal
    currency: str = ""
    own: DatedPrice | None = None
    promised: bool = False


@dataclass
class Outlook:
    """What a revision comes to: how many, the sum of their prices before and after, the first of them."""

    contracts: int = 0
    spared: int = 0
    before: Decimal = ZERO
    after: Decimal = ZERO
    plans: dict[str, list[Decimal]] = field(default_factory=dict)
    sample: list[Effect] = field(default_factory=list)
    promised: list[Effect] = field(default_factory=list)

    def add(self, effects: Sequence[Effect]) -> None:
        for one in effects:
            if one.promised:
                self.spared += 1
                self.promised += [one] if len(self.promised) < SAMPLE else []
                continue
            self.contracts += 1
            self.before += one.before
            self.after += one.after
            count, before, after = self.plans.get(one.plan, (ZERO, ZERO, ZERO))
            self.plans[one.plan] = [count + 1, before + one.before, after + one.after]
            self.sample += [one] if len(self.sample) < SAMPLE else []


# --- drafting ------------------------------------------------------------------------------------------


def draft(data: RevisionData) -> PriceRevision:
    """Write down what is to be changed; nothing is changed yet."""
    if known := of_form(PriceRevision, data.form_key):
        return known
    _check(data)
    revision = PriceRevision(
        name=data.name.strip(), valid_from=data.valid_from, percent=data.percent, amount=data.amount,
        rounding=data.rounding, created_by=current_user_id(), form_key=data.form_key, tell_on=data.tell_on,
        filters={"plan_ids": list(data.plan_ids), "zone_ids": list(data.zone_ids), "tag_ids": list(data.tag_ids)})
    db.session.add(revision)
    db.session.flush()
    audit.record("contracts.draft_revision", revision, {"from": data.valid_from, "percent": data.percent,
                                                        "amount": data.amount, **revision.filters})
    return revision


def _check(data: RevisionData) -> None:
    if not data.name.strip():
        raise WrongValue(_("To revise prices you must name the revision."), field="name")
    if (data.percent is None) == (data.amount is None):
        raise WrongValue(_("To revise prices you must give a percentage or an amount, not both."), field="percent")
    if not (data.percent or data.amount) or (data.percent is not None and not -100 < data.percent <= 1000):
        raise WrongValue(_("To revise prices you must give a change other than zero, from -100 to 1000 percent."),
                         field="percent" if data.amount is None else "amount")
    if data.rounding <= 0:
        raise WrongValue(_("To revise prices you must round to something above zero."), field="rounding")
    _check_day(data.valid_from)


def _check_day(day: dt.date) -> None:
    """What is billed is not revised."""
    billed: dt.date | None = db.session.scalar(sa.select(sa.func.max(BilledPeriod.month)))
    if billed is not None and months.of(day) <= billed:
        raise WrongValue(_(
            "To revise prices you must choose a day after the months that are billed (%(month)s): from %(day)s on.",
            month=months.show(billed), day=months.add(billed, 1).strftime("%d/%m/%Y")), field="valid_from")


# --- looking -------------------------------------------------------------------------------------------


def outlook(revision: PriceRevision) -> Outlook:
    """What the revision would do, or did."""
    found = Outlook()
    for effects in every_effect(revision):
        found.add(effects)
    return found


def every_effect(revision: PriceRevision, beyond: int = 0) -> Iterator[list[Effect]]:
    """What it does to each contract, a chunk of customers at a time, in their order; from this customer id on."""
    company = current_company()
    context = billing_context.load(company, months.of(revision.valid_from), revision.valid_from)
    for after, upto in billing_read.ranges(company.id):
        if upto < beyond:
            continue
        tagged = _tagged(revision, after, upto)
        found = billing_read.candidates(context, after, upto)
        yield [effect for one in found if (effect := _effect(context, revision, one, tagged))]


def _tagged(revision: PriceRevision, after: int, upto: int) -> set[int] | None:
    """The customers of the range that have one of the tags; None where tags do not limit."""
    wanted = revision.filters.get("tag_ids")
    if not wanted:
        return None
    return set(db.session.scalars(sa.select(CustomerTag.customer_id).where(
        CustomerTag.tag_id.in_(wanted), CustomerTag.customer_id > after, CustomerTag.customer_id <= upto)))


def _effect(context: Context, revision: PriceRevision, one: Candidate, tagged: set[int] | None) -> Effect | None:
    contract, customer, day = one.contract, one.customer, revision.valid_from
    filters = revision.filters
    plan = context.plans[contract.plan_on(day)]
    outside = (
        contract.state not in ("active", "suspended") or contract.served.last < day
        or (filters.get("plan_ids") and plan.id not in filters["plan_ids"])
        or (filters.get("zone_ids") and customer.zone_id not in filters["zone_ids"])
        or (tagged is not None and customer.id not in tagged))
    own = pricing.own_price(contract, day) if not outside else None
    now = own or pricing.dated(plan.prices, day)
    if outside or now is None:
        return None
    before = _before(revision, contract, plan, now)
    promised = bool(own and own.promised)
    after = before if promised else raised(revision, before)
    return Effect(contract.id, contract.number, customer.id, customer.name, plan.id, plan.name, before, after,
                  plan.currency, own, promised)


def _before(revision: PriceRevision, contract: ContractFacts, plan: PlanFacts, now: DatedPrice) -> Decimal:
    """The price that the revision starts from: that of its day, or once it is applied that of the day before."""
    if revision.state != APPLIED:
        return now.price
    yesterday = revision.valid_from - months.DAY
    earlier = pricing.own_price(contract, yesterday) or pricing.dated(plan.prices, yesterday)
    return earlier.price if earlier else now.price


def raised(revision: PriceRevision, price: Decimal) -> Decimal:
    """The new price: changed, rounded half up to a multiple of the revision's step, not below zero."""
    changed = price * (100 + revision.percent) / 100 if revision.percent is not None else price + (
        revision.amount or ZERO)
    steps = (changed / revision.rounding).quantize(Decimal(1), ROUND_HALF_UP)
    return max(steps * revision.rounding, ZERO)


# --- doing ---------------------------------------------------------------------------------------------


def apply(revision: PriceRevision) -> PriceRevision:
    """Write the new prices. All in one transaction, chunk by chunk; a second call does nothing."""
    revision = _take(revision)
    if revision.state == APPLIED:
        return revision
    _need(revision, DRAFT)
    _check_day(revision.valid_from)
    found = Outlook()
    by_contract = bool(revision.filters.get("zone_ids") or revision.filters.get("tag_ids"))
    for effects in every_effect(revision):
        found.add(effects)
        write_rows(ContractPrice.__table__, [
            _price_row(revision, one) for one in effects if not one.promised and (by_contract or one.own)])
    plans = 0 if by_contract else _raise_plans(revision)  # last: contracts are looked at by the old prices
    if not (found.contracts or plans):
        raise NotPossible(_("Revising prices is not possible because no contract is meant by these conditions."))
    revision.state, revision.applied_at = APPLIED, clock.now()
    revision.contracts, revision.spared = found.contracts, found.spared
    db.session.flush()
    audit.record("contracts.apply_revision", revision, {
        "contracts": found.contracts, "spared": found.spared, "before": found.before, "after": found.after})
    publish(PricesRevised(revision.id))
    if revision.tell_on and revision.tell_on <= clock.today() and revision.notified_at is None:
        announce(revision)
    return revision


def apply_later(revision: PriceRevision) -> None:
    """Have a job write the new prices."""
    _need(revision, DRAFT)
    _check_day(revision.valid_from)
    key = f"contracts.apply_revision:{revision.id}"
    failed = db.session.scalar(sa.select(Job).where(Job.key == key, Job.state.in_(ENDED_BADLY)))
    if failed is not None:
        run_again(failed)
    else:
        enqueue(APPLY, key=key, revision_id=revision.id)


def _take(revision: PriceRevision) -> PriceRevision:
    return db.session.scalars(lock(sa.select(PriceRevision).where(PriceRevision.id == revision.id))
                              .execution_options(populate_existing=True)).one()


def _need(revision: PriceRevision, state: str) -> None:
    if revision.state != state:
        raise NotPossible(_("This is not possible because the revision is: %(state)s.",
                            state=TITLES[revision.state]))


def _raise_plans(revision: PriceRevision) -> int:
    """Give the plans their new prices; how many."""
    context = billing_context.load(current_company(), months.of(revision.valid_from), revision.valid_from)
    wanted = revision.filters.get("plan_ids")
    rows = []
    for plan in context.plans.values():
        price = pricing.dated(plan.prices, revision.valid_from)
        if price is None or (wanted and plan.id not in wanted):
            continue
        if price.first == revision.valid_from:
            raise WrongValue(_("To revise prices you must choose another day: %(plan)s has a new price on %(day)s "
                               "already.", plan=plan.name, day=price.first.strftime("%d/%m/%Y")), field="valid_from")
        rows.append({"company_id": revision.company_id, "plan_id": plan.id, "valid_from": revision.valid_from,
                     "price": raised(revision, price.price), "revision_id": revision.id})
    write_rows(PlanPrice.__table__, rows)
    return len(rows)


def _price_row(revision: PriceRevision, one: Effect) -> dict[str, Any]:
    last = one.own.last if one.own and one.own.last != FOREVER else None
    return {"company_id": revision.company_id, "contract_id": one.contract_id, "valid_from": revision.valid_from,
            "valid_to": last, "price": one.after, "promised": False, "revision_id": revision.id, "form_key": None}


def can_undo(revision: PriceRevision) -> bool:
    """Whether nobody was billed since for days with the new prices."""
    if revision.state != APPLIED:
        return False
    return not db.session.scalar(sa.select(sa.exists().where(
        BilledPeriod.service_to >= revision.valid_from, BilledPeriod.run_id == BillingRun.id,
        BillingRun.started_at >= revision.applied_at)))


def undo(revision: PriceRevision) -> None:
    """Take the new prices back, while nobody is billed by them; a draft is thrown away."""
    revision = _take(revision)
    if revision.state == APPLIED and not can_undo(revision):
        raise NotPossible(_("Taking this revision back is not possible because subscribers were billed by its prices. "
                            "Make another revision."))
    if revision.state == CANCELLED:
        return
    for model in (ContractPrice, PlanPrice):
        db.session.execute(sa.delete(model).where(model.revision_id == revision.id)
                           .execution_options(synchronize_session=False))
    revision.state = CANCELLED
    db.session.flush()
    db.session.expire_all()
    audit.record("contracts.undo_revision", revision)


# --- telling -------------------------------------------------------------------------------------------


def announce(revision: PriceRevision) -> None:
    """Have every subscriber whose price changes told, by a job."""
    if revision.state == CANCELLED:
        raise NotPossible(_("Telling subscribers is not possible because this revision was taken back."))
    if revision.notified_at is not None:
        raise NotPossible(_("Subscribers are told of this revision already."))
    revision.notified_at = clock.now()
    db.session.flush()
    enqueue(TELL, key=f"contracts.tell_revision:{revision.id}", revision_id=revision.id)
    audit.record("contracts.announce_revision", revision)


def tell_due(today: dt.date) -> int:
    """Announce the applied revisions whose day of telling has come; how many."""
    due = db.session.scalars(sa.select(PriceRevision).where(
        PriceRevision.state == APPLIED, PriceRevision.tell_on <= today, PriceRevision.notified_at.is_(None))).all()
    for revision in due:
        announce(revision)
    return len(due)


def tell(revision: PriceRevision) -> int:
    """Queue the notices, a chunk per transaction; how many were new. Safe to repeat."""
    company, told = current_company(), 0
    for effects in every_effect(revision):
        told += notify_many(_notice(company, revision, one) for one in effects
                            if not one.promised and one.before != one.after)
        checkpoint()
    return told


def _notice(company: Company, revision: PriceRevision, one: Effect) -> Notice:
    def price(value: Decimal) -> str:
        return format_amount(value, one.currency or company.currency, company.locale)

    return Notice(one.customer_id, PRICE_CHANGE.code, f"revision:{revision.id}:{one.contract_id}", {
        "plan": one.plan, "contract": one.number, "before": price(one.before), "after": price(one.after),
        "valid_from": format_date(revision.valid_from)})
