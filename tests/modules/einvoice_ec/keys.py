"""Certificates for tests, as authorities issue them: made here, with an authority of the test's own."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from core import clock

PASSWORD = "secreto"
SECURITY_DATA = "1.3.6.1.4.1.37746.3.11"
UANATACA = "1.3.6.1.4.1.47286.102.3.11"


@lru_cache(maxsize=4)
def rsa_key(name: str = "", bits: int = 2048) -> Any:
    """The same key for the same name."""
    return rsa.generate_private_key(65537, bits)


def name(common: str, *more: Any) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "EC"),
                      x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "FIRMAS, S.A."), *more,
                      x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


@lru_cache(maxsize=1)
def authority() -> x509.Certificate:
    return certificate("AUTORIDAD", rsa_key("authority"), issuer_key=rsa_key("authority"), ca=True)


def authority_pem() -> bytes:
    return authority().public_bytes(Encoding.PEM)


def certificate(common: str, key: Any, *, issuer_key: Any = None, ca: bool = False, days: int = 365, begins: int = -1,
                signs: bool = True, extensions: tuple[x509.ExtensionType, ...] = (),
                attributes: tuple[Any, ...] = ()) -> x509.Certificate:
    """A certificate of the test's authority; `days` and `begins` from today."""
    now = clock.now().replace(microsecond=0)
    made = (x509.CertificateBuilder().subject_name(name(common, *attributes)).issuer_name(name("AUTORIDAD"))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now + dt.timedelta(days=begins)).not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
            .add_extension(x509.KeyUsage(signs and not ca, False, not signs, False, False, ca, ca, False, False),
                           critical=True))
    for one in extensions:
        made = made.add_extension(one, critical=False)
    return made.sign(issuer_key or rsa_key("authority"), hashes.SHA256())


def ruc_extension(ruc: str, oid: str = SECURITY_DATA) -> x509.UnrecognizedExtension:
    """As authorities write it: an IA5String."""
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), bytes((0x16, len(ruc))) + ruc.encode())


def p12(certificate_of: x509.Certificate | None, key: Any, others: Any = (), password: str = PASSWORD) -> bytes:
    return pkcs12.serialize_key_and_certificates(b"firma", key, certificate_of, list(others) or None,
                                                 BestAvailableEncryption(password.encode()))


def signing_file(ruc: str = "1790012344001", **options: Any) -> bytes:
    """A .p12 with one certificate that says its RUC."""
    made = certificate("ISP ANDINO", rsa_key("isp"), extensions=(ruc_extension(ruc),), **options)
    return p12(made, rsa_key("isp"), [authority()])
