"""Contracts whose plan bears another IVA than the estrato of their service address asks for (reference 1.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.db import db
from modules.contracts.models import Contract, Plan
from modules.crm.models import Address, Customer
from modules.einvoice_co.catalogs import IVA, tribute
from modules.einvoice_co.places import EXCLUDED, EXEMPT, TAXED, internet_category, is_residential

# contracts read at a time
CHUNK = 1000
LIVE = ("active", "suspended")


@dataclass(frozen=True)
class Misfit:
    """A contract, with the IVA that its plan has and the one that its estrato asks for: exempt, excluded, taxed."""

    contract: str
    estrato: str
    found: str
    expected: str


def misfits() -> Iterator[Misfit]:
    """Those of the company in scope, in order; only plans with a speed are internet. Constant memory."""
    place = sa.func.coalesce(Contract.address_id, sa.select(sa.func.min(Address.id)).where(
        Address.customer_id == Contract.customer_id, Address.active).correlate(Contract).scalar_subquery())
    rows = db.session.execute(
        sa.select(Contract.number, Plan.taxes, Customer.kind, Address.extra)
        .join(Plan, Plan.id == Contract.plan_id).join(Customer, Customer.id == Contract.customer_id)
        .join(Address, Address.id == place)
        .where(Contract.state.in_(LIVE), Plan.speed_down_kbps.is_not(None))
        .order_by(Contract.id).execution_options(yield_per=CHUNK))
    for row in rows:
        estrato = str((row.extra or {}).get("estrato") or "")
        if not estrato:
            continue
        residential = row.kind != "business" and is_residential(row.extra)
        found, expected = category_of(row.taxes or ()), internet_category(estrato, residential)
        if found != expected:
            yield Misfit(row.number, estrato, found, expected)


def category_of(taxes: Sequence[Mapping[str, Any]]) -> str:
    """exempt, excluded or taxed."""
    vat = next((tax for tax in taxes if tribute(str(tax.get("code") or "")) == IVA), None)
    if vat is None or vat.get("category") in ("excluded", "untaxed"):
        return EXCLUDED
    bare = vat.get("category") in ("exempt", "zero") or str(vat.get("rate") or "0").strip("0.") == ""
    return EXEMPT if bare else TAXED
