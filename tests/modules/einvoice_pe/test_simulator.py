"""What the simulator refuses although our client never sends it."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Rejected
from tests.modules.einvoice_pe.cases import case, factura, line, note, payload, sample

pytestmark = pytest.mark.once
BOLETA, FACTURA = payload(case()), payload(factura())
DETRACTED = payload(factura(lines=[line("1000")]))


def changed(request: dict[str, Any], item: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    items = [request["items"][0] | (item or {})]
    return request | {"items": items} | changes


@pytest.mark.parametrize(("request_", "code", "words"), [
    (changed(BOLETA, operacion="x"), "20", "formato"),
    (changed(BOLETA, serie="B009"), "21", "No puedes emitir comprobantes con esta serie"),
    (changed(BOLETA, serie="F001"), "21", "No puedes emitir comprobantes con esta serie"),
    (changed(BOLETA, numero=""), "21", "numero"), (changed(BOLETA, cliente_denominacion=""), "21", "denominacion"),
    (changed(BOLETA, cliente_denominacion='ANA "X"'), "21", "caracteres"),
    (changed(BOLETA, cliente_denominacion="x" * 101), "21", "largo"),
    (changed(BOLETA, fecha_de_emision="2025-03-01"), "21", "fecha"),
    (changed(BOLETA, fecha_de_emision="02-03-2025"), "21", "actual"),
    (changed(BOLETA, fecha_de_emision="25-02-2025"), "22", "plazo"),
    (changed(BOLETA, fecha_de_vencimiento="01-03-2025"), "21", "vencimiento"),
    (changed(BOLETA, cliente_numero_de_documento="1234567"), "21", "DNI"),
    (changed(BOLETA, cliente_tipo_de_documento="X"), "21", "Tipo de documento"),
    (changed(BOLETA, cliente_email="x"), "21", "email"),
    (changed(BOLETA, moneda=2), "21", "cambio"), (changed(BOLETA, moneda=7), "21", "Moneda"),
    (changed(BOLETA, {"subtotal": "75.40"}), "21", "subtotal"), (changed(BOLETA, {"igv": "13.50"}), "21", "igv"),
    (changed(BOLETA, {"total": "88.90"}), "21", "total"), (changed(BOLETA, {"precio_unitario": "88"}), "21", "precio"),
    (changed(BOLETA, {"tipo_de_igv": 99}), "21", "IGV"), (changed(BOLETA, {"cantidad": "0"}), "21", "cantidad"),
    (changed(BOLETA, {"valor_unitario": "-75.42"}), "21", "negativos"),
    (changed(BOLETA, total_igv="13.00"), "21", "IGV TOTAL ≠ IGV DE LINEAS"),
    (changed(BOLETA, total_gravada="75.00"), "21", "total_gravada"), (changed(BOLETA, total="90.00"), "21", "TOTAL"),
    (changed(BOLETA, items=[]), "21", "item"),
    (changed(BOLETA, generado_por_contingencia=True), "21", "contingencia"),
    (changed(BOLETA, detraccion=True), "21", "detracción"),
    (changed(FACTURA, cliente_tipo_de_documento="1", cliente_numero_de_documento="45678912"), "21", "RUC"),
    (changed(FACTURA, cliente_numero_de_documento="20555666774"), "21", "el último dígito debería ser 3"),
    (changed(FACTURA, cliente_direccion=""), "21", "irección"),
    (changed(FACTURA, venta_al_credito=[{"cuota": 1, "fecha_de_pago": "01-03-2025", "importe": "89.00"}]), "21",
     "cuotas"),
    (changed(FACTURA, venta_al_credito=[{"cuota": 1, "fecha_de_pago": "15-03-2025", "importe": "89.02"}]), "21",
     "cuotas"),
    (changed(BOLETA, venta_al_credito=[{"cuota": 1, "fecha_de_pago": "15-03-2025", "importe": "89.00"}]), "21",
     "crédito"),
    (changed(DETRACTED, detraccion_total="141.00"), "21", "detraccion_total"),
    (changed(DETRACTED, sunat_transaction=1), "21", "sunat_transaction"),
    (changed(DETRACTED, detraccion_tipo=37 + 100), "21", "detraccion_tipo"),
    (changed(payload(note())), "21", "no existe"),
    (changed(payload(note()), documento_que_se_modifica_serie=""), "21", "modifica"),
    (changed(payload(note()), serie="FC01"), "21", "letra"),
    (changed(payload(note()), tipo_de_nota_de_credito=14), "21", "tipo_de_nota_de_credito")])
def test_refused(api, request_, code, words):
    with pytest.raises(Rejected) as caught:
        api._call(request_)
    assert caught.value.code == code
    assert words in caught.value.message


def test_who_buys_for_700_must_be_known(api):
    big = payload(case(lines=[line("700.00", price_includes_tax=True)]))
    nobody = {"cliente_tipo_de_documento": "-", "cliente_numero_de_documento": "-"}
    with pytest.raises(Rejected):
        api._call(big | nobody)
    small = payload(case(lines=[line("699.99", price_includes_tax=True)]))
    assert api._call(small | nobody).text("serie")


@pytest.mark.parametrize("name", ["boleta", "boleta_varios", "boleta_amazonia", "factura_credito",
                                  "factura_detraccion"])
def test_the_samples_of_the_reference_are_accepted(api, name):
    request = {key: str(value) if not isinstance(value, list | bool) else value
               for key, value in sample(f"{name}_request").items()}
    request["items"] = [{key: str(value) if not isinstance(value, bool) else value for key, value in one.items()}
                        for one in request["items"]]
    for quota in request.get("venta_al_credito", []):
        quota["importe"] = str(quota["importe"])
    assert api._call(request).digest


def test_another_document_with_the_same_unique_code_is_23(api):
    api.issue(BOLETA)
    with pytest.raises(Rejected) as caught:
        api.issue(BOLETA | {"numero": 125})
    assert caught.value.code == "23"


def test_a_demo_account_takes_50_documents(simulator, api):
    made = simulator.post("nubefact", "account", {"ruc": "20555666773", "name": "x", "mode": "demo"})
    from modules.einvoice_pe.client import Nubefact
    demo = Nubefact(f"{simulator.url}/nubefact/api/v1/{made['route']}", made["token"])
    for number in range(1, 51):
        demo.issue(payload(case(issuer__series="BBB1", number=number)))
    with pytest.raises(Rejected) as caught:
        demo.issue(payload(case(issuer__series="BBB1", number=51)))
    assert "DEMO" in caught.value.message


def test_state_and_reset(simulator, api):
    api.issue(FACTURA)
    found = simulator.state("nubefact")
    assert (found["documents_total"], found["documents"][0]["total"]) == (1, "89.00")
    simulator.reset("nubefact")
    assert simulator.state("nubefact")["documents_total"] == 0
