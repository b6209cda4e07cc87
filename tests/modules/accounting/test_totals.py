"""What documents add up to, by tables, and rules that hold for every document."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.accounting import totals
from modules.accounting.totals import AR, DocumentTax, Line, Tax, TotalsRule, compute

pytestmark = pytest.mark.once


def vat(rate: str) -> tuple[dict[str, Any], ...]:
    return ({"code": "VAT", "rate": rate},)


def category(name: str) -> tuple[dict[str, Any], ...]:
    return ({"code": "VAT", "category": name},)


def line(price: str, taxes: Any = None, included: bool = False, quantity: str = "1", discount: str = "0.00") -> Line:
    return Line(D(quantity), D(price), included, D(discount), vat("21") if taxes is None else taxes)


def figures(result: totals.Totals) -> tuple[str, ...]:
    return tuple(str(value) for value in (result.net, result.untaxed, result.exempt, result.tax_total, result.total))


@pytest.mark.parametrize(("lines", "expected"), [
    ([line("10000.00")], ("10000.00", "0.00", "0.00", "2100.00", "12100.00")),
    ([line("12100.00", included=True)], ("10000.00", "0.00", "0.00", "2100.00", "12100.00")),
    # summed first, taxed once: three times 0.2352 would be shown as 0.72
    ([line("1.12")] * 3, ("3.36", "0.00", "0.00", "0.71", "4.07")),
    # the advertised prices are what the customer pays
    ([line("9.99", included=True)] * 3, ("24.77", "0.00", "0.00", "5.20", "29.97")),
    ([line("100.00"), line("121.00", included=True)], ("200.00", "0.00", "0.00", "42.00", "242.00")),
    ([line("100.00"), line("100.00", vat("10.5"))], ("200.00", "0.00", "0.00", "31.50", "231.50")),
    ([line("100.00", category("exempt"))], ("0.00", "0.00", "100.00", "0.00", "100.00")),
    ([line("100.00", category("untaxed"))], ("0.00", "100.00", "0.00", "0.00", "100.00")),
    ([line("100.00", category("excluded"))], ("0.00", "100.00", "0.00", "0.00", "100.00")),
    ([line("100.00", category("zero"))], ("100.00", "0.00", "0.00", "0.00", "100.00")),
    ([line("100.00", ())], ("100.00", "0.00", "0.00", "0.00", "100.00")),
    ([line("0.333333", quantity="3", discount="0.10")], ("0.90", "0.00", "0.00", "0.19", "1.09")),
    # half to even: 0.125 is 0.12, 0.375 is 0.38; 2.50 at 5 % is 0.12
    ([line("0.125", ())], ("0.12", "0.00", "0.00", "0.00", "0.12")),
    ([line("0.375", ())], ("0.38", "0.00", "0.00", "0.00", "0.38")),
    ([line("2.50", vat("5"))], ("2.50", "0.00", "0.00", "0.12", "2.62")),
    ([line("0.02", included=True)], ("0.02", "0.00", "0.00", "0.00", "0.02")),
    ([line("100.00"), line("-30.00")], ("70.00", "0.00", "0.00", "14.70", "84.70")),
    ([], ("0.00", "0.00", "0.00", "0.00", "0.00")),
])
def test_what_lines_add_up_to(lines, expected):
    assert figures(compute(lines)) == expected


def test_one_entry_per_rate_with_its_base():
    result = compute([line("100.00"), line("50.00", vat("21.00")), line("60.50", vat("21.0"), included=True),
                      line("10.00", vat("27")), line("5.00", category("zero"))])
    assert [(tax.rate, tax.base, tax.amount) for tax in result.taxes] == [
        (D("21"), D("200.00"), D("42.00")), (D("27"), D("10.00"), D("2.70")), (D(0), D("5.00"), D("0.00"))]


def test_discounts_are_summed_as_they_were_given():
    lines = [line("100.00", discount="10.00"), line("50.00", discount="2.50", included=True)]
    assert compute(lines).discount == D("12.50")


def test_the_lines_show_the_allocated_tax():
    shown = compute([line("1.12")] * 3).lines
    assert sorted(one.tax for one in shown) == [D("0.23"), D("0.24"), D("0.24")]


def test_a_price_with_tax_is_what_its_line_shows():
    assert [one.total for one in compute([line("9.99", included=True)] * 7).lines] == [D("9.99")] * 7


@pytest.mark.parametrize(("entry", "amount"), [
    ({"code": "IIBB", "base": "10000.00", "rate": "3"}, "300.00"),
    ({"code": "IIBB", "base": "10000.00", "rate": "3", "amount": "299.99"}, "299.99"),
    ({"code": "IIBB", "base": "0.50", "rate": "1"}, "0.00"),
    ({"code": "IIBB", "base": "1.50", "rate": "1"}, "0.02"),
    (DocumentTax("VAT_PERCEPTION", D("1000"), D("1.5")), "15.00"),
])
def test_a_tax_on_the_document_is_added(entry, amount):
    result = compute([line("10000.00")], [entry])
    assert result.taxes[-1].amount == D(amount) and result.taxes[-1].of_document
    assert result.total == D("12100.00") + D(amount)


def test_a_withheld_tax_is_taken_from_the_total():
    taxes = (*vat("16"), {"code": "ISR", "rate": "1.25", "withheld": True})
    result = compute([line("1000.00", taxes), line("200.00", taxes)])
    assert (result.withheld, result.total) == (D("15.00"), D("1377.00"))
    assert sum(one.total for one in result.lines) == result.total


def test_two_taxes_inside_one_price():
    taxes = (*vat("10"), {"code": "ICE", "rate": "15"})
    result = compute([line("125.00", taxes, included=True)])
    assert [(tax.code, tax.amount) for tax in result.taxes] == [("VAT", D("10.00")), ("ICE", D("15.00"))]
    assert result.total == D("125.00")


def test_a_country_may_tax_line_by_line():
    result = compute([line("1.12")] * 3, rule=TotalsRule(sum_first=False))
    assert [(tax.base, tax.amount) for tax in result.taxes] == [(D("3.36"), D("0.72"))]


def test_a_country_without_cents():
    assert compute([line("1001", vat("19"))], rule=TotalsRule(cent=D(1))).total == D("1191")


def test_both_kinds_of_price_that_the_authority_would_refuse_are_taxed_on_the_whole_base():
    strict = TotalsRule(tolerance=D(0), relative=D(0))
    lines = [line("0.01"), line("0.13", included=True)]
    assert compute(lines).taxes[0].amount == D("0.02")  # passes for 0.03 with the margin
    result = compute(lines, rule=strict)
    assert (result.taxes[0].base, result.taxes[0].amount, result.total) == (D("0.12"), D("0.03"), D("0.15"))
    assert [one.total for one in result.lines] == [D("0.02"), D("0.13")]


def test_a_tax_of_its_own_class_is_taken_as_it_is():
    assert compute([line("100.00", (Tax("VAT", D("27")),))]).total == D("127.00")


def test_a_country_without_rule_of_its_own_is_summed_per_rate():
    assert totals.rule_for("AR") is AR and totals.rule_for("UY").sum_first


# --- rules that hold for every document ------------------------------------------------------------------

RATES = ("21", "27", "10.5", "5", "2.5", "0")
TAXES = st.sampled_from([*(vat(rate) for rate in RATES), category("exempt"), category("untaxed")])
PRICES = st.decimals(min_value="0.01", max_value="999999.99", places=2)
QUANTITIES = st.decimals(min_value="0.001", max_value="50", places=3)
NO_DISCOUNT = st.just(D("0.00"))
LINES = st.lists(st.builds(Line, QUANTITIES, PRICES, st.booleans(), NO_DISCOUNT, TAXES), min_size=1, max_size=12)
GROSS = st.lists(st.builds(Line, st.just(D(1)), PRICES, st.just(True), NO_DISCOUNT, TAXES), min_size=1, max_size=12)


@given(LINES)
def test_every_document_satisfies_arcas_sums(lines):
    result = compute(lines, [{"code": "IIBB", "base": "100", "rate": "3.5"}])
    vats = [tax for tax in result.taxes if tax.code == "VAT"]
    parts = result.net + result.untaxed + result.exempt + sum(tax.amount for tax in result.taxes)
    assert result.total == parts  # 10048
    assert sum((tax.base for tax in vats), D(0)) == result.net  # 10061
    assert len({tax.rate for tax in vats}) == len(vats)  # 10022
    for tax in vats:
        assert AR.accepts(tax.amount, AR.round(tax.base * tax.rate / 100))  # 10051
    for value in (result.net, result.untaxed, result.exempt, *(tax.amount for tax in vats)):
        assert value == value.quantize(D("0.01")) and value >= 0  # 10056


@given(LINES)
def test_what_the_lines_show_adds_up_to_the_document(lines):
    result = compute(lines)
    assert sum((one.net for one in result.lines), D(0)) == result.net + result.untaxed + result.exempt
    assert sum((one.tax for one in result.lines), D(0)) == result.tax_total
    assert sum((one.total for one in result.lines), D(0)) == result.total
    for one in result.lines:
        assert one.total == one.net + one.tax
        assert one.tax == sum((amount for _tax, amount in one.taxes), D(0))


@given(GROSS)
def test_prices_with_tax_are_what_the_customer_pays(lines):
    assert compute(lines).total == sum(one.unit_price for one in lines)


@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(lines, random):
    shuffled = list(lines)
    random.shuffle(shuffled)
    first, second = compute(lines), compute(shuffled)
    assert figures(first) == figures(second)
