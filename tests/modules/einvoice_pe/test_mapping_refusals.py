"""What Nubefact or SUNAT would refuse is found before it is sent: with the field and the code."""

from __future__ import annotations

import datetime as dt

import pytest

from modules.einvoice.case import parse
from modules.einvoice_pe.catalogs import sunat_codes
from modules.einvoice_pe.mapping import map_document
from tests.modules.einvoice_pe.cases import EXEMPT, REFERENCE, RUC, case, factura, line, note, payload, refusals

pytestmark = pytest.mark.once
ZERO = [{"code": "VAT", "category": "zero"}]


@pytest.mark.parametrize(("data", "field", "code"), [
    # series and number
    (case(issuer__series="B01"), "issuer.series", "1001"), (case(issuer__series=""), "issuer.series", "1001"),
    (case(issuer__series="X001"), "issuer.series", "1001"), (case(issuer__series="0A01"), "issuer.series", "1001"),
    (case(issuer__series="F001", extra={"tipo_de_comprobante": 2}), "issuer.series", "2345"),
    (factura(issuer__series="B001", extra={"tipo_de_comprobante": 1}), "issuer.series", "2345"),
    (note(issuer__series="FC01"), "issuer.series", "2345"),
    (case(number=0), "number", "1001"), (case(number=100000000), "number", "1001"),
    (case(extra={"generado_por_contingencia": True}), "extra.generado_por_contingencia", "2345"),
    (case(extra={"tipo_de_comprobante": 3}), "extra.tipo_de_comprobante", "1003"),
    (case(kind="payment"), "kind", "1003"), (case(issuer__tax_id="20612345678"), "issuer.tax_id", "1034"),
    # who
    (case(issuer__series="F001", customer__address={"street": "x"}), "customer.tax_id_kind", "2800"),
    (case(issuer__series="F001", customer__address={"street": "x"}), "customer.tax_id", "2017"),
    (factura(customer__tax_id="20555666774"), "customer.tax_id", "21"),
    (factura(customer__tax_id="2055566677"), "customer.tax_id", "2017"),
    (factura(customer__tax_id="16555666770"), "customer.tax_id", "21"),
    (factura(customer__address={}), "customer.address", "21"),
    (factura(customer__name=""), "customer.name", "2021"), (case(customer__name="x" * 101), "customer.name", "2022"),
    (case(customer__address={"street": "x" * 101}), "customer.address", "21"),
    (case(customer__tax_id="1234567"), "customer.tax_id", "2801"),
    (case(customer__tax_id=""), "customer.tax_id", "2014"),
    (case(customer__tax_id_kind="CE", customer__tax_id="1" * 13), "customer.tax_id", "2802"),
    (case(customer__tax_id_kind="CE", customer__tax_id="12ñ345"), "customer.tax_id", "2802"),
    (case(customer__tax_id_kind="TAM", customer__tax_id="1234"), "customer.tax_id_kind", "2016"),
    (case(customer__tax_id_kind="LE", customer__tax_id="1234"), "customer.tax_id_kind", "2016"),
    (case(customer__tax_id_kind="0", customer__tax_id="1234"), "customer.tax_id_kind", "2800"),
    (case(customer__tax_id_kind="-", customer__tax_id="1234"), "customer.tax_id_kind", "2015"),
    (case(customer__email="ana@"), "customer.email", "21"), (case(customer__email="a b@x.pe"), "customer.email", "21"),
    (case(customer__email="a" * 250 + "@x.pe"), "customer.email", "21"),
    (case(extra={"cliente_email_1": "no"}), "extra.cliente_email_1", "21"),
    # lines
    (case(lines=[]), "lines", "21"), (case(lines=[line("10", description="")]), "lines[0].description", "2027"),
    (case(lines=[line("10", description="x" * 251)]), "lines[0].description", "21"),
    (case(lines=[line("10", quantity="0")]), "lines[0].quantity", "2024"),
    (case(lines=[line("10", quantity="-1")]), "lines[0].quantity", "2024"),
    (case(lines=[line("10", quantity="1.00000000001")]), "lines[0].quantity", "2025"),
    (case(lines=[line("1.00000000001")]), "lines[0].unit_price", "2369"),
    (case(lines=[line("10"), line("-1")]), "lines[1].unit_price", "2369"),
    (case(lines=[line("0")]), "lines[0].unit_price", "2417"),
    (case(lines=[line("10", discount="-1.00")]), "lines[0].discount", "2955"),
    (case(lines=[line("10", discount="10.01")]), "lines[0].discount", "2955"),
    (case(lines=[line("10", discount="1.005")]), "lines[0].discount", "2955"),
    (case(lines=[line("10", [])]), "lines[0].taxes", "2371"),
    (case(lines=[line("10", ZERO)]), "lines[0].taxes", "2993"),
    (case(lines=[line("10", [{"code": "VAT", "rate": "0"}])]), "lines[0].taxes", "2993"),
    (case(lines=[line("10", [{"code": "VAT", "rate": "21"}])]), "lines[0].taxes", "21"),
    (case(lines=[line("10"), line("10", [{"code": "VAT", "rate": "10.5"}])]), "lines[1].taxes", "21"),
    (case(lines=[line("10", [{"code": "ICE", "rate": "10"}])]), "lines[0].taxes[0]", "21"),
    (case(lines=[line("10", extra={"tipo_de_igv": 18})]), "lines[0].extra.tipo_de_igv", "2040"),
    (case(lines=[line("10", extra={"tipo_de_igv": 8})]), "lines[0].taxes", "3110"),
    (case(lines=[line("10", EXEMPT, extra={"tipo_de_igv": 1})]), "lines[0].taxes", "3111"),
    (case(lines=[line("10", extra={"unidad_de_medida": "Z"})]), "lines[0].extra.unidad_de_medida", "2936"),
    (case(lines=[line("10", extra={"codigo_producto_sunat": "8111210x"})]), "lines[0].extra.codigo_producto_sunat",
     "21"),
    (case(taxes=[{"code": "IIBB", "amount": "1.00"}]), "taxes", "21"),
    (case(extra={"total_otros_cargos": "-1"}), "extra.total_otros_cargos", "21"),
    (case(extra={"total_otros_cargos": "1" * 30}), "extra.total_otros_cargos", "21"),
    (case(extra={"porcentaje_de_igv": "10.50"}), "extra.porcentaje_de_igv", "21"),
    (case(extra={"porcentaje_de_igv": "x"}), "extra.porcentaje_de_igv", "21"),
    (case(extra={"descuento_global": "-1"}), "extra.descuento_global", "2065"),
    (case(extra={"descuento_global": "89.01"}), "extra.descuento_global", "2065"),
    (factura(lines=[line("75.42")], extra={"descuento_global": "75.43"}), "extra.descuento_global", "2065"),
    (case(lines=[line("10", code="x" * 251)]), "lines[0].code", "21"),
    (case(customer__email="a@b.pe;c@d.pe;e@f.pe;g@h.pe"), "customer.email", "21"),
    (factura(lines=[line("600")], extra={"detraccion": True, "retencion_tipo": 1}), "extra.retencion_tipo", "3262"),
    (factura(taxes=[{"code": "RET", "rate": "3", "withheld": True}]), "taxes[0]", "3262"),
    # currency
    (case(currency="BRL"), "currency", "3088"), (case(exchange_rate="3.75"), "exchange_rate", "21"),
    (case(currency="USD", exchange_rate=None), "exchange_rate", "2721"),
    (case(currency="USD", exchange_rate="0"), "exchange_rate", "2716"),
    (case(currency="USD", exchange_rate="3.7501"), "exchange_rate", "2716"),
    # what is sent along
    (case(extra={"codigo_unico": "x" * 21}), "extra.codigo_unico", "21"),
    (case(extra={"orden_compra_servicio": "x" * 21}), "extra.orden_compra_servicio", "21"),
    (case(extra={"observaciones": "x" * 1001}), "extra.observaciones", "21"),
    (case(extra={"formato_de_pdf": "A3"}), "extra.formato_de_pdf", "21"),
    (case(due_date="2025-02-28"), "due_date", "21"),
    # notes
    (note(references=[]), "references", "2524"), (note(references=[REFERENCE, REFERENCE]), "references", "2884"),
    (note(references=[REFERENCE | {"series": "B1"}]), "references[0].series", "2117"),
    (note("debit_note", references=[REFERENCE | {"number": None}]), "references[0].number", "2205"),
    (note(references=[REFERENCE | {"kind": "01"}]), "references[0].kind", "2116"),
    (factura(kind="credit_note", references=[REFERENCE | {"series": "F001"}]), "references[0].kind", "2399"),
    (note("debit_note", references=[REFERENCE | {"kind": "1"}]), "references[0].kind", "2204"),
    (note(references=[REFERENCE | {"date": "2025-03-02"}]), "references[0].date", "2885"),
    (note(references=[REFERENCE | {"currency": "USD"}]), "currency", "3209"),
    (note(extra={"tipo_de_nota_de_credito": 14}), "extra.tipo_de_nota_de_credito", "2172"),
    (note(references=[REFERENCE | {"reason": "14"}]), "references[0].reason", "2172"),
    (note("debit_note", references=[REFERENCE | {"reason": "6"}]), "references[0].reason", "2173"),
    (note(references=[REFERENCE | {"kind": "07"}]), "references[0].kind", "2399"),
    (note("debit_note", extra={"tipo_de_nota_de_debito": 6}), "extra.tipo_de_nota_de_debito", "2173"),
])
def test_refused(data, field, code):
    assert (field, code) in refusals(data)
    assert code == "21" or code in sunat_codes()


@pytest.mark.parametrize(("price", "currency", "rate", "refused"), [
    ("699.99", "PEN", None, False), ("700.00", "PEN", None, True), ("700.01", "PEN", None, True),
    ("186.66", "USD", "3.750", False), ("186.67", "USD", "3.750", True)])
def test_who_buys_for_much_is_identified(price, currency, rate, refused):
    data = case(customer__tax_id_kind="", customer__tax_id="", customer__name="CLIENTES VARIOS", currency=currency,
                exchange_rate=rate, lines=[line(price, price_includes_tax=True)])
    assert (("customer.tax_id", "2396") in refusals(data)) is refused


@pytest.mark.parametrize("data", [
    case(number=None), case(extra={"porcentaje_de_igv": "18.00"}),
    case(customer__tax_id_kind="0", customer__tax_id="X99", extra={"sunat_transaction": 29}),
    case(customer__email=""), case(issuer__series="b001"), case(number=99999999),
    case(customer__tax_id_kind="RUC", customer__tax_id="10456789124", customer__name="x"),
    case(lines=[line("10", [{"code": "VAT", "rate": "10.5"}])]), case(lines=[line("10", [], extra={"tipo_de_igv": 1})]),
    factura(customer__extra={"wants_factura": True}), case(lines=[line("10.1234567891", quantity="0.5000000001")])])
def test_not_refused(data):
    assert payload(data)


@pytest.mark.parametrize(("today", "back", "codes"), [
    ("2025-03-01", 0, set()), ("2025-03-02", 0, {"22"}), ("2025-03-04", 3, set()), ("2025-03-05", 3, {"22"}),
    ("2025-02-28", 3, {"2329"})])
def test_the_window_of_dates_on_the_day_of_sending(today, back, codes):
    found = map_document(parse(case()), today=dt.date.fromisoformat(today), days_back=back)
    assert {one.authority_code for one in found.problems} == codes


def test_messages_are_for_people():
    found = map_document(parse(factura(customer__tax_id=RUC[:-1] + "9")))
    assert "20555666779" in found.problems[0].message
