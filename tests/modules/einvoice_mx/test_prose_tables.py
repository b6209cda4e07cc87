"""What the prose of the reference (Mexico, sections 0 to 8) says in numbers, keys and rules, asked of the preview.

The expectations are written off the reference; each test names its section. Code lists are in test_tables.
"""

from __future__ import annotations

import itertools
import json
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from modules.einvoice.case import read
from modules.einvoice.preview import result
from modules.einvoice.previewing import previewer_of
from tests.modules.einvoice_mx.cases import (
    COMPANY,
    ISSUER,
    NOBODY,
    PERSON,
    REFERENCE,
    RESICO,
    UUID,
    VAT,
    case,
    everybody,
    line,
    note,
    payment,
    ppd,
)
from tests.modules.tables import rows

pytestmark = pytest.mark.once
C = "{http://www.sat.gob.mx/cfd/4}"
CENT = D("0.01")
IEPS = {"code": "IEPS", "rate": "3"}
EXEMPT = {"code": "VAT", "category": "exempt"}


def shown(data: dict[str, Any]) -> dict[str, Any]:
    """What `abona einvoice preview CASE.json --json` says."""
    return result(previewer_of("MX").preview(read(json.dumps(data).encode())))


def document(data: dict[str, Any]) -> etree._Element:
    found = shown(data)
    assert found["valid"], found["problems"]
    return etree.fromstring(found["payload"].encode())


def errors(data: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["field"], one["authority_code"]) for one in shown(data)["problems"] if one["severity"] == "error"]


def warnings(data: dict[str, Any]) -> list[str]:
    return [one["field"] for one in shown(data)["problems"] if one["severity"] == "warning"]


def node(root: etree._Element, path: str) -> dict[str, str]:
    found = root.find(path)
    assert found is not None, path
    return {str(name): str(value) for name, value in found.attrib.items()}


# --- 0, 1.1, 1.2: which document, its root ----------------------------------------------------------------


@pytest.mark.parametrize(("data", "kind", "method", "form"), [  # table of section 0
    (case(), "I", "PPD", "99"),
    (case(payment={"terms": "cash", "method": "03"}), "I", "PUE", "03"),
    (case(customer=NOBODY | {"name": "ANA PEÑA"}, payment={"terms": "cash", "method": "01"}), "I", "PUE", "01"),
    (everybody(), "I", "PUE", "01"), (everybody(payment={}), "I", "PUE", "01"),
    (everybody(payment={"terms": "credit"}), "I", "PUE", "01"),
    (note(), "E", "PUE", "15"), (note(payment={"method": "03"}), "E", "PUE", "03"),
    (note(payment={"method": "17"}), "E", "PUE", "17"),
    (note(references=[REFERENCE | {"kind": "03"}]), "E", "PUE", "15"),
    (case(references=[REFERENCE | {"kind": "04"}]), "I", "PPD", "99"), (payment(), "P", None, None)])
def test_which_document_with_which_method_and_form(data, kind, method, form):
    root = document(data)
    assert (root.get("TipoDeComprobante"), root.get("MetodoPago"), root.get("FormaPago")) == (kind, method, form)
    assert (root.get("Version"), root.get("Exportacion"), root.get("LugarExpedicion")) == ("4.0", "01", "42501")


@pytest.mark.parametrize(("data", "used"), [(ppd(), ["cfdi"]), (note(), ["cfdi"]), (everybody(), ["cfdi"]),
                                            (payment(), ["cfdi", "pago20"])])
def test_namespaces_stand_on_the_root_with_their_schemas_and_nowhere_else(data, used):  # 1.1
    text = shown(data)["payload"]
    root = etree.fromstring(text.encode())
    assert not text.startswith("\ufeff") and 'encoding="UTF-8"' in text[:60]
    assert sorted(name for name in root.nsmap if name != "xsi") == used
    assert text.count("xmlns:") == len(used) + 1 == text[:text.index(">", 60)].count("xmlns:")
    where = {"cfdi": "http://www.sat.gob.mx/sitio_internet/cfd/4/cfdv40.xsd",
             "pago20": "http://www.sat.gob.mx/sitio_internet/cfd/Pagos/Pagos20.xsd"}
    located = root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation").split()
    assert located == [part for name in used for part in (root.nsmap[name], where[name])]


@pytest.mark.parametrize(("changes", "field", "code"), [  # 1.2
    ({"issuer__series": "A" * 26}, "issuer.series", "301"), ({"number": -1}, "number", "301"),
    ({"extra": {"Confirmacion": "ABC1"}}, "extra.Confirmacion", "301"),
    ({"extra": {"Confirmacion": "ABC123"}}, "extra.Confirmacion", "301"),
    ({"extra": {"Confirmacion": "AB-12"}}, "extra.Confirmacion", "301"),
    ({"lines": [line("999999999999999999.00")]}, "lines", "301"),
    ({"lines": [line("10.00", discount="1.1234567")]}, "lines[0].discount", "301"),
    ({"issuer__address": {"postal_code": "00001"}}, "issuer.address.postal_code", "CFDI40126")])
def test_attributes_outside_their_type_are_refused_by_their_field(changes, field, code):
    assert errors(case(**changes)) == [(field, code)]


def test_longest_series_and_confirmation_are_taken():  # 1.2: up to 25; five letters or digits, rare in I, E and P
    assert document(case(issuer__series="A" * 25)).get("Serie") == "A" * 25
    for make in (case, note, payment):
        assert document(make(extra={"Confirmacion": "aB1c2"})).get("Confirmacion") == "aB1c2"


def test_descuento_stands_where_a_line_has_one_and_only_there():  # 1.2
    assert document(case()).get("Descuento") is None
    assert document(ppd()).get("Descuento") == "8.00"


# --- 1.3: keys --------------------------------------------------------------------------------------------

BUSINESS = ["601", "603", "606", "612", "620", "621", "622", "623", "624", "625", "626"]
PERSONAL = ["605", "606", "607", "608", "611", "612", "614", "615", "625"]
REGIMES = {row["clave"]: row for row in rows("mx", "regimen_fiscal")}
USES = {"G01": BUSINESS, "G03": BUSINESS, "I01": BUSINESS, "I08": BUSINESS, "G02": [*BUSINESS, "616"],
        "D01": PERSONAL, "D10": PERSONAL}


@pytest.mark.parametrize(("use", "regime"), list(itertools.product(USES, REGIMES)))
def test_uses_go_with_the_regimes_that_the_reference_lists(use, regime):
    moral = REGIMES[regime]["persona_moral"] == "si" and not use.startswith("D")
    data = case(customer=(COMPANY if moral else PERSON) | {"tax_condition": regime, "extra": {"UsoCFDI": use}})
    if REGIMES[regime]["persona_fisica"] == "no" and not moral:
        return  # a deduction of a person, and a regime that no person has
    refused = ("customer.extra.UsoCFDI", "CFDI40161") in errors(data)
    assert refused == (regime not in USES[use])


@pytest.mark.parametrize(("regime", "use"), [("605", "S01"), ("616", "S01"), ("612", "G03"), ("626", "G03")])
def test_salaried_and_without_obligations_get_s01_by_themselves(regime, use):  # 1.3, trap 8
    receiver = node(document(case(customer=PERSON | {"tax_condition": regime})), f"{C}Receptor")
    assert (receiver["RegimenFiscalReceptor"], receiver["UsoCFDI"]) == (regime, use)
    said = case(customer=PERSON | {"tax_condition": regime, "extra": {"UsoCFDI": "G03"}})
    assert (("customer.extra.UsoCFDI", "CFDI40161") in errors(said)) == (use == "S01")


@pytest.mark.parametrize("regime", ["612", "616", "601"])
def test_wages_are_of_salaried_persons(regime):
    who = COMPANY if regime == "601" else PERSON
    data = case(customer=who | {"tax_condition": regime, "extra": {"UsoCFDI": "CN01"}})
    assert errors(data) == [("customer.extra.UsoCFDI", "CFDI40161")]


@pytest.mark.parametrize("regime", ["609", "628", "629", "630"])
def test_regimes_that_only_the_schema_still_has_are_refused(regime):  # 1.3, trap 1
    assert errors(case(issuer__tax_condition=regime)) == [("issuer.tax_condition", "CFDI40140")]
    assert errors(case(customer__tax_condition=regime))[0] == ("customer.tax_condition", "CFDI40157")


@pytest.mark.parametrize("relation", ["08", "09"])
def test_relations_that_only_the_schema_still_has_are_refused(relation):  # 1.3, trap 1
    data = note(references=[REFERENCE | {"TipoRelacion": relation}])
    assert errors(data) == [("references[0].TipoRelacion", "CFDI40137")]


@pytest.mark.parametrize(("said", "form"), [  # 1.3 FormaPago
    ("cash", "01"), ("cheque", "02"), ("transfer", "03"), ("credit_card", "04"), ("debit_card", "28"),
    ("wallet", "05"), ("gateway", "31"), ("06", "06"), ("15", "15"), ("17", "17"), ("30", "30")])
def test_ways_to_pay_under_the_sats_numbers(said, form):
    assert document(case(payment={"terms": "cash", "method": said})).get("FormaPago") == form
    assert document(payment(payment={"method": said, "amount": "300.00"})).find(
        ".//{*}Pago").get("FormaDePagoP") == form


@pytest.mark.parametrize("row", rows("mx", "clave_prod_serv_isp"), ids=lambda row: row["clave"])
def test_each_product_key_of_an_internet_provider(row):
    data = case(lines=[line(extra={"ClaveProdServ": row["clave"]})])
    assert node(document(data), f".//{C}Concepto")["ClaveProdServ"] == row["clave"]


@pytest.mark.parametrize(("data", "product", "unit"), [  # 1.3 ClaveProdServ, ClaveUnidad
    (case(), "81112101", "E48"), (everybody(), "01010101", "ACT"), (note(), "84111506", "ACT"),
    (payment(), "84111506", "ACT"),
    (case(lines=[line(extra={"goods": True, "ClaveProdServ": "43222609"})]), "43222609", "H87")])
def test_keys_of_lines(data, product, unit):
    found = node(document(data), f".//{C}Concepto")
    assert (found["ClaveProdServ"], found["ClaveUnidad"]) == (product, unit)


# --- 1.4: taxes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lines", "subtotal", "ieps", "base", "iva", "total"), [
    # telephony by itself, and beside internet on a line of its own, which is exempt
    ([line("100.00", [IEPS, *VAT])], "100.00", "3.00", "103.00", "16.48", "119.48"),
    ([line("300.00"), line("100.00", [IEPS, *VAT])], "400.00", "3.00", "403.00", "64.48", "467.48"),
])
def test_ieps_of_telephony_enters_the_base_of_iva(lines, subtotal, ieps, base, iva, total):
    phone = lines[-1] | {"extra": {"ClaveProdServ": "83111501"}}
    data = case(lines=[*lines[:-1], phone])
    root = document(data)
    charged = {one.get("Impuesto"): (one.get("Base"), one.get("TasaOCuota"), one.get("Importe"))
               for one in root.findall(f"{C}Impuestos/{C}Traslados/{C}Traslado")}
    assert charged == {"003": ("100.00", "0.030000", ieps), "002": (base, "0.160000", iva)}
    assert (root.get("SubTotal"), root.get("Total"), warnings(data)) == (subtotal, total, [])
    assert warnings(case(lines=[line("100.00", [IEPS, *VAT])])) == ["lines[0].taxes"]  # on internet itself


def test_ieps_is_only_charged_never_withheld():
    data = case(lines=[line(taxes=[*VAT, IEPS | {"withheld": True}])])
    assert errors(data) == [("lines[0].taxes[1]", "CFDI40185")]


@pytest.mark.parametrize(("extra", "told"), [({}, ["lines[0].taxes[0]"]), ({"border_region": True}, [])])
def test_rate_of_the_border_is_told_where_the_company_has_not_that_flag(extra, told):
    data = case(issuer=ISSUER | {"extra": extra}, lines=[line(taxes=[{"code": "VAT", "rate": "8"}])])
    assert (warnings(data), document(data).get("Total")) == (told, "108.00")


MORAL = ISSUER | {"tax_condition": "626"}
ABROAD = {"name": "JOHN DOE", "tax_id_kind": "EXT", "tax_id": "1", "extra": {"ResidenciaFiscal": "USA"}}
NATURAL = PERSON | {"tax_id": "KICR630120NX3", "name": "RODRIGO KITIA CASTRO"}


@pytest.mark.parametrize(("issuer", "customer", "lines", "withheld", "total"), [
    (RESICO, COMPANY, [line("1000.00")], "12.50", "1147.50"),
    # without IVA, and of what is left after the discount
    (RESICO, COMPANY, [line("1160.00", price_includes_tax=True)], "12.50", "1147.50"),
    (RESICO, COMPANY, [line("1000.00", discount="200.00")], "10.00", "918.00"),
    (RESICO, COMPANY, [line("100.00"), line("50.00", [EXEMPT])], "1.88", "164.12"),
    (RESICO, NATURAL, [line("1000.00")], "0.00", "1160.00"),
    (RESICO, NOBODY | {"name": "ANA PEÑA"}, [line("1000.00")], "0.00", "1160.00"),
    (RESICO, ABROAD, [line("1000.00")], "0.00", "1160.00"),
    # a legal entity of RESICO, and a natural person of another regime
    (MORAL, COMPANY, [line("1000.00")], "0.00", "1160.00"),
    (RESICO | {"tax_condition": "612"}, COMPANY, [line("1000.00")], "0.00", "1160.00"),
])
def test_resico_is_withheld_by_legal_entities_from_natural_persons(issuer, customer, lines, withheld, total):
    data = case(issuer=issuer, customer=customer, lines=lines)
    root, totals = document(data), shown(data)["totals"]
    assert (totals["withheld"], totals["total"], root.get("Total")) == (withheld, total, total)
    retentions = [(one.get("Impuesto"), one.get("TasaOCuota")) for one in root.findall(f".//{C}Concepto//{C}Retencion")]
    assert set(retentions) == ({("001", "0.012500")} if D(withheld) else set())


def test_other_withholdings_are_data_of_the_line():  # 1.4: 10.6667 % of IVA, where it is said
    root = document(case(lines=[line(taxes=[*VAT, {"code": "VAT", "rate": "10.6667", "withheld": True}])]))
    assert node(root, f".//{C}Concepto//{C}Retencion") == {
        "Base": "100.00", "Impuesto": "002", "TipoFactor": "Tasa", "TasaOCuota": "0.106667", "Importe": "10.6667"}
    assert node(root, f"{C}Impuestos/{C}Retenciones/{C}Retencion") == {"Impuesto": "002", "Importe": "10.67"}
    assert root.get("Total") == "105.33"


# --- 1.5, 1.6: notes and the global invoice ---------------------------------------------------------------


def test_an_egreso_is_positive_and_not_above_what_remains():  # 1.5
    assert ("lines[0].unit_price", "CFDI40166") in errors(note(lines=[line("-50.00")]))
    assert [field for field, _code in errors(note(references=[REFERENCE | {"amount": "57.99"}]))] == ["references"]


def test_fixed_attributes_of_the_global_invoice():  # 1.6
    root = document(everybody())
    assert node(root, f"{C}Receptor") == {
        "Rfc": "XAXX010101000", "Nombre": "PUBLICO EN GENERAL", "DomicilioFiscalReceptor": root.get("LugarExpedicion"),
        "RegimenFiscalReceptor": "616", "UsoCFDI": "S01"}
    assert [(one.get("ClaveProdServ"), one.get("Cantidad"), one.get("ClaveUnidad"), one.get("Descripcion"),
             one.get("ObjetoImp"), one.get("NoIdentificacion")) for one in root.iter(f"{C}Concepto")] == [
        ("01010101", "1", "ACT", "Venta", "02", "REC-1"), ("01010101", "1", "ACT", "Venta", "02", "REC-2")]
    # 250.00 and 275.00 with IVA: what is said of each is without it
    assert [D(one.get("ValorUnitario")) for one in root.iter(f"{C}Concepto")] == [D("215.517241"), D("237.068966")]


@pytest.mark.parametrize("method", [{"MetodoPago": "PPD", "method": "99"}, {"MetodoPago": "PPD"}])
def test_a_global_invoice_that_is_paid_later_is_told(method):  # 1.6: PUE
    assert "payment.MetodoPago" in warnings(everybody(payment=method))


# --- 5, 6: QR, RFC, postal code ---------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "total"), [(case, "116.00"), (payment, "0")])
def test_the_qr_has_its_fields_in_order_and_the_total_of_the_xml(make, total):  # 5
    found = shown(make(extra={"UUID": UUID.lower(), "Sello": "x" * 336 + "mrUxQ8=="}))["print"]
    assert found["qr"] == ("https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx?id=" + UUID
                           + f"&re=EKU9003173C9&rr=URE180429TM6&tt={total}&fe=mrUxQ8==")
    assert found["access_key"] == UUID  # in capitals, as the timbre has it


@pytest.mark.parametrize(("rfc", "told"), [
    ("EKU9003173C9", False), ("CACX7605101P8", False), ("XIA190128J61", False), ("URE180429TM6", False),
    ("KICR630120NX3", False), ("URE180429TM5", True), ("KICR630120NX4", True),
    # built right, though February has no 30th: the digit only warns
    ("URE180230TM6", True)])
def test_the_check_digit_of_an_rfc_only_warns(rfc, told):  # 6
    who = (COMPANY if len(rfc) == 12 else PERSON) | {"tax_id": rfc}
    data = case(customer=who)
    assert (errors(data), "customer.tax_id" in warnings(data)) == ([], told)


@pytest.mark.parametrize("customer", [NOBODY | {"name": "ANA PEÑA"}, ABROAD])
def test_the_digit_of_a_generic_rfc_is_never_looked_at(customer):  # 6
    assert warnings(case(customer=customer)) == []


@pytest.mark.parametrize(("postal_code", "issued", "local"), [  # 8; in July and in January: no summer time inland
    ("06000", "2026-07-24T18:00:00+00:00", "12:00:00"), ("06000", "2026-01-24T18:00:00+00:00", "12:00:00"),
    ("22000", "2026-07-24T18:00:00+00:00", "11:00:00"), ("22000", "2026-01-24T18:00:00+00:00", "10:00:00"),
    ("83000", "2026-07-24T18:00:00+00:00", "11:00:00"), ("82000", "2026-07-24T18:00:00+00:00", "11:00:00"),
    ("77500", "2026-07-24T18:00:00+00:00", "13:00:00"), ("31000", "2026-07-24T18:00:00+00:00", "12:00:00"),
    ("32000", "2026-07-24T18:00:00+00:00", "12:00:00"), ("32000", "2026-01-24T18:00:00+00:00", "11:00:00")])
def test_fecha_is_the_time_of_the_postal_code(postal_code, issued, local):
    data = case(issuer__address={"postal_code": postal_code}, issued_at=issued)
    assert document(data).get("Fecha") == f"{issued[:10]}T{local}"


# --- 7: amounts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lines", "subtotal", "tax", "total"), [
    ([line("399.00", price_includes_tax=True)], "343.97", "55.03", "399.00"),
    ([line("33.33")] * 7, "233.31", "37.33", "270.64"), ([line("0.125")], "0.13", "0.02", "0.15")])
def test_worked_examples_of_amounts(lines, subtotal, tax, total):
    root = document(case(lines=lines))
    assert (root.get("SubTotal"), root.find(f"{C}Impuestos").get("TotalImpuestosTrasladados"),
            root.get("Total")) == (subtotal, tax, total)


AMOUNT = st.decimals("0.01", "9999.99", places=2)
QUANTITY = st.one_of(st.integers(1, 5000).map(D), st.decimals("0.001", "999", places=3))


def written(text: str | None) -> tuple[D, D]:
    """A number, and half a unit of its last written decimal."""
    assert text is not None
    return D(text), D(1).scaleb(-len(text.partition(".")[2])) / 2


def within(found: str | None, first: str | None, second: str | None, exact: bool = False) -> bool:
    """Section 7's limits of a product, as the numbers are written; a rate (`exact`) has none."""
    (one, half), (two, other), tiny = written(first), written(second), D("1e-12")
    low = (one - half) * (two if exact else two - other)
    high = (one + half - tiny) * (two if exact else two + other - tiny)
    return low.quantize(CENT, ROUND_DOWN) <= D(str(found)) <= high.quantize(CENT, ROUND_CEILING)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(AMOUNT, QUANTITY, st.booleans(), st.sampled_from([VAT, [IEPS, *VAT], [EXEMPT], []])),
                min_size=1, max_size=4))
def test_lines_and_sums_keep_to_the_limits_of_the_sat(drawn):
    root = document(case(lines=[line(str(price), taxes, quantity=str(quantity), price_includes_tax=inside)
                                for price, quantity, inside, taxes in drawn]))
    for one in root.iter(f"{C}Concepto"):
        assert within(one.get("Importe"), one.get("Cantidad"), one.get("ValorUnitario"))
        assert one.get("Cantidad") == f"{D(one.get('Cantidad')).normalize():f}"
        for tax in one.iter(f"{C}Traslado"):
            if tax.get("TipoFactor") == "Tasa":
                assert within(tax.get("Importe"), tax.get("Base"), tax.get("TasaOCuota"), exact=True)
                assert len(tax.get("TasaOCuota").partition(".")[2]) == 6
    lines = list(root.iter(f"{C}Concepto"))
    assert D(root.get("SubTotal")) == sum(D(one.get("Importe")) for one in lines).quantize(CENT, ROUND_HALF_UP)
    taxes, said = {}, {}
    for name, place in ((taxes, lines), (said, root.findall(f"{C}Impuestos"))):
        for one in (tax for parent in place for tax in parent.iter(f"{C}Traslado")):
            key = (one.get("Impuesto"), one.get("TipoFactor"), one.get("TasaOCuota"))
            base, amount = name.get(key, (D(0), D(0)))
            name[key] = (base + D(one.get("Base")), amount + D(one.get("Importe") or 0))
    assert said == {key: tuple(part.quantize(CENT, ROUND_HALF_UP) for part in pair) for key, pair in taxes.items()}
    charged = sum((amount for _base, amount in said.values()), D(0))
    assert D(root.get("Total")) == D(root.get("SubTotal")) + charged
