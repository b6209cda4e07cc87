"""Which lines a contract has in a month: situations of a provider, on plain values."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from core.months import Span
from modules.contracts import pricing
from modules.contracts.facts import (
    FOREVER,
    ContractFacts,
    DatedPrice,
    DiscountFacts,
    InstalmentFacts,
    ItemFacts,
    PlanFacts,
    PlanSwitch,
    ProfileFacts,
)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


NOVEMBER, DECEMBER = day("2026-11-01"), day("2026-12-01")
START = day("2020-01-01")
PLANS = {
    1: PlanFacts(1, "H50", "Hogar 50", (DatedPrice(START, Decimal(10000)),)),
    2: PlanFacts(2, "H100", "Hogar 100", (DatedPrice(START, Decimal(20000)),
                                          DatedPrice(day("2027-01-01"), Decimal(24000)))),
    3: PlanFacts(3, "ANUAL", "Anual 50", (DatedPrice(START, Decimal(109500)),), period_months=12),
    4: PlanFacts(4, "NUEVO", "Nuevo", (DatedPrice(day("2027-03-01"), Decimal(1)),)),
}
PROFILE = ProfileFacts(1)


def contract(billing_from: str = "2026-01-01", profile: dict[str, Any] | None = None, **fields: Any) -> ContractFacts:
    values: dict[str, Any] = {"plan_id": 1, "state": "active", **fields}
    return ContractFacts(7, "000007", 70, profile=replace(PROFILE, **(profile or {})),
                         billing_from=day(billing_from), **values)


def bill(one: ContractFacts, month: dt.date = NOVEMBER) -> list[tuple[str, str]]:
    found = pricing.price_month(one, PLANS, month)
    assert isinstance(found, pricing.Priced), found
    return [(line.name, str(line.net)) for line in found.lines]


def reason(one: ContractFacts, month: dt.date = NOVEMBER) -> str:
    found = pricing.price_month(one, PLANS, month)
    assert isinstance(found, pricing.Skipped), found
    return found.reason


def test_a_whole_month_is_one_line_with_the_price_of_the_plan() -> None:
    found = pricing.price_month(contract(), PLANS, NOVEMBER)
    assert isinstance(found, pricing.Priced)
    assert found.service == Span(NOVEMBER, day("2026-11-30"))
    assert found.lines[0].share is None and found.lines[0].amount == 10000


def test_a_change_of_plan_on_the_17th_is_two_lines_that_add_up() -> None:
    one = contract(plan_id=2, switches=(PlanSwitch(day("2026-11-17"), 1, 2),))
    assert bill(one) == [("Hogar 50", "5333.33"), ("Hogar 100", "9333.33")]
    found = pricing.price_month(one, PLANS, NOVEMBER)
    assert isinstance(found, pricing.Priced)
    shares = [line.share for line in found.lines]
    assert [(share.days, share.of_days, share.price) for share in shares if share] == [(16, 30, 10000), (14, 30, 20000)]


def test_two_changes_in_one_month_make_three_lines() -> None:
    one = contract(plan_id=1, switches=(PlanSwitch(day("2026-11-11"), 1, 2), PlanSwitch(day("2026-11-21"), 2, 1)))
    assert bill(one) == [("Hogar 50", "3333.33"), ("Hogar 100", "6666.66"), ("Hogar 50", "3333.33")]


def test_a_change_on_the_first_is_no_split() -> None:
    assert bill(contract(plan_id=2, switches=(PlanSwitch(NOVEMBER, 1, 2),))) == [("Hogar 100", "20000.00")]


def test_a_change_dated_in_the_future_does_not_touch_this_month() -> None:
    assert bill(contract(switches=(PlanSwitch(DECEMBER, 1, 2),))) == [("Hogar 50", "10000.00")]


@pytest.mark.parametrize(("rule", "lines"), [
    ("days", [("Hogar 50", "4666.67")]), ("full", [("Hogar 50", "10000.00")])])
def test_the_first_period_by_the_profile(rule: str, lines: list[tuple[str, str]]) -> None:
    assert bill(contract("2026-11-17", {"first_period": rule})) == lines


def test_a_free_first_period_is_told_as_such() -> None:
    assert reason(contract("2026-11-17", {"first_period": "free"})) == "free_period"


def test_the_last_period_ends_with_the_contract() -> None:
    assert bill(contract(ends_on=day("2026-11-10"))) == [("Hogar 50", "3333.33")]
    assert reason(contract(ends_on=day("2026-10-31"))) == "ended"


@pytest.mark.parametrize(("billing_from", "in_advance", "month", "expected"), [
    ("2026-12-01", True, NOVEMBER, "not_started"),
    ("2026-11-05", False, NOVEMBER, "not_started"),
    ("2026-11-05", False, DECEMBER, [("Hogar 50", "8666.67")]),
    ("2026-10-01", False, NOVEMBER, [("Hogar 50", "10000.00")]),
])
def test_in_advance_and_in_arrears(billing_from: str, in_advance: bool, month: dt.date, expected: Any) -> None:
    one = contract(billing_from, in_advance=in_advance)
    if isinstance(expected, str):
        assert reason(one, month) == expected
    else:
        assert bill(one, month) == expected


@pytest.mark.parametrize(("month", "in_advance", "due"), [
    ("2026-03-01", True, True), ("2026-04-01", True, False), ("2027-03-01", True, True),
    ("2026-03-01", False, False), ("2027-03-01", False, True), ("2027-02-01", False, False)])
def test_a_yearly_plan_falls_due_once_a_year(month: str, in_advance: bool, due: bool) -> None:
    one = contract("2026-03-01", plan_id=3, in_advance=in_advance)
    found = pricing.price_month(one, PLANS, day(month))
    assert isinstance(found, pricing.Priced) == due
    if due:
        assert bill(one, day(month)) == [("Anual 50", "109500.00")]
    else:
        assert reason(one, day(month)) in {"not_this_month", "not_started"}


def test_from_yearly_to_monthly_the_month_of_the_change_is_split_and_then_monthly() -> None:
    one = contract("2026-01-01", plan_id=1, switches=(PlanSwitch(day("2026-06-17"), 3, 1),))
    # 167 of 365 days of the year, then 14 of the 30 days of June
    assert bill(one, day("2026-01-01")) == [("Anual 50", "50100.00"), ("Hogar 50", "4666.67")]
    assert bill(one, day("2026-07-01")) == [("Hogar 50", "10000.00")]
    assert reason(one, day("2026-06-01")) == "not_this_month"


def test_from_monthly_to_yearly_the_year_begins_with_the_month_of_the_change() -> None:
    one = contract("2026-01-01", plan_id=3, switches=(PlanSwitch(day("2026-11-17"), 1, 3),))
    assert bill(one) == [("Hogar 50", "5333.33"), ("Anual 50", "104700.00")]
    assert reason(one, DECEMBER) == "not_this_month"
    assert bill(one, day("2027-11-01")) == [("Anual 50", "109500.00")]


def test_the_price_of_the_day_counts() -> None:
    assert bill(contract(plan_id=2), DECEMBER) == [("Hogar 100", "20000.00")]
    assert bill(contract(plan_id=2), day("2027-01-01")) == [("Hogar 100", "24000.00")]


def test_a_promised_price_holds_until_its_last_day() -> None:
    one = contract(plan_id=2, own_prices=(DatedPrice(START, Decimal(15000), day("2026-11-30")),))
    assert bill(one) == [("Hogar 100", "15000.00")]
    assert bill(one, DECEMBER) == [("Hogar 100", "20000.00")]


def test_a_plan_without_a_price_on_the_day_is_named() -> None:
    with pytest.raises(pricing.NoPrice) as caught:
        pricing.price_month(contract(plan_id=4), PLANS, NOVEMBER)
    assert caught.value.plan.code == "NUEVO" and caught.value.day == NOVEMBER


@pytest.mark.parametrize(("until", "expected"), [
    ("2026-11-30", "courtesy"), ("2027-06-30", "courtesy"), ("2026-11-15", [("Hogar 50", "5000.00")]),
    ("2026-10-31", [("Hogar 50", "10000.00")])])
def test_courtesy_is_free_until_its_last_day(until: str, expected: Any) -> None:
    one = contract(courtesy=Span(START, day(until)))
    if expected == "courtesy":
        assert reason(one) == "courtesy"
    else:
        assert bill(one) == expected


OPEN = Span(day("2026-10-10"), FOREVER)
FIVE_DAYS = Span(day("2026-11-11"), day("2026-11-15"))


@pytest.mark.parametrize(("policy", "suspension", "expected"), [
    ("charge", OPEN, [("Hogar 50", "10000.00")]),
    ("skip", OPEN, "suspended"),
    ("prorate", OPEN, "suspended"),
    ("charge", FIVE_DAYS, [("Hogar 50", "10000.00")]),
    ("skip", FIVE_DAYS, [("Hogar 50", "10000.00")]),
    ("prorate", FIVE_DAYS, [("Hogar 50", "3333.33"), ("Hogar 50", "5000.00")]),
    ("prorate", Span(day("2026-10-10"), day("2026-11-15")), [("Hogar 50", "5000.00")]),
])
def test_billing_while_the_service_is_cut(policy: str, suspension: Span, expected: Any) -> None:
    one = contract(profile={"while_suspended": policy}, suspensions=(suspension,))
    if expected == "suspended":
        assert reason(one) == "suspended"
    else:
        assert bill(one) == expected


def item(first: str = "2026-01-01", last: dt.date = FOREVER, quantity: str = "1") -> ItemFacts:
    return ItemFacts(3, "Fixed address", Span(day(first), last), Decimal(quantity), Decimal(3000))


@pytest.mark.parametrize(("extra", "amount"), [
    (item(), "3000.00"), (item(quantity="2"), "6000.00"), (item("2026-11-16"), "1500.00"),
    (item(last=day("2026-11-10")), "1000.00")])
def test_recurring_extras_are_charged_for_their_days(extra: ItemFacts, amount: str) -> None:
    assert bill(contract(items=(extra,)))[1:] == [("Fixed address", amount)]


def test_an_extra_of_a_yearly_plan_is_for_twelve_months() -> None:
    found = bill(contract("2026-11-01", plan_id=3, items=(item(),)))
    assert found[1:] == [("Fixed address", "36000.00")]


@pytest.mark.parametrize("extra", [item("2026-12-01"), item(last=day("2026-10-31"))])
def test_an_extra_outside_its_days_is_not_charged(extra: ItemFacts) -> None:
    assert len(bill(contract(items=(extra,)))) == 1


def test_extras_are_free_with_the_courtesy() -> None:
    one = contract(items=(item(),), courtesy=Span(START, day("2026-11-15")))
    assert bill(one) == [("Hogar 50", "5000.00"), ("Fixed address", "1500.00")]


INSTALMENT = InstalmentFacts(9, "Antenna", Decimal("12000.00"), 2, 3)


def test_an_instalment_comes_with_the_service() -> None:
    assert bill(contract(instalments=(INSTALMENT,))) == [("Hogar 50", "10000.00"), ("Antenna", "12000.00")]


@pytest.mark.parametrize("fields", [
    {"courtesy": Span(START, FOREVER)}, {"billing_from": "2027-01-01"}, {"ends_on": day("2026-10-31")}])
def test_without_service_an_instalment_is_billed_as_a_charge(fields: dict[str, Any]) -> None:
    found = pricing.price_month(contract(instalments=(INSTALMENT,), **fields), PLANS, NOVEMBER)
    assert isinstance(found, pricing.Priced)
    assert (found.kind, found.service, found.instalment_ids) == ("charges", None, (9,))


def test_an_instalment_waits_while_suspension_stops_billing() -> None:
    one = contract(instalments=(INSTALMENT,), suspensions=(OPEN,), profile={"while_suspended": "skip"})
    assert reason(one) == "suspended"


def discount(**fields: Any) -> DiscountFacts:
    return DiscountFacts(5, "Welcome", fields.pop("first", START), fields.pop("last", FOREVER), **fields)


@pytest.mark.parametrize(("discounts", "nets"), [
    ([discount(percent=Decimal(20))], ["8000.00", "3000.00"]),
    ([discount(percent=Decimal(20), on_items=True)], ["8000.00", "2400.00"]),
    ([discount(amount=Decimal(1300), on_items=True)], ["9000.00", "2700.00"]),
    ([discount(amount=Decimal(50000))], ["0.00", "3000.00"]),
    ([discount(amount=Decimal(1000)), discount(percent=Decimal(50))], ["4000.00", "3000.00"]),
    ([discount(percent=Decimal(100)), discount(amount=Decimal(10))], ["0.00", "3000.00"]),
    ([discount(percent=Decimal(20), last=day("2026-10-01"))], ["10000.00", "3000.00"]),
    ([discount(percent=Decimal(20), first=DECEMBER)], ["10000.00", "3000.00"]),
])
def test_discounts(discounts: list[DiscountFacts], nets: list[str]) -> None:
    found = bill(contract(items=(item(),), discounts=tuple(discounts)))
    assert [net for _name, net in found] == nets


def test_a_discount_is_on_the_days_charged_and_says_its_name() -> None:
    found = pricing.price_month(contract("2026-11-17", discounts=(discount(percent=Decimal("33.3")),)), PLANS, NOVEMBER)
    assert isinstance(found, pricing.Priced)
    line = found.lines[0]
    assert line.discounts == (("Welcome", Decimal("1554.00")),)
    assert line.net == Decimal("4666.67") - Decimal("1554.00")


def test_a_discount_does_not_touch_charges_and_credits() -> None:
    credit = replace(INSTALMENT, id=10, amount=Decimal("-500.00"))
    one = contract(instalments=(INSTALMENT, credit), discounts=(discount(percent=Decimal(100), on_items=True),))
    assert [net for _name, net in bill(one)] == ["0.00", "12000.00", "-500.00"]
