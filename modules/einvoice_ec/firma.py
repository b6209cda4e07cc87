"""The signature of a voucher: XAdES-BES, enveloped, as the SRI accepts it (ficha técnica, section 6, annex 14).

What signxml does otherwise by itself and why each override is here: README, "Signature".
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

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
        certificate = signing_settings.cert_chain[0]
        parent = SubElement(signed_signature_properties, xades_tag("SigningCertificate"), nsmap=self.namespaces)
        cert = SubElement(parent, xades_tag("Cert"))
        digest = SubElement(cert, xades_tag("CertDigest"))
        SubElement(digest, ds_tag("DigestMethod"), Algorithm=self.digest_alg.value)
        hashed = SHA256() if self.digest_alg == DigestAlgorithm.SHA256 else SHA1()
        SubElement(digest, ds_tag("DigestValue")).text = b64encode(certificate.fingerprint(hashed)).decode()
        serial = SubElement(cert, xades_tag("IssuerSerial"))
        SubElement(serial, ds_tag("X509IssuerName")).text = issuer_name(certificate)
        SubElement(serial, ds_tag("X509SerialNumber")).text = str(certificate.serial_number)

    def _add_key_info(self, sig_root: Any, signing_settings: Any) -> None:
        """X509Data with the certificate in one line, then the bare key."""
        info = SubElement(sig_root, ds_tag("KeyInfo"))
        der = signing_settings.cert_chain[0].public_bytes(Encoding.DER)
        SubElement(SubElement(info, ds_tag("X509Data")), ds_tag("X509Certificate")).text = b64encode(der).decode()
        self._serialize_key_value(signing_settings.key, info)


def sign(xml: bytes, key: Llave, method: str = "rsa-sha1", digest: str = "sha1") -> bytes:
    """The signed bytes, which must not be changed by as much as a blank from here on."""
    signer = SriSigner(signature_algorithm=METHODS[method], digest_algorithm=DIGESTS[digest][0],
                       c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0, data_object_format=FORMAT)
    tree = signer.sign(etree.fromstring(xml), key=key.key, cert=[key.certificate], reference_uri=REFERENCE,
                       exclude_c14n_transform_element=True)
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8"))
