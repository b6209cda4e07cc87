"""Cases of CASE.json for tests: a valid invoice between the SAT's own test taxpayers, and changes to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modules.einvoice.case import parse
from modules.einvoice_mx.mapping import Mapped, map_document
from modules.einvoice_mx.seal import Csd, read_pair
from tests.cases import changed

FOLDER = Path(__file__).parent
PASSWORD = "12345678a"
VAT = [{"code": "VAT", "rate": "16"}]
UUID = "ABCDEF01-2345-4789-8ABC-DEF012345678"
ISSUER = {"name": "ESCUELA KEMPER URGATE", "trade_name": "Kemper", "tax_id": "EKU9003173C9", "tax_condition": "601",
          "series": "A", "address": {"street": "Hidalgo 1", "city": "Pachuca", "region": "HID", "postal_code": "42501",
                                     "country": "MX"}, "extra": {}}
COMPANY = {"name": "UNIVERSIDAD ROBOTICA ESPAÑOLA", "tax_id_kind": "RFC", "tax_id": "URE180429TM6",
           "tax_condition": "601", "email": "pagos@example.com",
           "address": {"street": "Sol 2", "city": "Mérida", "region": "YUC", "postal_code": "86991", "country": "MX"},
           "extra": {"UsoCFDI": "G03"}}
PERSON = COMPANY | {"name": "XOCHILT CASAS CHAVEZ", "tax_id": "CACX7605101P8", "tax_condition": "605", "extra": {},
                    "address": {"postal_code": "36257"}}
NOBODY = {"name": "PUBLICO EN GENERAL", "tax_id_kind": "RFC", "tax_id": "XAXX010101000", "tax_condition": "616",
          "email": "", "address": {}, "extra": {}}
RESICO = ISSUER | {"name": "XOCHILT CASAS CHAVEZ", "tax_id": "CACX7605101P8", "tax_condition": "626"}
REFERENCE = {"kind": "01", "series": "A", "number": 10, "date": "2026-11-24", "authorization_code": UUID,
             "reason": "bonificación"}


def line(price: str = "100.00", taxes: Any = None, **changes: Any) -> dict[str, Any]:
    return {"code": "", "description": "Internet 100 Mbps", "quantity": "1", "unit_price": price,
            "price_includes_tax": False, "discount": "0.00", "taxes": VAT if taxes is None else taxes,
            "extra": {}} | changes


BASE: dict[str, Any] = {
    "country": "MX", "provider": None, "environment": "test", "kind": "invoice", "issuer": ISSUER, "customer": COMPANY,
    "number": 10, "issued_at": "2026-11-24T10:00:00-06:00", "service_from": "2026-11-01", "service_to": "2026-11-30",
    "due_date": "2026-12-10", "currency": "MXN", "exchange_rate": "1", "payment": {"terms": "credit", "method": "99"},
    "lines": [line()], "taxes": [], "references": [], "extra": {}}


def case(**changes: Any) -> dict[str, Any]:
    """The base case with changes; `customer__tax_id=…` changes inside an object."""
    return changed(BASE, changes)


def ppd(**changes: Any) -> dict[str, Any]:
    """The sample ingreso_PPD: two lines, one with IVA inside its price, one with a discount."""
    lines = [line("649.00", description="Internet 300 Mbps noviembre 2026", price_includes_tax=True),
             line("80.00", description="IP fija", discount="8.00")]
    return case(**({"lines": lines} | changes))


def note(**changes: Any) -> dict[str, Any]:
    """The sample egreso."""
    return case(**({"kind": "credit_note", "issuer__series": "NC", "number": 3, "references": [REFERENCE],
                    "lines": [line("50.00", description="Bonificacion")],
                    "payment": {"terms": "credit", "method": "15"}} | changes))


def everybody(**changes: Any) -> dict[str, Any]:
    """The sample global."""
    receipts = (("250.00", "REC-1"), ("275.00", "REC-2"))
    lines = [line(price, price_includes_tax=True, code=code) for price, code in receipts]
    period = {"Periodicidad": "04", "Meses": "09", "Año": "2026"}
    return case(**({"customer": NOBODY, "issuer__series": "G", "number": 2, "lines": lines,
                    "payment": {"terms": "cash", "method": "01"}, "extra": {"InformacionGlobal": period}} | changes))


def payment(**changes: Any) -> dict[str, Any]:
    """The sample pago: 300.00 of the 732.52 of ingreso_PPD."""
    paid = {"kind": "invoice", "series": "A", "number": 10, "authorization_code": UUID, "total": "732.52",
            "ImpSaldoAnt": "732.52", "ImpPagado": "300.00", "NumParcialidad": 1,
            "taxes": [{"code": "VAT", "rate": "16", "base": "631.48", "amount": "101.04"}]}
    return case(**({"kind": "payment", "issuer__series": "P", "number": 5, "lines": [],
                    "issued_at": "2026-11-24T11:00:00-06:00", "references": [paid],
                    "payment": {"method": "03", "amount": "300.00", "date": "2026-11-20"}} | changes))


def mapped(data: dict[str, Any]) -> Mapped:
    """Mapped, with nothing refused."""
    found = map_document(parse(data))
    assert [(one.field, one.message, one.authority_code) for one in found.problems if one.severity == "error"] == []
    return found


def refusals(data: dict[str, Any]) -> list[tuple[str, str]]:
    """(field, the SAT's code) of what would be refused."""
    return [(one.field, one.authority_code) for one in map_document(parse(data)).problems if one.severity == "error"]


def remarks(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.field, one.authority_code) for one in map_document(parse(data)).problems if one.severity == "warning"]


def csd(rfc: str = "EKU9003173C9") -> Csd:
    """A test certificate of the SAT."""
    folder = FOLDER / "csd"
    return read_pair((folder / f"{rfc}.cer").read_bytes(), (folder / f"{rfc}.key").read_bytes(), PASSWORD)
