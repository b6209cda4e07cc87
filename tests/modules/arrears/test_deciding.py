"""Who is warned, cut, spared and restored: each boundary hour and each rule, on plain values."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from modules.arrears.calendar import Calendar, OwnDay, Stay
from modules.arrears.deciding import decide
from modules.arrears.facts import Debtor, Given, LastCut, Moment, Shown
from tests.modules.arrears.debtors import CALENDAR, RULES, ZONE, at, debtor, owes

# a Monday; ten days later is Thursday the 12th
DUE = dt.date(2026, 11, 2)


def did(who: Debtor, moment: Moment, calendar: Calendar = CALENDAR) -> list[tuple[str, str]]:
    return [(one.action, one.rule) for one in decide(who, calendar, moment).actions]


def spared(who: Debtor, moment: Moment, calendar: Calendar = CALENDAR) -> str:
    found = decide(who, calendar, moment).spared
    return found.by if found else ""


@pytest.mark.parametrize(("hour", "minute", "expected"), [
    (9, 59, "hour"), (10, 0, ""), (16, 59, ""), (17, 0, "hour"), (0, 0, "hour"), (23, 59, "hour")])
def test_a_cut_begins_at_its_hour_and_never_at_night(hour: int, minute: int, expected: str) -> None:
    moment = at(2026, 11, 12, hour, minute)
    assert spared(debtor(owes(DUE)), moment) == expected
    assert (("cut", "overdue") in did(debtor(owes(DUE)), moment)) == (not expected)


def test_the_day_before_its_day_nobody_is_cut_but_warned_and_on_the_day_itself_once() -> None:
    assert did(debtor(owes(DUE)), at(2026, 11, 11)) == [("notice", "before_cut")]
    assert did(debtor(owes(DUE)), at(2026, 11, 12)) == [("cut", "overdue")]


def test_the_due_date_counts_until_its_end() -> None:
    at_once = replace(RULES, cut_after_days=0, warn_days=None, notice_days=())
    due = dt.date(2026, 11, 10)
    assert did(debtor(owes(due), rules=at_once), at(2026, 11, 10, 16)) == []
    assert did(debtor(owes(due), rules=at_once), at(2026, 11, 11, 10)) == [("cut", "overdue")]


def test_notices_go_out_by_day_and_one_that_was_missed_is_made_up_for() -> None:
    who = debtor(owes(dt.date(2026, 11, 20)))
    assert did(who, at(2026, 11, 16)) == []
    assert did(who, at(2026, 11, 17)) == [("notice", "before_due")]
    assert did(who, at(2026, 11, 17, 7, 59)) == [] and did(who, at(2026, 11, 17, 20)) == []
    assert did(who, at(2026, 11, 19)) == [("notice", "before_due")]
    assert did(who, at(2026, 11, 20)) == []
    assert did(who, at(2026, 11, 21)) == [("notice", "after_due")]
    (one,) = decide(who, CALENDAR, at(2026, 11, 21)).actions
    assert did(replace(who, done=frozenset({one.key})), at(2026, 11, 21)) == []


@pytest.mark.parametrize(("day", "expected"), [
    (13, "eve"), (14, "no_staff"), (15, "no_staff"), (16, ""), (20, "eve"), (21, "no_staff"), (22, "no_staff"),
    (23, "holiday"), (24, "")])
def test_nobody_is_cut_on_free_days_nor_on_the_day_before(day: int, expected: str) -> None:
    """Friday, weekend, Monday; and 20 November 2026, that Argentina rests on Monday the 23rd."""
    assert spared(debtor(owes(DUE)), at(2026, 11, day)) == expected


def test_provinces_have_holidays_of_their_own_and_companies_too() -> None:
    own = Calendar("AR", (OwnDay(dt.date(2026, 11, 17), False, None, "Fiesta patronal"),
                          OwnDay(dt.date(2026, 11, 21), True), OwnDay(dt.date(2026, 11, 18), False, zone_id=3)))
    who = debtor(owes(DUE))
    assert spared(who, at(2026, 11, 17), own) == "no_staff"
    assert spared(who, at(2026, 11, 16), own) == "eve"
    assert spared(who, at(2026, 11, 18), own) == "" and spared(replace(who, zone_id=3), at(2026, 11, 18), own) == \
        "no_staff"
    assert spared(replace(who, rules=replace(RULES, free_eves=False)), at(2026, 11, 21), own) == ""


def test_a_moratorium_spares_its_zone_and_cuts_go_on_days_after_it_with_a_new_warning() -> None:
    stay = Stay(5, dt.date(2026, 11, 10), dt.date(2026, 11, 12), 3, zone_id=3, reason="Inundación")
    flooded, calendar = debtor(owes(DUE), zone_id=3), Calendar("AR", stays=(stay,))
    assert spared(flooded, at(2026, 11, 12), calendar) == "moratorium"
    assert spared(debtor(owes(DUE), zone_id=4), at(2026, 11, 12), calendar) == ""
    assert spared(flooded, at(2026, 11, 13), calendar) == "after_moratorium"
    before = decide(flooded, CALENDAR, at(2026, 11, 11)).actions[0].key
    (again,) = decide(replace(flooded, done=frozenset({before})), calendar, at(2026, 11, 15)).actions
    assert again.rule == "before_cut" and again.data["day"] == dt.date(2026, 11, 16)
    assert did(flooded, at(2026, 11, 16), calendar) == [("cut", "overdue")]
    endless = Calendar("AR", stays=(replace(stay, last=None),))
    assert spared(flooded, at(2027, 2, 2), endless) == "moratorium"


def test_what_spares_by_rule_is_named() -> None:
    moment = at(2026, 11, 12)
    small = replace(RULES, cut_minimum_debt=Decimal(20000))
    two = replace(RULES, minimum_invoices=2)
    assert spared(debtor(owes(DUE), rules=small), moment) == "minimum_debt"
    assert spared(debtor(owes(DUE), rules=two), moment) == "few_invoices"
    assert spared(debtor(owes(DUE), owes(dt.date(2026, 11, 10), invoice_id=8), rules=two), moment) == ""
    assert spared(debtor(owes(DUE), courtesy=(dt.date(2026, 1, 1), dt.date.max)), moment) == "courtesy"
    young = debtor(owes(DUE), rules=replace(RULES, new_customer_days=60), began=dt.date(2026, 10, 1))
    assert spared(young, moment) == "new_customer"
    assert spared(debtor(owes(DUE, "0.00", not_counted="credit")), moment) == "credit"
    assert spared(debtor(owes(DUE, "0.00", not_counted="paid_elsewhere")), moment) == "paid_elsewhere"
    assert spared(debtor(owes(DUE), rules=replace(RULES, automatic=False)), moment) == "needs_approval"
    assert decide(debtor(owes(DUE), rules=replace(RULES, cut_after_days=None)), CALENDAR, moment).actions == ()


def promised(until: dt.datetime, state: str = "open", ended: dt.datetime | None = None) -> Given:
    return Given(9, until - dt.timedelta(hours=48), until, state, ended)


def test_a_promise_spares_until_its_end_and_then_cuts_by_itself() -> None:
    until = dt.datetime(2026, 11, 17, 11, tzinfo=ZONE)
    who = debtor(owes(DUE), promises=(promised(until),))
    assert spared(who, at(2026, 11, 17, 10, 59)) == "promise"
    assert did(who, at(2026, 11, 17, 11)) == [("promise_broken", "promise_ran_out"), ("cut", "promise_broken")]
    paid = replace(who, debts=())
    assert decide(paid, CALENDAR, at(2026, 11, 17, 10)).kept == 9
    assert decide(paid, CALENDAR, at(2026, 11, 17, 12)).kept == 9 and did(paid, at(2026, 11, 17, 12)) == []


def cut(ended_by: str = "", ended: dt.datetime | None = None) -> LastCut:
    return LastCut(4, 7, dt.datetime(2026, 11, 12, 11, tzinfo=ZONE), ended_by, ended)


def test_who_is_cut_comes_back_by_payment_promise_or_proof_at_any_hour_and_by_nothing_else() -> None:
    night = at(2026, 11, 15, 3)
    who = debtor(owes(DUE), state="suspended", suspended_by="arrears", suspension_id=1, last_cut=cut(), cuts=1)
    assert did(who, night) == []
    assert did(replace(who, debts=()), night) == [("restore", "paid")]
    later = owes(dt.date(2026, 11, 10), invoice_id=8)
    assert did(replace(who, debts=(later,)), night) == [("restore", "paid")], "what is left would not cut either"
    until = dt.datetime(2026, 11, 17, 11, tzinfo=ZONE)
    assert did(replace(who, promises=(promised(until),)), night) == [("restore", "promise")]
    assert did(replace(who, proofs=(Shown(3, until, "waiting"),)), night) == [("restore", "proof")]
    by_wish = replace(who, debts=(), suspended_by="request")
    assert did(by_wish, night) == [], "who paused by himself stays so"


def test_what_was_restored_by_hand_is_cut_by_a_later_debt_alone() -> None:
    back = dt.datetime(2026, 11, 12, 15, tzinfo=ZONE)
    who = debtor(owes(DUE), last_cut=cut("staff", back), cuts=1)
    assert spared(who, at(2026, 11, 17)) == "restored_by_hand"
    assert spared(replace(who, last_cut=cut("undone", back)), at(2026, 11, 17)) == "restored_by_hand"
    newer = replace(who, debts=(owes(DUE), owes(dt.date(2026, 11, 7), invoice_id=8)))
    assert did(newer, at(2026, 11, 17)) == [("cut", "overdue")]
    broken = promised(back + dt.timedelta(days=2), "broken", back + dt.timedelta(days=2))
    assert did(replace(who, promises=(broken,)), at(2026, 11, 17)) == [("cut", "promise_broken")]


@pytest.mark.parametrize("hour", [15, 22])
def test_a_debt_that_grows_old_the_day_after_a_restoration_cuts_at_whatever_hour_it_was(hour: int) -> None:
    """At ten in the evening there it is the next day already in UTC."""
    back = dt.datetime(2026, 11, 16, hour, tzinfo=ZONE).astimezone(dt.UTC)
    who = debtor(owes(DUE), owes(dt.date(2026, 11, 7), invoice_id=8), last_cut=cut("staff", back), cuts=1)
    assert did(who, at(2026, 11, 17)) == [("cut", "overdue")]


def test_a_refused_proof_cuts_again() -> None:
    back, refused = dt.datetime(2026, 11, 12, 15, tzinfo=ZONE), dt.datetime(2026, 11, 16, 12, tzinfo=ZONE)
    who = debtor(owes(DUE), last_cut=cut("proof", back), cuts=1, proofs=(Shown(3, None, "refused", refused),))
    assert did(who, at(2026, 11, 17)) == [("cut", "proof_refused")]


def test_a_proof_that_had_run_out_before_the_service_was_restored_by_hand_does_not_cut_when_it_is_refused() -> None:
    back, refused = dt.datetime(2026, 11, 12, 15, tzinfo=ZONE), dt.datetime(2026, 11, 12, 16, tzinfo=ZONE)
    who = debtor(owes(DUE), last_cut=cut("staff", back), cuts=1)
    over = Shown(3, back - dt.timedelta(days=3), "refused", refused)
    assert spared(replace(who, proofs=(over,)), at(2026, 11, 17)) == "restored_by_hand"
    kept = replace(over, keeps_until=back + dt.timedelta(days=3))
    assert did(replace(who, proofs=(kept,)), at(2026, 11, 17)) == [("cut", "proof_refused")]


def test_a_surcharge_comes_once_after_the_second_due_date() -> None:
    debt = owes(DUE, second_due=dt.date(2026, 11, 9), surcharge=Decimal("363.00"))
    quiet = replace(RULES, cut_after_days=None)
    assert did(debtor(debt, rules=quiet), at(2026, 11, 9)) == []
    (one,) = decide(debtor(debt, rules=quiet), CALENDAR, at(2026, 11, 10)).actions
    assert (one.action, one.amount) == ("surcharge", Decimal("363.00"))
    assert did(debtor(debt, rules=quiet, done=frozenset({one.key})), at(2026, 11, 10)) == []


def test_a_promise_never_ends_at_night_or_on_a_free_day() -> None:
    friday_night = dt.datetime(2026, 11, 13, 22, tzinfo=ZONE)
    assert CALENDAR.opening(RULES, friday_night) == dt.datetime(2026, 11, 16, 10, tzinfo=ZONE)
    thursday = dt.datetime(2026, 11, 12, 12, 30, tzinfo=ZONE)
    assert CALENDAR.opening(RULES, thursday) == thursday
    early = dt.datetime(2026, 11, 12, 3, tzinfo=ZONE)
    assert CALENDAR.opening(RULES, early) == dt.datetime(2026, 11, 12, 10, tzinfo=ZONE)
