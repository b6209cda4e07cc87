"""Mass actions: the question with its count, the work chunk by chunk, what is refused and why, stopping, undoing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from core import clock, jobs
from core.db import db
from core.lists import runs
from core.lists.models import Run, RunItem
from core.models import AuditRecord, Company, Job, Membership, User
from core.scope import acting_as, company_scope
from tests.core.test_lists import statements
from tests.core.things import THINGS, Thing, _app, make  # noqa: F401  `_app` takes the place of the run's app

Login = Callable[..., FlaskClient]
RunJobs = Callable[[], int]
MAY = ("core.view_jobs", "core.run_jobs", "core.view_audit")


@pytest.fixture
def browser(login: Login) -> FlaskClient:
    return login(*MAY)


def ask(browser: FlaskClient, action: str = "close", query: str = "", **data: Any) -> Run:
    """Choose rows (all where no id is given) and come to the question."""
    answer = browser.post(f"/things/do/{action}?{query}", data=data or {"all": "1"})
    assert answer.status_code == 303, answer.text
    run = db.session.get_one(Run, int(answer.location.rsplit("/", 1)[1]))
    assert run.state == "prepared"
    return run


def start(browser: FlaskClient, run: Run, **data: str) -> Any:
    return browser.post(f"/runs/{run.id}/start", data=data)


def states(*ids: int) -> list[str]:
    rows = db.session.scalars(sa.select(Thing.state).where(Thing.id.in_(ids)).order_by(Thing.id)) if ids else \
        db.session.scalars(sa.select(Thing.state).order_by(Thing.id))
    return list(rows)


# --- the question --------------------------------------------------------------------------------------


def test_before_anything_happens_count_total_and_sample_are_shown(browser: FlaskClient, company: Company) -> None:
    make(30, company.id, state="open", amount=Decimal("10.00"))
    run = ask(browser)
    page = browser.get(f"/runs/{run.id}").text
    assert "Cerrar: 30 filas" in page and "$300,00" in page and "Todavía no se hizo nada" in page
    assert page.count("<tr><td") == 5
    assert set(states()) == {"open"} and db.session.scalar(sa.select(Job.id)) is None


def test_rows_that_the_action_makes_no_sense_for_are_left_out_and_counted(
    browser: FlaskClient, company: Company, run_jobs: RunJobs
) -> None:
    ids = make(9, company.id)  # every third is closed already
    run = ask(browser, id=[str(one) for one in ids])
    assert run.total == 6
    assert "Quedan fuera 3" in browser.get(f"/runs/{run.id}").text
    start(browser, run)
    run_jobs()
    db.session.refresh(run)
    assert (run.state, run.done, run.failed) == ("done", 6, 0)


@pytest.mark.parametrize("data", [{}, {"id": ""}, {"id": "x"}, {"id": "-1"}, {"id": "٣"}, {"all": "0"}])
def test_who_chose_nothing_is_told_so(browser: FlaskClient, company: Company, data: dict[str, str]) -> None:
    make(3, company.id)
    answer = browser.post("/things/do/close", data=data, headers={"Referer": "http://localhost/things"})
    assert answer.status_code == 303 and answer.location == "/things"
    assert "debe elegir al menos una fila" in browser.get("/things").text
    assert db.session.scalar(sa.select(Run.id)) is None


def test_all_of_a_filter_that_is_not_understood_is_not_everything(browser: FlaskClient, company: Company) -> None:
    make(3, company.id)
    answer = browser.post("/things/do/close?state=lost", data={"all": "1"})
    assert answer.status_code in {303, 409} and db.session.scalar(sa.select(Run.id)) is None


# --- the work --------------------------------------------------------------------------------------------


def test_everything_that_fits_is_worked_on_across_pages_and_chunks(
    browser: FlaskClient, company: Company, other_company: Company, run_jobs: RunJobs
) -> None:
    make(60, other_company.id, state="open")
    ids = make(130, company.id, state="open")
    make(5, company.id, state="open", name="otra")
    run = ask(browser, query="q=cosa")
    assert run.selection["ids"] is None and run.total == 130
    assert start(browser, run).location == f"/runs/{run.id}"
    page = browser.get(f"/runs/{run.id}").text
    assert 'data-poll="/runs/' in page and "0 / 130" in page
    run_jobs()
    page = browser.get(f"/runs/{run.id}").text
    assert "data-poll" not in page and "Abrir lo que se hizo" in page
    assert set(states(*ids)) == {"closed"}
    with company_scope(other_company):
        assert set(states()) == {"open"}
    with company_scope(company):
        assert db.session.scalars(sa.select(Thing.state).where(Thing.name == "otra")).all() == ["open"] * 5
    assert "1–50 de 130" in browser.get(f"/things?of={run.id}").text


def test_rows_that_came_after_the_question_are_not_touched(
    browser: FlaskClient, company: Company, run_jobs: RunJobs
) -> None:
    make(3, company.id, state="open")
    run = ask(browser)
    late = make(2, company.id, state="open")
    start(browser, run)
    run_jobs()
    assert states(*late) == ["open", "open"]


def test_a_row_that_does_not_fit_any_more_is_not_touched(
    browser: FlaskClient, company: Company, run_jobs: RunJobs
) -> None:
    ids = make(3, company.id, state="open")
    run = ask(browser, query="q=cosa")
    db.session.execute(sa.update(Thing).where(Thing.id == ids[0]).values(name="otra"))
    db.session.commit()
    start(browser, run)
    run_jobs()
    assert states(*ids) == ["open", "closed", "closed"]
    assert "Ya no coincidían" in browser.get(f"/runs/{run.id}").text


def test_this_month_stays_the_month_of_the_question(
    browser: FlaskClient, company: Company, run_jobs: RunJobs, frozen: Callable[..., Any]
) -> None:
    frozen(2026, 11, 30, 15)
    november = make(1, company.id, state="open", day=dt.date(2026, 11, 10))
    december = make(1, company.id, state="open", day=dt.date(2026, 12, 10))
    run = ask(browser, query="day=this_month")
    frozen(2026, 12, 1, 15)
    start(browser, run)
    run_jobs()
    assert states(*november, *december) == ["closed", "open"]


def test_what_is_refused_is_listed_with_its_reason_and_the_rest_goes_on(
    browser: FlaskClient, company: Company, run_jobs: RunJobs
) -> None:
    ids = make(25, company.id, state="open", name=lambda n: "faulty" if n == 20 else f"cosa {n}",
               amount=lambda n: Decimal(-1 if n == 3 else 1))
    run = ask(browser)
    start(browser, run)
    run_jobs()
    db.session.refresh(run)
    assert (run.done, run.failed, run.state) == (23, 2, "done")
    page = browser.get(f"/runs/{run.id}").text
    assert "cosa 3 debe menos que nada." in page and "KeyError" in page and "secret detail" not in page
    refused = browser.get(f"/things?of={run.id}-refused").text
    assert "1–2 de 2" in refused and "cosa 3 debe menos que nada." in refused
    assert [row.row_id for row in runs.refused_items(run, 9)] == [ids[3], ids[20]]


def test_a_chunk_that_is_refused_is_halved_until_the_guilty_rows_stand_alone(
    browser: FlaskClient, company: Company, run_jobs: RunJobs
) -> None:
    ids = make(100, company.id, amount=Decimal("1.00"), active=lambda n: n not in {17, 70})
    run = ask(browser, "double")
    start(browser, run)
    run_jobs()
    amounts = dict(db.session.execute(sa.select(Thing.id, Thing.amount)).tuples().all())
    assert [n for n, one in enumerate(ids) if amounts[one] == Decimal("1.00")] == [17, 70]
    assert sum(amounts.values()) == Decimal("198.00")  # nobody was doubled twice
    assert "no está activa" in browser.get(f"/runs/{run.id}").text


def test_the_values_of_the_form_go_to_the_action_and_are_checked(
    browser: FlaskClient, company: Company, run_jobs: RunJobs
) -> None:
    make(3, company.id)
    run = ask(browser, "rename")
    assert start(browser, run, name="").status_code == 422
    assert start(browser, run, name="Nueva").status_code == 303
    run_jobs()
    assert set(db.session.scalars(sa.select(Thing.name))) == {"Nueva"}


def test_a_double_click_begins_once(browser: FlaskClient, company: Company, run_jobs: RunJobs) -> None:
    make(3, company.id, amount=Decimal("1.00"))
    run = ask(browser, "double")
    assert [start(browser, run).status_code for _click in range(2)] == [303, 303]
    run_jobs()
    assert set(db.session.scalars(sa.select(Thing.amount))) == {Decimal("2.00")}


def test_a_killed_run_goes_on_after_the_last_chunk_that_was_kept(
    browser: FlaskClient, company: Company, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(100, company.id, amount=Decimal("1.00"))
    run = ask(browser, "double")
    start(browser, run)
    real, calls = THINGS.action("double").apply, []  # type: ignore[union-attr]

    def once(ids: Any, values: Any) -> Any:
        calls.append(len(ids))
        if len(calls) == 2:
            real(ids, values)  # type: ignore[misc]
            raise OperationalError("UPDATE", {}, Exception("database is locked"))
        return real(ids, values)  # type: ignore[misc]

    object.__setattr__(THINGS.action("double"), "apply", once)
    try:
        run_jobs()
        db.session.refresh(run)
        assert (run.state, run.done) == ("queued", 64)
        with clock.freeze(clock.now() + dt.timedelta(minutes=5)):
            run_jobs()
    finally:
        object.__setattr__(THINGS.action("double"), "apply", real)
    db.session.refresh(run)
    assert (run.state, run.done, calls) == ("done", 100, [64, 36, 36])
    assert set(db.session.scalars(sa.select(Thing.amount))) == {Decimal("2.00")}


def test_a_run_is_stopped_between_chunks_and_goes_on(
    browser: FlaskClient, company: Company, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make(30, company.id, state="open")
    run = ask(browser)
    start(browser, run)
    keep = jobs.checkpoint

    def stop_meanwhile() -> None:
        db.session.execute(sa.update(Run).where(Run.id == run.id, Run.last_id > 0).values(stop_asked=True))
        keep()

    monkeypatch.setattr(jobs, "checkpoint", stop_meanwhile)
    run_jobs()
    monkeypatch.undo()
    db.session.refresh(run)
    assert (run.state, run.done) == ("stopped", 10)
    assert "Sin alcanzar" in browser.get(f"/runs/{run.id}").text
    browser.post(f"/runs/{run.id}/go_on")
    run_jobs()
    assert set(states(*ids)) == {"closed"}


def test_a_job_that_gave_up_is_told_and_can_go_on(
    browser: FlaskClient, company: Company, run_jobs: RunJobs
) -> None:
    make(3, company.id, state="open")
    run = ask(browser)
    start(browser, run)
    job = db.session.get_one(Job, run.job_id)
    job.state, job.error = "failed", "its worker was killed"
    db.session.commit()
    page = browser.get(f"/runs/{run.id}").text
    assert "its worker was killed" in page and "data-poll" not in page
    browser.post(f"/runs/{run.id}/go_on")
    run_jobs()
    assert set(states()) == {"closed"}


# --- undo ------------------------------------------------------------------------------------------------


def test_what_was_done_is_put_back_once_and_only_that(
    browser: FlaskClient, company: Company, run_jobs: RunJobs
) -> None:
    ids = make(12, company.id)
    before = states(*ids)
    run = ask(browser)
    start(browser, run)
    run_jobs()
    extra = make(1, company.id, state="closed")
    page = browser.get(f"/runs/{run.id}").text
    assert ">Deshacer</button>" in page
    assert browser.post(f"/runs/{run.id}/undo").status_code == 303
    browser.post(f"/runs/{run.id}/undo")
    run_jobs()
    assert states(*ids) == before and states(*extra) == ["closed"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Run).where(Run.undo_of_id == run.id)) == 1
    assert ">Deshacer</button>" not in browser.get(f"/runs/{run.id}").text


def test_an_action_without_a_way_back_offers_none(browser: FlaskClient, company: Company, run_jobs: RunJobs) -> None:
    make(1, company.id)
    run = ask(browser, "double")
    start(browser, run)
    run_jobs()
    assert ">Deshacer</button>" not in browser.get(f"/runs/{run.id}").text
    browser.post(f"/runs/{run.id}/undo")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Run)) == 1


# --- who --------------------------------------------------------------------------------------------------


def test_a_run_is_seen_by_who_asked_and_by_who_may_see_those_of_others(
    login: Login, company: Company, other_company: Company
) -> None:
    make(3, company.id, state="open")
    run = ask(login(*MAY))
    assert login(*MAY).get(f"/runs/{run.id}").status_code == 403
    assert start(login(*MAY), run).status_code in {303, 403, 409}
    db.session.refresh(run)
    assert run.state == "prepared"
    assert login(*MAY, "core.view_runs").get(f"/runs/{run.id}").status_code == 200
    assert login("core.view_runs").get(f"/runs/{run.id}").status_code == 403
    run.company_id = other_company.id
    db.session.commit()
    assert login(*MAY, "core.view_runs").get(f"/runs/{run.id}").status_code == 404


def test_who_lost_the_permission_meanwhile_changes_nothing(
    browser: FlaskClient, company: Company, run_jobs: RunJobs
) -> None:
    make(3, company.id, state="open")
    run = ask(browser)
    start(browser, run)
    db.session.execute(sa.delete(Membership))
    db.session.commit()
    run_jobs()
    db.session.refresh(run)
    assert run.state == "stopped" and "no tiene el permiso" in run.error
    assert set(states()) == {"open"}


def test_the_list_of_runs_shows_one_s_own(login: Login, company: Company, run_jobs: RunJobs) -> None:
    make(3, company.id, state="open")
    first = login(*MAY)
    run = ask(first)
    start(first, run)
    run_jobs()
    assert "Cosas: Cerrar" in first.get("/runs").text
    assert "Cosas: Cerrar" not in login(*MAY).get("/runs").text
    assert "Cosas: Cerrar" in login(*MAY, "core.view_runs").get("/runs?kind=action").text


def test_a_run_is_in_the_record_of_who_did_what(
    browser: FlaskClient, company: Company, run_jobs: RunJobs, make_user: Callable[..., User]
) -> None:
    make(3, company.id, state="open", amount=lambda n: Decimal(n - 1))
    run = ask(browser)
    start(browser, run)
    run_jobs()
    entry = db.session.scalars(sa.select(AuditRecord).where(AuditRecord.action == "core.run_action")).one()
    assert entry.user_id == run.user_id
    assert entry.changes == {"list": "test.things", "action": "close", "done": 2, "refused": 1}


def test_runs_and_their_rows_are_forgotten_in_time(
    browser: FlaskClient, company: Company, run_jobs: RunJobs
) -> None:
    make(3, company.id, state="open")
    old, asked = ask(browser), ask(browser)
    start(browser, old)
    run_jobs()
    browser.post(f"/runs/{old.id}/undo")
    run_jobs()
    ids = (old.id, asked.id)
    with clock.freeze(clock.now() + dt.timedelta(days=2)):
        runs_left(ids, run_jobs, {old.id})
    with clock.freeze(clock.now() + dt.timedelta(days=91)):
        runs_left(ids, run_jobs, set())
    assert db.session.scalar(sa.select(sa.func.count()).select_from(RunItem)) == 0


def runs_left(ids: tuple[int, ...], run_jobs: RunJobs, expected: set[int]) -> None:
    with acting_as(None):
        jobs.enqueue("core.lists.keeping.tidy")
        db.session.commit()
        run_jobs()
    assert set(db.session.scalars(sa.select(Run.id).where(Run.id.in_(ids)))) == expected


def test_the_word_of_a_state_is_never_alone(browser: FlaskClient, company: Company, run_jobs: RunJobs) -> None:
    make(1, company.id, state="open")
    run = ask(browser)
    start(browser, run)
    assert re.search(r'badge badge-warn">.*?en espera', browser.get(f"/runs/{run.id}").text, re.DOTALL)
    run_jobs()
    assert re.search(r'badge badge-ok">.*?hecho', browser.get(f"/runs/{run.id}").text, re.DOTALL)


def test_the_list_of_runs_costs_the_same_for_any_number_of_them(
    browser: FlaskClient, company: Company, run_jobs: RunJobs
) -> None:
    counts = []
    for more in (1, 6):
        for _n in range(more):
            make(1, company.id, state="open")
            run = ask(browser)
            start(browser, run)
            run_jobs()
            browser.post(f"/runs/{run.id}/undo")
            run_jobs()
        with statements("core_list_run") as seen, statements("core_job") as jobs_seen:
            assert "deshacer" in browser.get("/runs").text
        counts.append(len(seen) + len(jobs_seen))
    assert counts[0] == counts[1] <= 5
