"""A cut-off by hand: rehearsed, approved, run by stages, stopped, undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import AuditRecord
from modules.accounting.models import Invoice
from modules.arrears import batches, services
from modules.arrears.errors import NotPossible
from modules.arrears.models import Batch, BatchItem, Cut
from modules.arrears.ports import stages
from modules.contracts import services as contracts
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
    frozen(2026, 11, 12, 14)  # a Thursday at eleven, there
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


def test_who_is_not_cut_is_listed_with_the_true_reason(
        debtors: list[Contract], profile: Any, pay: Any, run_jobs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    promised, courtesy, small, paid, refusing = debtors
    batch = batches.rehearse()
    services.promise(promised)
    contracts.set_courtesy(courtesy, dt.date(2026, 11, 1), dt.date(2026, 11, 30))
    profile.cut_minimum_debt = 5000
    pay(small, "8000")
    pay(paid, "12100")

    suspend_many = contracts.suspend_many

    def suspend(rows: Sequence[Contract], *given: Any) -> Any:
        if refusing.id in {one.id for one in rows}:
            raise NotPossible("Its days cannot be credited.")
        return suspend_many(rows, *given)

    monkeypatch.setattr(contracts, "suspend_many", suspend)
    batches.release(batch, everything=True)
    db.session.commit()
    run_jobs()
    db.session.expire_all()
    notes = {item.contract_id: item.note for item in batch.items}
    assert {item.state for item in batch.items} == {"spared"} and states(debtors) == ["active"] * 5
    assert notes[promised.id].startswith("promise of payment (until ")
    assert notes[courtesy.id] == "courtesy (until 30/11/2026)"
    assert notes[small.id].startswith("debt below the smallest (") and "5,000.00" in notes[small.id]
    assert notes[paid.id] == "not due any more"
    assert notes[refusing.id] == "Its days cannot be credited."


def test_who_is_out_of_service_already_is_listed_as_that(debtors: list[Contract], run_jobs: Any) -> None:
    batch = batches.rehearse()
    paused, ended = debtors[:2]
    contracts.suspend(paused, "request")
    contracts.end(ended)
    batches.release(batch, everything=True)
    db.session.commit()
    run_jobs()
    db.session.expire_all()
    notes = {item.contract_id: (item.state, item.note) for item in batch.items}
    assert notes[paused.id] == ("spared", "out of service already")
    assert notes[ended.id] == ("spared", "the contract has ended")
    assert notes[debtors[2].id] == ("cut", "")


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


@pytest.fixture
def cut_off(debtors: list[Contract], run_jobs: Any) -> Batch:
    """All of them are cut by it."""
    batch = batches.rehearse()
    batches.release(batch, everything=True)
    db.session.commit()
    run_jobs()
    return batch


def undo(batch: Batch) -> None:
    batches.undo(batch)
    while batches.undo_step(batch.id):
        db.session.commit()


def test_undoing_leaves_alone_who_is_back_by_other_hands(debtors: list[Contract], cut_off: Batch, pay: Any,
                                                         run_jobs: Any) -> None:
    contracts.restore(debtors[0])
    undo(cut_off)
    assert states(debtors) == ["active"] * 5 and {item.state for item in cut_off.items} == {"undone"}
    ended = {row.contract_id: row.ended_by for row in db.session.scalars(sa.select(Cut))}
    assert ended == {one.id: "undone" for one in debtors} | {debtors[0].id: "staff"}


def test_who_paid_meanwhile_does_not_keep_the_page_of_an_undone_one_waiting(
        debtors: list[Contract], cut_off: Batch, pay: Any, run_jobs: Any) -> None:
    pay(debtors[0], "12100")
    run_jobs()
    batches.undo(cut_off)
    assert batches.is_undoing(cut_off)
    while batches.undo_step(cut_off.id):
        db.session.commit()
    assert not batches.is_undoing(cut_off)
    ended = {row.contract_id: row.ended_by for row in db.session.scalars(sa.select(Cut))}
    assert ended == {one.id: "undone" for one in debtors} | {debtors[0].id: "paid"}


def refuse(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let what gives services back refuse this contract; its id."""
    refusing, restore_many = contract.id, contracts.restore_many

    def restore(rows: Sequence[Contract], reasons: Any) -> None:
        if refusing in {one.id for one in rows}:
            raise NotPossible("Its days cannot be charged.")
        restore_many(rows, reasons)

    monkeypatch.setattr(contracts, "restore_many", restore)
    return refusing


def test_one_that_cannot_be_given_back_keeps_nobody_else_cut_and_says_why(
        debtors: list[Contract], cut_off: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = refuse(debtors[1], monkeypatch)
    undo(cut_off)
    assert states(debtors) == ["active", "suspended", "active", "active", "active"]
    assert {item.contract_id: (item.state, item.note) for item in cut_off.items if item.note} == {
        refusing: ("cut", "Its days cannot be charged.")}
    assert not batches.is_undoing(cut_off)


def test_one_that_could_not_be_given_back_is_tried_again_once_it_can(
        debtors: list[Contract], cut_off: Batch, login: Any, monkeypatch: pytest.MonkeyPatch, run_jobs: Any) -> None:
    restore_many = contracts.restore_many
    refuse(debtors[1], monkeypatch)
    undo(cut_off)
    db.session.commit()
    browser = login("arrears.view_arrears", "arrears.cut_service")
    button = f'action="/arrears/cut-offs/{cut_off.id}/undo"'
    assert button in browser.get(f"/arrears/cut-offs/{cut_off.id}").get_data(as_text=True)
    monkeypatch.setattr(contracts, "restore_many", restore_many)
    browser.post(f"/arrears/cut-offs/{cut_off.id}/undo")
    db.session.expire_all()
    assert batches.is_undoing(cut_off)
    assert button not in browser.get(f"/arrears/cut-offs/{cut_off.id}").get_data(as_text=True)
    with pytest.raises(NotPossible):  # the job is on its way
        batches.undo(cut_off)
    run_jobs()
    assert states(debtors) == ["active"] * 5
    assert {(item.state, item.note) for item in cut_off.items} == {("undone", "")}
    with pytest.raises(NotPossible):
        batches.undo(cut_off)


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


NIGHT = (2026, 11, 12, 23, 30)  # half past eight in the evening, there


def test_nobody_is_cut_by_hand_at_night_unless_somebody_says_why(debtors: list[Contract], frozen: Any,
                                                                 run_jobs: Any) -> None:
    frozen(*NIGHT)
    batch = batches.rehearse()
    with pytest.raises(NotPossible, match="hour without cuts"):
        batches.release(batch, everything=True)
    with pytest.raises(NotPossible):
        batches.release(batch, everything=True, although="  ")
    assert batch.state == "rehearsed" and states(debtors) == ["active"] * 5
    batches.release(batch, everything=True, although="The mast is sold tonight")
    db.session.commit()
    run_jobs()
    assert states(debtors) == ["suspended"] * 5
    noted = db.session.scalars(sa.select(AuditRecord).where(AuditRecord.action == "arrears.run_batch")).one()
    assert noted.reason == "The mast is sold tonight" and "hour without cuts" in str(noted.changes)


def test_nobody_is_cut_by_hand_on_a_free_day(debtors: list[Contract], frozen: Any) -> None:
    frozen(2026, 11, 15, 15)  # a Sunday at noon
    with pytest.raises(NotPossible, match="day without staff"):
        batches.release(batches.rehearse(), everything=True)


def test_a_stage_that_runs_on_into_the_night_goes_on_in_the_morning(
        debtors: list[Contract], frozen: Any, run_jobs: Any, login: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "STEP", 2)
    frozen(2026, 11, 10, 19)
    for one in db.session.scalars(sa.select(Invoice)):
        one.due_date = dt.date(2026, 10, 20)
    db.session.commit()
    batch = batches.rehearse()
    batches.release(batch, everything=True)
    assert batches.run_step(batch.id)
    frozen(2026, 11, 10, 20)  # five in the afternoon: the hour at which cuts end
    db.session.commit()
    run_jobs()
    assert states(debtors).count("suspended") == 2 and batch.state == "running"
    page = login("arrears.view_arrears", "arrears.cut_service").get(f"/arrears/cut-offs/{batch.id}").text
    assert "Sigue solo desde el" in page and 'data-poll="/arrears' not in page
    frozen(2026, 11, 11, 13)  # ten in the morning
    run_jobs()
    assert states(debtors) == ["suspended"] * 5 and batch.state == "done"


def test_the_rehearsal_lists_who_is_spared_and_by_what(debtors: list[Contract], profile: Any, pay: Any,
                                                       login: Any) -> None:
    promised, courtesy, small = debtors[:3]
    services.promise(promised)
    contracts.set_courtesy(courtesy, dt.date(2026, 11, 1), dt.date(2026, 11, 30))
    profile.cut_minimum_debt = 5000
    pay(small, "8000")
    batch = batches.rehearse()
    db.session.commit()
    found = {item.contract_id: item for item in batch.items}
    assert {key for key, item in found.items() if item.state == "spared"} == {promised.id, courtesy.id, small.id}
    assert found[promised.id].note.startswith("promise of payment (until ")
    assert found[courtesy.id].note == "courtesy (until 30/11/2026)" and "5,000.00" in found[small.id].note
    assert batches.counts([batch.id])[batch.id] == {(0, "waiting"): 2}
    client = login("arrears.view_arrears", "arrears.cut_service")
    page = client.get(f"/arrears/cut-offs/{batch.id}?show=spared").text
    assert all(one.number in page for one in debtors[:3]) and debtors[3].number not in page
    page = client.get(f"/arrears/cut-offs/{batch.id}").text
    assert debtors[3].number in page and promised.number not in page


def test_the_screen_asks_for_a_tick_and_a_reason_at_night(debtors: list[Contract], frozen: Any, login: Any,
                                                          run_jobs: Any) -> None:
    frozen(*NIGHT)
    batch = batches.rehearse()
    db.session.commit()
    client, path = login("arrears.view_arrears", "arrears.cut_service"), f"/arrears/cut-offs/{batch.id}"
    assert 'name="although"' in client.get(path).text
    client.post(f"{path}/run", data={"all": "1", "why": "no tick"})
    run_jobs()
    assert states(debtors) == ["active"] * 5
    client.post(f"{path}/run", data={"all": "1", "why": "Order of the court", "although": "1"})
    run_jobs()
    assert states(debtors) == ["suspended"] * 5
    assert "Order of the court" in client.get(path).text
