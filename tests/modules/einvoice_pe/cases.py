"""Cases of CASE.json for tests: the boleta of the reference, and changes to it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from modules.einvoice.case import parse
from modules.einvoice_pe.mapping import Mapped, map_document
from tests.cases import changed

SAMPLES = Path(__file__).parent / "samples"
VAT = [{"code": "VAT", "rate": "18"}]
EXEMPT = [{"code": "VAT", "category": "exempt"}]
UNTAXED = [{"code": "VAT", "category": "untaxed"}]
RUC, OTHER_RUC = "20555666773", "20612345679"
BASE: dict[str, Any] = {
    "country": "PE", "provider": "nubefact", "environment": "test", "kind": "invoice",
    "issuer": {"name": "Red Andina S.A.C.", "trade_name": "Red Andina", "tax_id": OTHER_RUC, "tax_condition": "GENERAL",
               "series": "B001", "address": {"street": "Av. Brasil 100", "city": "Lima", "region": "15",
                                             "postal_code": "15001", "country": "PE"}, "extra": {}},
    "customer": {"name": "ANA MARIA PEREZ GOMEZ", "tax_id_kind": "DNI", "tax_id": "45678912", "tax_condition": "",
                 "email": "cliente@ejemplo.pe", "address": {"street": "JR. LOS OLIVOS 123"}, "extra": {}},
    "number": 124, "issued_at": "2025-03-01T09:30:00-05:00", "service_from": "2025-03-01",
    "service_to": "2025-03-31", "due_date": "2025-03-15", "currency": "PEN", "exchange_rate": "1",
    "payment": {"terms": "credit", "method": ""},
    "lines": [{"code": "INT100", "description": "INTERNET HOGAR 100 MBPS - MARZO 2025", "quantity": "1",
               "unit_price": "89.00", "price_includes_tax": True, "discount": "0.00", "taxes": VAT, "extra": {}}],
    "taxes": [], "references": [], "extra": {"observaciones":
        "Contrato 000123\nPeriodo marzo 2025\nCódigo de pago 9000123"}}
FACTURA = {"issuer__series": "F001", "number": 88, "customer__tax_id_kind": "RUC", "customer__tax_id": RUC,
           "customer__name": "COMERCIAL EJEMPLO S.A.C.",
           "customer__address": {"street": "AV. AREQUIPA 1234", "city": "LIMA", "region": "15"}}
REFERENCE = {"kind": "03", "series": "B001", "number": 124, "date": "2025-02-01", "authorization_code": "",
             "reason": "baja"}


def case(**changes: Any) -> dict[str, Any]:
    """The base case with changes; `customer__tax_id=…` changes inside an object."""
    return changed(BASE, changes)


def line(price: str, taxes: Any = None, **changes: Any) -> dict[str, Any]:
    return {"code": "X", "description": "x", "quantity": "1", "unit_price": price, "price_includes_tax": False,
            "discount": "0.00", "taxes": VAT if taxes is None else taxes, "extra": {}} | changes


def factura(**changes: Any) -> dict[str, Any]:
    return case(**(FACTURA | changes))


def note(kind: str = "credit_note", **changes: Any) -> dict[str, Any]:
    return case(**({"kind": kind, "issuer__series": "BC01", "number": 3, "references": [REFERENCE]} | changes))


def mapped(data: dict[str, Any]) -> Mapped:
    """The mapping of a case that must be accepted."""
    found = map_document(parse(data))
    assert [one for one in found.problems if one.severity == "error"] == []
    return found


def payload(data: dict[str, Any]) -> dict[str, Any]:
    return mapped(data).payload


def refusals(data: dict[str, Any]) -> set[tuple[str, str]]:
    """{(field, authority's code)} of what would be refused."""
    return {(one.field, one.authority_code) for one in map_document(parse(data)).problems if one.severity == "error"}


def sample(name: str) -> Any:
    """A sample of the reference, with exact numbers."""
    return json.loads((SAMPLES / f"nubefact_{name}.json").read_text(encoding="utf-8"), parse_float=Decimal)


def like_sample(value: Any) -> Any:
    """Numbers as Decimal whether they were sent as text or number, "" for zero: what Nubefact takes alike."""
    if isinstance(value, dict):
        return {key: like_sample(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [like_sample(inner) for inner in value]
    if isinstance(value, bool):
        return value
    try:
        return Decimal(str(value)) or ""
    except ArithmeticError:
        return value
