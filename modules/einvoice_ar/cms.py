"""Keys, signing requests, certificates and the signed login request (TRA in a CMS): cryptography only."""

from __future__ import annotations

import base64
import datetime as dt
import re
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, pkcs7
from cryptography.x509.oid import NameOID

from core.i18n import _
from modules.einvoice_ar.errors import BadCertificate

KEY_BITS = 2048
TESTING_CA, PRODUCTION_CA = "Computadores Test", "Computadores"


@dataclass(frozen=True)
class CertificateFacts:
    """What a certificate says."""

    pem: str
    cuit: str
    alias: str
    issuer: str
    issuer_name: str
    valid_from: dt.datetime
    valid_until: dt.datetime
    public_key: bytes


def make_key() -> str:
    """A new RSA key of 2048 bits, as PEM."""
    key = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def make_csr(key_pem: str, *, organisation: str, alias: str, cuit: str) -> str:
    """The signing request that ARCA wants: C=AR, O, CN, serialNumber=CUIT n (argentina.md, section 10)."""
    subject = x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "AR"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
        x509.NameAttribute(NameOID.COMMON_NAME, alias[:64]),
        x509.NameAttribute(NameOID.SERIAL_NUMBER, f"CUIT {cuit}"),
    ])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(load_key(key_pem), hashes.SHA256())
    return request.public_bytes(Encoding.PEM).decode()


def load_key(key_pem: str) -> RSAPrivateKey:
    """The key, without OpenSSL's validation of 36 ms: it was made or checked here."""
    key = serialization.load_pem_private_key(key_pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    return key


def read_certificate(data: bytes) -> CertificateFacts:
    """What an uploaded certificate says, PEM or DER; BadCertificate where it is neither."""
    certificate = _parse(data)
    subject, issuer = certificate.subject, certificate.issuer
    return CertificateFacts(
        pem=certificate.public_bytes(Encoding.PEM).decode(),
        cuit=re.sub(r"\D", "", _attribute(subject, NameOID.SERIAL_NUMBER)),
        alias=_attribute(subject, NameOID.COMMON_NAME),
        issuer=issuer.rfc4514_string()[:200], issuer_name=_attribute(issuer, NameOID.COMMON_NAME),
        valid_from=certificate.not_valid_before_utc, valid_until=certificate.not_valid_after_utc,
        public_key=certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _parse(data: bytes) -> x509.Certificate:
    try:
        if b"-----BEGIN CERTIFICATE-----" in data:
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except ValueError as error:
        hint = ""
        if b"PRIVATE KEY" in data:
            hint = _("It is a private key; the key stays here and is never uploaded.")
        elif b"CERTIFICATE REQUEST" in data:
            hint = _("It is the signing request; upload what ARCA gave you for it.")
        raise BadCertificate(_("To go on you must upload the certificate that ARCA issued (a .crt file, PEM or DER). "
                               "%(hint)s", hint=hint).strip(), field="certificate") from error


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def key_matches(key_pem: str, facts: CertificateFacts) -> bool:
    """Whether the certificate was issued for this key."""
    own = load_key(key_pem).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return own == facts.public_key


def login_request(service: str, moment: dt.datetime, offset: dt.timezone) -> bytes:
    """The TRA: valid from ten minutes ago (WSAA bears no fast clock) to ten minutes ahead."""
    generated = (moment - dt.timedelta(minutes=10)).astimezone(offset).replace(microsecond=0)
    expires = (moment + dt.timedelta(minutes=10)).astimezone(offset).replace(microsecond=0)
    return (f'<?xml version="1.0" encoding="UTF-8"?><loginTicketRequest version="1.0"><header>'
            f"<uniqueId>{int(moment.timestamp()) & 0xFFFFFFFF}</uniqueId>"
            f"<generationTime>{generated.isoformat()}</generationTime>"
            f"<expirationTime>{expires.isoformat()}</expirationTime></header>"
            f"<service>{service}</service></loginTicketRequest>").encode()


def sign(content: bytes, key_pem: str, certificate_pem: str) -> str:
    """CMS SignedData with content and certificate inside, SHA-256, DER in Base64."""
    certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
    signed = (pkcs7.PKCS7SignatureBuilder().set_data(content)
              .add_signer(certificate, load_key(key_pem), hashes.SHA256())
              .sign(Encoding.DER, [pkcs7.PKCS7Options.Binary]))
    return base64.b64encode(signed).decode()
