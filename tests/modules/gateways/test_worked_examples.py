"""`abona gateways parse | build | coupon | notice` over the examples that the references work out, figure by figure."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core import clock
from modules.gateways.cli import cli

pytestmark = pytest.mark.once
HERE = Path(__file__).parent
SAMPLES = HERE / "samples"
SIRO = {"convenio": "5150058293", "cuit_administrador": "30522763922", "ente": "ISP"}
TWO_DUES = (("2026-11-10", "18150.00"), ("2026-11-20", "18694.50"))


def run(*arguments: str) -> tuple[int, bytes]:
    done = CliRunner().invoke(cli, list(arguments), standalone_mode=False)
    assert done.exception is None, done.exception
    return int(done.return_value or 0), done.stdout_bytes


def asked(tmp_path: Path, verb: str, provider: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The command's JSON about a file of this content."""
    file = tmp_path / "given.json"
    file.write_text(json.dumps(given))
    code, out = run(verb, provider, str(file), "--json")
    return code, json.loads(out)


def debt(customer: str, *dues: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"customer": customer, "name": "Ana Prueba", "invoice": "77", "concept": "Internet", "currency": "ARS",
            "due": [{"date": day, "amount": amount} for day, amount in dues], **more}


# --- coupons ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "customer", "extra", "symbology", "digits"), [
    ("0447", "1000001", {}, "i2of5", "04470010000012611101815000101869450000000000515005829358"),
    ("0449", "1000001", {}, "code128", "04490010000012611100181500010018694500000000000515005829340"),
    ("0448", "700012345678901", {}, "code128", "04487000123456789012611100001815000100001869450515005829380"),
    ("0447", "1000001", {"open": True}, "i2of5", "04470010000010000000000000000000000000000000515005829331")])
def test_slips_of_siro(tmp_path: Path, code: str, customer: str, extra: dict[str, Any], symbology: str,
                       digits: str) -> None:
    found = asked(tmp_path, "coupon", "siro", {"account": {**SIRO, "formato_barra": code},
                                               "debt": debt(customer, *TWO_DUES, extra=extra)})[1]
    assert (found["symbology"], found["barcode"]) == (symbology, digits)


def test_a_bill_of_efecty(tmp_path: Path) -> None:
    account = {"convenio": "113456", "gln": "7709998000001", "amount_width": 10, "reference_width": 12}
    code, found = asked(tmp_path, "coupon", "efecty", {
        "account": account, "debt": debt("123456", ("2026-11-30", "89900.00"), currency="COP")})
    assert (code, found["symbology"]) == (0, "gs1-128")
    assert found["text"] == "(415)7709998000001(8020)000000123456(3900)0000089900(96)20261130"
    assert found["barcode"] == "4157709998000001" "8020000000123456" "\x1d" "39000000089900" "\x1d" "9620261130"


def test_the_digit_of_a_slip_of_cobrodigital_is_proved(tmp_path: Path) -> None:
    account = {"idComercio": "AB123456", "sid": "x", "plantilla": "init", "identificador": "NRO CLIENTE"}
    good = debt("42", ("2026-11-10", "18150.00"), extra={"barcode": "73852040502403101111600000002"})
    assert asked(tmp_path, "coupon", "cobrodigital", {"account": account, "debt": good})[1]["symbology"] == "code128"
    with pytest.raises(AssertionError):
        asked(tmp_path, "coupon", "cobrodigital", {"account": account, "debt": {
            **good, "extra": {"barcode": "73852040502403101111600000003"}}})


# --- files out -------------------------------------------------------------------------------------------------


def built(tmp_path: Path, provider: str, account: dict[str, Any], date: str, *debts: dict[str, Any],
          **more: Any) -> bytes:
    file, made = tmp_path / "debts.json", tmp_path / "made"
    file.write_text(json.dumps({"account": account, "date": date, "debts": list(debts), **more}))
    assert run("build", provider, str(file), "-o", str(made))[0] == 0
    return made.read_bytes()


def test_debts_of_pagomiscuentas(tmp_path: Path) -> None:
    made = built(tmp_path, "pagomiscuentas", {"empresa": "1234", "sigla": "1234"}, "2026-11-24",
                 debt("1000001", *TWO_DUES, invoice="B00030000124501", concept="INTERNET 100M NOV 2026",
                      extra={"screen": "INTERNET 100M N"}),
                 debt("1000002", ("2026-11-10", "12100.00"), invoice="B00030000124502",
                      concept="INTERNET 50M NOV 2026", extra={"screen": "INTERNET 50M NO"}))
    assert made.splitlines() == (SAMPLES / "pagomiscuentas_FAC1234.241126").read_bytes().splitlines()


ANA = debt("1045", ("2026-11-20", "89900.00"), currency="COP", concept="Internet noviembre 2026", invoice="F-1", extra={
    "document_kind": "CC", "document": "1020304050", "first_name": "Ana", "first_surname": "Prueba"})
SHOP = debt("1046", ("2026-11-20", "45000.00"), currency="COP", concept="Internet noviembre 2026", invoice="F-2",
            name="Tienda Ejemplo SAS", extra={"document_kind": "NIT", "document": "9001234568"})


@pytest.mark.parametrize("preset", ["v1", "v2"])
def test_debts_of_efecty(tmp_path: Path, preset: str) -> None:
    made = built(tmp_path, "efecty", {"convenio": "113456", "preset": preset}, "2026-11-01", ANA, SHOP)
    assert made == (HERE / "efecty" / "samples" / f"deudas_{preset}.csv").read_bytes()


def test_debts_of_a_bank(tmp_path: Path) -> None:
    account = {"nit": "9001234568", "bank": "040", "account": "400000012345", "service": "7709998000001"}
    made = built(tmp_path, "asobancaria_2001", account, "2026-11-01", ANA, SHOP, time="08:00")
    assert made == (HERE / "asobancaria" / "samples" / "facturacion2001_sin_confirmar.txt").read_bytes()


def test_debts_of_facilito(tmp_path: Path) -> None:
    made = built(tmp_path, "facilito", {}, "2026-11-01", debt(
        "EC-1045", ("2026-11-15", "22.40"), currency="USD", concept="Internet noviembre 2026",
        extra={"document": "0102030405"}))
    assert made == (HERE / "facilito" / "samples" / "deudas.csv").read_bytes()


def test_debts_of_siro_and_prisma_have_their_widths_and_totals(tmp_path: Path) -> None:
    full = built(tmp_path, "siro", SIRO, "2026-11-02", debt("1000001", *TWO_DUES)).decode().splitlines()
    assert {len(row) for row in full} == {280} and full[0][:17] == "04000000202611021"
    assert full[1][1:20] == "0010000015150058293" and full[2][16:23] + full[2][30:46] == "0000001" + f"{1815000:016d}"
    link = built(tmp_path, "siro", {**SIRO, "formato": "link"}, "2026-11-02", debt("1000001", *TWO_DUES))
    rows = link.decode().splitlines()
    assert {len(row) for row in rows} == {131} and rows[0][:27] == "HRFACTURACION   26110200001"
    card = debt("1000001", *TWO_DUES, invoice="12345", extra={"card": "4509953566233704", "first": True})
    cards = built(tmp_path, "prisma", {"establecimiento": "0012345678", "tipo": "DEBLIQC"}, "2026-11-02", card,
                  time="09:30").decode().splitlines()
    assert {len(row) for row in cards} == {100} and cards[1][70] == "E" and cards[2][48:63] == f"{1815000:015d}"


# --- files in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("provider", "file", "count", "total"), [
    ("pagomiscuentas", SAMPLES / "pagomiscuentas_COB1234.261126", None, None),
    ("efecty", HERE / "efecty" / "samples" / "pagos.csv", 2, "134900.00"),
    ("facilito", HERE / "facilito" / "samples" / "conciliacion.csv", 3, "58.40"),
    ("asobancaria_2001", HERE / "asobancaria" / "samples" / "recaudo2001_un_lote_crlf.txt", None, None),
    ("asobancaria_2001", HERE / "asobancaria" / "samples" / "recaudo2001_dos_lotes_devolucion_lf.txt", None, None),
    ("asobancaria_2001", HERE / "asobancaria" / "samples" / "recaudo2001_ultima_linea_corta.txt", None, None),
    ("asobancaria_1998", HERE / "asobancaria" / "samples" / "recaudo1998.txt", None, None)])
def test_files_of_payments(provider: str, file: Path, count: int | None, total: str | None) -> None:
    code, out = run("parse", provider, str(file), "--json")
    found = json.loads(out)
    assert (code, found["control"]["ok"], found["problems"]) == (0, True, [])
    assert found["control"]["count"] == (count or len(found["payments"])) > 0
    assert total in (None, found["control"]["total"])


def test_a_payment_of_pagomiscuentas_and_one_of_a_bank() -> None:
    one = json.loads(run("parse", "pagomiscuentas", str(SAMPLES / "pagomiscuentas_COB1234.261126"), "--json")[1])
    assert all(paid["channel"] and paid["credited_at"] == "2026-11-26" for paid in one["payments"])
    bank = json.loads(run("parse", "asobancaria_2001", str(
        HERE / "asobancaria" / "samples" / "recaudo2001_un_lote_crlf.txt"), "--json")[1])
    assert (bank["payments"][0]["reference"]["customer"], bank["payments"][0]["amount"]) == ("1045", "89900.00")


@pytest.mark.parametrize("spoil", [lambda text: text[:-30], lambda text: text.replace(b"00001815000", b"00001815001"),
                                   lambda text: text.replace(b"0400", b"0401"), lambda text: text + text])
def test_a_file_that_is_not_whole_ends_with_2_and_no_payments(tmp_path: Path, spoil: Any) -> None:
    file = tmp_path / "COB1234.261126"
    file.write_bytes(spoil((SAMPLES / "pagomiscuentas_COB1234.261126").read_bytes()))
    code, out = run("parse", "pagomiscuentas", str(file), "--json")
    found = json.loads(out)
    assert (code, found["payments"], found["control"]["ok"]) == (2, [], False)
    assert found["problems"][0]["message"]


# --- notices ---------------------------------------------------------------------------------------------------


def test_a_notice_of_mercado_pago(tmp_path: Path) -> None:
    hashed = "2d9b83d7bee9a98ee901c5508bfb6875ff643cf1ec1e77d7524d0cccf68aea59"
    request = {"method": "POST", "query": {"data.id": "123456789", "type": "payment"}, "headers": {
        "x-signature": f"ts=1764000000,v1={hashed}", "x-request-id": "0b8c7f1e-6a52-4d0c-9f5e-1d2c3b4a5968"},
        "body": json.dumps({"id": 12345, "type": "payment", "data": {"id": "123456789"}}),
        "credentials": {"webhook_secret": "c0ffee00c0ffee00c0ffee00c0ffee00"}}
    late = asked(tmp_path, "notice", "mercadopago", request)[1]
    assert late["reason"] == "timestamp_out_of_tolerance", "its day is long gone"
    with clock.freeze(dt.datetime.fromtimestamp(1764000000 + 3600, dt.UTC)):
        code, found = asked(tmp_path, "notice", "mercadopago", request)
    assert (code, found["authentic"], found["reason"], found["payment_id"]) == (0, True, "ok", "123456789")
    forged = {**request, "credentials": {**request["credentials"], "webhook_secret": "guessed"}}
    assert asked(tmp_path, "notice", "mercadopago", forged)[1]["reason"] == "signature_mismatch"
    unsigned = {**request, "headers": {}, "query": {"topic": "payment", "id": "123456789"}}
    assert asked(tmp_path, "notice", "mercadopago", unsigned)[1]["reason"] == "unsigned_ipn"


PAYU = {"merchant_id": "508029", "account_id": "512321", "api_key": "4Vj8eK4rloUd272L48hsrarnUA",
        "api_login": "pRRXKOl8ikMmt9u", "algorithm": "md5", "test": True}


@pytest.mark.parametrize(("file", "more", "reason", "status"), [
    ("confirmacion_aprobada_efecty", {}, "ok", "approved"),
    ("confirmacion_aprobada_centavos_sha256", {"algorithm": "sha256"}, "ok", "approved"),
    ("confirmacion_rechazada_tarjeta", {}, "ok", "rejected"), ("confirmacion_expirada", {}, "ok", "expired"),
    ("confirmacion_firma_falsa", {}, "signature_mismatch", None),
    ("confirmacion_aprobada_efecty", {"test": False}, "test_notice", None),
    ("confirmacion_aprobada_efecty", {"merchant_id": "500238"}, "other_merchant", None)])
def test_confirmations_of_payu(tmp_path: Path, file: str, more: dict[str, Any], reason: str,
                               status: str | None) -> None:
    body = (HERE / "payu" / "samples" / f"{file}.txt").read_text().strip()
    code, found = asked(tmp_path, "notice", "payu", {
        "method": "POST", "query": {}, "headers": {"Content-Type": "application/x-www-form-urlencoded"}, "body": body,
        "credentials": {**PAYU, **more}})
    assert (code, found["authentic"], found["reason"]) == (int(reason != "ok"), reason == "ok", reason)
    assert status is None or found["payment"]["status"] == status


@pytest.mark.parametrize(("provider", "file", "number"), [
    ("combopay", "combopay/samples/aviso_aprobado.json", "7700123"),
    ("pagoralia", "pagoralia/samples/aviso_supuesto.json", "000021/1045-202611")])
def test_hints_are_known_by_our_own_address(tmp_path: Path, provider: str, file: str, number: str) -> None:
    request = {"method": "POST", "query": {"token": "clave"}, "headers": {"Content-Type": "application/json"},
               "body": (HERE / file).read_text(), "credentials": {"notice_token": "clave", "abrev": "isp"}}
    code, found = asked(tmp_path, "notice", provider, request)
    assert (code, found["authentic"], found["action"]) == (0, True, "read")
    assert found["payment"]["external_id"] == number
    assert asked(tmp_path, "notice", provider, {**request, "query": {"token": "otra"}})[0] == 1


def test_a_way_back_and_a_notification_of_cardnet(tmp_path: Path) -> None:
    back = {"method": "POST", "query": {"token": "clave"}, "headers": {}, "credentials": {"notice_token": "clave"},
            "body": (HERE / "cardnet" / "samples" / "return_post.txt").read_text().strip()}
    found = asked(tmp_path, "notice", "cardnet", back)[1]
    assert (found["authentic"], found["action"]) == (True, "read") and found["payment_id"].startswith("sess-")
    told = {**back, "body": (HERE / "cardnet" / "samples" / "notification.json").read_text(),
            "headers": {"Authorization": "Basic llave"}, "credentials": {"private_key": "llave"}}
    assert asked(tmp_path, "notice", "cardnet", told)[1]["payment"]["amount"] == "1500.00"
    assert asked(tmp_path, "notice", "cardnet", {**told, "headers": {"Authorization": "Basic otra"}})[0] == 1
