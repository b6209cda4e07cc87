"""QR, amount in words and legends."""

from __future__ import annotations

import json
from decimal import Decimal as D

import pytest

from modules.einvoice.case import parse
from modules.einvoice.preview import result
from modules.einvoice_pe.previewer import previewer
from modules.einvoice_pe.qr import read
from modules.einvoice_pe.words import in_words
from tests.modules.einvoice_pe.cases import EXEMPT, case, factura, line, note, sample

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("amount", "words"), [
    ("45.30", "CUARENTA Y CINCO"), ("21.00", "VEINTIUNO"), ("201.00", "DOSCIENTOS UNO"), ("1.00", "UNO"),
    ("41000.00", "CUARENTA Y UN MIL"), ("21000.00", "VEINTIUN MIL"), ("1000.00", "MIL"), ("1001.00", "MIL UNO"),
    ("100.00", "CIEN"), ("0.00", "CERO"), ("1000000.00", "UN MILLON"), ("3000000.00", "TRES MILLONES"),
    ("101.05", "CIENTO UNO"), ("31.50", "TREINTA Y UNO"), ("101000.00", "CIENTO UN MIL"), ("16.00", "DIECISEIS"),
    ("22.00", "VEINTIDOS"), ("121121.00", "CIENTO VEINTIUN MIL CIENTO VEINTIUNO"), ("500.00", "QUINIENTOS"),
    ("21000000.00", "VEINTIUN MILLONES"), ("999.99", "NOVECIENTOS NOVENTA Y NUEVE")])
def test_amount_in_words(amount, words):
    assert in_words(D(amount), "PEN") == f"SON: {words} CON {amount[-2:]}/100 SOLES"


def test_dollars_in_words():
    assert in_words(D("10.00"), "USD") == "SON: DIEZ CON 00/100 DOLARES AMERICANOS"


def shown(data):
    return result(previewer.preview(parse(data)))


@pytest.mark.parametrize(("name", "data"), [
    ("boleta_response_pendiente", case()),
    ("factura_response_aceptada", factura(lines=[line("500.00")]))])
def test_the_qr_is_that_of_the_provider(name, data):
    answer = sample(name)
    assert shown(data | {"extra": {"codigo_hash": answer["codigo_hash"]}})["print"]["qr"] == (
        answer["cadena_para_codigo_qr"])
    assert answer["cadena_para_codigo_qr"].startswith(shown(data)["print"]["qr"])
    assert len(read(answer["cadena_para_codigo_qr"])) == 10


def test_the_preview_is_the_shape_of_the_command():
    found = shown(case())
    assert json.loads(json.dumps(found))["payload"]["items"][0]["total"] == "89.00"
    assert (found["valid"], found["legal_kind"], found["series"], found["number"]) == (True, "03", "B001", 124)
    assert found["totals"] == {
        "net": "75.42", "untaxed": "0.00", "exempt": "0.00", "discount": "0.00",
        "taxes": [{"code": "VAT", "rate": "18", "base": "75.42", "amount": "13.58"}], "withheld": "0.00",
        "total": "89.00", "lines": [{"net": "75.42", "taxes": [{"code": "VAT", "rate": "18", "amount": "13.58"}],
                                     "total": "89.00"}]}
    assert found["print"]["amount_in_words"] == "SON: OCHENTA Y NUEVE CON 00/100 SOLES"


@pytest.mark.parametrize(("data", "words"), [
    (case(), "Representación impresa de la BOLETA DE VENTA ELECTRÓNICA"),
    (factura(lines=[line("1000")]), "Operación sujeta al Sistema de Pago de Obligaciones Tributarias: 037 Demás "
     "servicios gravados con el IGV, 12 %, S/ 141.60"),
    (case(lines=[line("75", EXEMPT)]),
     "SERVICIOS PRESTADOS EN LA AMAZONÍA REGIÓN SELVA PARA SER CONSUMIDOS EN LA MISMA"),
    (case(lines=[line("75", EXEMPT, extra={"goods": True})]),
     "BIENES TRANSFERIDOS EN LA AMAZONÍA REGIÓN SELVA PARA SER CONSUMIDOS EN LA MISMA"),
    (case(lines=[line("75", extra={"tipo_de_igv": 6})]),
     "TRANSFERENCIA GRATUITA DE UN BIEN Y/O SERVICIO PRESTADO GRATUITAMENTE"),
    (note(), "Documento que modifica: Boleta de venta electrónica B001-124"),
    (note(), "Motivo: Anulación de la operación")])
def test_legends(data, words):
    assert words in shown(data)["print"]["legends"]


@pytest.mark.parametrize("said", [{"extra": {"retencion_tipo": 1, "detraccion": False}},
                                  {"taxes": [{"code": "RET", "base": "708.00", "rate": "3", "amount": "21.24",
                                              "withheld": True}]}])
def test_a_retention_is_shown_and_leaves_the_total(said):
    found = shown(factura(lines=[line("600")], **said))
    assert (found["valid"], found["totals"]["withheld"], found["totals"]["total"]) == (True, "21.24", "708.00")
    assert (found["payload"]["total_retencion"], found["payload"]["venta_al_credito"][0]["importe"]) == (
        "21.24", "686.76")


@pytest.mark.parametrize(("data", "field", "code"), [
    (case(number=None), "number", "1001"), (case(provider="other"), "provider", "")])
def test_a_request_needs_number_and_provider(data, field, code):
    assert (field, code) in {(one["field"], one["authority_code"]) for one in shown(data)["problems"]}


@pytest.mark.parametrize(("data", "words"), [
    (factura(due_date=None, payment={"terms": "contado"}, lines=[line("100")]), "Forma de pago: CONTADO"),
    (factura(lines=[line("1000")]), "Forma de pago: CRÉDITO, cuota 001: 15-03-2025, 1038.40. Monto neto pendiente de "
                                    "pago: 1038.40")])
def test_how_a_factura_is_paid_is_shown(data, words):
    assert shown(data)["print"]["legends"][0] == words


def test_the_account_of_the_detraction_is_shown():
    data = factura(lines=[line("1000")], issuer__extra={"cuenta_detraccion": "00-068-123456"})
    assert any("00-068-123456" in one for one in shown(data)["print"]["legends"])
