"""The simulator's own certificate authority, made once and kept with the state; and the key that signs tickets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from core.i18n import _
from core.simulators import frame
from modules.einvoice_ar.simulator.register import valid_cuit
from modules.einvoice_ar.simulator.settings import Config
from modules.einvoice_ar.simulator.store import Store

# its own name: nobody is to take these certificates for ARCA's
NAME = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "AR"),
                  x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Abona"),
                  x509.NameAttribute(NameOID.COMMON_NAME, "Computadores Simulador")])
PEM = serialization.Encoding.PEM
YEARS = 2


class Authority:
    """Issues certificates to computers and says what each may do."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def _keys(self) -> dict[str, str]:
        kept: dict[str, str] | None = self._store.meta("authority")
        if kept is None:
            kept = _make()
            self._store.set_meta("authority", kept)
        return kept

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        return _load(self._keys["key"])

    @cached_property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self._keys["certificate"].encode())

    @cached_property
    def ticket_key(self) -> rsa.RSAPrivateKey:
        """1024 bits, so that a ticket's sign has the real one's 128 bytes."""
        return _load(self._keys["ticket_key"])

    def issued(self, certificate: x509.Certificate) -> bool:
        """Is it one of ours?"""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def enrol(self, given: Mapping[str, Any], config: Config) -> dict[str, str]:
        """`_sim/certificate`: permissions, and a certificate where a CSR is given; frame.BadRequest where it is wrong.

        `not_before` and `not_after` (ISO) make one that is expired or not yet valid.
        """
        cuit, alias = str(given.get("cuit") or "").replace("-", ""), str(given.get("alias") or "abona")
        if not valid_cuit(cuit):
            raise frame.BadRequest(_("%(number)s is not a CUIT.", number=given.get("cuit")))
        services = given.get("services") or ["wsfe", "ws_sr_constancia_inscripcion"]
        represents = [str(one).replace("-", "") for one in given.get("represents") or [cuit]]
        issued = self._sign(str(given["csr"]), cuit, alias, _period(given, config)) if given.get("csr") else None
        self._permit(cuit, alias, services, represents)
        answer = {"ca": self.certificate.public_bytes(PEM).decode()}
        return {"certificate": issued, **answer} if issued else answer

    def _permit(self, cuit: str, alias: str, services: list[str], represents: list[str]) -> None:
        with self._store.writing() as db:
            for service in services:
                db.execute("DELETE FROM permission WHERE cuit = ? AND alias = ? AND service = ?",
                           (cuit, alias, service))
                db.executemany("INSERT OR IGNORE INTO permission VALUES (?, ?, ?, ?)",
                               [(cuit, alias, service, one) for one in represents])

    def represented(self, cuit: str, alias: str, service: str) -> list[str]:
        """Whom this computer may represent in the service."""
        return [row["represented"] for row in self._store.rows(
            "SELECT represented FROM permission WHERE cuit = ? AND alias = ? AND service = ? ORDER BY represented",
            cuit, alias, service)]

    def _sign(self, csr_pem: str, cuit: str, alias: str, period: tuple[dt.datetime, dt.datetime]) -> str:
        try:
            csr = x509.load_pem_x509_csr(csr_pem.encode())
            good = csr.is_signature_valid
        except ValueError as error:
            raise frame.BadRequest(_("The CSR cannot be read: %(reason)s", reason=error)) from error
        key = csr.public_key()
        if not good or not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
            raise frame.BadRequest(_("The CSR needs a valid signature and an RSA key of 2048 bits or more."))
        subject = x509.Name([x509.NameAttribute(NameOID.SERIAL_NUMBER, f"CUIT {cuit}"),
                             x509.NameAttribute(NameOID.COMMON_NAME, alias)])
        made = (x509.CertificateBuilder().subject_name(subject).issuer_name(NAME).public_key(key)
                .serial_number(x509.random_serial_number()).not_valid_before(period[0]).not_valid_after(period[1])
                .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                               critical=False)
                .sign(self.key, hashes.SHA256()))
        return made.public_bytes(PEM).decode()


def _period(given: Mapping[str, Any], config: Config) -> tuple[dt.datetime, dt.datetime]:
    """Two years from an hour ago, unless told."""
    now = config.now()
    try:
        start = (dt.datetime.fromisoformat(given["not_before"]) if given.get("not_before")
                 else now - dt.timedelta(hours=1))
        end = (dt.datetime.fromisoformat(given["not_after"]) if given.get("not_after")
               else start + dt.timedelta(days=365 * YEARS))
    except (TypeError, ValueError) as error:
        raise frame.BadRequest(_("not_before and not_after must be times in ISO 8601.")) from error
    aware = [one if one.tzinfo else one.replace(tzinfo=now.tzinfo) for one in (start, end)]
    if aware[0] >= aware[1]:
        raise frame.BadRequest(_("not_after must be later than not_before."))
    return aware[0].astimezone(dt.UTC), aware[1].astimezone(dt.UTC)


def _make() -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ticket_key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    certificate = (x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(dt.datetime(2015, 1, 1)).not_valid_after(dt.datetime(2065, 1, 1))
                   .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
                   .sign(key, hashes.SHA256()))
    return {"key": _text(key), "ticket_key": _text(ticket_key), "certificate": certificate.public_bytes(PEM).decode()}


def _text(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def _load(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def sign(key: rsa.RSAPrivateKey, data: bytes) -> bytes:
    """The sign of a ticket."""
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def signed(key: rsa.RSAPrivateKey, data: bytes, signature: bytes) -> bool:
    """Is this the sign of that ticket?"""
    try:
        key.public_key().verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
