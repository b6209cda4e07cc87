"""`abona einvoice preview`: output, exit codes and bad input, without app or database."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from core.cli import AbonaGroup
from modules.einvoice.previewing import preview
from tests.modules.einvoice_ar.cases import case, line, note, to

pytestmark = pytest.mark.once


class Run:
    """What the command answered."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """`run(case, *options)` runs the command as the `abona` command does."""

    def call(data: Any, *options: str) -> Run:
        file = tmp_path / "CASE.json"
        file.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
        return start(str(file), *options)

    def start(*arguments: str) -> Run:
        with pytest.raises(SystemExit) as ended:
            AbonaGroup(commands={"preview": preview}).main(["preview", *arguments])
        out, err = capsys.readouterr()
        return Run(int(ended.value.code or 0), out, err)

    call.start = start  # type: ignore[attr-defined]
    return call


def test_a_valid_document(run):
    found = run(case(taxes=[{"code": "IIBB", "jurisdiction": "902", "base": "10000.00", "rate": "3"}]), "--json")
    assert (found.code, found.err) == (0, "")
    assert set(found.json) == {"valid", "problems", "legal_kind", "series", "number", "totals", "payload_format",
                               "payload", "print"}
    assert (found.json["valid"], found.json["problems"]) == (True, [])
    assert (found.json["legal_kind"], found.json["series"], found.json["number"]) == ("6", "0003", 123)
    assert found.json["payload_format"] == "json"
    assert found.json["payload"]["FeCAEReq"]["FeCabReq"] == {"CantReg": 1, "PtoVta": 3, "CbteTipo": 6}
    assert found.json["totals"] == {
        "net": "10000.00", "untaxed": "0.00", "exempt": "0.00", "discount": "0.00",
        "taxes": [{"code": "VAT", "rate": "21", "base": "10000.00", "amount": "2100.00"},
                  {"code": "IIBB", "rate": "3", "base": "10000.00", "amount": "300.00", "jurisdiction": "902",
                   "description": "Percepción de IIBB Buenos Aires"}],
        "withheld": "0.00", "total": "12400.00",
        "lines": [{"net": "10000.00", "taxes": [{"code": "VAT", "rate": "21", "amount": "2100.00"}],
                   "total": "12100.00"}]}


def test_a_document_that_would_be_refused(run):
    found = run(case(due_date="2026-10-31"), "--json")
    assert (found.code, found.json["valid"]) == (1, False)
    problem = found.json["problems"][0]
    assert (problem["code"], problem["field"], problem["authority_code"]) == ("due_too_early", "due_date", "10036")
    assert problem["message"].startswith("To send this its due date (2026-10-31)")


def test_a_remark_does_not_make_a_document_invalid(run):
    tax = {"code": "IIBB", "jurisdiction": "902", "base": "100.00", "rate": "3", "amount": "4.00"}
    found = run(case(taxes=[tax]), "--json")
    assert (found.code, found.json["valid"], found.json["problems"][0]["severity"]) == (0, True, "warning")


def test_for_people(run):
    found = run(case(due_date="2026-10-31"))
    assert found.code == 1
    assert "12100.00" in found.out and "(10036)" in found.out and "This would be refused." in found.out


@pytest.mark.parametrize(("extra", "customer", "expected"), [
    ({}, ("DNI", "23456781"), None),
    ({"CAE": "70417054367476"}, ("DNI", "23456781"),
     '{"ver":1,"fecha":"2026-11-01","cuit":30990000103,"ptoVta":3,"tipoCmp":6,"nroCmp":123,"importe":12100,'
     '"moneda":"PES","ctz":1,"tipoDocRec":96,"nroDocRec":23456781,"tipoCodAut":"E","codAut":70417054367476}'),
    ({"CAE": "00417054367476"}, (None, ""),
     '{"ver":1,"fecha":"2026-11-01","cuit":30990000103,"ptoVta":3,"tipoCmp":6,"nroCmp":123,"importe":12100,'
     '"moneda":"PES","ctz":1,"tipoCodAut":"E","codAut":417054367476}'),
])
def test_the_qr_of_a_document(run, extra, customer, expected):
    qr = run(to("CF", *customer, extra=extra), "--json").json["print"]["qr"]
    if expected is None:
        assert qr == ""
    else:
        assert qr == "https://www.arca.gob.ar/fe/qr/?p=" + base64.b64encode(expected.encode()).decode()


def test_a_cae_that_is_none_is_told(run):
    found = run(case(extra={"CAE": "123"}), "--json")
    assert (found.code, found.json["problems"][0]["field"], found.json["print"]["qr"]) == (1, "extra.CAE", "")


def test_what_is_printed(run):
    printed = run(to("CF", None, "", lines=[line("21000.00", price_includes_tax=True)]), "--json").json["print"]
    assert printed["amount_in_words"] == "veintiún mil pesos con 00/100"
    assert printed["legends"] == ["Régimen de Transparencia Fiscal al Consumidor (Ley 27.743)",
                                  "IVA Contenido: $ 3.644,63", "Otros Impuestos Nacionales Indirectos: $ 0,00",
                                  "A CONSUMIDOR FINAL"]
    assert (printed["barcode"], printed["access_key"]) == ("", "")


def test_the_number_and_a_note(run):
    assert run(note(), "--json").json["legal_kind"] == "8"


@pytest.mark.parametrize(("text", "words"), [
    ("{", "a JSON document"), ("[]", "an object"), (case(number="x"), 'number: found "x", expected a whole number'),
    (case(country="ZZ"), 'country: found ZZ, expected one of AR'),
])
def test_bad_input_names_the_place_and_changes_nothing(run, text, words):
    found = run(text, "--json")
    assert (found.code, found.out) == (2, "")
    assert words in found.err and "Traceback" not in found.err


def test_a_file_that_is_not_there(run, tmp_path):
    found = run.start(str(tmp_path / "none.json"))
    assert found.code == 2 and "none.json" in found.err


@pytest.fixture
def p12(tmp_path: Path) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    data = pkcs12.serialize_key_and_certificates(b"x", key, None, None, BestAvailableEncryption(b"secret"))
    file = tmp_path / "issuer.p12"
    file.write_bytes(data)
    return file


@pytest.mark.parametrize(("password", "code"), [("secret", 0), ("other", 2), (None, 2)])
def test_a_certificate_must_open(run, p12, monkeypatch, password, code):
    monkeypatch.delenv("P12_PASSWORD", raising=False)
    if password:
        monkeypatch.setenv("P12_PASSWORD", password)
    found = run(case(), "--certificate", str(p12), "--password-env", "P12_PASSWORD", "--json")
    assert found.code == code
    assert "secret" not in found.err
