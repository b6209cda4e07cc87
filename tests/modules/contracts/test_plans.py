"""Plans and their dated prices."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from core.db import db
from modules.contracts import plans, taxes
from modules.contracts.errors import NotPossible, WrongValue
from tests.modules.contracts.situations import DECEMBER, NOVEMBER, VAT, day, lines


def values(plan, **changes):
    return {name: getattr(plan, name) for name in plans.FIELDS} | changes


def test_the_past_keeps_its_price(plan):
    plans.set_plan_price(plan, Decimal(15000), DECEMBER)
    assert [plan.price_on(one) for one in (dt.date(2019, 1, 1), NOVEMBER, day(30), DECEMBER)] == [
        None, Decimal(12100), Decimal(12100), Decimal(15000)]


def test_a_price_of_billed_periods_is_not_changed_behind_them(make_contract, plan, bill):
    contract = make_contract()
    bill(NOVEMBER)
    with pytest.raises(WrongValue, match="02/11/2026"):
        plans.set_plan_price(plan, Decimal(15000), NOVEMBER)
    plans.set_plan_price(plan, Decimal(15000), day(10))
    db.session.commit()
    bill(DECEMBER)
    assert lines(contract, DECEMBER)[0][1] == "15000.00"


def test_a_price_to_come_is_corrected_or_taken_back(plan):
    price = plans.set_plan_price(plan, Decimal(15000), DECEMBER)
    assert plans.set_plan_price(plan, Decimal(16000), DECEMBER) is price and len(plan.prices) == 2
    plans.remove_plan_price(price.id)
    assert plan.price_on(DECEMBER) == 12100
    with pytest.raises(NotPossible):
        plans.remove_plan_price(plan.prices[0].id)


def test_what_contracts_rely_on_stays_once_they_have_the_plan(make_contract, plan):
    plans.update_plan(plan, values(plan, includes_tax=False))
    make_contract()
    with pytest.raises(NotPossible, match="Make another plan"):
        plans.update_plan(plan, values(plan, includes_tax=True))
    plans.update_plan(plan, values(plan, name="Hogar 50", active=False))
    assert plan.name == "Hogar 50" and plans.contracts_of([plan.id]) == {plan.id: 1}


def test_a_code_is_used_once(make_plan):
    make_plan("H50")
    with pytest.raises(WrongValue, match="H50"):
        make_plan("H50")


@pytest.mark.parametrize("country", ["AR", "EC", "CO", "MX", "PE"])
def test_what_a_country_offers_as_tax_comes_back_as_it_was(country):
    offered = taxes.choices(country)
    assert len({value for value, _label in offered}) == len(offered) >= 3
    for value, label in offered:
        assert taxes.value(taxes.parse(value)) == value and label


def test_taxes_that_are_not_usual_are_not_lost_by_a_form():
    odd = [{"code": "VAT", "rate": "21"}, {"code": "ICE", "rate": "3"}]
    assert taxes.parse(taxes.choices("AR", odd)[0][0]) == odd
    assert taxes.text(odd, "AR") == "IVA 21 %, ICE 3 %" and taxes.text(VAT, "PE") == "IGV 21 %"


@pytest.mark.parametrize(("kbps", "words"), [
    (50000, "50 Mb"), (1500, "1.5 Mb"), (512, "0.512 Mb"), (None, ""), (0, "")])
def test_speeds_are_said_in_megabits(kbps, words):
    assert plans.speed(kbps) == words
