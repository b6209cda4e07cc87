"""The simulator's own certificate authority, made once and kept with the state, and those that it is told to accept."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from core.i18n import _
from core.simulators import frame
from modules.einvoice_ec.simulator.settings import Config
from modules.einvoice_ec.simulator.store import Store

# its own name: nobody is to take these certificates for an accredited authority's
NAME = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "EC"),
                  x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Abona"),
                  x509.NameAttribute(NameOID.COMMON_NAME, "Firmas Simulador")])
# where Security Data writes the RUC
RUC_OID = x509.ObjectIdentifier("1.3.6.1.4.1.37746.3.11")
PEM = serialization.Encoding.PEM


class Authority:
    """Issues .p12 files to taxpayers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def accepted(self) -> tuple[x509.Certificate, ...]:
        """The authorities whose certificates are good."""
        kept = self._store.meta("accepted") or []
        return tuple(x509.load_pem_x509_certificate(pem.encode()) for pem in [self._keys()["certificate"], *kept])

    def accepts(self, pem: str) -> bool:
        """Whether a certificate is of one of them."""
        try:
            found = x509.load_pem_x509_certificate(pem.encode())
        except ValueError:
            return False
        return any(_issued(found, one) for one in self.accepted())

    def accept(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """`_sim/authority`: accept one more; frame.BadRequest where it is no certificate."""
        pem = str(given.get("pem") or "")
        try:
            found = x509.load_pem_x509_certificate(pem.encode())
        except ValueError as error:
            raise frame.BadRequest(_("The certificate cannot be read: %(reason)s", reason=error)) from error
        self._store.set_meta("accepted", [*(self._store.meta("accepted") or []), pem])
        return {"accepted": found.subject.rfc4514_string()}

    def enrol(self, given: Mapping[str, Any], config: Config) -> dict[str, str]:
        """`_sim/certificate`: a .p12 in base64 for a RUC, with the password that was given."""
        ruc, password = str(given.get("ruc") or ""), str(given.get("password") or "")
        if not re.fullmatch(r"\d{10}001", ruc) or not password:
            raise frame.BadRequest(_("To get a certificate you must give a RUC that ends in 001, and a password."))
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        authority = x509.load_pem_x509_certificate(self._keys()["certificate"].encode())
        start = config.now().astimezone(dt.UTC) - dt.timedelta(hours=1)
        made = (x509.CertificateBuilder()
                .subject_name(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "EC"),
                                         x509.NameAttribute(NameOID.COMMON_NAME,
                                                            str(given.get("name") or ruc)[:64])]))
                .issuer_name(NAME).public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(start).not_valid_after(start + dt.timedelta(days=int(given.get("days") or 730)))
                .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False),
                               critical=True)
                .add_extension(x509.UnrecognizedExtension(RUC_OID, bytes((0x16, len(ruc))) + ruc.encode()),
                               critical=False)
                .sign(_load(self._keys()["key"]), hashes.SHA256()))
        data = pkcs12.serialize_key_and_certificates(b"Signing Key", key, made, [authority],
                                                     serialization.BestAvailableEncryption(password.encode()))
        return {"p12": base64.b64encode(data).decode(), "ca": authority.public_bytes(PEM).decode()}

    def _keys(self) -> dict[str, str]:
        kept: dict[str, str] | None = self._store.meta("authority")
        if kept is None:
            kept = _make()
            self._store.set_meta("authority", kept)
        return kept


def _issued(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _make() -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = (x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(dt.datetime(2015, 1, 1)).not_valid_after(dt.datetime(2065, 1, 1))
                   .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                   .sign(key, hashes.SHA256()))
    text = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return {"key": text, "certificate": certificate.public_bytes(PEM).decode()}


def _load(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key
