"""Rules of ecuador.md in prose through `abona einvoice preview`: buyers (5.1, 5.2), payment, taxes, totals (8)."""

from __future__ import annotations

import re
from decimal import Decimal as D

import pytest
from lxml import etree

from tests.modules.einvoice_ec.cases import REFERENCE, RUC_OK, VAT, case, line, note, to
from tests.modules.einvoice_ec.previewed import POPULAR, RIMPE, debit, ice, iva, refused, taxed, tree
from tests.modules.preview_command import accepted, ask, found, unreadable

pytestmark = pytest.mark.once


# --- 5.1, 5.2: the buyer -------------------------------------------------------------------------------


@pytest.mark.parametrize(("lines", "rubros", "code"), [
    ([line("43.48")], [], None), ([line("43.49")], [], "52"),
    ([line("50.00", [iva("0")])], [], None), ([line("50.01", [iva("0")])], [], "52"),
    # with tax, and what is collected for others is part of it
    ([line("50.00")], [], "52"), ([line("40.00", [iva("0")])], [{"concepto": "Seguro", "total": "10.00"}], None),
    ([line("40.00", [iva("0")])], [{"concepto": "Seguro", "total": "10.01"}], "52")])
def test_consumidor_final_up_to_fifty_dollars_with_tax(lines, rubros, code):
    said = refused(to("CONSUMIDOR_FINAL", "9999999999999", lines=lines, extra__otrosRubrosTerceros=rubros))
    assert said == ({("customer.tax_id_kind", code)} if code else set())


def modulus_10(nine: str) -> str:
    """Weights 2,1,2…, products over 9 minus 9, (10 − sum mod 10) mod 10 (5.2)."""
    products = [int(digit) * (2, 1)[place % 2] for place, digit in enumerate(nine)]
    return nine + str((10 - sum(one - 9 * (one > 9) for one in products) % 10) % 10)


def modulus_11(digits: str) -> str:
    weights = (4, 3, 2, 7, 6, 5, 4, 3, 2)[-len(digits):] if len(digits) == 9 else (3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return digits + str(0 if rest == 0 else 11 - rest)


def test_the_formulas_give_the_reference_s_own_numbers():
    assert (modulus_10("171003406"), modulus_11("17600013"), modulus_11("179001234")) == (
        "1710034065", "176000139", "1790012344")


def company(province: str) -> str:
    """The first RUC of a company there; where the rest is 1 no digit exists, and the number is never given out."""
    made = (modulus_11(f"{province}9000{number}") for number in range(123, 130))
    return next(one for one in made if len(one) == 10) + "001"


@pytest.mark.parametrize("province", [*(f"{one:02d}" for one in range(1, 25)), "30", "50"])
def test_each_province_of_cedula_and_ruc(province):
    person = modulus_10(f"{province}0000001")
    assert refused(to("CEDULA", person)) == refused(to("RUC", person + "001")) == set()
    assert ask(to("RUC", company(province)))["problems"] == []


@pytest.mark.parametrize("province", ["00", "25", "29", "31", "49", "51", "99"])
def test_what_is_no_province(province):
    person = modulus_10(f"{province}0000001")
    assert refused(to("CEDULA", person)) == {("customer.tax_id", "62")}
    assert refused(to("RUC", person + "001")) == {("customer.tax_id", "69")}


@pytest.mark.parametrize("third", list("0123456789"))
def test_each_third_digit(third):
    """Cédulas 0 to 6, RUCs 0 to 6 and 9."""
    person = modulus_10(f"17{third}003406")
    assert refused(to("CEDULA", person)) == ({("customer.tax_id", "62")} if third > "6" else set())
    assert refused(to("RUC", person + "001")) == ({("customer.tax_id", "69")} if third in "78" else set())


@pytest.mark.parametrize("third", list("012345"))
def test_the_digit_of_persons_is_refused(third):
    right = modulus_10(f"17{third}003406")
    wrong = right[:9] + str((int(right[9]) + 1) % 10)
    assert refused(to("CEDULA", wrong)) == {("customer.tax_id", "62")}
    assert refused(to("RUC", wrong + "001")) == {("customer.tax_id", "69")}


@pytest.mark.parametrize("number", ["1760001380001", "1790012345001"])
def test_the_digit_of_public_bodies_and_companies_is_only_remarked(number):
    data = to("RUC", number)
    assert (refused(data), found(data, "warning")) == (set(), {("customer.tax_id", "62")})


@pytest.mark.parametrize(("kind", "number", "code"), [
    # last three not 000; other establishments are
    ("RUC", "1790012344000", "69"), ("RUC", "1710034065000", "69"), ("RUC", "1790012344002", None),
    ("RUC", "1760001390001", None), ("RUC", "17900123440", "69"), ("RUC", "17900123440011", "69"),
    ("RUC", "1710034065", "69"), ("RUC", "17900A2344001", "69"), ("CEDULA", "1710034065001", "62"),
    ("CEDULA", "17100340655", "62"), ("CEDULA", "17100A4065", "62"),
    # registered in recent years: no formula holds, and the SRI knows them
    ("RUC", "1793200002001", None), ("RUC", "0993312345001", None)])
def test_the_form_of_cedula_and_ruc(kind, number, code):
    assert refused(to(kind, number)) == ({("customer.tax_id", code)} if code else set())


# --- 5.3: means of payment ------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "price", "remarked"), [
    ("01", "500.00", False), ("01", "500.01", True), ("20", "500.01", False), ("19", "9000.00", False)])
def test_cash_above_five_hundred_is_remarked_and_never_refused(method, price, remarked):
    answer = accepted(case(payment={"method": method}, lines=[line(price, [iva("0")])]))
    assert [one["field"] for one in answer["problems"]] == (["payment.method"] if remarked else [])


@pytest.mark.parametrize("made", [case, debit])
def test_what_is_paid_is_the_whole_by_the_default_of_the_table(made):
    root = tree(made(payment={}, lines=[line("33.33", code="")]))
    assert [one.findtext("formaPago") for one in root.iter("pago")] == ["20"]
    total = next(root.iter("importeTotal"), None)
    total = total if total is not None else next(root.iter("valorTotal"))
    assert [one.findtext("total") for one in root.iter("pago")] == [total.text]


@pytest.mark.parametrize(("extra", "due", "expected"), [
    ({}, "2026-11-10", ("9", "dias")), ({}, "2026-11-02", ("1", "dias")), ({}, "2026-11-01", (None, None)),
    ({}, None, (None, None)), ({"plazo": "2", "unidadTiempo": "meses"}, "2026-11-10", ("2", "meses")),
    ({"plazo": "15"}, None, ("15", "dias"))])
def test_plazo_and_its_unit(extra, due, expected):
    pago = tree(case(extra=extra, due_date=due)).find("infoFactura/pagos/pago")
    assert (pago.findtext("plazo"), pago.findtext("unidadTiempo")) == expected


# --- 5.4: taxes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "rate", "code"), [
    ("2016-06-01", "14", "3"), ("2017-05-31", "14", "3"), ("2017-06-01", "14", None), ("2017-06-01", "12", "2"),
    ("2024-03-31", "12", "2"), ("2024-04-01", "12", None), ("2024-03-31", "15", None), ("2024-04-01", "15", "4"),
    ("2026-12-31", "15", "4"), ("2024-03-31", "5", None), ("2024-04-01", "5", "5"), ("2026-11-01", "8", "8"),
    ("2026-11-01", "13", "10"), ("2026-11-01", "0", "0"), ("2026-11-01", "14", None), ("2026-11-01", "100", None)])
@pytest.mark.parametrize("made", ["factura", "note"])
def test_each_rate_on_the_first_and_last_of_its_days(made, day, rate, code):
    """Dated rows, not constants; a note bears the code of its factura's day (1.2)."""
    lines = [line("10.00", [iva(rate)])]
    data = (case(issued_at=f"{day}T09:30:00-05:00", due_date=None, lines=lines) if made == "factura"
            else note(references=[REFERENCE | {"date": day}], issued_at="2027-01-15T09:30:00-05:00", lines=lines))
    if code is None:
        assert refused(data) == {("lines[0].taxes[0].rate", "52")}
        return
    shown = next(tree(data).iter("totalImpuesto"))
    assert (shown.findtext("codigo"), shown.findtext("codigoPorcentaje")) == ("2", code)


CODES = {"0": iva("0"), "4": iva("15"), "5": iva("5"), "8": iva("8"), "10": iva("13"),
         "6": {"code": "VAT", "category": "untaxed"}, "7": {"code": "VAT", "category": "exempt"}}


@pytest.mark.parametrize("said", list(CODES))
@pytest.mark.parametrize("tax", list(CODES))
def test_code_and_rate_must_agree(tax, said):
    answer = refused(taxed(CODES[tax] | {"codigoPorcentaje": said}))
    assert answer == (set() if tax == said else {("lines[0].taxes[0].codigoPorcentaje", "52")})


def test_zero_by_its_category_has_the_code_of_zero():
    zero = {"code": "VAT", "category": "zero"}
    assert refused(taxed(zero | {"codigoPorcentaje": "0"})) == set()
    assert refused(taxed(zero | {"codigoPorcentaje": "6"})) == {("lines[0].taxes[0].codigoPorcentaje", "52")}


@pytest.mark.parametrize(("rate", "remarked"), [("15", True), ("5", True), ("0", False)])
def test_a_negocio_popular_charges_no_iva_and_an_emprendedor_does(rate, remarked):
    facts = {"obligadoContabilidad": "NO"}
    for popular in ({"issuer__extra": facts | {"contribuyenteRimpe": POPULAR}},
                    {"issuer__extra": facts, "issuer__tax_condition": "RIMPE_NP"}):
        answer = accepted(taxed(iva(rate), **popular))
        assert ["lines[0].taxes[0].rate"] * remarked == [one["field"] for one in answer["problems"]]
    assert accepted(taxed(iva(rate), issuer__extra=facts | {"contribuyenteRimpe": RIMPE}))["problems"] == []


@pytest.mark.parametrize(("code", "rate", "refusal"), [
    ("3092", "0", None), ("3093", "15", None), ("3681", "0", None),
    # as they were once
    ("3092", "15", ("lines[0].taxes[0].rate", "52")), ("3681", "10", ("lines[0].taxes[0].rate", "52")),
    ("3093", "10", ("lines[0].taxes[0].rate", "52")), ("3610", "15", ("lines[0].taxes[0].codigoPorcentaje", "52"))])
def test_each_ice_of_telecommunications_at_its_rate(code, rate, refusal):
    assert refused(to("RUC", RUC_OK, lines=[line(taxes=[ice(code, rate), *VAT])])) == ({refusal} if refusal else set())


@pytest.mark.parametrize("code", ["3092", "3681"])
def test_a_note_on_an_old_factura_gives_back_the_ice_of_its_day(code):
    root = tree(note(lines=[line("100.00", [ice(code, "15"), *VAT])]))
    assert [(one.findtext("codigoPorcentaje"), one.findtext("baseImponible"), one.findtext("valor"))
            for one in root.iter("totalImpuesto")] == [(code, "100.00", "15.00"), ("4", "115.00", "17.25")]


def test_a_mixed_plan_is_one_line_per_service():
    """Internet without ICE, pay TV at 0 %, telephony to a company at 15 %: one IVA over all."""
    root = tree(to("RUC", RUC_OK, lines=[line("20.00"), line("10.00", [ice("3092", "0"), *VAT]),
                                      line("5.00", [ice("3093", "15"), *VAT])]))
    assert {(one.findtext("codigo"), one.findtext("codigoPorcentaje"), one.findtext("baseImponible"),
             one.findtext("valor")) for one in root.iter("totalImpuesto")} == {
        ("2", "4", "35.75", "5.36"), ("3", "3093", "5.00", "0.75")}
    assert root.findtext("infoFactura/importeTotal") == "41.11"


# --- section 8: totals -----------------------------------------------------------------------------------

ROUNDED = [
    # (lines, net, discount, IVA of the document, total)
    ([line("0.10"), line("0.10"), line("0.10")], "0.30", "0.00", "0.05", "0.35"),
    ([line("0.05", quantity="1.5")], "0.08", "0.00", "0.01", "0.09"),  # 0.075 half up
    ([line("3.333333", quantity="3")], "10.00", "0.00", "1.50", "11.50"),
    ([line("20.00", discount="20.00"), line("10.00")], "10.00", "20.00", "1.50", "11.50"),
    ([line("20.00", discount="20.00")], "0.00", "20.00", "0.00", "0.00"),
    ([line("20.00", discount="10.00")], "10.00", "10.00", "1.50", "11.50"),  # half the month of who is 65 (trap 13)
    ([line("8.695652")], "8.70", "0.00", "1.31", "10.01"),
    ([line("10.00", [iva("15")]), line("10.00", [iva("5")]), line("10.00", [iva("0")])], "30.00", "0.00", "2.00",
     "32.00")]


@pytest.mark.parametrize(("lines", "net", "discount", "tax", "total"), ROUNDED)
def test_how_it_adds_up(lines, net, discount, tax, total):
    answer = accepted(case(lines=lines))
    info = etree.fromstring(answer["payload"].encode()).find("infoFactura")
    assert [info.findtext(name) for name in ("totalSinImpuestos", "totalDescuento", "importeTotal")] == [
        net, discount, total]
    assert sum(D(one.findtext("valor")) for one in info.iter("totalImpuesto")) == D(tax)
    assert (answer["totals"]["total"], answer["totals"]["discount"]) == (total, discount)


def test_the_sri_s_formula_of_message_52():
    """importeTotal = totalSinImpuestos + Σ totalImpuesto.valor + propina + rubros de terceros (8.5)."""
    info_of = tree(case(lines=[line("33.33"), line("12.34", [iva("5")]), line("7.77", discount="0.77")],
                        extra__otrosRubrosTerceros=[{"concepto": "Seguro", "total": "3.21"}]))
    info = info_of.find("infoFactura")
    parts = [D(info.findtext("totalSinImpuestos")), D(info.findtext("propina")), D("3.21"),
             *(D(one.findtext("valor")) for one in info.iter("totalImpuesto"))]
    assert sum(parts) == D(info.findtext("importeTotal"))
    lines = list(info_of.iter("detalle"))
    assert sum(D(one.findtext("precioTotalSinImpuesto")) for one in lines) == D(info.findtext("totalSinImpuestos"))
    assert sum(D(one.findtext("descuento")) for one in lines) == D(info.findtext("totalDescuento"))


@pytest.mark.parametrize(("price", "exists"), [("10.00", False), ("28.75", True), ("11.50", True), ("23.00", True)])
def test_some_prices_with_tax_do_not_exist(price, exists):
    """8.9: 10.00 is 8.70 + 1.31 or 8.69 + 1.30; IVA is never bent."""
    answer = accepted(case(lines=[line(price, price_includes_tax=True)]))
    assert [one["field"] for one in answer["problems"]] == ([] if exists else ["lines[0].unit_price"])
    assert (answer["totals"]["total"] == price) is exists


# --- what cannot be read ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("changes", "field"), [
    ({"issued_at": "01/11/2026"}, "issued_at"), ({"issued_at": "2026-11-01T09:30:00"}, "issued_at"),
    ({"issued_at": ""}, "issued_at"), ({"due_date": "10/11/2026"}, "due_date"), ({"number": "1x"}, "number"),
    ({"kind": "factura"}, "kind"), ({"environment": "pruebas"}, "environment"), ({"lines": None}, "lines"),
    ({"lines": [line("1,50")]}, "lines[0].unit_price"), ({"lines": [line(quantity="NaN")]}, "lines[0].quantity"),
    ({"lines": [line(taxes=[{"code": "VAT"}])]}, "lines[0].taxes[0].rate"),
    ({"lines": [line(taxes=[{"code": "VAT", "category": "exento"}])]}, "lines[0].taxes[0].category"),
    ({"customer": None}, "customer"), ({"issuer": "ISP"}, "issuer")])
def test_what_cannot_be_read_is_named(changes, field):
    assert unreadable(case(**changes)) == {field}


def test_every_message_that_a_preview_can_give_is_the_sri_s():
    """4.4: codes of digits, and none is empty."""
    broken = ask(case(issuer__tax_id="", customer__tax_id="", lines=[], payment={"method": "x"}, currency="EUR"))
    assert len(broken["problems"]) > 4
    codes = [one["authority_code"] for one in broken["problems"] if one["severity"] == "error"]
    assert all(re.fullmatch(r"\d{2}", one) for one in codes)
