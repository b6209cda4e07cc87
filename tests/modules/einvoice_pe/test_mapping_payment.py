"""Credit, detracción, retención."""

from __future__ import annotations

import pytest

from modules.einvoice.case import parse
from modules.einvoice_pe.mapping import map_document
from tests.modules.einvoice_pe.cases import EXEMPT, REFERENCE, case, factura, line, mapped, payload, refusals

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("price", "extra", "expected"), [
    ("593.22", {}, None), ("593.23", {}, ("84.00", "616.01")), ("1000.00", {}, ("141.60", "1038.40")),
    ("1000.00", {"detraccion": False}, None), ("1000.00", {"detraccion_porcentaje": "10"}, ("118.00", "1062.00")),
    ("1000.00", {"retencion_tipo": 1}, None)])
def test_detraction_is_for_facturas_above_700(price, extra, expected):
    found = payload(factura(lines=[line(price)], extra=extra))
    assert found["detraccion"] is (expected is not None)
    assert found["sunat_transaction"] == (30 if expected else 1)
    if expected:
        assert (found["detraccion_total"], found["venta_al_credito"][0]["importe"]) == expected
        assert (found["detraccion_tipo"], found["medio_de_pago_detraccion"]) == (35, 1)


def test_exactly_700_bears_no_detraction():
    found = payload(factura(lines=[line("700.00", price_includes_tax=True)]))
    assert (found["total"], found["detraccion"]) == ("700.00", False)


@pytest.mark.parametrize("changes", [
    {"lines": [line("1000", EXEMPT)]}, {"lines": [line("1000", extra={"unidad_de_medida": "NIU"})]}])
def test_what_is_no_taxed_service_bears_none(changes):
    assert payload(factura(**changes))["detraccion"] is False


def test_a_boleta_bears_no_detraction():
    assert payload(case(lines=[line("1000")]))["detraccion"] is False
    assert ("extra.detraccion", "3128") in refusals(case(lines=[line("1000")], extra={"detraccion": True}))


def test_the_detraction_of_dollars_is_in_soles_and_the_quota_in_dollars():
    found = payload(factura(currency="USD", exchange_rate="3.750", lines=[line("1000")]))
    assert (found["detraccion_total"], found["venta_al_credito"][0]["importe"]) == ("531.00", "1038.40")


def test_retention_of_an_agent():
    changes = {"lines": [line("708.00", price_includes_tax=True)], "extra": {"retencion_tipo": 1}}
    found = payload(factura(**changes))
    assert [found[name] for name in ("retencion_tipo", "retencion_base_imponible", "total_retencion")] == [
        1, "708.00", "21.24"]
    assert found["venta_al_credito"][0]["importe"] == "686.76"


def test_an_agent_s_factura_without_detraction_bears_a_retention():
    goods = line("1000", extra={"unidad_de_medida": "NIU"})
    found = payload(factura(lines=[goods], customer__extra={"agente_de_retencion": True}))
    assert (found["total_retencion"], found["detraccion"]) == ("35.40", False)


def test_what_bears_a_detraction_bears_no_retention_of_an_agent():
    found = payload(factura(lines=[line("1000")], customer__extra={"agente_de_retencion": True}))
    assert (found["detraccion_total"], found["venta_al_credito"][0]["importe"]) == ("141.60", "1038.40")
    assert "total_retencion" not in found


QUOTAS = [{"cuota": 1, "fecha_de_pago": "15-03-2025", "importe": "500.00"},
          {"cuota": 2, "fecha_de_pago": "2025-04-15", "importe": "200.00"},
          {"cuota": 3, "fecha_de_pago": "15-05-2025", "importe": "8.00"}]


def test_quotas_that_were_given():
    found = payload(factura(lines=[line("708.00", price_includes_tax=True)], extra={"venta_al_credito": QUOTAS}))
    assert [(one["cuota"], one["fecha_de_pago"], one["importe"]) for one in found["venta_al_credito"]] == [
        (1, "15-03-2025", "500.00"), (2, "15-04-2025", "200.00"), (3, "15-05-2025", "8.00")]
    assert (found["medio_de_pago"], found["condiciones_de_pago"]) == ("credito", "")


def test_a_factura_paid_at_issue_has_no_quotas():
    found = payload(factura(payment={"terms": "cash", "method": "YAPE OP 123"}, due_date=None))
    assert "venta_al_credito" not in found
    assert found["medio_de_pago"] == "YAPE OP 123"


def test_a_boleta_has_no_quotas():
    assert "venta_al_credito" not in payload(case())


@pytest.mark.parametrize(("change", "field", "code"), [
    ({"fecha_de_pago": "28-02-2025"}, "extra.venta_al_credito[0].fecha_de_pago", "3267"),
    ({"fecha_de_pago": "01-03-2025"}, "extra.venta_al_credito[0].fecha_de_pago", "3267"),
    ({"fecha_de_pago": "marzo"}, "extra.venta_al_credito[0].fecha_de_pago", "3255"),
    ({"fecha_de_pago": ""}, "extra.venta_al_credito[0].fecha_de_pago", "3256"),
    ({"importe": "501.00"}, "extra.venta_al_credito", "3265"),
    ({"importe": "900.00"}, "extra.venta_al_credito", "3266"),
    ({"importe": "499.00"}, "extra.venta_al_credito", "3265"),
    ({"importe": "0"}, "extra.venta_al_credito[0].importe", "3253"),
    ({"importe": "x"}, "extra.venta_al_credito[0].importe", "3254"),
    ({"cuota": 2}, "extra.venta_al_credito[1].cuota", "3248"),
    ({"cuota": 0}, "extra.venta_al_credito[0].cuota", "3246")])
def test_wrong_quotas(change, field, code):
    quotas = [QUOTAS[0] | change, *QUOTAS[1:]]
    lines = [line("708.00", price_includes_tax=True)]
    assert (field, code) in refusals(factura(lines=lines, extra={"detraccion": False, "venta_al_credito": quotas}))


@pytest.mark.parametrize(("data", "field", "code"), [
    (factura(due_date=None), "due_date", "3249"),
    (factura(due_date="2025-02-28"), "due_date", "3267"),
    (case(extra={"venta_al_credito": QUOTAS}), "extra.venta_al_credito", "3252"),
    (factura(extra={"detraccion": True}), "extra.detraccion", "3128"),
    (factura(lines=[line("1000")], extra={"detraccion": True, "detraccion_tipo": "37x"}), "extra.detraccion_tipo",
     "3033"),
    (factura(lines=[line("1000")], extra={"detraccion": True, "detraccion_total": "141.00"}), "extra.detraccion_total",
     "3037"),
    (factura(lines=[line("1000")], extra={"detraccion_porcentaje": "0.00"}), "extra.detraccion_porcentaje", "3062"),
    (factura(lines=[line("1000")], extra={"medio_de_pago_detraccion": 23}), "extra.medio_de_pago_detraccion", "3174"),
    (factura(lines=[line("1000")], extra={"detraccion": False, "sunat_transaction": 30}), "extra.sunat_transaction",
     "3127"),
    (factura(lines=[line("1000")], extra={"detraccion": True, "sunat_transaction": 1}), "extra.sunat_transaction",
     "3128"),
    (factura(extra={"sunat_transaction": 99}), "extra.sunat_transaction", "3206"),
    (factura(extra={"retencion_tipo": 1}), "extra.retencion_tipo", "3262"),
    (case(lines=[line("1000")], extra={"retencion_tipo": 1}), "extra.retencion_tipo", "3262"),
    (factura(lines=[line("1000")], extra={"retencion_tipo": 1, "total_retencion": "1.00"}), "extra.total_retencion",
     "3263"),
    (factura(lines=[line("1000")], extra={"retencion_tipo": 1, "retencion_base_imponible": "1180.01"}),
     "extra.retencion_base_imponible", "3264")])
def test_refused_payments(data, field, code):
    assert (field, code) in refusals(data)


def test_a_note_of_kind_13_gives_new_quotas():
    reference = REFERENCE | {"kind": "01", "series": "F001", "number": 88}
    extra = {"tipo_de_nota_de_credito": 13, "venta_al_credito": [QUOTAS[0]]}
    data = factura(kind="credit_note", references=[reference], lines=[line("0.00")], extra=extra, due_date=None)
    found = mapped(data).payload
    assert (found["total"], found["tipo_de_nota_de_credito"], len(found["venta_al_credito"])) == ("0.00", 13, 1)
    assert ("extra.venta_al_credito", "3257") in refusals(data | {"extra": {"tipo_de_nota_de_credito": 13}})
    of_boleta = case(kind="credit_note", references=[REFERENCE], lines=[line("0.00")], extra=extra)
    assert ("extra.tipo_de_nota_de_credito", "3259") in refusals(of_boleta)


def test_the_legend_of_the_region_without_exonerated_is_only_remarked():
    found = map_document(parse(case(extra={"servicios_region_selva": True})))
    assert [(one.authority_code, one.severity) for one in found.problems] == [("4023", "warning")]


@pytest.mark.parametrize(("said", "number"), [(35, 35), ("35", 35), ("037", 35), ("022", 20), (20, 20)])
def test_the_service_of_a_detraction_by_nubefact_s_number_or_by_sunat_s_code(said, number):
    data = factura(lines=[line("1000")], extra={"detraccion": True, "detraccion_tipo": said})
    assert payload(data)["detraccion_tipo"] == number
