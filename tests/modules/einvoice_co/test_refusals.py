"""What the DIAN or The Factory HKA would refuse, with its field and the code of its rule."""

from __future__ import annotations

import pytest

from tests.modules.einvoice_co.cases import (
    EXCLUDED,
    EXEMPT,
    REFERENCE,
    VAT,
    case,
    errors,
    line,
    note,
    preview,
    valid,
)

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("changes", "expected"), [
    ({"provider": "otro"}, ("provider", "")),
    ({"kind": "payment"}, ("kind", "109")),
    ({"currency": "USD"}, ("currency", "109")),
    ({"lines": []}, ("lines", "109")),
    ({"lines": [line("0.00")]}, ("lines", "FAU14")),
    ({"lines": [line(quantity="0")]}, ("lines[0].quantity", "109")),
    ({"lines": [line(quantity="-1")]}, ("lines[0].quantity", "109")),
    ({"lines": [line("-5.00")]}, ("lines[0].unit_price", "109")),
    ({"lines": [line(description=" ")]}, ("lines[0].description", "109")),
    ({"lines": [line("100.00", discount="100.01")]}, ("lines[0].discount", "109")),
    ({"lines": [line(taxes=[{"code": "VAT", "rate": "18"}])]}, ("lines[0].taxes[0].rate", "FAX")),
    ({"lines": [line(taxes=[*VAT, *EXEMPT])]}, ("lines[0].taxes", "FAX")),
    ({"lines": [line(taxes=[{"code": "IEPS", "rate": "3"}])]}, ("lines[0].taxes[0].code", "110")),
    ({"taxes": [{"code": "IIBB", "base": "1", "rate": "3"}]}, ("taxes[0].code", "110")),
    ({"issuer__tax_id": ""}, ("issuer.tax_id", "FAJ44a")),
    ({"issuer__tax_id": "9" * 30}, ("issuer.tax_id", "FAJ44a")),
    ({"customer__tax_id_kind": "NIT", "customer__tax_id": "9" * 30}, ("customer.tax_id", "FAK24")),
    ({"customer__extra": {"responsabilidades": 7}}, ("customer.extra.responsabilidades", "110")),
    ({"extra": {"totalDescuentos": "9" * 30}}, ("extra.totalDescuentos", "109")),
    ({"issuer__tax_id": "901234568-9"}, ("issuer.tax_id", "FAJ44a")),
    ({"customer__tax_id": "", "customer__name": "Ana Peña"}, ("customer.tax_id", "FAK24")),
    ({"customer__tax_id_kind": "NIT", "customer__tax_id": "800197268-5"}, ("customer.tax_id", "FAK43b")),
    ({"customer__tax_id_kind": "NIT", "customer__tax_id": "8001972685"}, ("customer.tax_id", "FAK43b")),
    ({"customer__tax_id_kind": "DNI"}, ("customer.tax_id_kind", "109")),
    ({"customer__tax_id": "10A"}, ("customer.tax_id", "109")),
    ({"customer__name": " "}, ("customer.name", "109")),
    ({"customer__tax_condition": "RI"}, ("customer.tax_condition", "109")),
    ({"customer__email": "ana@"}, ("customer.email", "109")),
    ({"customer__extra": {"responsabilidades": ["O-06"]}}, ("customer.extra.responsabilidades", "110")),
    ({"customer__extra": {"tipoPersona": "3"}}, ("customer.extra.tipoPersona", "109")),
    ({"customer__address__postal_code": "999999"}, ("customer.address.postal_code", "109")),
    ({"customer__address__region": "Mendoza"}, ("customer.address.region", "109")),
    ({"customer__address__city": "Córdoba la Nueva"}, ("customer.address.city", "109")),
    ({"customer__address__extra": {"divipola": "05001"}}, ("customer.address.city", "109")),
    ({"customer__address__extra": {"estrato": "7"}}, ("customer.address.extra.estrato", "109")),
    ({"due_date": None}, ("due_date", "109")),
    ({"payment__terms": "luego"}, ("payment.terms", "109")),
    ({"payment__method": "98"}, ("payment.method", "109")),
    ({"service_to": "2025-02-01"}, ("service_to", "110")),
    ({"number": None}, ("number", "109")),
    ({"number": 989999999}, ("number", "FAB11")),
    ({"number": 995000001}, ("number", "FAB12")),
    ({"issued_at": "2019-01-18T10:00:00-05:00"}, ("issued_at", "FAB07")),
    ({"issued_at": "2030-01-20T10:00:00-05:00"}, ("issued_at", "FAB08")),
    ({"issuer__series": "SETPX"}, ("issuer.series", "FAB10")),
    ({"issuer__series": "FE"}, ("issuer.extra.rangoNumeracion", "FAB10")),
    ({"issuer__series": "FE", "issuer__extra": {"prefijo": "SETP", "desde": 1}}, ("issuer.series", "FAB10")),
    ({"issuer__extra": {}, "issuer__series": "FE"}, ("issuer.extra.rangoNumeracion", "109")),
    ({"issuer__extra__tokenEmpresa": "ABC"}, ("issuer.extra.tokenEmpresa", "111")),
    ({"extra": {"adjuntos": "2"}}, ("extra.adjuntos", "109")),
    ({"extra": {"adjuntos": "11"}, "customer__email": ""}, ("customer.email", "109")),
    ({"extra": {"tipoOperacion": "20"}}, ("extra.tipoOperacion", "109")),
    ({"extra": {"tipoDocumento": "03"}}, ("extra.tipoDocumento", "109")),
    ({"issuer__extra__rangoNumeracion": "SETP-990000123"}, ("issuer.extra.rangoNumeracion", "FAB11")),
    ({"lines": [line(extra={"unidadMedida": "QQQ"})]}, ("lines[0].extra.unidadMedida", "109")),
    ({"lines": [line(extra={"estandarCodigo": "777"})]}, ("lines[0].extra.estandarCodigo", "109")),
    ({"customer__email": "ana@ejemplo.co;luis@"}, ("customer.email", "109")),
    ({"customer__email": "", "customer__extra": {"notificar": "SI"}}, ("customer.email", "109")),
    ({"extra": {"totalDescuentos": "-1"}}, ("extra.totalDescuentos", "109")),
    ({"extra": {"totalAnticipos": "1.005"}}, ("extra.totalAnticipos", "109")),
    ({"extra": {"totalDescuentos": "100000.00"}}, ("lines", "FAU14")),
])
def test_what_would_be_refused(changes, expected):
    assert expected in errors(case(**changes))


@pytest.mark.parametrize(("changes", "expected"), [
    ({"references": []}, ("references", "109")),
    ({"references": [{**REFERENCE, "authorization_code": "abc"}]}, ("references[0].authorization_code", "109")),
    ({"references": [{**REFERENCE, "date": None}]}, ("references[0].date", "109")),
    ({"references": [{**REFERENCE, "date": "2025-04-01"}]}, ("references[0].date", "110")),
    ({"references": [{**REFERENCE, "number": None}]}, ("references[0].number", "109")),
    ({"references": [{**REFERENCE, "reason": "5"}]}, ("references[0].reason", "109")),
    ({"references": [{**REFERENCE, "reason": "3 días sin servicio"}]}, ("references[0].reason", "109")),
    ({"references": [{**REFERENCE, "reason": ""}]}, ("references[0].reason", "109")),
    ({"references": [{**REFERENCE, "kind": "91"}]}, ("references[0].kind", "109")),
    ({"issuer__series": ""}, ("issuer.series", "109")),
    ({"issuer__series": "SETP"}, ("issuer.series", "109")),
])
def test_what_would_be_refused_of_a_note(changes, expected):
    assert expected in errors(note(**changes))


def test_a_note_without_reference_only_where_it_was_said():
    assert valid(note(references=[], extra={"tipoOperacion": "22"})).payload["factura"]["tipoOperacion"] == "22"


def test_the_test_range_is_known():
    assert valid(case(issuer__extra={})).payload["factura"]["rangoNumeracion"] == "SETP-990000000"
    assert ("issuer.extra.rangoNumeracion", "109") in errors(case(issuer__extra={}, environment="production"))


@pytest.mark.parametrize(("estrato", "use", "taxes", "remarked"), [
    ("1", "", EXEMPT, False), ("2", "residencial", EXEMPT, False), ("3", "", EXCLUDED, False), ("4", "", VAT, False),
    ("6", "", VAT, False), ("3", "", EXEMPT, True), ("4", "", EXEMPT, True), ("1", "comercial", EXEMPT, True),
    ("5", "", EXCLUDED, True), ("2", "comercial", VAT, False),
])
def test_iva_by_estrato(estrato, use, taxes, remarked):
    found = preview(case(lines=[line(taxes=taxes)], customer__address__extra={"estrato": estrato, "uso": use}))
    assert found.valid and (["estrato_differs"] if remarked else []) == [one.code for one in found.problems]


def test_internet_of_estrato_1_at_19_is_remarked_but_equipment_is_not():
    lines = [line(extra={"servicio": "internet"}), line()]
    found = preview(case(lines=lines, customer__address__extra={"estrato": "1"}))
    assert [one.field for one in found.problems] == ["lines[0].taxes"]


@pytest.mark.parametrize(("estrato", "taxes"), [("1", VAT), ("2", EXCLUDED), ("3", VAT), ("4", EXEMPT)])
def test_internet_is_known_by_its_description(estrato, taxes):
    lines = [line(taxes=taxes, description="Internet hogar 100 Mbps")]
    found = preview(case(lines=lines, customer__address__extra={"estrato": estrato}))
    assert [one.code for one in found.problems] == ["estrato_differs"]


@pytest.mark.parametrize(("said", "wanted"), [
    ("48", "Responsable de IVA"), ("Responsable de IVA", "Responsable de IVA"), ("49", "No responsable de IVA"),
    ("no responsable", "No responsable de IVA")])
def test_the_issuer_s_quality_as_code_or_in_words(said, wanted):
    assert valid(case(issuer__tax_condition=said)).printed.legends[1] == wanted


@pytest.mark.parametrize("said", [
    {"resolution": {"number": "18760000001", "date": "2019-01-19", "from": 990000000, "to": 995000000,
                    "valid_from": "2019-01-19", "valid_to": "2030-01-19"}},
    {"resolucion": "18760000001", "fecha_resolucion": "2019-01-19", "rango": {"desde": 990000000, "hasta": 995000000},
     "vigencia": {"desde": "2019-01-19", "hasta": "2030-01-19"}},
    {"resolucion_numeracion": {"numero": "18760000001", "fecha": "2019-01-19", "desde": "990000000",
                               "hasta": "995000000", "desde_fecha": "2019-01-19", "hasta_fecha": "2030-01-19"}},
    {"resolution_number": "18760000001", "resolution_date": "2019-01-19", "range_start": 990000000,
     "range_end": 995000000, "valid_from": "2019-01-19", "valid_until": "2030-01-19"}])
def test_an_authorisation_however_it_is_written(said):
    assert valid(case(issuer__extra=said)).printed.legends[2] == (
        "Autorización de numeración DIAN N.º 18760000001, del 2019-01-19, prefijo SETP, desde 990000000 hasta "
        "995000000, vigente del 2019-01-19 al 2030-01-19")
    assert errors(case(issuer__extra=said, number=995000001)) == [("number", "FAB12")]
    assert errors(case(issuer__extra=said, issued_at="2030-01-20T10:00:00-05:00")) == [("issued_at", "FAB08")]


def test_a_note_leaves_the_authorisation_of_the_invoices_alone():
    extra = case()["issuer"]["extra"]
    found = valid(note(issuer__extra=extra))
    assert found.payload["factura"]["rangoNumeracion"] == "NCE-1"
    assert not any("Autorización" in one for one in found.printed.legends)
    assert valid(note(issuer__extra={"prefijo": "NCE", "desde": 10})).payload["factura"]["rangoNumeracion"] == "NCE-10"


def test_the_prefix_may_stand_in_the_range():
    found = valid(case(issuer__series="", issuer__extra={"rangoNumeracion": "SETP-990000000"}))
    assert found.payload["factura"]["consecutivoDocumento"] == "SETP990000123"


def test_a_responsibility_in_the_place_of_the_regime():
    found = valid(case(customer__tax_condition="R-99-PN")).payload["factura"]["cliente"]["responsabilidadesRut"]
    assert found == {"Obligaciones": [{"obligaciones": "R-99-PN", "regimen": "49"}]}


def test_no_empty_legend():
    assert "" not in valid(case(issuer__tax_condition="")).printed.legends


def test_legends():
    found = valid(case(lines=[line("50000.00", EXEMPT), line("30000.00", EXCLUDED)],
                       issuer__extra__responsabilidades=["O-13", "O-23"])).printed.legends
    assert found[:4] == (
        "Factura electrónica de venta", "Responsable de IVA, Gran contribuyente, Agente de retención IVA",
        "Autorización de numeración DIAN N.º 18760000001, del 2019-01-19, prefijo SETP, desde 990000000 hasta "
        "995000000, vigente del 2019-01-19 al 2030-01-19",
        "Forma de pago: Crédito, vence el 2025-03-15. Medio de pago: Instrumento no definido")
    assert any("Exento" in one and "50.000,00" in one for one in found)
    assert any("Excluido" in one and "30.000,00" in one for one in found)
    assert found[-1].endswith("The Factory HKA Colombia SAS, NIT 900390126-6")
