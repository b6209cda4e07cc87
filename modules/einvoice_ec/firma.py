"""The signature of a voucher: XAdES-BES, enveloped, as the SRI accepts it (ficha técnica, section 6, annex 14).

What signxml does otherwise by itself and why each override is here: README, "Signature".
"""

from __future__ import annotations

from base64 import b64encode
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from lxml.etree import SubElement
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.util import ds_tag, xades_tag
from signxml.xades import XAdESDataObjectFormat, XAdESSigner

from core import clock
from modules.einvoice_ec.certificados import Llave, issuer_name
from modules.einvoice_ec.findings import GUAYAQUIL

REFERENCE = "#comprobante"
FORMAT = XAdESDataObjectFormat(Description="contenido comprobante", MimeType="text/xml")
# digests by their name in the settings; the signature itself is rsa-sha1 in every text of the SRI
DIGESTS = {"sha1": (DigestAlgorithm.SHA1, SHA1), "sha256": (DigestAlgorithm.SHA256, SHA256)}
METHODS = {"rsa-sha1": SignatureMethod.RSA_SHA1, "rsa-sha256": SignatureMethod.RSA_SHA256}


class SriSigner(XAdESSigner):
    """signxml's signer with SHA-1, SigningCertificate of version 1, the hour of Ecuador and a plain KeyInfo."""

    def check_deprecated_methods(self) -> None:
        """The SRI demands SHA-1, which signxml refuses by default."""

    def add_signing_time(self, signed_signature_properties: Any, sig_root: Any, signing_settings: Any) -> None:
        """With Ecuador's offset, never ahead of the clock."""
        made = SubElement(signed_signature_properties, xades_tag("SigningTime"), nsmap=self.namespaces)
        made.text = clock.now().astimezone(GUAYAQUIL).isoformat(timespec="seconds")

    def add_signing_certificate(self, signed_signature_properties: Any, sig_root: Any, signing_settings: Any) -> None:
        """SigningCertificate with digest, issuer and serial number (not V2)."""
        facts = _facts(signing_settings.cert_chain[0], self.digest_alg)
        parent = SubElement(signed_signature_properties, xades_tag("SigningCertificate"), nsmap=self.namespaces)
        cert = SubElement(parent, xades_tag("Cert"))
        digest = SubElement(cert, xades_tag("CertDigest"))
        SubElement(digest, ds_tag("DigestMethod"), Algorithm=self.digest_alg.value)
        SubElement(digest, ds_tag("DigestValue")).text = facts.digest
        serial = SubElement(cert, xades_tag("IssuerSerial"))
        SubElement(serial, ds_tag("X509IssuerName")).text = facts.issuer
        SubElement(serial, ds_tag("X509SerialNumber")).text = facts.serial

    def _add_key_info(self, sig_root: Any, signing_settings: Any) -> None:
        """X509Data with the certificate in one line, then the bare key."""
        facts = _facts(signing_settings.cert_chain[0], self.digest_alg)
        info = SubElement(sig_root, ds_tag("KeyInfo"))
        SubElement(SubElement(info, ds_tag("X509Data")), ds_tag("X509Certificate")).text = facts.der
        value = SubElement(SubElement(info, ds_tag("KeyValue")), ds_tag("RSAKeyValue"))
        SubElement(value, ds_tag("Modulus")).text = facts.modulus
        SubElement(value, ds_tag("Exponent")).text = facts.exponent

    def _get_c14n_inputs_from_references(self, doc_root: Any, references: Any) -> Any:
        """The one reference is the root; signxml would look for it and write and read the document to copy it."""
        return [deepcopy(doc_root)], references


@dataclass(frozen=True)
class Facts:
    """What a signature says of its certificate: the same for every voucher."""

    der: str
    digest: str
    issuer: str
    serial: str
    modulus: str
    exponent: str


@lru_cache(maxsize=64)
def _facts(certificate: x509.Certificate, digest: DigestAlgorithm) -> Facts:
    numbers = certificate.public_key().public_numbers()  # type: ignore[union-attr]
    fingerprint = certificate.fingerprint(SHA256() if digest == DigestAlgorithm.SHA256 else SHA1())
    return Facts(_base64(certificate.public_bytes(Encoding.DER)), _base64(fingerprint), issuer_name(certificate),
                 str(certificate.serial_number), _number(numbers.n), _number(numbers.e))  # type: ignore[union-attr]


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _number(value: int) -> str:
    """A CryptoBinary: big-endian without leading zeros."""
    return _base64(value.to_bytes((value.bit_length() + 7) // 8))


def sign(xml: bytes, key: Llave, method: str = "rsa-sha1", digest: str = "sha1") -> bytes:
    """The signed bytes, which must not be changed by as much as a blank from here on."""
    signer = SriSigner(signature_algorithm=METHODS[method], digest_algorithm=DIGESTS[digest][0],
                       c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0, data_object_format=FORMAT)
    tree = signer.sign(etree.fromstring(xml), key=key.key, cert=[key.certificate], reference_uri=REFERENCE,
                       exclude_c14n_transform_element=True)
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8"))
