"""The login request of WSAA in a CMS against one bare RSA signature."""

from __future__ import annotations

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import NameOID

from core import clock
from modules.einvoice_ar import cms, wsaa
from tests.bench.measure import Measure, rounds

TIMES = 300
GOAL = 1 / 4


def run(_count: int, _server: str) -> bool:
    """Signing as used: key and certificate as texts out of the database."""
    key_pem = cms.make_key()
    key, certificate = cms.load_key(key_pem), _certificate(key_pem)
    content = cms.login_request("wsfe", clock.now(), wsaa.BUENOS_AIRES)
    plain = b"x" * 600
    measure = Measure("sign_cms", TIMES, "RSA-2048 signature of 600 bytes with a loaded key", GOAL)
    rounds(measure, lambda: [cms.sign(content, key_pem, certificate) for _number in range(TIMES)],
           lambda: [key.sign(plain, padding.PKCS1v15(), hashes.SHA256()) for _number in range(TIMES)])
    return measure.report()


def _certificate(key_pem: str) -> str:
    """One that signs itself: what it says does not matter here."""
    key = cms.load_key(key_pem)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "abona")])
    moment = dt.datetime.now(dt.UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(moment).not_valid_after(moment + dt.timedelta(days=1))
            .sign(key, hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.PEM).decode()
