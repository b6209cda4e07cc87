"""What is shown before a change is made is what the change does; and the next invoice is what billing makes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from core.db import db
from modules.contracts import extras, foresight, services
from tests.modules.contracts.situations import DECEMBER, NOVEMBER, day, invoice_of, lines, waiting


def shown(outcome):
    return [(text, f"{amount:.2f}") for text, amount in outcome.lines]


@pytest.fixture
def contract(make_contract, profile, bill):
    """Billed for November, under a profile that charges only days in service."""
    profile.while_suspended = "prorate"
    made = make_contract()
    bill(NOVEMBER)
    return made


def test_a_change_of_plan_costs_what_was_shown(contract, make_plan):
    faster = make_plan("H100", "24200")
    expected = shown(foresight.if_plan_changed(contract, faster, day(21), Decimal("20000")))
    assert waiting(contract) == []
    services.change_plan(contract, faster, day(21), price=Decimal("20000"))
    assert waiting(contract) == expected and len(expected) == 2


def test_a_change_before_a_change_to_come_costs_what_was_shown(contract, make_plan):
    services.change_plan(contract, make_plan("H200", "36300"), day(25))
    before = len(waiting(contract))
    middle = make_plan("H100", "24200")
    expected = shown(foresight.if_plan_changed(contract, middle, day(20)))
    services.change_plan(contract, middle, day(20))
    assert waiting(contract)[before:] == expected


def test_an_end_a_cut_a_return_and_a_courtesy_cost_what_was_shown(contract):
    expected = shown(foresight.if_suspended(contract, day(11)))
    services.suspend(contract, on=day(11))
    assert waiting(contract) == expected
    back = shown(foresight.if_restored(contract, day(16)))
    services.restore(contract, on=day(16))
    assert waiting(contract) == expected + back
    free = shown(foresight.if_courtesy(contract, day(20), day(22)))
    services.set_courtesy(contract, day(20), day(22))
    assert waiting(contract) == expected + back + free
    gone = shown(foresight.if_ended(contract, day(24)))
    services.end(contract, day(24))
    assert waiting(contract) == expected + back + free + gone
    assert all(part for part in (expected, back, free, gone))


def test_nothing_is_shown_for_months_that_are_not_billed(make_contract, make_plan):
    contract = make_contract()
    assert shown(foresight.if_plan_changed(contract, make_plan("H100"), day(21))) == []
    assert shown(foresight.if_ended(contract, day(21))) == []


def test_the_next_invoice_is_what_the_run_makes(make_contract, bill):
    contract = make_contract()
    extras.add_charge(contract, "Antenna", Decimal("300"), instalments=3)
    extras.add_discount(contract, "Friend", percent=Decimal(10))
    db.session.commit()
    expected = foresight.next_bill(contract)
    bill(NOVEMBER)
    assert expected.month == NOVEMBER
    assert [(text, f"{amount:.2f}") for text, amount in expected.lines] == lines(contract)
    assert expected.bill.totals.total == invoice_of(contract).total
    assert foresight.next_bill(contract).month == DECEMBER


def test_the_next_invoice_of_a_yearly_plan_is_months_away(make_contract, make_plan, bill):
    contract = make_contract(plan_id=make_plan("YEAR", "100000", period_months=12).id, billing_from=day(1))
    bill(NOVEMBER)
    assert foresight.next_bill(contract).month == dt.date(2027, 11, 1)


def test_why_there_is_no_next_invoice(make_contract, make_plan):
    free = make_contract()
    services.set_courtesy(free, day(1), None)
    assert foresight.next_bill(free).skipped == "courtesy"
    priceless = make_plan("NEW")
    priceless.prices[0].valid_from = dt.date(2030, 1, 1)
    found = foresight.next_bill(make_contract("Beto", plan_id=priceless.id))
    assert found.problem.code == "no_plan_price"
    assert foresight.next_bill(make_contract("Carla", state="draft")) is None
