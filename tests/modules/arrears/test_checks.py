"""What `abona check` finds when somebody who paid stays cut, and when a promise is forgotten."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.checks import run_all
from core.db import db
from modules.arrears import services
from modules.contracts import services as contracts

DUE = dt.date(2026, 11, 2)


def found(name: str) -> tuple[bool, int]:
    (one,) = run_all([name])
    return one.ok, one.count


def test_a_service_that_stays_cut_after_the_money_came_is_found(make_contract: Any, owe: Any, pay: Any, run: Any,
                                                                frozen: Any, run_jobs: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE)
    run(12)
    assert found("paid_but_cut") == (True, 0)
    pay(contract, "12100")  # and nobody works on the job
    assert found("paid_but_cut") == (True, 0), "that takes seconds"
    frozen(2026, 11, 12, 14, 30)
    assert found("paid_but_cut") == (False, 1)
    run_jobs()
    assert found("paid_but_cut") == (True, 0)


def test_a_promise_that_nobody_looked_at_is_found_and_so_is_who_was_restored_by_hand_behind_it(
        make_contract: Any, owe: Any, run: Any, frozen: Any) -> None:
    contract = make_contract()
    owe(contract, "12100", DUE)
    run(12)
    services.promise(contract)
    db.session.commit()
    frozen(2026, 11, 16, 14)
    assert found("promise_over_not_cut") == (True, 0)
    frozen(2026, 11, 16, 16)
    assert found("promise_over_not_cut") == (False, 1)
    run(16, 14)
    assert found("promise_over_not_cut") == (True, 0)
    db.session.refresh(contract)
    contracts.restore(contract)
    db.session.commit()
    assert found("promise_over_not_cut") == (True, 0), "a person decided that"
