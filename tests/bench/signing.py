"""The login request of WSAA in a CMS, and a factura of Ecuador in XAdES, against one bare RSA signature."""

from __future__ import annotations

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID

from core import clock
from modules.einvoice.case import parse
from modules.einvoice_ar import cms, wsaa
from modules.einvoice_ec import firma
from modules.einvoice_ec.certificados import Llave
from modules.einvoice_ec.mapping import map_document
from tests.bench.measure import Measure, rounds

TIMES = 300
GOAL = 1 / 4
# whose bytes are twenty digits, as a CSD of the SAT wants them
SERIAL = int.from_bytes(b"30001000000500003416", "big")
FACTURA = {
    "country": "EC", "kind": "invoice", "number": 1, "issued_at": "2026-11-01T09:30:00-05:00", "currency": "USD",
    "issuer": {"name": "ISP ANDINO S.A.S.", "tax_id": "1790012344001", "series": "001-002",
               "address": {"street": "Av. Amazonas N34-120", "city": "Quito"}},
    "customer": {"name": "Ana Peña", "tax_id_kind": "CEDULA", "tax_id": "1710034065"},
    "lines": [{"code": f"INET-{number}", "description": "Servicio de internet fijo 100 Mbps", "quantity": "1",
               "unit_price": "25.00", "taxes": [{"code": "VAT", "rate": "15"}]} for number in range(2)]}


def run(_count: int, _server: str) -> bool:
    """Signing as used: key and certificate as texts out of the database."""
    key_pem = cms.make_key()
    key, paper = cms.load_key(key_pem), certificate(key_pem)
    content = cms.login_request("wsfe", clock.now(), wsaa.BUENOS_AIRES)
    plain = b"x" * 600
    measure = Measure("sign_cms", TIMES, "RSA-2048 signature of 600 bytes with a loaded key", GOAL)
    rounds(measure, lambda: [cms.sign(content, key_pem, paper) for _number in range(TIMES)],
           lambda: [key.sign(plain, padding.PKCS1v15(), hashes.SHA256()) for _number in range(TIMES)])
    return measure.report() and _xades(key, paper)


def _xades(key: RSAPrivateKey, paper: str) -> bool:
    """A voucher of 3 KB as Ecuador's SRI gets it, with the key loaded once as in a round of sending."""
    llave = Llave(key, x509.load_pem_x509_certificate(paper.encode()))
    xml = map_document(parse(FACTURA)).xml
    measure = Measure("sign_xades", TIMES, "RSA-2048 signature of 600 bytes with a loaded key", GOAL)
    rounds(measure, lambda: [firma.sign(xml, llave) for _number in range(TIMES)],
           lambda: [key.sign(b"x" * 600, padding.PKCS1v15(), hashes.SHA1()) for _number in range(TIMES)])
    return measure.report()


def certificate(key_pem: str) -> str:
    """One that signs itself: what it says does not matter here."""
    key = cms.load_key(key_pem)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "abona")])
    moment = dt.datetime.now(dt.UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(SERIAL).not_valid_before(moment).not_valid_after(moment + dt.timedelta(days=1))
            .sign(key, hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.PEM).decode()
