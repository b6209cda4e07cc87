"""Copies of all that a document prints, taken when it is issued: a reprint years later is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core.db import among, db
from core.models import Company
from modules.accounting.models import Invoice
from modules.crm import countries
from modules.crm.models import Address, Customer

CUSTOMER = ("code", "name", "trade_name", "kind", "tax_id_kind", "tax_id", "tax_condition", "language")
ADDRESS = ("street", "number", "unit", "district", "city", "region", "postal_code", "country", "extra")
ISSUER = ("name", "trade_name", "tax_id", "tax_condition", "street", "city", "region", "postal_code", "email", "phone",
          "website", "color", "logo_file_id")


def of_customers(company: Company, customer_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What documents say of these customers, by id, with two selects."""
    addresses = _addresses(company, customer_ids)
    rows = db.session.execute(
        sa.select(Customer.id, *[getattr(Customer, name) for name in CUSTOMER])
        .where(among(Customer.id, customer_ids)))
    return {key: {name: value for name, value in zip(CUSTOMER, values, strict=True) if value}
            | {"address": addresses.get(key, {})} for key, *values in rows}


def _addresses(company: Company, customer_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The address for documents by customer (crm.queries.fiscal_addresses) in parts, its region also by name."""
    rows = db.session.execute(
        sa.select(Address.customer_id, *[getattr(Address, name) for name in ADDRESS])
        .where(among(Address.customer_id, customer_ids), Address.active)
        .order_by(Address.customer_id, (Address.kind == "fiscal").desc(), Address.id))
    found: dict[int, dict[str, Any]] = {}
    for key, *values in rows:
        if key not in found:
            found[key] = parts = {name: value for name, value in zip(ADDRESS, values, strict=True) if value}
            if "region" in parts:
                parts["region_name"] = region_name(company.country, parts["region"])
    return found


def of_originals(invoice_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The receivers that these documents name, by document: a note goes to whom its document went."""
    if not invoice_ids:
        return {}
    rows = db.session.execute(sa.select(Invoice.id, Invoice.snapshot).where(among(Invoice.id, invoice_ids)))
    return {row.id: customer for row in rows if (customer := (row.snapshot or {}).get("customer"))}


def of_issuer(company: Company) -> dict[str, Any]:
    """What documents say of the company."""
    parts = {name: getattr(company, name) for name in ISSUER if getattr(company, name)}
    return parts | ({"region_name": region_name(company.country, company.region)} if company.region else {})


def region_name(country: str, code: str) -> str:
    """The province or department of a code; the code itself where the country has no list."""
    regions: Mapping[str, str] = getattr(countries.get(country), "REGIONS", {})
    return regions.get(code, code)
