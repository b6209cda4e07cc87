"""What is the same for every contract of a billing run: plans, profiles, rates, words. Read once per chunk."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from core import months
from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.models import Company
from modules.accounting.ports import Collecting, collectors
from modules.contracts.facts import DatedPrice, PlanFacts, ProfileFacts
from modules.contracts.models import BillingProfile, BillingRun, ExchangeRate, Plan, PlanPrice, ZoneProfile
from modules.contracts.ports import PlaceTaxing, place_taxes
from modules.contracts.wording import Wording

PROFILE_FIELDS = ("id", "name", "billing_day", "due_days", "due_day", "second_due_days", "surcharge_percent",
                  "surcharge_amount", "in_advance", "day_count", "first_period", "last_period", "first_with_next",
                  "while_suspended", "group_by", "needs_approval")


@dataclass
class Context:
    """Everything that deciding about a contract needs beside the contract."""

    company: Company
    month: dt.date
    issue_date: dt.date
    plans: Mapping[int, PlanFacts]
    profiles: Mapping[int, ProfileFacts]
    zone_profiles: Mapping[int, int]
    default_profile: ProfileFacts
    wording: Wording
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    # when the month before was first billed here; None: it was not, so nothing of it is caught up
    previous_run: dt.datetime | None = None
    # {"profile_ids": [...], "billing_day": n} of automatic runs
    filters: Mapping[str, Any] = field(default_factory=dict)
    # taxes on the whole document that the country has the company collect (perceptions); None: nothing
    collecting: Collecting | None = None
    # taxes of lines that follow the place of the service, in countries that have such; None: nothing
    placing: PlaceTaxing | None = None
    _taxes: dict[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    totals: dict[Any, Any] = field(default_factory=dict)
    # what contracts with nothing of their own pay, and the lines of documents that are the same for many
    alike: dict[Any, Any] = field(default_factory=dict)
    lines: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def before(self) -> dt.date:
        """The month before."""
        return months.add(self.month, -1)

    def profile_of(self, profile_id: int | None, zone_id: int | None) -> ProfileFacts:
        """The contract's own profile, else its zone's, else the default one."""
        chosen = profile_id or self.zone_profiles.get(zone_id or 0)
        return self.profiles.get(chosen or 0, self.default_profile)

    def taxes(self, value: Sequence[Mapping[str, Any]] | None) -> tuple[Mapping[str, Any], ...]:
        """The same taxes are the same object, so that equal invoices are computed once."""
        return interned(self._taxes, value)


def interned(known: dict[str, tuple[Mapping[str, Any], ...]],
             value: Sequence[Mapping[str, Any]] | None) -> tuple[Mapping[str, Any], ...]:
    key = json.dumps(value or [], sort_keys=True)
    if key not in known:
        known[key] = tuple(value or ())
    return known[key]


def load(company: Company, month: dt.date, issue_date: dt.date, filters: Mapping[str, Any] | None = None) -> Context:
    """Read the context of a run or preview: a handful of statements, whatever the number of contracts."""
    shared: dict[str, tuple[Mapping[str, Any], ...]] = {}
    plans = _plans(company, shared)
    profiles, zones, default = _profiles(company)
    collector, rule = collectors.find(company.country), place_taxes.find(company.country)
    return Context(company, month, issue_date, plans, profiles, zones, default, Wording(company.locale),
                   rates=_rates(company, plans.values(), issue_date), filters=filters or {},
                   previous_run=_first_run(company, months.add(month, -1)), _taxes=shared,
                   collecting=collector.on(company, issue_date) if collector else None,
                   placing=rule.on(company) if rule else None)


def _plans(company: Company, shared: dict[str, tuple[Mapping[str, Any], ...]]) -> dict[int, PlanFacts]:
    rows = db.session.execute(
        sa.select(Plan.id, Plan.code, Plan.name, Plan.period_months, Plan.includes_tax, Plan.taxes, Plan.currency,
                  Plan.account_id, Plan.product_codes, PlanPrice.valid_from, PlanPrice.price)
        .outerjoin(PlanPrice, PlanPrice.plan_id == Plan.id).where(Plan.company_id == company.id)
        .order_by(Plan.id, PlanPrice.valid_from)).all()
    prices: dict[int, list[DatedPrice]] = {}
    for row in rows:
        if row.valid_from is not None:
            prices.setdefault(row.id, []).append(DatedPrice(row.valid_from, row.price))
    return {row.id: PlanFacts(
        row.id, row.code, row.name, tuple(prices.get(row.id, ())), row.period_months, row.includes_tax,
        interned(shared, row.taxes), row.currency or company.currency, row.account_id,
        (row.product_codes or {}).get(company.country, "")) for row in rows}


def _profiles(company: Company) -> tuple[dict[int, ProfileFacts], dict[int, int], ProfileFacts]:
    rows = db.session.execute(
        sa.select(BillingProfile, ZoneProfile.zone_id)
        .outerjoin(ZoneProfile, ZoneProfile.profile_id == BillingProfile.id)
        .where(BillingProfile.company_id == company.id).order_by(BillingProfile.id)).all()
    profiles = {row.BillingProfile.id: profile_facts(row.BillingProfile) for row in rows}
    zones = {row.zone_id: row.BillingProfile.id for row in rows if row.zone_id}
    default = next((row.BillingProfile.id for row in rows if row.BillingProfile.is_default), None)
    if default is None:
        raise DomainError(_("To bill you must first make one billing profile the default one."), code="no_profile")
    return profiles, zones, profiles[default]


def profile_facts(profile: BillingProfile) -> ProfileFacts:
    """A profile as plain values."""
    return ProfileFacts(**{name: getattr(profile, name) for name in PROFILE_FIELDS})


def _rates(company: Company, plans: Iterable[PlanFacts], day: dt.date) -> dict[str, Decimal]:
    """The newest rate of each foreign currency that a plan is priced in."""
    foreign = {plan.currency for plan in plans} - {company.currency}
    if not foreign:
        return {}
    rows = db.session.execute(
        sa.select(ExchangeRate.currency, ExchangeRate.rate)
        .where(ExchangeRate.company_id == company.id, ExchangeRate.currency.in_(foreign), ExchangeRate.day <= day)
        .order_by(ExchangeRate.day))
    return {row.currency: row.rate for row in rows}


def _first_run(company: Company, month: dt.date) -> dt.datetime | None:
    found: dt.datetime | None = db.session.scalar(
        sa.select(BillingRun.started_at).where(BillingRun.company_id == company.id, BillingRun.month == month)
        .order_by(BillingRun.id).limit(1))
    return found
