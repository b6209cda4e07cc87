"""Cases of CASE.json for tests: a valid B, and changes to it."""

from __future__ import annotations

from typing import Any

from tests.cases import changed

VAT = [{"code": "VAT", "rate": "21"}]
BASE: dict[str, Any] = {
    "country": "AR", "provider": None, "environment": "test", "kind": "invoice",
    "issuer": {"name": "Red Sur SA", "trade_name": "Red Sur", "tax_id": "30990000103", "tax_condition": "RI",
               "series": "0003", "address": {"street": "Mitre 100", "city": "Bahía Blanca", "region": "902",
                                             "postal_code": "8000", "country": "AR"}, "extra": {}},
    "customer": {"name": "Ana Peña", "tax_id_kind": "DNI", "tax_id": "23456781", "tax_condition": "CF",
                 "email": "ana@example.com", "address": {}, "extra": {}},
    "number": 123, "issued_at": "2026-11-01T09:30:00-03:00",
    "service_from": "2026-11-01", "service_to": "2026-11-30", "due_date": "2026-11-10",
    "currency": "ARS", "exchange_rate": "1", "payment": {"terms": "credit", "method": ""},
    "lines": [{"code": "100M", "description": "Internet 100 Mb", "quantity": "1", "unit_price": "10000.00",
               "price_includes_tax": False, "discount": "0.00", "taxes": VAT, "extra": {}}],
    "taxes": [], "references": [], "extra": {}}
CUIT_RI, CUIT_MO, CUIT_EX = "30990001118", "27990001206", "30990001304"
REFERENCE = {"kind": "6", "series": "0003", "number": 100, "date": "2026-10-01", "authorization_code": "",
             "reason": "baja"}


def case(**changes: Any) -> dict[str, Any]:
    """The base case with changes; `customer__tax_id=…` changes inside an object."""
    return changed(BASE, changes)


def line(price: str = "10000.00", taxes: Any = None, **changes: Any) -> dict[str, Any]:
    return {"code": "X", "description": "x", "quantity": "1", "unit_price": price, "price_includes_tax": False,
            "discount": "0.00", "taxes": VAT if taxes is None else taxes, "extra": {}} | changes


def to(condition: str, identity: str | None = "CUIT", number: str = CUIT_RI, **changes: Any) -> dict[str, Any]:
    """A case for another customer."""
    customer = {"tax_condition": condition, "tax_id_kind": identity, "tax_id": number}
    return case(**({f"customer__{name}": value for name, value in customer.items()} | changes))


def note(kind: str = "credit_note", **changes: Any) -> dict[str, Any]:
    return case(**({"kind": kind, "references": [REFERENCE]} | changes))
