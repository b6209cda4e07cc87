"""A certificate authority of the tests, and WSAA's answers."""

from __future__ import annotations

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from core import clock

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def issue(csr_pem: str, *, issuer: str = "Computadores Test", days: int = 730, starts_in: int = -1,
          cuit: str | None = None) -> bytes:
    """The certificate for a request, as PEM."""
    csr = x509.load_pem_x509_csr(csr_pem.encode())
    subject = csr.subject
    if cuit is not None:
        subject = x509.Name([x509.NameAttribute(NameOID.SERIAL_NUMBER, f"CUIT {cuit}"),
                             x509.NameAttribute(NameOID.COMMON_NAME, "otro")])
    start = clock.now() + dt.timedelta(days=starts_in)
    certificate = (x509.CertificateBuilder().subject_name(subject)
                   .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
                   .public_key(csr.public_key()).serial_number(7).not_valid_before(start)
                   .not_valid_after(start + dt.timedelta(days=days)).sign(KEY, hashes.SHA256()))
    return certificate.public_bytes(serialization.Encoding.PEM)


def login_answer(token: str = "TOKEN", hours: int = 12) -> str:
    """What loginCmsReturn holds."""
    expires = (clock.now() + dt.timedelta(hours=hours)).astimezone(dt.timezone(dt.timedelta(hours=-3)))
    return ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<loginTicketResponse version="1.0"><header>'
            f"<expirationTime>{expires.isoformat()}</expirationTime></header><credentials><token>{token}</token>"
            "<sign>SIGN</sign></credentials></loginTicketResponse>\n")
