"""The made-up company with what it sells: zones, plans with prices, billing profiles, the look of its invoices."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import companies
from core.db import db
from core.models import Company
from core.scope import company_scope
from modules.accounting import designs, ledger
from modules.accounting.models import CashAccount
from modules.accounting.models.design import BLOCKS
from modules.contracts.models import BillingProfile, Plan, PlanPrice, ZoneProfile
from modules.crm.models import Tag
from modules.crm.services import create_tag, create_zone
from modules.demo.facts import Facts
from modules.einvoice.ports import issuers

CASE_TAG = "Caso de la demostración"
# prices hold since before anybody's first contract
SINCE = dt.date(2020, 1, 1)


@dataclass
class Stock:
    """What customers and contracts refer to."""

    company: Company
    facts: Facts
    zone_ids: dict[str, int]
    plans: dict[str, Plan]
    unpriced: Plan
    case_tag: Tag
    bank: CashAccount

    @property
    def home_plans(self) -> tuple[list[Plan], list[int]]:
        return self._weighted(business=False)

    @property
    def business_plans(self) -> tuple[list[Plan], list[int]]:
        return self._weighted(business=True)

    def _weighted(self, *, business: bool) -> tuple[list[Plan], list[int]]:
        fitting = [one for one in self.facts.plans if bool(one.get("business")) is business]
        return [self.plans[one["code"]] for one in fitting], [one["weight"] for one in fitting]


def make(facts: Facts) -> Stock:
    """Create the company of these facts and all it sells."""
    company = companies.create_company(facts.country, facts.company["name"], facts.company["tax_id"], **{
        name: value for name, value in facts.company.items() if name not in ("name", "tax_id")})
    with company_scope(company):
        # where no authority can be reached from here, documents are the company's own
        ledger.policy().legal_documents = issuers.find(facts.country) is not None
        zones = {one["name"]: create_zone(one["name"]) for one in facts.zones}
        plans = {one["code"]: _plan(facts, one) for one in facts.plans}
        unpriced = _plan(facts, facts.unpriced)
        db.session.flush()
        _profiles(zones)
        _design(facts)
        bank = db.session.scalars(sa.select(CashAccount).where(CashAccount.kind == "bank")).one()
        return Stock(company, facts, {name: zone.id for name, zone in zones.items()}, plans, unpriced,
                     create_tag(CASE_TAG), bank)


def _plan(facts: Facts, wanted: Any) -> Plan:
    plan = Plan(code=wanted["code"], name=wanted["name"], speed_down_kbps=wanted["down"], speed_up_kbps=wanted["up"],
                period_months=wanted.get("months", 1), includes_tax=not wanted.get("net"), taxes=facts.taxes)
    if "price" in wanted:
        plan.prices = [PlanPrice(valid_from=SINCE, price=Decimal(wanted["price"]))]
    db.session.add(plan)
    return plan


def _profiles(zones: dict[str, Any]) -> None:
    """The default one with a second due date; the last zone is billed by another one, which cuts later."""
    general = db.session.scalars(sa.select(BillingProfile).where(BillingProfile.is_default)).one()
    general.due_days, general.second_due_days, general.surcharge_percent = 10, 10, Decimal(3)
    general.cut_after_days = 15
    far = BillingProfile(name=f"{list(zones)[-1]}: sin recargo", due_days=20, cut_after_days=40,
                         while_suspended="prorate")
    db.session.add(far)
    db.session.flush()
    db.session.add(ZoneProfile(zone_id=list(zones.values())[-1].id, profile_id=far.id))


def _design(facts: Facts) -> None:
    designs.revise(blocks=BLOCKS, texts={"bank": facts.bank, "text": facts.text}, color=facts.company["color"])
