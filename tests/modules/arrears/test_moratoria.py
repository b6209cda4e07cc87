"""A moratorium ends the moment somebody ends it, be it on its first day; what asks whether it holds follows at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from core.errors import DomainError
from core.i18n import format_date
from core.models import AuditRecord
from modules.arrears import batches, checks, moratoria, services
from modules.arrears.calendar import Calendar, Stay
from modules.arrears.deciding import decide
from modules.arrears.facts import Moment
from modules.arrears.models import BatchItem, Moratorium
from tests.modules.arrears.debtors import ZONE, at, debtor, owes

# its ten days are over on Monday, 16 November
DUE = dt.date(2026, 11, 6)
MONDAY = dt.date(2026, 11, 16)
NOON = dt.datetime(2026, 11, 16, 12, tzinfo=ZONE)


def spared(moment: Moment, stay: Stay) -> str:
    found = decide(debtor(owes(DUE)), Calendar("AR", stays=(stay,)), moment).spared
    return found.by if found else ""


@pytest.mark.parametrize(("days", "expected"), [(0, ""), (2, "after_moratorium")])
def test_on_the_day_of_its_end_it_holds_until_that_minute(days: int, expected: str) -> None:
    stay = Stay(5, MONDAY, MONDAY, days, ended=NOON)
    assert spared(at(2026, 11, 16, 11, 59), stay) == "moratorium"
    assert spared(at(2026, 11, 16, 12), stay) == expected
    assert spared(replace(at(2026, 11, 16, 10), whole_day=True), stay) == expected, "that day as a whole was not spared"


def test_who_is_due_is_told_and_cut_as_many_days_after_its_end_as_it_says() -> None:
    tuesday = dt.datetime(2026, 11, 17, 12, tzinfo=ZONE)
    stay = Stay(5, dt.date(2026, 11, 10), tuesday.date(), 2, ended=tuesday)
    assert spared(at(2026, 11, 16), stay) == "moratorium", "the days before stay what they were"
    assert spared(at(2026, 11, 18), stay) == "after_moratorium" and spared(at(2026, 11, 19), stay) == ""
    told = decide(debtor(owes(DUE)), Calendar("AR", stays=(stay,)), at(2026, 11, 18)).actions
    (warning,) = [one for one in told if one.rule == "before_cut"]
    assert warning.data["day"] == dt.date(2026, 11, 19) and warning.key.endswith(":5")


def begin(days: int) -> Moratorium:
    row = Moratorium(first_day=clock.today(), catch_up_days=days, reason="Inundación")
    db.session.add(row)
    db.session.commit()
    return row


def end(row: Moratorium) -> None:
    moratoria.end(row.id)
    db.session.commit()


def test_the_next_run_cuts_once_it_is_ended(
        make_contract: Any, owe: Any, run: Callable[..., Any], frozen: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE)
    frozen(2026, 11, 16, 12)
    row = begin(0)
    assert ("cut", "overdue") not in run(16, 11)
    frozen(2026, 11, 16, 14, 30)
    end(row)
    assert row.ended_at == clock.now() and row.last_day == MONDAY
    assert ("cut", "overdue") in run(16, 11, 45)


def test_the_rehearsal_says_days_after_it_and_until_when(make_contract: Any, owe: Any, frozen: Any) -> None:
    owe(make_contract(), "12100", DUE)
    frozen(2026, 11, 16, 14)
    row = begin(2)
    assert batches.rehearse().spared == {"moratorium": 1}
    end(row)
    batch = batches.rehearse()
    assert batch.spared == {"after_moratorium": 1}
    (item,) = db.session.scalars(sa.select(BatchItem).where(BatchItem.batch_id == batch.id))
    assert "Inundación" in item.note and format_date(dt.date(2026, 11, 17)) in item.note


def test_the_check_wants_nobody_cut_for_the_hours_in_which_it_held(
        make_contract: Any, owe: Any, run: Any, frozen: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE)
    frozen(2026, 11, 12, 14)
    made = services.promise(contract)
    frozen(2026, 11, 16, 12)
    row = begin(0)
    run(16, 12)
    end(row)
    assert made.state == "broken"
    frozen(2026, 11, 16, 16, 30)
    assert checks.promise_over_not_cut()[1] == 0, "two hours ago it held"
    frozen(2026, 11, 16, 17, 30)
    assert checks.promise_over_not_cut()[1] == 1


def test_it_is_ended_once_and_that_is_on_record(isp: Any, frozen: Any) -> None:
    frozen(2026, 11, 16, 14)
    row = begin(3)
    end(row)
    frozen(2026, 11, 16, 15)
    with pytest.raises(DomainError):
        moratoria.end(row.id)
    record = db.session.scalars(sa.select(AuditRecord).where(
        AuditRecord.action == "arrears.end_moratorium")).one()
    assert record.object_id == row.id and row.ended_at == dt.datetime(2026, 11, 16, 14, tzinfo=dt.UTC)


def test_one_whose_last_day_is_over_cannot_be_ended(isp: Any, frozen: Any) -> None:
    frozen(2026, 11, 16, 14)
    row = begin(3)
    row.last_day = MONDAY
    db.session.commit()
    frozen(2026, 11, 17, 14)
    with pytest.raises(DomainError):
        moratoria.end(row.id)
    assert row.ended_at is None
