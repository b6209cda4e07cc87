"""CUFE, CUDE and QR: the DIAN's own example, truncation, and when they are made."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal as D

import pytest

from modules.einvoice_co import cufe
from modules.einvoice_co.findings import BOGOTA
from tests.modules.einvoice_co.cases import CUFE, SAMPLES, case, errors, note, preview, valid

pytestmark = pytest.mark.once
EXAMPLE = json.loads((SAMPLES / "cufe_ejemplo.json").read_text(encoding="utf-8"))


def test_the_dian_s_own_example():
    given = EXAMPLE["entrada"]
    facts = cufe.KeyFacts(given["NumFac"], dt.datetime(2019, 1, 16, 10, 53, 10, tzinfo=BOGOTA), D(given["ValFac"]),
                          D(given["ValTot"]), given["NitOFE"], given["NumAdq"], given["ClTec"], True,
                          D(given["ValImp1"]), D(given["ValImp2"]), D(given["ValImp3"]))
    assert cufe.text(facts) == EXAMPLE["cadena"]
    assert cufe.key(facts) == EXAMPLE["cufe"]


@pytest.mark.parametrize(("amount", "text"), [("1.999", "1.99"), ("0", "0.00"), ("84033.6100", "84033.61"),
                                              ("5", "5.00"), ("0.005", "0.00")])
def test_amounts_are_truncated_never_rounded(amount, text):
    assert cufe.cut(D(amount)) == text


def test_the_key_and_the_qr_of_an_invoice():
    printed = valid(case()).printed
    assert printed.access_key == CUFE == EXAMPLE["segundo_ejemplo_propio"]["cufe"]
    assert printed.qr.split("\n") == [
        "NumFac: SETP990000123", "FecFac: 2025-03-01", "HorFac: 08:15:30-05:00", "NitFac: 901234568",
        "DocAdq: 1020304050", "ValFac: 84033.61", "ValIva: 15966.39", "ValOtroIm: 0.00", "ValTolFac: 100000.00",
        f"CUFE: {CUFE}", f"QRCode: https://catalogo-vpfe-hab.dian.gov.co/document/searchqr?documentkey={CUFE}"]


def test_production_has_another_host_and_another_key():
    printed = valid(case(environment="production")).printed
    assert "https://catalogo-vpfe.dian.gov.co/document/" in printed.qr and printed.access_key != CUFE


@pytest.mark.parametrize("written", ["2025-03-01T13:15:30+00:00", "2025-03-01T08:15:30-05:00"])
def test_the_time_is_colombia_s(written):
    assert valid(case(issued_at=written)).printed.access_key == CUFE


def test_after_seven_in_the_evening_a_utc_server_is_a_day_ahead():
    factura = valid(case(issued_at="2025-03-02T01:30:00+00:00")).payload["factura"]
    assert factura["fechaEmision"] == "2025-03-01 20:30:00"


def test_a_note_has_a_cude_of_the_software_s_pin():
    assert valid(note()).printed.access_key == ""
    found = valid(note(issuer__extra__pin="75315")).printed
    assert cufe.KEY.fullmatch(found.access_key) and f"CUDE: {found.access_key}" in found.legends


def test_what_the_provider_answered_is_printed():
    found = valid(case(extra__CUFE="a" * 96, extra__qr="NumFac: X")).printed
    assert (found.access_key, found.qr) == ("a" * 96, "NumFac: X")


@pytest.mark.parametrize("key", ["70c36f17d2a862d7fe8ee7668e3d7b92a43247", "z" * 40])
def test_a_technical_key_is_40_hexadecimal_digits(key):
    assert errors(case(issuer__extra__claveTecnica=key)) == [("issuer.extra.claveTecnica", "FAD06")]


def test_without_technical_key_nothing_is_wrong():
    found = preview(case(issuer__extra={"rangoNumeracion": "SETP-990000000"}))
    assert found.valid and found.printed.access_key == ""
