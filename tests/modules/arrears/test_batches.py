"""A cut-off by hand: rehearsed, approved, run by stages, stopped, undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from modules.arrears import batches
from modules.arrears.errors import NotPossible
from modules.arrears.models import BatchItem, Cut
from modules.arrears.ports import stages
from modules.contracts.models import Contract

DUE = dt.date(2026, 11, 2)


class ByNumber:
    """Two nodes, and one contract that nobody knows."""

    def of(self, contract_ids: Sequence[int]) -> Mapping[int, str]:
        return {key: f"node {key % 2}" for key in contract_ids if key != min(contract_ids)}


@pytest.fixture
def nodes() -> Iterator[None]:
    stages.register("test", ByNumber())
    yield
    stages._entries.pop("test")


@pytest.fixture
def debtors(make_contract: Any, owe: Any, frozen: Any) -> list[Contract]:
    found = [make_contract(f"Customer {number}") for number in range(5)]
    for one in found:
        owe(one, "12100", DUE)
    frozen(2026, 11, 15, 3)  # a Sunday night: by hand the hour is a person's
    return found


def states(rows: Sequence[Contract]) -> list[str]:
    db.session.expire_all()
    return [one.state for one in rows]


def test_the_rehearsal_cuts_nobody_and_says_by_which_document_and_rule(debtors: list[Contract]) -> None:
    batch = batches.rehearse("form-1")
    assert batches.rehearse("form-1").id == batch.id
    assert states(debtors) == ["active"] * 5 and len(batch.items) == 5
    assert all("12,100.00" in item.reason and item.rule == "overdue" and item.invoice_id for item in batch.items)


def test_it_runs_by_stages_and_who_paid_meanwhile_is_spared(debtors: list[Contract], nodes: None, pay: Any,
                                                            run_jobs: Any) -> None:
    batch = batches.rehearse()
    assert batch.stages == ["node 0", "node 1", ""]
    pay(debtors[1], "12100")
    batches.leave_out(db.session.scalars(sa.select(BatchItem).where(BatchItem.contract_id == debtors[2].id)).one())
    batches.release(batch)
    db.session.commit()
    run_jobs()
    db.session.expire_all()
    assert batch.state == "stopped" and {one.stage for one in batch.items if one.state == "waiting"} <= {1, 2}
    batches.release(batch, everything=True)
    db.session.commit()
    run_jobs()
    assert states(debtors) == ["suspended", "active", "active", "suspended", "suspended"]
    assert batch.state == "done" and sorted(one.state for one in batch.items) == ["cut"] * 3 + ["left_out", "spared"]


def test_one_click_gives_all_back_and_the_run_respects_it(debtors: list[Contract], run: Any, run_jobs: Any) -> None:
    batch = batches.rehearse()
    batches.release(batch, everything=True)
    db.session.commit()
    run_jobs()
    batches.undo(batch)
    db.session.commit()
    run_jobs()
    assert states(debtors) == ["active"] * 5
    assert {one.state for one in batch.items} == {"undone"}
    assert {row.ended_by for row in db.session.scalars(sa.select(Cut))} == {"undone"}
    assert run(17) == [] and states(debtors) == ["active"] * 5


def test_the_stop_button_is_heard_between_two_steps(debtors: list[Contract], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "STEP", 2)
    batch = batches.rehearse()
    batches.release(batch, everything=True)
    assert batches.run_step(batch.id)
    batches.stop(batch)
    assert not batches.run_step(batch.id) and states(debtors).count("suspended") == 2
    with pytest.raises(NotPossible):
        batches.stop(batch)


def test_a_rehearsal_of_yesterday_is_not_run(debtors: list[Contract], frozen: Any) -> None:
    batch = batches.rehearse()
    frozen(2026, 11, 16, 14)
    with pytest.raises(NotPossible, match="Rehearse anew"):
        batches.release(batch)
