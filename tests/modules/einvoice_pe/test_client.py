"""Every call ends as an answer, Rejected, Unavailable or Unknown."""

from __future__ import annotations

import dataclasses

import pytest

from core import http, logs
from core.errors import Rejected, Unavailable, Unknown
from modules.einvoice_pe.client import FORMS, Nubefact, fetch
from tests.modules.einvoice_pe.cases import case, factura, line, note, payload

pytestmark = pytest.mark.once


def test_a_factura_is_accepted_at_once(api):
    found = api.issue(payload(factura()))
    assert (found.accepted, found.code) == (True, "0")
    assert found.data["sunat_description"] == "La Factura numero F001-88, ha sido aceptada"
    assert found.qr.startswith("20612345679 | 01 | F001 | 000088 | 13.58 | 89.00 | 01/03/2025 | 6 | 20555666773 | ")
    assert found.digest == found.data["digest_value"]
    assert len(found.digest) == 44
    assert "invoice" in found.data
    assert "invoice" not in found.kept()


def test_a_boleta_is_signed_at_once_and_accepted_later(api):
    first = api.issue(payload(case()))
    assert (first.accepted, first.code, bool(first.digest), first.data["enlace_del_cdr"]) == (False, "", True, None)
    again = api.consult(2, "B001", 124)
    assert (again.accepted, again.qr) == (True, first.qr)


def test_files_behind_the_links(api):
    found = api.issue(payload(factura()))
    assert fetch(found.text("enlace_del_pdf")).startswith(b"%PDF")
    assert b"F001-88" in fetch(found.text("enlace_del_xml"))
    assert fetch(found.text("enlace_del_cdr")).startswith(b"PK")


def test_a_document_that_nubefact_does_not_have(api):
    assert api.consult(2, "B001", 999) is None
    assert api.consult_annulment(2, "B001", 999) is None


@pytest.mark.parametrize("form", FORMS)
def test_three_forms_of_the_token(api, form):
    assert dataclasses.replace(api, form=form).consult(2, "B001", 1) is None


@pytest.mark.parametrize(("change", "code"), [
    ({"token": "no"}, "10"), ({"route": "/api/v1/0a1b2c3d-0000-0000-0000-000000000000"}, "11")])
def test_wrong_token_and_route(api, simulator, change, code):
    if "route" in change:
        change = {"route": f"{simulator.url}/nubefact{change['route']}"}
    with pytest.raises(Rejected) as caught:
        dataclasses.replace(api, **change).consult(2, "B001", 1)
    assert caught.value.code == code


def test_the_same_number_twice_is_23(api):
    api.issue(payload(case()))
    with pytest.raises(Rejected) as caught:
        api.issue(payload(case()))
    assert caught.value.code == "23"


@pytest.mark.parametrize("fault", ["lost_answer", "timeout_before", "error_500", "garbage", "internal_40",
                                   "gateway_502", "empty_answer"])
def test_an_answer_that_never_came_is_unknown(api, simulator, fault):
    simulator.fault("nubefact", fault, count=1, seconds=0)
    with pytest.raises(Unknown):
        api.issue(payload(case()))


@pytest.mark.parametrize("fault", ["lost_answer", "timeout_before", "error_500", "garbage", "consult_fails",
                                   "gateway_502"])
def test_a_question_without_answer_may_be_repeated(api, simulator, fault):
    api.issue(payload(case()))
    simulator.fault("nubefact", fault, count=1, seconds=0)
    with pytest.raises(Unavailable):
        api.consult(2, "B001", 124)
    assert api.consult(2, "B001", 124) is not None


def test_nobody_listens():
    with pytest.raises(Unavailable):
        Nubefact("http://127.0.0.1:9/api/v1/x", "x").issue({"operacion": "generar_comprobante"})


def test_errors_as_a_list_are_read(api, simulator):
    simulator.fault("nubefact", "errors_as_list")
    with pytest.raises(Rejected) as caught:
        api.issue(payload(case(issuer__series="B009")))
    assert "No puedes emitir comprobantes con esta serie" in caught.value.message


@pytest.mark.parametrize("code", [50, 51])
def test_a_suspended_account(api, simulator, code):
    simulator.fault("nubefact", "suspended", code=code)
    with pytest.raises(Rejected) as caught:
        api.issue(payload(case()))
    assert caught.value.code == str(code)


def test_sunat_cannot_be_reached(api, simulator):
    simulator.fault("nubefact", "soap_error", count=1)
    found = api.issue(payload(factura()))
    assert (found.accepted, found.code) == (False, "")
    assert found.text("sunat_soap_error")
    assert api.consult(1, "F001", 88).accepted


@pytest.mark.parametrize(("name", "accepted", "code"), [
    ("SIM RECHAZO 2335", False, "2335"), ("SIM OBSERVADO 4014", True, "4014"), ("SIM EXCEPCION 0109", False, "0109")])
def test_what_sunat_decides(api, name, accepted, code):
    found = api.issue(payload(factura(customer__name=name)))
    assert (found.accepted, found.code) == (accepted, code)


def test_annulment(api):
    api.issue(payload(factura()))
    found = api.annul(1, "F001", 88, "ERROR DEL SISTEMA")
    assert (found.accepted, bool(found.ticket)) == (False, True)
    assert api.consult_annulment(1, "F001", 88).accepted
    assert api.consult(1, "F001", 88).annulled


def test_what_is_not_accepted_or_too_old_is_not_annulled(api, simulator):
    api.issue(payload(case()))
    with pytest.raises(Rejected):
        api.annul(2, "B001", 124, "x")
    api.consult(2, "B001", 124)
    simulator.post("nubefact", "config", {"now": "2025-03-09T10:00:00-05:00"})
    with pytest.raises(Rejected) as caught:
        api.annul(2, "B001", 124, "x")
    assert caught.value.code == "21"


def test_a_note_on_what_sunat_does_not_have_yet_is_rejected(api, simulator):
    api.issue(payload(case()))
    simulator.post("nubefact", "config", {"boleta_consults": 0})
    found = api.issue(payload(note(references=[{"kind": "03", "series": "B001", "number": 124}])))
    assert (found.accepted, found.code) == (False, "2119")


@pytest.mark.parametrize("data", [
    case(), case(lines=[line("59.90", price_includes_tax=True), line("12.50", price_includes_tax=True)]),
    case(lines=[line("33.333", quantity="3")]), case(lines=[line("10", extra={"tipo_de_igv": 6}), line("5")]),
    factura(lines=[line("1000")]), factura(lines=[line("1000")], currency="USD", exchange_rate="3.75"),
    factura(lines=[line("708")], extra={"retencion_tipo": 1}),
    factura(lines=[line("500")], extra={"descuento_global": "99.99"}),
    case(issuer__series="0001"), case(lines=[line("75", [{"code": "VAT", "category": "exempt"}])]),
    case(lines=[line("118", discount="11.80", price_includes_tax=True)]),
    factura(lines=[line("500"), line("100", extra={"anticipo_regularizacion": True})])])
def test_what_the_mapping_accepts_nubefact_accepts(api, data):
    assert api.issue(payload(data)).text("serie")


def test_neither_route_nor_token_is_logged(api, account, monkeypatch):
    said = []
    monkeypatch.setattr(http.log, "info", lambda event, **fields: said.append((event, fields)))
    monkeypatch.setattr(http.log, "debug", lambda event, **fields: said.append((event, fields)))
    fetch(api.issue(payload(factura())).text("enlace_del_pdf"))
    urls = [fields["url"] for event, fields in said if event == "outside_call"]
    assert len(urls) == 2 and all(url.endswith(f"/{logs.HIDDEN}") for url in urls)
    assert account["route"] not in str(said)
    assert account["token"] not in str(said)
