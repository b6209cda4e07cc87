"""Cases of CASE.json for tests: the invoice of the reference's samples, and changes to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from modules.einvoice.case import parse
from modules.einvoice.preview import Preview
from modules.einvoice_co.previewer import previewer
from tests.cases import changed

SAMPLES = Path(__file__).parent / "samples"
VAT = [{"code": "VAT", "rate": "19"}]
EXEMPT, EXCLUDED = [{"code": "VAT", "category": "exempt"}], [{"code": "VAT", "category": "excluded"}]
TECHNICAL_KEY = "70c36f17d2a862d7fe8ee7668e3d7b92a432475d"
CUFE = ("09e986986c5c300676765c658211fe730b9a8e91f24781e3eb718dfb0c3b56b2984dab392db5212dab73005ca65ac753")
BASE: dict[str, Any] = {
    "country": "CO", "provider": "hka", "environment": "test", "kind": "invoice",
    "issuer": {"name": "ISP Ejemplo SAS", "tax_id": "901234568", "tax_condition": "48", "series": "SETP",
               "extra": {"rangoNumeracion": "SETP-990000000", "claveTecnica": TECHNICAL_KEY, "resolucion": {
                   "numero": "18760000001", "fecha": "2019-01-19", "desde": 990000000, "hasta": 995000000,
                   "vigenciaDesde": "2019-01-19", "vigenciaHasta": "2030-01-19"}}},
    "customer": {"name": "ANA MARIA PEREZ GOMEZ", "tax_id_kind": "CC", "tax_id": "1020304050", "tax_condition": "49",
                 "email": "cliente@ejemplo.co", "extra": {"telefono": "3001234567"},
                 "address": {"street": "CRA 10 # 20-30 APTO 401", "city": "CALI", "region": "76",
                             "postal_code": "760001", "country": "CO"}},
    "number": 990000123, "issued_at": "2025-03-01T08:15:30-05:00", "service_from": "2025-03-01",
    "service_to": "2025-03-31", "due_date": "2025-03-15", "currency": "COP", "exchange_rate": "1",
    "payment": {"terms": "credit", "method": "1", "reference": "9000123"},
    "lines": [{"code": "INT100", "description": "Internet hogar 100 Mbps - marzo 2025", "quantity": "1",
               "unit_price": "84033.61", "price_includes_tax": False, "discount": "0.00", "taxes": VAT}],
    "extra": {"informacionAdicional": ["Contrato 000123. Referencia de pago 9000123."]}}
REFERENCE = {"kind": "invoice", "series": "SETP", "number": 990000123, "date": "2025-03-01",
             "authorization_code": CUFE, "reason": "2"}


def case(**changes: Any) -> dict[str, Any]:
    """The base case with changes; `customer__tax_id=…` changes inside an object."""
    return changed(BASE, changes)


def siigo(**changes: Any) -> dict[str, Any]:
    """The base case through Siigo, with the catalogs of the samples."""
    catalogs = json.loads((SAMPLES / "siigo_catalogos_ejemplo.json").read_text(encoding="utf-8"))
    catalogs["document_types_NC"] = [{"id": 77775, "code": "1", "active": True, "electronic_type": "ElectronicInvoice",
                                      "discount_type": "Value"}]
    return case(**({"provider": "siigo", "issuer__extra": catalogs, "issuer__series": "FV-2"} | changes))


def line(price: str = "84033.61", taxes: Any = None, **changes: Any) -> dict[str, Any]:
    return {"code": "X1", "description": "x", "quantity": "1", "unit_price": price, "price_includes_tax": False,
            "discount": "0.00", "taxes": VAT if taxes is None else taxes} | changes


def note(kind: str = "credit_note", **changes: Any) -> dict[str, Any]:
    return case(**({"kind": kind, "references": [REFERENCE], "issuer__series": "NCE", "number": 15,
                    "issued_at": "2025-03-05T10:00:00-05:00", "issuer__extra": {}} | changes))


def preview(data: dict[str, Any]) -> Preview:
    return previewer.preview(parse(data))


def valid(data: dict[str, Any]) -> Preview:
    found = preview(data)
    assert [one for one in found.problems if one.severity == "error"] == []
    return found


def errors(data: dict[str, Any]) -> list[tuple[str, str]]:
    """(field, authority's code) of what would be refused."""
    return [(one.field, one.authority_code) for one in preview(data).problems if one.severity == "error"]
