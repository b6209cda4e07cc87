"""Certificates at the PAC: those that are uploaded, and those that a rehearsal asks for."""

from __future__ import annotations

import base64
import binascii
import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from modules.einvoice_mx import seal
from modules.einvoice_mx.errors import BadCsd
from modules.einvoice_mx.seal import RFC_OID, Csd
from modules.einvoice_mx.simulator.faults import Refused

YEARS = 4


def read(cer: str, key: str, password: str) -> Csd:
    """An uploaded pair, both in base64. Refused where it does not open."""
    try:
        return seal.read_pair(base64.b64decode(cer, validate=True), base64.b64decode(key, validate=True), password)
    except (BadCsd, ValueError, binascii.Error):
        raise Refused("FM504", "El certificado, la llave o la contraseña no son válidos.") from None


def issue(rfc: str, name: str, password: str, now: dt.datetime, count: int) -> dict[str, str]:
    """A pair for the rehearsal, as the SAT's CSD are built; of no other value."""
    key = rsa.generate_private_key(65537, 2048)
    number = f"30001000000999{count:06d}"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
                         x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:64]), x509.NameAttribute(RFC_OID, rfc),
                         x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Ensayo")])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "AC DE ENSAYO SIN VALIDEZ FISCAL")])
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(int(number.encode().hex(), 16)).not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=365 * YEARS)).sign(key, SHA256()))
    sealed = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode()))
    return {"cer": base64.b64encode(made.public_bytes(Encoding.DER)).decode(),
            "key": base64.b64encode(sealed).decode(), "password": password, "number": number}
