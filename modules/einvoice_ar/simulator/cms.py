"""Verification of the signed login request, check by check in WSAA's order."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from modules.einvoice_ar.simulator.faults import LoginFault

DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1, "sha224": hashes.SHA224, "sha256": hashes.SHA256, "sha384": hashes.SHA384,
    "sha512": hashes.SHA512}


@dataclass(frozen=True)
class Signed:
    """What was signed, and the certificate that proves by whom."""

    content: bytes
    certificate: x509.Certificate


def open_signed(text: str) -> Signed:
    """The content of a Base64 CMS whose signature is good; LoginFault names the first thing that is wrong."""
    data = _signed_data(_decoded(text))
    signer, certificate = _signer(data)
    content = data["encap_content_info"]["content"].native
    if not isinstance(content, bytes) or not _verified(signer, certificate, content):
        raise LoginFault("cms.sign.invalid")
    return Signed(content, certificate)


def _decoded(text: str) -> bytes:
    """Line breaks are accepted; anything else that is not Base64 is not."""
    compact = "".join(text.split())
    try:
        decoded = base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError) as error:
        raise LoginFault("cms.bad.base64") from error
    if not decoded:
        raise LoginFault("cms.bad.base64")
    return decoded


def _signed_data(der: bytes) -> Any:
    try:
        info = asn1.ContentInfo.load(der)
        if info["content_type"].native != "signed_data":
            raise LoginFault("cms.bad")
        data = info["content"]
        if not len(data["signer_infos"]):
            raise LoginFault("cms.bad")
        _touch(data)
        return data
    except (ValueError, TypeError, KeyError) as error:
        raise LoginFault("cms.bad") from error


def _touch(data: Any) -> None:
    """asn1crypto parses late: make it find now what cannot be read."""
    for part in ("encap_content_info", "certificates", "signer_infos"):
        _ = data[part].native


def _signer(data: Any) -> tuple[Any, x509.Certificate]:
    signer = data["signer_infos"][0]
    wanted = signer["sid"]
    for choice in data["certificates"] or ():
        if choice.name != "certificate":
            continue
        found = choice.chosen
        if wanted.name == "issuer_and_serial_number":
            same = (found.issuer == wanted.chosen["issuer"]
                    and found.serial_number == wanted.chosen["serial_number"].native)
        else:
            same = found.key_identifier == wanted.chosen.native
        if same:
            try:
                return signer, x509.load_der_x509_certificate(found.dump())
            except ValueError as error:
                raise LoginFault("cms.bad") from error
    raise LoginFault("cms.cert.notFound")


def _verified(signer: Any, certificate: x509.Certificate, content: bytes) -> bool:
    """Digest of the content, and an RSA signature over the attributes written as a SET (RFC 5652, 5.4)."""
    try:
        digest, key = DIGESTS.get(signer["digest_algorithm"]["algorithm"].native), certificate.public_key()
        if digest is None or not isinstance(key, rsa.RSAPublicKey) or "pss" in signer[
                "signature_algorithm"]["algorithm"].native:
            return False
        attributes = signer["signed_attrs"]
        covered = content
        if attributes.native is not None:
            found = {one["type"].native: one["values"] for one in attributes}
            if found["message_digest"][0].native != hashlib.new(str(digest.name), content).digest():
                return False
            covered = b"\x31" + attributes.dump(force=False)[1:]
        key.verify(signer["signature"].native, covered, padding.PKCS1v15(), digest())
    except (InvalidSignature, UnsupportedAlgorithm, KeyError, ValueError, TypeError):
        return False
    return True
