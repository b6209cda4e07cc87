"""What the simulator of The Factory HKA refuses although our client never errs (reference 2.7)."""

from __future__ import annotations

import re

import pytest
import requests

from tests.modules.einvoice_co.cases import CUFE, SAMPLES
from tests.modules.einvoice_co.conftest import TOKENS, Site

pytestmark = pytest.mark.once
INVOICE = (SAMPLES / "tfhka_enviar_request.xml").read_text(encoding="utf-8").replace(
    "0" * 40, TOKENS.company).replace("f" * 40, TOKENS.password)
NOTE = (SAMPLES / "tfhka_enviar_nota_credito_request.xml").read_text(encoding="utf-8").replace(
    "0" * 40, TOKENS.company).replace("f" * 40, TOKENS.password)


def send(site: Site, text: str, action: str = "Enviar", **headers: str) -> requests.Response:
    given = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"http://tempuri.org/IService/{action}"'}
    return requests.post(f"{site.address}/ws/v1.0/Service.svc", text.encode(), headers=given | headers, timeout=20)


def codes(answer: requests.Response) -> tuple[str, list[str]]:
    """(codigo, texts)."""
    return (re.findall("<a:codigo>(.*?)</a:codigo>", answer.text) or [""])[0], re.findall(
        "<b:string>(.*?)</b:string>", answer.text)


def without(name: str, text: str = INVOICE) -> str:
    return re.sub(rf"<(ns\d+):{name}[ >].*?</\1:{name}>", "", text, count=1, flags=re.S)


def changed(name: str, value: str, text: str = INVOICE) -> str:
    return re.sub(rf"(<ns\d+:{name}(?: [^>]*)?>)[^<]*(</)", rf"\g<1>{value}\g<2>", text)


def test_the_sample_is_accepted_with_its_cufe(hka_site):
    answer = send(hka_site, INVOICE)
    assert codes(answer)[0] == "200" and f"<a:cufe>{CUFE}</a:cufe>" in answer.text
    assert '<a:reglasValidacionDIAN i:nil="true"/>' in answer.text
    assert "<a:esValidoDian>true</a:esValidoDian>" in answer.text


def test_the_same_number_again_is_114(hka_site):
    send(hka_site, INVOICE)
    assert codes(send(hka_site, INVOICE))[0] == "114"


def test_a_note_is_accepted(hka_site):
    assert codes(send(hka_site, NOTE))[0] == "200"


@pytest.mark.parametrize(("text", "code"), [
    (INVOICE.replace(TOKENS.company, "c3" * 20), "101"), (INVOICE.replace(TOKENS.password, "c3" * 20), "101"),
    (INVOICE.replace(TOKENS.company, "A1" * 20), "111"), (INVOICE.replace(TOKENS.company, "a1"), "111"),
    (without("factura"), "112")])
def test_tokens_and_what_is_no_document(hka_site, text, code):
    assert codes(send(hka_site, text))[0] == code


@pytest.mark.parametrize("name", ["cliente", "consecutivoDocumento", "fechaEmision", "moneda", "rangoNumeracion",
                                  "totalMonto", "mediosDePago", "tipoOperacion"])
def test_a_missing_field_is_109_with_its_name(hka_site, name):
    code, texts = codes(send(hka_site, without(name)))
    assert code == "109" and any(f"{name} " in one for one in texts)


@pytest.mark.parametrize(("text", "words"), [
    (changed("totalMonto", "cien"), "totalMonto debe ser numérico"),
    (changed("fechaEmision", "2025-03-01"), "fechaEmision"),
    (changed("rangoNumeracion", "SETP-990000123"), "rango de numeración SETP-990000123"),
    (changed("consecutivoDocumento", "FE990000123"), "consecutivoDocumento"),
    (changed("consecutivoDocumento", "SETP0990000123"), "consecutivoDocumento"),
    (changed("tipoOperacion", "20"), "tipoOperacion"), (changed("notificar", "X"), "notificar"),
    (changed("metodoDePago", "3"), "metodoDePago"), (without("fechaDeVencimiento"), "fechaDeVencimiento"),
    (without("numeroDocumento"), "cliente.numeroDocumento"), (changed("secuencia", "2"), "secuencia"),
    (without("documentosReferenciados", NOTE), "documentosReferenciados"),
    (changed("codigoEstatusDocumento", "9", NOTE), "codigoEstatusDocumento"),
    (changed("tipoIdentificacion", "31"), "numeroIdentificacionDV")])
def test_own_validations(hka_site, text, words):
    code, texts = codes(send(hka_site, text))
    assert code == "109" and any(words in one for one in texts), texts


@pytest.mark.parametrize(("text", "rule"), [
    (changed("totalMonto", "100000.01"), "FAU14"), (changed("totalSinImpuestos", "84033.60"), "FAU02"),
    (changed("totalBaseImponible", "0.00"), "FAU04"), (changed("totalBrutoConImpuesto", "99999.99"), "FAU06"),
    (changed("precioTotalSinImpuestos", "84000.00"), "FAV06"), (changed("porcentajeTOTALImp", "5.00"), "FAX07"),
    (changed("totalProductos", "2"), "FAD16"), (changed("montoTotal", "15966.38"), "FAS01"),
    (changed("municipio", "99999"), "FAK09"), (changed("codigoDepartamento", "05"), "FAK12"),
    (changed("zonaPostal", "999999"), "FAK57"), (changed("obligaciones", "O-06"), "FAK26")])
def test_the_provider_s_copy_of_the_rules_is_110(hka_site, text, rule):
    code, texts = codes(send(hka_site, text))
    assert code == "110" and any(f"Regla: {rule}," in one for one in texts), texts


@pytest.mark.parametrize(("text", "rule"), [
    (changed("consecutivoDocumento", "SETP995000001"), "FAB12b"),
    (changed("consecutivoDocumento", "SETP1"), "FAB11b"),
    (changed("fechaEmision", "2030-02-01 08:00:00"), "FAB08b"),
    (changed("fechaEmision", "2019-01-01 08:00:00"), "FAB07b")])
def test_the_dian_refuses_with_99_and_the_number_stays_free(hka_site, text, rule):
    code, texts = codes(send(hka_site, text))
    assert code == "99" and texts[0].startswith(f"Regla: {rule}, Rechazo:")
    assert codes(send(hka_site, INVOICE))[0] == "200"


def test_elements_out_of_alphabetical_order_are_lost_without_a_word(hka_site):
    """The classic of WCF: hand-written XML loses a field."""
    moneda = re.search(r"<ns15:moneda .*?</ns15:moneda>", INVOICE, re.S)[0]
    moved = INVOICE.replace(moneda, "").replace("</ns0:factura>", f"{moneda}</ns0:factura>")
    code, texts = codes(send(hka_site, moved))
    assert (code, texts) == ("109", ["El campo moneda es obligatorio"])


def test_folios_run_out(hka_site, hka):
    from tests.modules.einvoice_co.conftest import COMPANY

    hka_site.post("company", {**COMPANY, "folios": 1})
    assert hka.folios() == 1 and codes(send(hka_site, INVOICE))[0] == "200" and hka.folios() == 0
    code, texts = codes(send(hka_site, changed("consecutivoDocumento", "SETP990000124")))
    assert code == "109" and "folios" in texts[0]


@pytest.mark.parametrize(("action", "headers", "text", "status"), [
    ("EnviarFactura", {}, INVOICE, 500), ("Enviar", {"Content-Type": "application/json"}, INVOICE, 415),
    ("Enviar", {}, "<nada/>", 400), ("Enviar", {}, "nada", 400), ("EstadoDocumento", {}, INVOICE, 500)])
def test_what_is_no_call_of_the_service(hka_site, action, headers, text, status):
    assert send(hka_site, text, action, **headers).status_code == status


def test_the_wsdl_is_served_with_our_address(hka_site):
    text = requests.get(f"{hka_site.address}/ws/v1.0/Service.svc?wsdl", timeout=20).text
    assert f'location="{hka_site.address}/ws/v1.0/Service.svc"' in text


def test_state_outlives_the_process(tmp_path):
    from core.simulators import running
    from tests.modules.einvoice_co.conftest import COMPANY

    for expected in ("200", "114"):
        with running(["hka"], folder=tmp_path) as found:
            site = Site(f"{found.url}/hka")
            site.post("company", COMPANY)
            assert codes(send(site, INVOICE))[0] == expected


