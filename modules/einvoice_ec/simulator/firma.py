"""Message 39: the signature and its certificate as the SRI judges them (ficha, sections 6, 11 and 16)."""

from __future__ import annotations

import datetime as dt
import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from signxml import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.xades import XAdESSignatureConfiguration, XAdESVerifier

DS, ETSI = "{http://www.w3.org/2000/09/xmldsig#}", "{http://uri.etsi.org/01903/v1.3.2#}"
METHODS = frozenset({SignatureMethod.RSA_SHA1, SignatureMethod.RSA_SHA256})
DIGESTS = frozenset({DigestAlgorithm.SHA1, DigestAlgorithm.SHA256})
# private enterprises whose extensions say the RUC
_ISSUERS = ("37746.", "37947.", "18332.", "47286.", "43745.", "55519.")
_RUC = re.compile(rb"(?<!\d)\d{10}001(?!\d)")


class BadSignature(Exception):
    """39, or 40 where there is no certificate to speak of; the message is the reason in the SRI's way."""

    def __init__(self, reason: str, code: str = "39") -> None:
        super().__init__(f"La firma es invalida [{reason}]" if code == "39" else reason)
        self.code = code


@dataclass(frozen=True)
class Judge:
    """What signatures are measured by: authorities in force, and the time."""

    authorities: tuple[x509.Certificate, ...]
    now: dt.datetime
    expired: bool = False

    def check(self, xml: bytes, tree: Any, ruc: str) -> None:
        """BadSignature where the SRI would refuse it."""
        signature = tree.find(f"{DS}Signature")
        if signature is None:
            raise BadSignature("El comprobante no esta firmado")
        certificate = _certificate(signature)
        signed_at = _signing_time(signature)
        self._integrity(xml, tree, certificate, signed_at)
        self._chain(certificate)
        self._times(certificate, signed_at)
        found = _ruc(certificate)
        if found and found != ruc:
            raise BadSignature("El RUC del certificado no corresponde al del emisor del comprobante")

    def _integrity(self, xml: bytes, tree: Any, certificate: x509.Certificate, signed_at: dt.datetime) -> None:
        expected = XAdESSignatureConfiguration(expect_references=3, signature_methods=METHODS,
                                               digest_algorithms=DIGESTS,
                                               verification_time=_inside(certificate, signed_at))
        try:
            results = XAdESVerifier().verify(xml, x509_cert=certificate, expect_config=expected)
        except (SignXMLException, InvalidSignature, ValueError, TypeError, AttributeError) as error:
            raise BadSignature("Firma inválida (firma y/o certificados alterados)") from error
        first = results[0].signed_xml if isinstance(results, list) else results.signed_xml
        if first is None or first.tag != tree.tag:
            raise BadSignature("La firma no cubre el comprobante")

    def _chain(self, certificate: x509.Certificate) -> None:
        for authority in self.authorities:
            try:
                certificate.verify_directly_issued_by(authority)
            except (ValueError, TypeError, InvalidSignature):
                continue
            return
        raise BadSignature("El certificado no fue emitido por una entidad acreditada")

    def _times(self, certificate: x509.Certificate, signed_at: dt.datetime) -> None:
        if signed_at > self.now:
            raise BadSignature("La fecha de firma es posterior a la fecha del servidor")
        if self.expired or not certificate.not_valid_before_utc <= signed_at <= certificate.not_valid_after_utc:
            raise BadSignature("La fecha de firma no esta dentro del periodo de validez del certificado firmante")


def _certificate(signature: Any) -> x509.Certificate:
    text = signature.findtext(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate") or ""
    try:
        return x509.load_der_x509_certificate(b64decode(text))
    except ValueError:
        raise BadSignature("No se encontro un certificado X509", "40") from None


def _signing_time(signature: Any) -> dt.datetime:
    text = next((one.text for one in signature.iter(f"{ETSI}SigningTime")), None) or ""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BadSignature("No existe la fecha de firma") from None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _inside(certificate: x509.Certificate, moment: dt.datetime) -> dt.datetime:
    """A moment at which the certificate was good: validity is judged apart, with its own words."""
    return min(max(moment, certificate.not_valid_before_utc), certificate.not_valid_after_utc)


def _ruc(certificate: x509.Certificate) -> str:
    """The RUC in the extensions of the accredited authorities; "" where none says it."""
    for value in _values(certificate):
        found = _RUC.search(value)
        if found:
            return found.group().decode()
    return ""


def _values(certificate: x509.Certificate) -> Iterable[bytes]:
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.UnrecognizedExtension) and _known(extension.oid):
            yield extension.value.value
        if isinstance(extension.value, x509.SubjectAlternativeName):
            yield from (name.value for name in extension.value if isinstance(name, x509.OtherName)
                        and _known(name.type_id))


def _known(oid: x509.ObjectIdentifier) -> bool:
    return oid.dotted_string.removeprefix("1.3.6.1.4.1.").startswith(_ISSUERS)
