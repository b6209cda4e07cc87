"""The issuer's digital seal: the CSD (certificate of digital seal) and what it seals (Anexo 20, RSA-SHA256). Pure."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from lxml import etree

from core.i18n import _
from modules.einvoice_mx import cadena
from modules.einvoice_mx.errors import BadCsd

RFC_OID = x509.ObjectIdentifier("2.5.4.45")  # x500UniqueIdentifier
# attributes of a Comprobante in the order of the SAT's own schema
ORDER = ("Version", "Serie", "Folio", "Fecha", "Sello", "FormaPago", "NoCertificado", "Certificado",
         "CondicionesDePago", "SubTotal", "Descuento", "Moneda", "TipoCambio", "Total", "TipoDeComprobante",
         "Exportacion", "MetodoPago", "LugarExpedicion", "Confirmacion")
# numbers of the SAT's published test certificates begin so; those of real ones with 00001
TEST_NUMBERS = "30001"


@dataclass(frozen=True)
class Csd:
    """A certificate of digital seal, with its key where it is to seal."""

    certificate: x509.Certificate
    der: bytes
    key: RSAPrivateKey | None = field(default=None, repr=False)

    @property
    def number(self) -> str:
        """NoCertificado: the serial number's bytes are themselves its 20 digits."""
        digits = f"{self.certificate.serial_number:x}"
        try:
            return bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2)).decode("ascii")
        except UnicodeDecodeError:
            return ""

    @property
    def rfc(self) -> str:
        """Of the holder; a legal entity's is followed by its representative's."""
        return self._subject(RFC_OID).split("/")[0].strip().upper()

    @property
    def name(self) -> str:
        return self._subject(NameOID.COMMON_NAME)

    @property
    def is_fiel(self) -> bool:
        """Whether it is an e.firma, which may not seal (306): a CSD names its branch (OU)."""
        return not self._subject(NameOID.ORGANIZATIONAL_UNIT_NAME)

    @property
    def is_test(self) -> bool:
        return self.number.startswith(TEST_NUMBERS)

    @property
    def valid_from(self) -> dt.datetime:
        return self.certificate.not_valid_before_utc

    @property
    def valid_until(self) -> dt.datetime:
        return self.certificate.not_valid_after_utc

    @property
    def number_is_good(self) -> bool:
        return len(self.number) == 20 and self.number.isdecimal()

    def _subject(self, oid: x509.ObjectIdentifier) -> str:
        found = self.certificate.subject.get_attributes_for_oid(oid)
        value = found[0].value if found else ""
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else value

    def sign(self, text: str) -> str:
        """RSA-SHA256 in base64. The same text gives the same seal."""
        assert self.key is not None, "a certificate alone cannot seal"
        return base64.b64encode(self.key.sign(text.encode(), PKCS1v15(), SHA256())).decode()

    def verifies(self, text: str, seal: str) -> bool:
        """Whether this certificate's key made the seal of this text."""
        public = self.certificate.public_key()
        if not isinstance(public, RSAPublicKey):
            return False
        try:
            public.verify(base64.b64decode(seal, validate=True), text.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True


def read_certificate(data: bytes) -> Csd:
    """A .cer file (DER; PEM is read too). BadCsd where it is none."""
    try:
        load = x509.load_pem_x509_certificate if data.lstrip().startswith(b"-----") else x509.load_der_x509_certificate
        found = load(data)
        found.subject  # noqa: B018 -- parsed late, and may be broken
    except ValueError:
        raise BadCsd(_("To use this certificate you must give the .cer file of the CSD; this file is none."),
                     field="certificate") from None
    return Csd(found, _der(found))


def read_pair(cer: bytes, key: bytes, password: str) -> Csd:
    """The two files that the SAT issues, and the key's password. BadCsd where they do not open or do not match."""
    found = read_certificate(cer)
    return _paired(found, _key(key, password))


def read_p12(data: bytes, password: str) -> Csd:
    """A PKCS#12 file with certificate and key. BadCsd where it does not open, or holds no pair."""
    try:
        key, certificate, _others = pkcs12.load_key_and_certificates(data, password.encode() or None)
    except ValueError:
        raise BadCsd(_("To use this file you must give a PKCS#12 file and its password."),
                     field="certificate") from None
    if certificate is None or not isinstance(key, RSAPrivateKey):
        raise BadCsd(_("To use this file it must hold the certificate of the CSD and its RSA key."),
                     field="certificate")
    return _paired(Csd(certificate, _der(certificate)), key)


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _key(data: bytes, password: str) -> RSAPrivateKey:
    load = load_pem_private_key if data.lstrip().startswith(b"-----") else load_der_private_key
    try:
        found = load(data, password.encode() or None)
    except TypeError:  # a password where there is none, or none where there is one
        raise BadCsd(_("To use this key you must give its password."), field="password") from None
    except ValueError:
        raise BadCsd(_("To use this key you must give the .key file of the CSD and its own password; it does not open "
                       "with this one."), field="password") from None
    if not isinstance(found, RSAPrivateKey):
        raise BadCsd(_("To seal you must give an RSA key; this one is of another kind."), field="key")
    return found


def _paired(found: Csd, key: RSAPrivateKey) -> Csd:
    public = found.certificate.public_key()
    if not isinstance(public, RSAPublicKey) or public.public_numbers() != key.public_key().public_numbers():
        raise BadCsd(_("To seal you must give the key of this certificate; they do not belong together."), field="key")
    return Csd(found.certificate, found.der, key)


def seal(document: etree._Element, csd: Csd) -> str:
    """Put NoCertificado, Certificado and Sello on a Comprobante; the cadena original that was sealed.

    Nothing may be changed, indented or written otherwise afterwards.
    """
    _put(document, {"NoCertificado": csd.number, "Certificado": base64.b64encode(csd.der).decode()})
    text = cadena.original(document)
    _put(document, {"Sello": csd.sign(text)})
    return text


def _put(document: etree._Element, values: dict[str, str]) -> None:
    """Set attributes where the schema lists them, as the SAT's own examples have them."""
    found = {str(name): str(value) for name, value in document.attrib.items()} | values
    ordered = {name: found.pop(name) for name in ORDER if name in found}
    document.attrib.clear()
    for name, value in (found | ordered).items():  # what has a namespace (schemaLocation) first
        document.set(name, value)
