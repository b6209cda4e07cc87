"""Recurring extras, charges in instalments, discounts: what the invoices say of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from core.db import db
from modules.contracts import extras, services
from modules.contracts.errors import NotPossible, WrongValue
from tests.modules.contracts.situations import DECEMBER, NOVEMBER, day, lines, waiting


def totals(contract, month=NOVEMBER):
    return [total for _text, total in lines(contract, month)]


def test_an_antenna_in_three_instalments_comes_by_itself_in_three_months(make_contract, bill):
    contract = make_contract()
    extras.add_charge(contract, "Antenna", Decimal("100"), instalments=3)
    db.session.commit()
    found = []
    for month in (NOVEMBER, DECEMBER, dt.date(2027, 1, 1), dt.date(2027, 2, 1)):
        bill(month)
        found.append(lines(contract, month)[1:])
    assert found == [[("Antenna, instalment 1 of 3", "33.34")], [("Antenna, instalment 2 of 3", "33.33")],
                     [("Antenna, instalment 3 of 3", "33.33")], []]


def test_a_charge_of_a_contract_that_is_free_is_billed_alone(make_contract, bill):
    contract = make_contract()
    services.set_courtesy(contract, day(1), None)
    extras.add_charge(contract, "Visit", Decimal("5000"))
    db.session.commit()
    run = bill(NOVEMBER)
    assert run.billed == 1 and lines(contract) == [("Visit", "5000.00")]
    assert bill(NOVEMBER).billed == 0


def test_the_same_form_charges_once(make_contract):
    contract = make_contract()
    first = extras.add_charge(contract, "Visit", Decimal("5000"), form_key="k")
    assert extras.add_charge(contract, "Visit", Decimal("5000"), form_key="k") is first
    item = extras.add_item(contract, "Fixed IP", Decimal("2000"), form_key="k")
    assert extras.add_item(contract, "Fixed IP", Decimal("2000"), form_key="k") is item
    less = extras.add_discount(contract, "Friend", percent=Decimal(10), form_key="k")
    assert extras.add_discount(contract, "Friend", percent=Decimal(10), form_key="k") is less


def test_what_is_not_billed_of_a_charge_is_taken_back(make_contract, bill):
    contract = make_contract()
    charge = extras.add_charge(contract, "Antenna", Decimal("300"), instalments=3)
    db.session.commit()
    bill(NOVEMBER)
    assert extras.cancel_charge(contract, charge) == 2 and waiting(contract) == []
    db.session.commit()
    bill(DECEMBER)
    assert totals(contract, DECEMBER) == ["12100.00"]
    with pytest.raises(NotPossible, match="credit note"):
        extras.cancel_charge(contract, charge)


def test_credits_larger_than_the_invoice_are_an_exception_with_its_cure(make_contract, bill, isp):
    contract = make_contract()
    extras.add_charge(contract, "Outage of September", Decimal("-20000"))
    db.session.commit()
    run = bill(NOVEMBER)
    from modules.contracts.billing_status import exceptions

    (found,) = exceptions(isp, NOVEMBER)
    assert (run.billed, run.excepted) == (0, 1)
    assert found["code"] == "negative_total" and "credit note" in found["message"] and "7900.00" in found["message"]


def test_an_extra_follows_the_service_from_its_first_day(make_contract, bill):
    contract = make_contract()
    extras.add_item(contract, "Fixed IP", Decimal("3000"), quantity=Decimal(2), first_day=day(16))
    db.session.commit()
    bill(NOVEMBER)
    assert totals(contract) == ["12100.00", "3000.00"]
    bill(DECEMBER)
    assert totals(contract, DECEMBER) == ["12100.00", "6000.00"]


def test_an_extra_added_or_ended_in_a_billed_month_is_settled(make_contract, bill):
    contract = make_contract()
    bill(NOVEMBER)
    item = extras.add_item(contract, "Fixed IP", Decimal("3000"), first_day=day(16))
    assert [amount for _text, amount in waiting(contract)] == ["1500.00"]
    extras.end_item(contract, item, day(25))
    assert [amount for _text, amount in waiting(contract)] == ["1500.00", "-500.00"]


@pytest.mark.parametrize(("given", "november", "december"), [
    ({"percent": Decimal(10)}, "10890.00", "10890.00"),
    ({"amount": Decimal(2100)}, "10000.00", "10000.00"),
    ({"percent": Decimal(100), "count": 1}, None, "12100.00"),
    ({"percent": Decimal("33.3333"), "first_month": DECEMBER}, "12100.00", "8066.67"),
    ({"amount": Decimal(99999), "last_month": NOVEMBER}, None, "12100.00"),
])
def test_a_discount_by_percent_or_amount_for_months_or_from_to(make_contract, bill, given, november, december):
    contract = make_contract()
    extras.add_discount(contract, "Friend", **given)
    db.session.commit()
    assert bill(NOVEMBER).billed == (november is not None)
    bill(DECEMBER)
    assert (totals(contract)[0] if november else None) == november
    assert totals(contract, DECEMBER)[0] == december


def test_a_discount_may_also_lower_extras(make_contract, bill):
    contract = make_contract()
    extras.add_item(contract, "Television", Decimal("1000"), first_day=day(1))
    extras.add_discount(contract, "Friend", percent=Decimal(50), on_items=True)
    db.session.commit()
    bill(NOVEMBER)
    assert totals(contract) == ["6050.00", "500.00"]


def test_a_discount_that_ended_is_not_given_any_more(make_contract, bill):
    contract = make_contract()
    discount = extras.add_discount(contract, "Friend", percent=Decimal(50))
    extras.end_discount(contract, discount)
    db.session.commit()
    bill(NOVEMBER)
    assert totals(contract) == ["12100.00"]


@pytest.mark.parametrize("wrong", [
    {}, {"percent": Decimal(10), "amount": Decimal(5)}, {"percent": Decimal(0)}, {"percent": Decimal(101)},
    {"amount": Decimal(-1)}, {"percent": Decimal(10), "first_month": DECEMBER, "last_month": NOVEMBER}])
def test_discounts_that_cannot_be_are_refused(make_contract, wrong):
    contract = make_contract()
    with pytest.raises(WrongValue):
        extras.add_discount(contract, "Friend", **wrong)


def test_nothing_is_added_to_a_contract_that_is_over(make_contract):
    contract = make_contract()
    services.end(contract, day(4))
    with pytest.raises(NotPossible, match="ended"):
        extras.add_item(contract, "Fixed IP", Decimal(1))
    with pytest.raises(NotPossible, match="ended"):
        extras.add_discount(contract, "Friend", percent=Decimal(5))
