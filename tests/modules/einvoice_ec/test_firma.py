"""The signature: profile, schema, and two verifiers that share nothing with the signer's module."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.x509 import load_der_x509_certificate
from lxml import etree

from core import clock
from modules.einvoice.case import parse
from modules.einvoice.preview import Certificate
from modules.einvoice_ec import certificados, firma, schemas
from modules.einvoice_ec.mapping import map_document
from modules.einvoice_ec.previewer import previewer
from tests.modules.einvoice_ec import keys
from tests.modules.einvoice_ec.cases import SAMPLES, case, line, note

pytestmark = pytest.mark.once
DS, ETSI = "{http://www.w3.org/2000/09/xmldsig#}", "{http://uri.etsi.org/01903/v1.3.2#}"
DOCUMENTS = {"factura": case(customer__name="Ñandú & <Hijos> 'S.A.'"), "notaCredito": note(),
             "notaDebito": note("debit_note", lines=[line("2.40", description="Interés por mora")])}


@pytest.fixture(scope="module")
def key() -> Any:
    return certificados.open_p12(keys.signing_file(), keys.PASSWORD)


def signed(name: str, key: Any, **options: str) -> bytes:
    return firma.sign(map_document(parse(DOCUMENTS[name])).xml, key, **options)


def c14n(element: Any) -> bytes:
    return bytes(etree.tostring(element, method="c14n"))


def broken(xml: bytes) -> list[str]:
    """What is wrong with a signature, by lxml and cryptography alone."""
    root = etree.fromstring(xml)
    signature = root[-1]
    info = signature.find(f"{DS}SignedInfo")
    targets = {one.get("Id"): one for one in signature.iter() if one.get("Id")}
    whole = etree.fromstring(xml)
    whole.remove(whole[-1])
    found = []
    for reference in info.findall(f"{DS}Reference"):
        uri = reference.get("URI")
        element = whole if uri == "#comprobante" else targets[uri[1:]]
        if base64.b64encode(hashlib.sha1(c14n(element)).digest()).decode() != reference.findtext(f"{DS}DigestValue"):
            found.append(uri)
    der = base64.b64decode(signature.findtext(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate"))
    try:
        load_der_x509_certificate(der).public_key().verify(  # type: ignore[union-attr,call-arg]
            base64.b64decode(signature.findtext(f"{DS}SignatureValue")), c14n(info), PKCS1v15(), SHA1())
    except Exception as error:
        found.append(type(error).__name__)
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_signed_document_verifies_and_passes_the_schema(name, key):
    xml = signed(name, key)
    assert broken(xml) == []
    root = etree.fromstring(xml)
    assert root[-1].tag == f"{DS}Signature"
    assert schemas.schema(name, root.get("version")).validate(root)
    official = schemas.XSD / f"{schemas.FILES[name]}_V{root.get('version')}.xsd"
    assert etree.XMLSchema(etree.parse(official)).validate(root)


def test_one_changed_digit_or_blank_breaks_it(key):
    xml = signed("factura", key)
    assert broken(xml.replace(b"<importeTotal>51.75", b"<importeTotal>51.76")) == ["#comprobante"]
    assert broken(xml.replace(b"<detalles>", b"<detalles> ")) == ["#comprobante"]
    assert broken(xml.replace(b"text/xml", b"text/xhtml")) != []


def test_the_profile(key):
    with clock.freeze(dt.datetime(2026, 12, 1, 3, 4, 5, tzinfo=dt.UTC)):
        signature = etree.fromstring(signed("factura", key))[-1]
    info = signature.find(f"{DS}SignedInfo")
    assert [one.get("Algorithm") for one in info[:2]] == [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"]
    references = info.findall(f"{DS}Reference")
    properties = signature.find(f".//{ETSI}SignedProperties")
    key_info = signature.find(f"{DS}KeyInfo")
    assert [one.get("URI") for one in references] == ["#comprobante", "#" + properties.get("Id"),
                                                      "#" + key_info.get("Id")]
    assert references[1].get("Type") == "http://uri.etsi.org/01903#SignedProperties"
    assert [one.get("Algorithm") for one in references[0].iter(f"{DS}Transform")] == [
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature"]
    assert {one.get("Algorithm") for one in signature.iter(f"{DS}DigestMethod")} == {
        "http://www.w3.org/2000/09/xmldsig#sha1"}
    assert [one.tag for one in key_info] == [f"{DS}X509Data", f"{DS}KeyValue"]
    assert len(list(key_info.iter(f"{DS}X509Certificate"))) == 1
    assert properties.findtext(f".//{ETSI}SigningTime") == "2026-11-30T22:04:05-05:00"
    assert properties.find(f".//{ETSI}SigningCertificateV2") is None
    serial = properties.find(f".//{ETSI}SigningCertificate/{ETSI}Cert/{ETSI}IssuerSerial")
    assert [one.text for one in serial] == [r"CN=AUTORIDAD,O=FIRMAS\, S.A.,C=EC", str(key.certificate.serial_number)]
    data = properties.find(f".//{ETSI}DataObjectFormat")
    assert data.get("ObjectReference") == "#" + references[0].get("Id")
    assert [one.text for one in data] == ["contenido comprobante", "text/xml"]


XMLSEC = ["xmlsec1", "--verify", "--enabled-key-data", "x509", "--id-attr:Id",
          "http://www.w3.org/2000/09/xmldsig#:KeyInfo", "--id-attr:Id",
          "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"]


@pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="xmlsec1 is not installed")
@pytest.mark.parametrize(("method", "digest"), [("rsa-sha1", "sha1"), ("rsa-sha1", "sha256"),
                                                ("rsa-sha256", "sha256")])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_xmlsec1_verifies_it(name, method, digest, key, tmp_path: Path):
    (tmp_path / "ca.pem").write_bytes(keys.authority_pem())
    xml = signed(name, key, method=method, digest=digest)

    def verified(data: bytes) -> tuple[int, str]:
        (tmp_path / "signed.xml").write_bytes(data)
        done = subprocess.run([*XMLSEC, "--trusted-pem", str(tmp_path / "ca.pem"), "--id-attr:id", name,
                               str(tmp_path / "signed.xml")], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    code, words = verified(xml)
    assert code == 0 and "3/3" in words, words
    assert verified(xml.replace(b"<ruc>179", b"<ruc>178"))[0] != 0


def test_the_preview_is_signed_where_a_certificate_is_given():
    found = previewer.preview(parse(case()), Certificate(keys.signing_file(), keys.PASSWORD))
    assert (found.valid, found.problems) == (True, ())
    assert broken(found.payload.encode()) == []
    assert found.printed.access_key == found.printed.barcode == etree.fromstring(
        found.payload.encode()).findtext("infoTributaria/claveAcceso")


@pytest.mark.parametrize(("options", "words"), [({"ruc": "1790012352001"}, "is for the RUC"),
                                                ({"days": -1, "begins": -9}, "expired on")])
def test_what_the_sri_would_say_of_the_certificate(options, words):
    found = previewer.preview(parse(case()), Certificate(keys.signing_file(**options), keys.PASSWORD))
    assert [(one.field, one.authority_code) for one in found.problems] == [("certificate", "39")]
    assert words in found.problems[0].message


def test_the_signed_samples_of_the_reference_verify_here():
    assert broken((SAMPLES / "factura_1.1.0_firmada_rsa_sha1.xml").read_bytes()) == []


def test_the_legends_of_the_printed_form():
    data = case(issuer__extra={"obligadoContabilidad": "SI", "contribuyenteEspecial": "5368", "agenteRetencion": "1",
                               "contribuyenteRimpe": "CONTRIBUYENTE RÉGIMEN RIMPE"})
    printed = previewer.preview(parse(json.loads(json.dumps(data, default=str)))).printed
    assert printed.legends == (
        "SIN VALIDEZ TRIBUTARIA", "Contribuyente Especial Nro. 5368", "OBLIGADO A LLEVAR CONTABILIDAD: SI",
        "Agente de Retención Resolución No. 1", "CONTRIBUYENTE RÉGIMEN RIMPE")
    assert printed.amount_in_words == "cincuenta y un dólares con 75/100"
