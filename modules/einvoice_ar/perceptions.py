"""Perceptions that an Argentine company must collect on a document: Argentina's entry in `collectors`.

A perception holds from a day on, for who is in its list, lives in its province, or everybody. A customer may have a
rate of his own (the province's list) or a certificate of exclusion, which wins over everything while it lasts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import among, db
from core.models import Company
from modules.accounting.drafts import InvoiceDraft
from modules.accounting.totals import AR, HUNDRED, VAT, ZERO, Totals
from modules.crm.models import Address, Customer
from modules.einvoice_ar import catalogs
from modules.einvoice_ar.models import CustomerPerception, Perception

LISTED, RESIDENTS, EVERYBODY = "listed", "residents", "all"
NET, TAXED, TOTAL = "net", "taxed", "total"
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A perception in force."""

    code: str
    jurisdiction: str = ""
    rate: Decimal = ZERO
    base: str = NET
    minimum_base: Decimal = ZERO
    minimum_amount: Decimal = ZERO
    applies_to: str = LISTED
    conditions: frozenset[str] = frozenset()
    description: str = ""

    @property
    def key(self) -> Key:
        return self.code, self.jurisdiction


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who gets a document: VAT condition, province (crm's code), and what he has of his own in force.

    `own`: by perception the rate, None where the perception's holds.
    """

    condition: str = ""
    region: str = ""
    own: Mapping[Key, Decimal | None] = field(default_factory=dict)
    excluded: frozenset[Key] = frozenset()


def collected(rules: Iterable[Rule], receiver: Receiver, totals: Totals,
              exchange_rate: Decimal = Decimal(1)) -> tuple[dict[str, Any], ...]:
    """The taxes on a document with these totals of its lines, as a draft says them. Pure."""
    found = (_tax(rule, rate, totals, exchange_rate) for rule in rules
             if (rate := _rate(rule, receiver)) is not None)
    return tuple(tax for tax in found if tax)


def _rate(rule: Rule, receiver: Receiver) -> Decimal | None:
    """The rate for this receiver; None where the perception is not for him."""
    if rule.key in receiver.excluded:
        return None
    if rule.key in receiver.own:
        own = receiver.own[rule.key]
        return rule.rate if own is None else own
    if rule.applies_to == LISTED or (rule.conditions and receiver.condition not in rule.conditions):
        return None
    if rule.applies_to == RESIDENTS and catalogs.jurisdiction_of(receiver.region) != rule.jurisdiction:
        return None
    return rule.rate


def _tax(rule: Rule, rate: Decimal, totals: Totals, exchange_rate: Decimal) -> dict[str, Any] | None:
    base = _base(rule.base, totals)
    amount = AR.round(base * rate / HUNDRED)
    if amount <= 0 or base * exchange_rate < rule.minimum_base or amount * exchange_rate < rule.minimum_amount:
        return None
    return {"code": rule.code, "jurisdiction": rule.jurisdiction, "description": _description(rule, rate),
            "base": f"{base:.2f}", "rate": f"{rate:f}", "amount": f"{amount:.2f}"}


def _base(kind: str, totals: Totals) -> Decimal:
    if kind == TAXED:
        return totals.net
    net = totals.net + totals.untaxed + totals.exempt
    return net if kind == NET else net + sum((tax.amount for tax in totals.taxes if tax.code == VAT), ZERO)


def _description(rule: Rule, rate: Decimal) -> str:
    """As printed and sent: name, place and rate."""
    place = catalogs.jurisdictions().get(rule.jurisdiction, rule.jurisdiction)
    name = rule.description or catalogs.tributes()[catalogs.TRIBUTES[rule.code]]
    shown = f"{rate.normalize():f}".replace(".", ",")
    return " ".join(part for part in (name, "" if place in name else place, f"{shown} %") if part)


# --- reading -------------------------------------------------------------------------------------------


class ArgentineCollector:
    """Argentina's entry in accounting's port `collectors`."""

    def on(self, company: Company, day: dt.date) -> Collecting | None:
        """What documents of that day must collect."""
        rules = in_force(company, day)
        return Collecting(rules, day) if rules else None


class Collecting:
    """The perceptions of one day, and the customers who were looked up last."""

    def __init__(self, rules: Sequence[Rule], day: dt.date) -> None:
        self._rules, self._day = rules, day
        self._receivers: dict[int, Receiver] = {}

    def look_up(self, customer_ids: Iterable[int]) -> None:
        """Three selects, whatever their number."""
        self._receivers = receivers(list(customer_ids), self._day)

    def taxes(self, draft: InvoiceDraft, totals: Totals) -> tuple[Mapping[str, Any], ...]:
        """What is collected on this document."""
        return collected(self._rules, self._receivers[draft.customer_id], totals, draft.exchange_rate)


def in_force(company: Company, day: dt.date) -> list[Rule]:
    """The perceptions of a day; of each the one that began last."""
    rows = db.session.scalars(sa.select(Perception).where(
        Perception.company_id == company.id, *_holds(Perception, day))
        .order_by(Perception.valid_from, Perception.id))
    latest = {(row.code, row.jurisdiction): row for row in rows}
    return [Rule(row.code, row.jurisdiction, row.rate, row.base, row.minimum_base, row.minimum_amount, row.applies_to,
                 frozenset(row.conditions.split(",")) if row.conditions else frozenset(), row.description)
            for _key, row in sorted(latest.items())]


def receivers(customer_ids: Sequence[int], day: dt.date) -> dict[int, Receiver]:
    """What decides about these customers on a day, by id."""
    own: dict[int, dict[Key, Decimal | None]] = {}
    excluded: dict[int, set[Key]] = {}
    for row in db.session.scalars(sa.select(CustomerPerception).where(
            among(CustomerPerception.customer_id, customer_ids), *_holds(CustomerPerception, day))
            .order_by(CustomerPerception.valid_from, CustomerPerception.id)):
        key = (row.code, row.jurisdiction)
        if row.excluded:
            excluded.setdefault(row.customer_id, set()).add(key)
        else:
            own.setdefault(row.customer_id, {})[key] = row.rate
    regions = _regions(customer_ids)
    conditions = db.session.execute(sa.select(Customer.id, Customer.tax_condition).where(
        among(Customer.id, customer_ids)))
    return {row.id: Receiver(row.tax_condition, regions.get(row.id, ""), own.get(row.id, {}),
                             frozenset(excluded.get(row.id, ()))) for row in conditions}


def any_in_force() -> bool:
    """Whether the company in scope collects anything today."""
    return bool(db.session.scalar(sa.select(sa.exists().where(*_holds(Perception, clock.today())))))


def own_today(customer_id: int) -> list[CustomerPerception]:
    """What a customer has of his own today, exclusions first."""
    return list(db.session.scalars(sa.select(CustomerPerception).where(
        CustomerPerception.customer_id == customer_id, *_holds(CustomerPerception, clock.today()))
        .order_by(CustomerPerception.excluded.desc(), CustomerPerception.valid_from.desc())))


def _regions(customer_ids: Sequence[int]) -> dict[int, str]:
    """The province of the address for documents: the fiscal one, else the first one in use."""
    rows = db.session.execute(sa.select(Address.customer_id, Address.region).where(
        among(Address.customer_id, customer_ids), Address.active)
        .order_by(Address.customer_id, (Address.kind == "fiscal").desc(), Address.id))
    found: dict[int, str] = {}
    for customer_id, region in rows:
        found.setdefault(customer_id, region)
    return found


def _holds(model: Any, day: dt.date) -> tuple[Any, ...]:
    return model.valid_from <= day, sa.or_(model.valid_until.is_(None), model.valid_until >= day)
