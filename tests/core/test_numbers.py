"""Numbers and money are written one way: on screens, in lists and files, on paper and in what one types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from core import charts, companies, scope
from core.admin.converters import _decimal
from core.db import db
from core.forms import AmountField, Form
from core.i18n import LOCALES, format_amount, format_number, use_locale
from core.lists import cells
from core.lists.filters import Amounts, BadFilter
from core.models import AuditRecord, Company
from core.templating import amount, number
from modules.accounting import print_data
from modules.contracts.wording import Wording

MANY = Decimal("1234567.5")


@pytest.fixture
def ecuador(app: Flask) -> Iterator[Company]:
    made = companies.create_company("EC", "Andes Net S.A.", "1790012344001", code="andes")
    db.session.commit()
    with scope.company_scope(made):
        yield made


def written(locale: str, currency: str, value: Decimal = MANY) -> str:
    with use_locale(locale):
        return format_amount(value, currency).replace("\u00a0", " ")


def everywhere(locale: str, currency: str) -> set[str]:
    """An amount as screens, lists, invoices, their lines, the admin and counts have it: digits and signs alone."""
    with use_locale(locale):
        found = [amount(MANY, currency), cells.Money().html(MANY, currency), print_data.money(MANY, currency, locale),
                 print_data.number(MANY, locale), Wording(locale).number(MANY), _decimal(None, MANY, "x").striptags(),
                 number(MANY) + "0", format_number(MANY, "#,##0.00"), cells.Number(2).html(MANY, None) + "0"]
    return {"".join(sign for sign in str(one) if sign in "0123456789.,") for one in found}


@pytest.mark.parametrize(("style", "expected"), [("point", "1,234,567.50"), ("comma", "1.234.567,50")])
@pytest.mark.parametrize("locale", LOCALES)
def test_a_companys_style_holds_everywhere_and_in_every_language(company: Company, style: str, expected: str,
                                                                 locale: str) -> None:
    company.number_style = style
    assert everywhere(locale, company.currency) == {expected}


def test_axes_of_charts_have_the_same_sign(company: Company) -> None:
    for style, expected in (("point", "2.5\u00a0M"), ("comma", "2,5\u00a0M")):
        company.number_style = style
        assert charts.compact(Decimal(2500000)) == expected


@pytest.mark.parametrize(("locale", "expected"), [("es_AR", "1.234.567,50"), ("es_MX", "1,234,567.50"),
                                                  ("en", "1,234,567.50"), ("es_CO", "1.234.567,50")])
def test_without_a_style_the_language_decides_everywhere(company: Company, locale: str, expected: str) -> None:
    assert everywhere(locale, company.currency) == {expected}


def test_a_company_of_ecuador_writes_points_from_its_first_day(ecuador: Company) -> None:
    assert written("es_EC", "USD") == "$1,234,567.50" and written("es_EC", "USD", -MANY) == "-$1,234,567.50"
    assert companies.NUMBER_STYLES.keys() <= companies.COUNTRIES.keys()


@pytest.mark.parametrize(("locale", "currency", "expected"), [
    ("es_EC", "USD", "-$1.234.567,50"), ("es_AR", "ARS", "-$1.234.567,50"), ("es_PE", "PEN", "-S/ 1,234,567.50"),
    ("es_MX", "MXN", "-$1,234,567.50"), ("es_DO", "DOP", "-RD$1,234,567.50"), ("pt", "BRL", "-R$ 1.234.567,50")])
def test_the_minus_stands_before_the_symbol(app: Flask, locale: str, currency: str, expected: str) -> None:
    assert written(locale, currency, -MANY) == expected
    assert print_data.money(-MANY, currency, locale).replace("\u00a0", " ") == expected


@pytest.mark.parametrize("locale", LOCALES)
def test_dollars_are_no_bare_sign_where_another_currency_has_it(company: Company, locale: str) -> None:
    assert company.currency == "ARS"
    assert not written(locale, "USD").startswith("$") and "US" in written(locale, "USD")


def test_dollars_at_home_have_their_sign(ecuador: Company) -> None:
    assert written("es_EC", "USD", Decimal(5)) == written("en", "USD", Decimal(5)) == "$5.00"


def test_a_form_shows_what_was_typed_as_screens_do(app: Flask, ecuador: Company) -> None:
    class Priced(Form):
        price = AmountField()

    with app.test_request_context():
        assert Priced(price=Decimal("1234.50")).price._value() == "1234.50"
        ecuador.number_style = "comma"
        assert Priced(price=Decimal("1234.50")).price._value() == "1234,50"


@pytest.mark.parametrize(("style", "typed", "rate", "price"), [
    ("point", "3.756", "3.756", "3756"), ("comma", "3,756", "3.756", "3756"), ("comma", "3.756", "3756", "3756"),
    ("point", "1,450", "1450", "1450"), ("comma", "1.450,507", "1450.507", "1450.507"),
    ("comma", "1450,5", "1450.5", "1450.5"), ("point", "-3.756", "-3.756", "-3756")])
def test_three_decimals_are_usual_in_a_rate_and_thousands_in_a_price(
        app: Flask, ecuador: Company, style: str, typed: str, rate: str, price: str) -> None:
    class Sold(Form):
        rate = AmountField(places=6, fine=True)
        price = AmountField(places=6)

    ecuador.number_style = style
    with app.test_request_context(method="POST", data={"rate": typed, "price": typed}):
        form = Sold()
        assert (form.rate.data, form.price.data) == (Decimal(rate), Decimal(price))


@pytest.mark.parametrize("style", ["point", "comma"])
@pytest.mark.parametrize("value", ["3.756", "1450.507", "0.5", "1234567.891234", "12", "-1.234"])
def test_what_a_field_shows_it_reads_again(app: Flask, ecuador: Company, style: str, value: str) -> None:
    class Sold(Form):
        rate = AmountField(places=6, fine=True)
        price = AmountField(places=6)

    ecuador.number_style = style
    with app.test_request_context():
        filled = Sold(rate=Decimal(value), price=Decimal(value))
        shown = {"rate": filled.rate._value(), "price": filled.price._value()}
    with app.test_request_context(method="POST", data=shown):
        again = Sold()
        assert (again.rate.data, again.price.data) == (Decimal(value), Decimal(value))


def test_spreadsheets_get_the_signs_of_the_company(ecuador: Company) -> None:
    with use_locale("es_EC"):
        style = cells.Style.here(plain=False)
        assert (style.decimal, style.delimiter, cells.Money().csv(style)(MANY)) == (".", ",", "1234567.50")
        ecuador.number_style = "comma"
        style = cells.Style.here(plain=False)
        assert (style.decimal, style.delimiter, cells.Money().csv(style)(MANY)) == (",", ";", "1234567,50")


def test_the_style_is_chosen_on_the_companys_page(company: Company, login: Callable[..., Any]) -> None:
    browser = login("core.edit_company")
    page = browser.get("/company").get_data(as_text=True)
    assert 'name="number_style"' in page and "1,234.56" in page
    values = {"name": company.name, "tax_id": company.tax_id, "tax_condition": company.tax_condition,
              "timezone": company.timezone, "color": company.color, "number_style": "point"}
    assert browser.post("/company", data=values).status_code == 302
    assert browser.post("/company", data=values | {"number_style": "roman"}).status_code == 422
    db.session.expire_all()
    changes = db.session.query(AuditRecord).filter_by(action="core.edit_company").one().changes
    assert company.number_style == "point" and changes["number_style"] == ["", "point"]


def test_what_is_no_amount_is_answered_with_one_as_the_company_writes_it(app: Flask, ecuador: Company) -> None:
    class Priced(Form):
        price = AmountField()

    for style, sample in (("point", "1234.50"), ("comma", "1234,50")):
        ecuador.number_style = style
        with app.test_request_context(method="POST", data={"price": "mil"}):
            form = Priced()
            assert form.validate() is False and sample in form.price.errors[0]
        with pytest.raises(BadFilter, match=re.escape(sample)):
            Amounts("amount", "Amount", AuditRecord.id)._amount({"amount_from": ["mil"]}, "amount_from")
