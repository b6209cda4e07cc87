"""The preview on the command line, with the seal proved by OpenSSL."""

from __future__ import annotations

import base64
import datetime as dt
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PublicFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from lxml import etree

from modules.einvoice.case import parse
from modules.einvoice.preview import Certificate, Preview
from modules.einvoice.previewing import preview as command
from modules.einvoice_mx import seal
from modules.einvoice_mx.catalogs import SAT
from modules.einvoice_mx.errors import BadCsd
from modules.einvoice_mx.previewer import previewer
from modules.einvoice_mx.seal import read_certificate, read_pair
from tests.modules.einvoice_mx.cases import (
    COMPANY,
    FOLDER,
    PASSWORD,
    RESICO,
    UUID,
    case,
    csd,
    everybody,
    note,
    payment,
    ppd,
)

pytestmark = pytest.mark.once
XSLT = SAT / "4/cadenaoriginal_4_0/cadenaoriginal_4_0.xslt"


def p12(rfc: str = "EKU9003173C9", password: str = PASSWORD) -> bytes:
    """A PKCS#12 file of a test CSD."""
    found = csd(rfc)
    return pkcs12.serialize_key_and_certificates(b"csd", found.key, found.certificate, None,
                                                 BestAvailableEncryption(password.encode()))


def run(tmp_path: Path, data: dict[str, Any], *options: str, env: dict[str, str] | None = None) -> Any:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(data), "utf-8")
    return CliRunner().invoke(command, [str(file), "--json", *options], env=env, standalone_mode=False)


def shown(data: dict[str, Any], certificate: Certificate | None = None) -> Preview:
    return previewer.preview(parse(data), certificate)


@pytest.mark.parametrize("make", [ppd, note, everybody, payment])
def test_openssl_verifies_the_seal_over_the_official_cadena(tmp_path, make):
    (tmp_path / "csd.p12").write_bytes(p12())
    done = run(tmp_path, make(), "--certificate", str(tmp_path / "csd.p12"), "--password-env", "CSD",
               env={"CSD": PASSWORD})
    result = json.loads(done.output)
    assert (done.return_value, result["valid"], result["payload_format"]) == (0, True, "xml")
    document = etree.fromstring(result["payload"].encode())
    certificate = x509.load_der_x509_certificate(base64.b64decode(document.get("Certificado")))
    (tmp_path / "public.pem").write_bytes(certificate.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "cadena").write_text(str(etree.XSLT(etree.parse(XSLT))(document)), "utf-8")
    (tmp_path / "sello").write_bytes(base64.b64decode(document.get("Sello")))
    said = subprocess.run(["openssl", "dgst", "-sha256", "-verify", tmp_path / "public.pem", "-signature",
                           tmp_path / "sello", tmp_path / "cadena"], capture_output=True, text=True, check=False)
    assert said.stdout.strip() == "Verified OK"
    (tmp_path / "cadena").write_text("||4.0|another||", "utf-8")
    said = subprocess.run(["openssl", "dgst", "-sha256", "-verify", tmp_path / "public.pem", "-signature",
                           tmp_path / "sello", tmp_path / "cadena"], capture_output=True, text=True, check=False)
    assert "Verified OK" not in said.stdout


def test_result_of_the_command(tmp_path):
    result = json.loads(run(tmp_path, ppd()).output)
    assert (result["legal_kind"], result["series"], result["number"], result["problems"]) == ("I", "A", 10, [])
    totals = result["totals"]
    assert [totals[name] for name in ("net", "discount", "withheld", "total")] == ["631.48", "8.00", "0.00", "732.52"]
    assert totals["taxes"] == [{"code": "VAT", "rate": "16", "base": "631.48", "amount": "101.04"}]
    assert [one["total"] for one in totals["lines"]] == ["649.00", "83.52"]
    assert result["print"]["amount_in_words"] == "setecientos treinta y dos pesos con 52/100"
    assert result["print"]["legends"] == ["Este documento es una representación impresa de un CFDI"]
    assert result["print"]["qr"] == ""


def test_refused_document_exits_with_one(tmp_path):
    done = run(tmp_path, case(customer__tax_condition="612"))
    problem = json.loads(done.output)["problems"][0]
    assert done.return_value == 1
    assert (problem["field"], problem["authority_code"]) == ("customer.tax_condition", "CFDI40158")


def test_the_payload_without_a_certificate_has_no_seal():
    document = etree.fromstring(shown(ppd()).payload.encode())
    assert [document.get(name) for name in ("Sello", "NoCertificado", "Certificado")] == [None] * 3


def test_qr_of_a_stamped_document():
    found = shown(case(extra={"UUID": UUID, "Sello": "x" * 336 + "mrUxQ8==", "FormaPago": "99"}, customer=COMPANY | {
        "tax_id": "&CÑ180429TM6"}))
    assert found.printed.qr == ("https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx?id=" + UUID
                                + "&re=EKU9003173C9&rr=%26CÑ180429TM6&tt=116.00&fe=mrUxQ8==")
    assert found.printed.access_key == UUID


@pytest.mark.parametrize(("data", "rfc", "codes"), [
    (case(), "XIA190128J61", {"303", "305"}), (case(issuer=RESICO), "CACX7605101P8", {"305"}),
    (case(issuer=RESICO, environment="production"), "CACX7605101P8", {"305"}),
    (case(issued_at="2027-06-01T10:00:00-06:00"), "EKU9003173C9", {"305"}),
])
def test_certificate_that_is_not_the_issuers_or_has_run_out(data, rfc, codes):
    found = shown(data, Certificate(p12(rfc), PASSWORD))
    assert {one.authority_code for one in found.problems if one.field == "certificate"} == codes
    production = data["environment"] == "production"
    expired = next(one for one in found.problems if one.authority_code == "305")
    assert expired.severity == ("error" if production else "warning")


def made(key: Any, *names: tuple[Any, str]) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(int(b"00001000000500003416".hex(), 16)).not_valid_before(now)
            .not_valid_after(now + dt.timedelta(days=1460)).sign(key, SHA256()))


def test_efirma_may_not_seal():
    key = rsa.generate_private_key(65537, 2048)
    certificate = made(key, (NameOID.COMMON_NAME, "ESCUELA"), (seal.RFC_OID, "EKU9003173C9 / VADA800927DJ3"),
                       (NameOID.COUNTRY_NAME, "MX"))
    data = pkcs12.serialize_key_and_certificates(b"", key, certificate, None, NoEncryption())
    found = shown(case(), Certificate(data, ""))
    assert [one.authority_code for one in found.problems] == ["306"]


def test_key_that_is_not_rsa_is_refused():
    key = ec.generate_private_key(ec.SECP256R1())
    data = pkcs12.serialize_key_and_certificates(b"", key, made(key, (NameOID.COMMON_NAME, "X")), None, NoEncryption())
    assert [one.code for one in shown(case(), Certificate(data, "")).problems] == ["bad_csd"]


def test_facts_of_a_csd():
    found = csd()
    assert (found.number, found.rfc) == ("30001000000500003416", "EKU9003173C9")
    assert (found.is_fiel, found.is_test) == (False, True)
    assert found.valid_until.date() == dt.date(2027, 5, 18)
    assert csd("CACX7605101P8").rfc == "CACX7605101P8"


@pytest.mark.parametrize(("cer", "key", "password", "field"), [
    ("EKU9003173C9.key", "EKU9003173C9.key", PASSWORD, "certificate"),
    ("EKU9003173C9.cer", "EKU9003173C9.cer", PASSWORD, "password"),
    ("EKU9003173C9.cer", "EKU9003173C9.key", "wrong", "password"),
    ("EKU9003173C9.cer", "EKU9003173C9.key", "", "password"),
    ("EKU9003173C9.cer", "XIA190128J61.key", PASSWORD, "key"),
])
def test_files_that_are_no_csd(cer, key, password, field):
    with pytest.raises(BadCsd) as caught:
        read_pair((FOLDER / "csd" / cer).read_bytes(), (FOLDER / "csd" / key).read_bytes(), password)
    assert caught.value.field == field


def test_certificate_in_pem_is_read_too():
    pem = csd().certificate.public_bytes(Encoding.PEM)
    assert read_certificate(pem).number == csd().number
