"""Totals by day: exact at every moment, whatever part of the ledger they have reached, and never mixed up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import jobs, scope
from core.db import db
from core.models import Company
from core.scope import company_scope
from modules.accounting import checks, opening, payments, services, summaries
from modules.accounting.models import Entry
from modules.accounting.models.ledger import DayTotal, MethodTotal
from modules.crm.models import Customer
from tests.modules.accounting.books import DAY, issue, pay, statements

FIRST, LAST_MONTH = dt.date(2026, 10, 1), dt.date(2026, 10, 31)


def told(currency: str = "ARS", first: dt.date = FIRST) -> tuple[str, str, str]:
    """Billed, collected since the first day, and owed now."""
    one = summaries.read(first)[currency]
    return (str(one.between("billed", first, DAY)), str(one.between("collected", first, DAY)),
            str(one.owed_after(DAY)))


def settle(frozen: Callable[..., Any]) -> int:
    """An hour later the job comes along."""
    frozen(2026, 11, 3, 16)
    return summaries.fold()


@pytest.fixture
def busy(customer: Customer, own_numbers: None) -> None:
    """Brought in 500; billed 12100 and 1210, of which the second was annulled; paid 5000, and 100 taken back."""
    opening.record_opening_balances([(customer.id, Decimal(500), "a")], dt.date(2026, 10, 1))
    issue(customer)
    services.cancel_invoice(issue(customer, "1210"), "Error")
    pay(customer, "5000")
    payments.reverse_payment(pay(customer, "100"), "Rebotó")


def test_what_is_billed_collected_and_owed_before_anything_was_added_up(busy: None) -> None:
    assert told() == ("12100.00", "5000.00", "7600.00")


def test_adding_up_changes_nothing_that_is_shown(busy: None, customer: Customer, frozen: Callable[..., Any]) -> None:
    before = told()
    assert settle(frozen) == 3 and told() == before
    issue(customer, "2420")
    pay(customer, "20")
    assert told() == ("14520.00", "5020.00", "10000.00")
    assert not checks.day_totals_match()[1]


def test_what_is_young_is_left_for_later(busy: None, frozen: Callable[..., Any]) -> None:
    assert not summaries.is_behind() and summaries.fold() == 0
    frozen(2026, 11, 3, 16)
    assert summaries.is_behind() and summaries.fold() == 3 and not summaries.is_behind()


def test_a_payment_of_last_month_that_comes_today_counts_there(customer: Customer, own_numbers: None,
                                                              frozen: Callable[..., Any]) -> None:
    issue(customer, "100")
    settle(frozen)
    pay(customer, "30", paid_on=LAST_MONTH)
    one = summaries.read(FIRST)["ARS"]
    assert (one.between("collected", FIRST, LAST_MONTH), one.owed_after(LAST_MONTH), one.owed_after(DAY)) == (
        Decimal(30), Decimal(-30), Decimal(70))


def test_what_lies_before_the_first_day_is_in_what_was_owed(busy: None, frozen: Callable[..., Any]) -> None:
    for _time in range(2):
        one = summaries.read(dt.date(2026, 11, 4))["ARS"]
        assert one.before == Decimal("7600.00") and not one.days
        settle(frozen)


def test_currencies_are_never_added_together(customer: Customer, own_numbers: None, frozen: Callable[..., Any]) -> None:
    issue(customer, "100")
    issue(customer, "7", currency="USD", exchange_rate=Decimal(1000))
    for _time in range(2):
        assert told() == ("100.00", "0.00", "100.00") and told("USD") == ("7.00", "0.00", "7.00")
        settle(frozen)


def test_another_company_is_another_company(busy: None, other_company: Company, frozen: Callable[..., Any]) -> None:
    settle(frozen)
    with company_scope(other_company):
        assert told() == ("0.00", "0.00", "0.00")


def test_a_wrong_total_is_found_told_and_mended_by_night(busy: None, frozen: Callable[..., Any],
                                                         run_jobs: Callable[[], int]) -> None:
    right = told()
    settle(frozen)
    db.session.execute(sa.update(DayTotal).where(DayTotal.what == "billed").values(amount=Decimal(1)))
    with scope.every_company():
        assert checks.day_totals_match()[:2] == (False, 1)
    db.session.commit()
    jobs.enqueue("modules.accounting.jobs.prove")
    db.session.commit()
    run_jobs()
    assert told() == right
    with scope.every_company():
        assert checks.day_totals_match()[0]


def test_the_tick_asks_for_work_only_where_there_is_some(busy: None, frozen: Callable[..., Any],
                                                         run_jobs: Callable[[], int]) -> None:
    from modules.accounting.jobs import follow_ledger

    db.session.commit()
    frozen(2026, 11, 3, 16)
    run_jobs()
    follow_ledger()
    db.session.commit()
    assert run_jobs() >= 1 and not summaries.is_behind()


def test_reading_takes_four_statements_whatever_there_is(busy: None, customer: Customer,
                                                         frozen: Callable[..., Any]) -> None:
    settle(frozen)
    for number in range(5):
        issue(customer, str(100 + number))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Entry)) > 5
    with statements() as seen:
        found = summaries.read(FIRST)
    assert len(seen) == 4
    assert found["ARS"].by_month("billed")[DAY.replace(day=1)] == found["ARS"].between("billed", FIRST, DAY)


# --- by method of payment -----------------------------------------------------------------------------------


def ways(first: dt.date = FIRST, last: dt.date = DAY) -> dict[str, str]:
    return {method: str(amount) for method, amount in summaries.by_method("ARS", first, last).items()}


def test_methods_are_exact_whatever_part_was_added_up(busy: None, customer: Customer, other_company: Company,
                                                      frozen: Callable[..., Any]) -> None:
    """Cash 5000; 100 was taken back; 20 by card came after the border, 30 of last month too."""
    assert ways() == {"cash": "5000.00"}
    settle(frozen)
    assert ways() == {"cash": "5000.00"}
    card = pay(customer, "20")
    card.media[0].method = "card"
    pay(customer, "30", paid_on=LAST_MONTH)
    assert ways() == {"cash": "5030.00", "card": "20.00"}
    assert ways(FIRST, LAST_MONTH) == {"cash": "30.00"}
    frozen(2026, 11, 3, 18)
    summaries.fold()
    assert ways() == {"cash": "5030.00", "card": "20.00"} and not checks.day_totals_match()[1]
    with company_scope(other_company):
        assert not ways()


def test_a_wrong_total_of_a_method_is_found_and_mended(busy: None, frozen: Callable[..., Any]) -> None:
    settle(frozen)
    db.session.execute(sa.update(MethodTotal).values(amount=Decimal(1)))
    with scope.every_company():
        assert not checks.day_totals_match()[0]
    summaries.rebuild()
    assert ways() == {"cash": "5000.00"}


def test_methods_are_read_in_one_statement(busy: None, customer: Customer, frozen: Callable[..., Any]) -> None:
    settle(frozen)
    pay(customer, "5")
    db.session.flush()
    with statements() as seen:
        ways()
    assert len(seen) == 1
