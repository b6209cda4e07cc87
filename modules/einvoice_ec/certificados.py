"""The .p12 of the taxpayer: opened in all the ways in which authorities issue it, and looked at as the SRI does. Pure.

Ficha técnica, sections 6, 11 and 16; formats of the accredited authorities as seen in their files.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asn1crypto import pkcs12 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key, pkcs12

from core.i18n import _
from modules.einvoice_ec.errors import BadCertificate

# where the accredited authorities put the RUC
RUC_OIDS = tuple(x509.ObjectIdentifier(one) for one in (
    "1.3.6.1.4.1.37746.3.11",  # Security Data
    "1.3.6.1.4.1.37947.3.11",  # Banco Central
    "1.3.6.1.4.1.18332.3.11",  # ANF
    "1.3.6.1.4.1.47286.102.3.11",  # Uanataca
    "1.3.6.1.4.1.43745.1.3.11",  # Consejo de la Judicatura
    "1.3.6.1.4.1.55519.1.1.1.5.2.4"))  # Registro Civil
ORGANIZATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")
SERIAL_NUMBER = x509.NameOID.SERIAL_NUMBER
_RUC = re.compile(r"(?<!\d)\d{10}001(?!\d)")
_CEDULA = re.compile(r"(?<!\d)\d{10}(?!\d)")
SMALLEST_KEY = 2048


@dataclass(frozen=True)
class Llave:
    """A private key with its certificate."""

    key: RSAPrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def expires(self) -> dt.datetime:
        return self.certificate.not_valid_after_utc


def open_p12(data: bytes, password: str) -> Llave:
    """The key that may sign, with its certificate. BadCertificate says what is wrong with the file."""
    key, main, others = _load(data, password)
    certificates = [one for one in (main, *others) if one is not None]
    keys = [key] if key is not None else []
    found = _pair(keys, certificates)
    if found is None:
        # files with several keys give only the first one to the ordinary reader
        keys = [*keys, *_all_keys(data, password)]
        found = _pair(keys, certificates)
    if not keys:
        raise BadCertificate(_("To sign you must give a file that holds the private key too; this one has only "
                               "certificates. Export it again with its key, as .p12 or .pfx."))
    if found is None:
        raise BadCertificate(_("To sign you must give the certificate that was issued for signing: none of those in "
                               "this file is both for signatures and of the key in it."))
    if found.key.key_size < SMALLEST_KEY:
        raise BadCertificate(_("To sign you must get a certificate with a key of 2048 bits; this one has %(bits)s.",
                               bits=found.key.key_size))
    return found


def _load(data: bytes, password: str) -> tuple[Any, Any, list[Any]]:
    try:
        with warnings.catch_warnings():
            # BER with indefinite lengths, as some authorities write it
            warnings.simplefilter("ignore")
            return pkcs12.load_key_and_certificates(data, password.encode() or None)
    except (ValueError, TypeError):
        raise BadCertificate(_("To use this certificate you must give its file (.p12 or .pfx) and its password: either "
                               "the password is wrong, or the file is damaged or something else.")) from None
    except Exception as error:  # an algorithm that this machine's library does not have
        raise BadCertificate(_("To use this certificate you must ask its authority for the file in another format: "
                               "its encryption cannot be read here (%(reason)s).",
                               reason=type(error).__name__)) from None


def _all_keys(data: bytes, password: str) -> list[RSAPrivateKey]:
    """Every key of the file: the bags are read one by one."""
    found = []
    for bag in _bags(data):
        if bag["bag_id"].native != "pkcs8_shrouded_key_bag":
            continue
        try:
            key = load_der_private_key(bag["bag_value"].untag().dump(), password.encode() or None)
        except (ValueError, TypeError):
            continue
        if isinstance(key, RSAPrivateKey):
            found.append(key)
    return found


def _bags(data: bytes) -> Iterator[Any]:
    """The bags of those parts of the file that are not encrypted as a whole; keys lie in them, encrypted each."""
    try:
        safe = asn1.Pfx.load(data).authenticated_safe
        for part in safe:
            if part["content_type"].native == "data":
                yield from asn1.SafeContents.load(part["content"].native)
    except (ValueError, TypeError):
        return


def _pair(keys: list[Any], certificates: list[x509.Certificate]) -> Llave | None:
    """A key and the certificate of the same public key that is for signatures."""
    for key in keys:
        for certificate in certificates:
            if isinstance(key, RSAPrivateKey) and _signs(certificate) and _public(certificate) == _public(key):
                return Llave(key, certificate, tuple(one for one in certificates if one is not certificate))
    return None


def _public(holder: Any) -> bytes:
    return bytes(holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _signs(certificate: x509.Certificate) -> bool:
    """Whether it is for signatures: KeyUsage says so, or nothing."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature


# --- as the SRI looks at it ----------------------------------------------------------------------------


def troubles(key: Llave, ruc: str, now: dt.datetime) -> list[str]:
    """Why the SRI would refuse a signature made now (message 39): validity, and the RUC that stands in it."""
    found, certificate = [], key.certificate
    if now > certificate.not_valid_after_utc:
        found.append(_("To sign you must renew the certificate: it expired on %(day)s.",
                       day=certificate.not_valid_after_utc.date().isoformat()))
    if now < certificate.not_valid_before_utc:
        found.append(_("To sign you must wait, or set this machine's clock: the certificate is valid from %(day)s on.",
                       day=certificate.not_valid_before_utc.date().isoformat()))
    said = ruc_of(certificate)
    if said and not _same(said, ruc):
        found.append(_("To sign you must use the certificate of this company: it is for the RUC %(found)s, the company "
                       "has %(ruc)s.", found=said, ruc=ruc))
    return found


def remark(key: Llave, ruc: str) -> str:
    """What cannot be decided about the RUC: "" where the certificate says it."""
    if ruc_of(key.certificate):
        return ""
    said = _of_serial_number(key.certificate)
    if said and _same(said, ruc):
        return ""
    return _("The certificate does not say for which RUC it is (%(found)s); the SRI refuses signatures of another "
             "one.", found=said or _("nothing"))


def _same(said: str, ruc: str) -> bool:
    """A cédula is good for the RUC of that person."""
    return said == ruc or (len(said) == 10 and ruc == said + "001")


def ruc_of(certificate: x509.Certificate) -> str:
    """The RUC in the extensions of the authorities, in the alternative name or the organisation; "" where none is."""
    return next((found for text in _places(certificate) for found in _RUC.findall(text)), "")


def _places(certificate: x509.Certificate) -> Iterator[str]:
    for extension in certificate.extensions:
        if extension.oid in RUC_OIDS:
            yield _text(getattr(extension.value, "value", b""))
        if isinstance(extension.value, x509.SubjectAlternativeName):
            for name in extension.value.get_values_for_type(x509.OtherName):
                if name.type_id in RUC_OIDS:
                    yield _text(name.value)
    yield _attribute(certificate, ORGANIZATION_IDENTIFIER)


def _of_serial_number(certificate: x509.Certificate) -> str:
    """What the subject's serialNumber begins with: a RUC or only a cédula, with marks of the authority behind."""
    said = _attribute(certificate, SERIAL_NUMBER)
    found = _RUC.search(said) or _CEDULA.search(said)
    return found.group() if found else ""


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    return " ".join(str(one.value) for one in certificate.subject.get_attributes_for_oid(oid))


def _text(value: bytes) -> str:
    return value.decode("latin-1")


def issuer_name(certificate: x509.Certificate) -> str:
    """The authority's name as the SRI's examples write it: most specific first, commas escaped."""
    return certificate.issuer.rfc4514_string()


def holder(certificate: x509.Certificate) -> str:
    """Whose it is, for people."""
    return _attribute(certificate, x509.NameOID.COMMON_NAME) or certificate.subject.rfc4514_string()
