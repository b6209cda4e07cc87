"""Documents a second in each country, from a case to what is sent, signed where it signs; against bare signing.

A provider's month goes out at this speed where the authority lets it: what it allows is measured by nobody here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from modules.einvoice.case import Case, parse
from modules.einvoice_ar import cms
from modules.einvoice_ar.mapping import map_document as argentina
from modules.einvoice_co.previewer import previewer as colombia
from modules.einvoice_ec import firma
from modules.einvoice_ec.certificados import Llave
from modules.einvoice_ec.mapping import map_document as ecuador
from modules.einvoice_mx import seal
from modules.einvoice_mx.mapping import map_document as mexico
from modules.einvoice_pe.mapping import map_document as peru
from tests.bench.measure import Measure, rounds
from tests.bench.signing import FACTURA, certificate
from tests.modules.einvoice_co import cases as co
from tests.modules.einvoice_mx import cases as mx
from tests.modules.einvoice_pe import cases as pe

TIMES = 100
# a document takes no more than so many bare signatures: ten thousand in a few minutes on one core
GOAL = 1 / 40
ARGENTINE = {
    "country": "AR", "kind": "invoice", "number": 1, "issued_at": "2026-11-01T09:30:00-03:00", "currency": "ARS",
    "service_from": "2026-11-01", "service_to": "2026-11-30", "due_date": "2026-11-10",
    "issuer": {"name": "Mi Red S.A.", "tax_id": "30990000103", "tax_condition": "RI", "series": "0003"},
    "customer": {"name": "Ana Peña", "tax_id_kind": "DNI", "tax_id": "20111222", "tax_condition": "CF"},
    "lines": [{"description": "Internet 100 Mbps", "quantity": "1", "unit_price": "10000.00",
               "taxes": [{"code": "VAT", "rate": "21"}]}]}


def run(_count: int, _server: str) -> bool:
    """One core, no network."""
    key_pem = cms.make_key()
    key, paper = cms.load_key(key_pem), x509.load_pem_x509_certificate(certificate(key_pem).encode())
    llave, csd = Llave(key, paper), seal.Csd(paper, paper.public_bytes(serialization.Encoding.DER), key)

    def sealed(case: Case) -> str:
        return seal.seal(mexico(case).document, csd)

    ways: dict[str, tuple[dict[str, Any], Callable[[Case], Any]]] = {
        "AR": (ARGENTINE, argentina), "EC": (FACTURA, lambda case: firma.sign(ecuador(case).xml, llave)),
        "CO": (co.case(), colombia.preview), "MX": (mx.case(), sealed), "PE": (pe.factura(), peru)}
    met = True
    for country, (case, make) in ways.items():
        parsed = parse(case)
        measure = Measure(f"documents_{country}", TIMES, "RSA-2048 signature of 600 bytes with a loaded key", GOAL)
        rounds(measure, lambda make=make, parsed=parsed: [make(parsed) for _number in range(TIMES)],  # type: ignore[misc]
               lambda: [key.sign(b"x" * 600, padding.PKCS1v15(), hashes.SHA256()) for _number in range(TIMES)])
        met = measure.report() and met
    return met
