"""Lists over 100,000 rows: any page costs what the first one costs, files are written in constant memory."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core import companies, jobs, storage
from core.db import db, is_postgresql
from core.lists import output, runs, work
from core.lists.ask import Ask
from core.lists.models import Run
from core.lists.query import Query
from core.lists.selection import Selection, everything
from core.models import Company, Job, User
from core.scope import acting_as, company_scope
from core.security import hash_password
from tests.core.test_lists import link, names, statements
from tests.core.things import THINGS, Thing, app_with_things, make
from tests.installation import fresh_database

MANY = 100_000


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An app with 100,000 things of one company, on a database that really commits."""
    folder: Path = tmp_path_factory.mktemp("big")
    with fresh_database(folder) as url, app_with_things(folder, url) as app:
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            company = companies.create_company("AR", "Grande S.A.", "30990000103", code="grande")
            db.session.add(User(email="a@example.com", name="Ana", is_admin=True, locale="es",
                                password_hash=hash_password("correct horse")))
            db.session.commit()
            make(MANY, company.id)
            if is_postgresql():
                db.session.execute(sa.text("ANALYZE test_thing"))
                db.session.commit()
        yield app


@pytest.fixture
def here(big: Flask) -> Iterator[Company]:
    """Inside the app, as its administrator."""
    with big.app_context():
        company = db.session.scalars(sa.select(Company)).one()
        user_id = db.session.scalar(sa.select(User.id))
        with company_scope(company.id), acting_as(user_id):
            yield company
        db.session.rollback()


@pytest.fixture
def browser(big: Flask) -> FlaskClient:
    client = big.test_client()
    client.post("/login", data={"email": "a@example.com", "password": "correct horse"})
    return client


def ask(**args: str) -> Ask:
    return Ask.of(THINGS, {name: [value] for name, value in args.items()}, endpoint="things.things")


# --- pages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["-day", "day", "name", "-name"])
def test_every_depth_costs_the_same_statements(browser: FlaskClient, big: Flask, sort: str) -> None:
    counts, url = [], f"/things?size=50&sort={sort}"
    first = browser.get(url).text
    deep = link(browser.get(link(first, "Última") or "").text, "Anterior")
    for address in (url, link(first, "Siguiente"), link(first, "Última"), deep):
        with statements() as seen:
            page = browser.get(address or "").text
        counts.append((len(names(page)), len(seen)))
    assert counts == [(50, 2)] * 4
    assert "1–50 de más de 10.000" in first


@pytest.mark.parametrize("sort", ["-day", "name"])
def test_a_page_in_the_middle_reads_no_more_rows_than_it_shows(here: Company, sort: str) -> None:
    middle = db.session.scalars(sa.select(Thing).where(Thing.name == f"cosa {MANY // 2:06d}")).one()
    keys = [middle.day if sort == "-day" else middle.name, middle.id]
    with db.session.no_autoflush:
        url_args = {"sort": sort, "size": "50"}
        asked = ask(**url_args)
        from flask import current_app

        with current_app.test_request_context("/things"):
            token = asked.beyond("after", keys, 0).split("after=")[1].split("&")[0]
        asked = ask(**url_args, after=token)
        assert asked.place.keys == keys
        with caught() as seen:
            lines, _keys, more = Query(asked).page(asked.columns)
    assert len(lines) == 50 and more
    assert reads_few_rows(*seen[-1])


@contextmanager
def caught() -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []
    listener = lambda conn, cursor, text, values, *rest: seen.append((text, values))  # noqa: E731
    sa.event.listen(sa.Engine, "before_cursor_execute", listener)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listener)


def reads_few_rows(text: str, values: Any) -> bool:
    """Whether the database finds the page by an index, and looks at about as many rows as it holds."""
    connection = db.session.connection()
    if is_postgresql():
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {text}", values).scalar()
        plan = json.loads(plan) if isinstance(plan, str) else plan
        return all(node["Actual Rows"] * node["Actual Loops"] <= 60 for node in nodes(plan[0]["Plan"]))
    plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values))
    inner = plan.split("SEARCH", 2)[1]
    return "USING COVERING INDEX ix_test_thing" in inner and "(company_id=? AND" in inner


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def test_counting_stops(here: Company) -> None:
    found = Query(ask()).count()
    assert (found.number, found.more) == (10_000, True)
    assert Query(ask()).exact() == MANY
    few = Query(ask(q="cosa 09999")).count()
    assert (few.number, few.more) == (10, False)


# --- files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "columns", "few", "many"), [
    ("csv", "name,day,amount", 10_000, MANY), ("csv", "name,loud", 2_000, 6_000),
    ("xlsx", "name,day,amount", 11_000, 16_000)])  # fmt: skip
def test_memory_does_not_grow_with_the_rows(
    here: Company, tmp_path: Path, kind: str, columns: str, few: int, many: int
) -> None:
    def peak(rows: int) -> int:
        query = Selection({"sort": ["name"]}, upto=rows).query(THINGS)
        made = output.Output(THINGS, kind, query, output.chosen(THINGS, columns.split(",")))
        tracemalloc.start()
        with output.snapshot() as source:
            made.write(tmp_path / "file", source)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert made.rows == rows
        return used

    peak(100)  # what is imported and cached at the first use
    small, large = peak(few), peak(many)
    assert large < small + 1_000_000


def asked_export(kind: str = "csv") -> Run:
    run = runs.ask_export(THINGS, kind, everything(ask(sort="name")), {"columns": ["name", "state"]}, total=MANY)
    db.session.commit()
    return run


def work_on(run: Run) -> Run:
    jobs.run(run.job_id or 0)
    return db.session.get_one(Run, run.id, populate_existing=True)


def test_progress_is_seen_while_the_file_grows_and_the_file_is_of_one_moment(
    here: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "TELL_EVERY", 0.0)
    progress: list[int] = []
    real = jobs.checkpoint

    def look() -> None:
        real()
        with db.engine.connect() as other:  # as another process sees it
            progress.append(other.execute(sa.text("SELECT max(done) FROM core_list_run")).scalar() or 0)
        if len(progress) == 3:  # somebody closes everything meanwhile
            db.session.execute(sa.update(Thing).values(state="closed").execution_options(synchronize_session=False))
            db.session.commit()

    monkeypatch.setattr(jobs, "checkpoint", look)
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Thing).where(Thing.state == "open"))
    run = work_on(asked_export())
    assert (run.state, run.done) == ("done", MANY)
    assert progress == sorted(progress) and len(set(progress)) > 5
    assert storage.read(run.file_id or 0).count(b"Abierta") == before
    db.session.execute(sa.update(Thing).where(Thing.id % 3 != 1).values(state="open")
                       .execution_options(synchronize_session=False))
    db.session.commit()


def test_a_file_that_grows_can_be_stopped(here: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "TELL_EVERY", 0.0)
    run = asked_export()
    runs.stop(run)
    db.session.commit()
    run = work_on(run)
    assert (run.state, run.file_id) == ("stopped", None) and 0 < run.done < MANY
    assert not list(Path(storage.backend().root).glob("*.part"))  # type: ignore[attr-defined]


def test_a_file_that_could_not_be_kept_is_tried_again(
    here: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any) -> Any:
        raise storage.StorageUnavailable("The disk is full.")

    run = asked_export()
    monkeypatch.setattr(storage, "store_path", full)
    run = work_on(run)
    job = db.session.get_one(Job, run.job_id, populate_existing=True)
    assert (run.state, job.state, job.error) == ("queued", "pending", "The disk is full.")
    monkeypatch.undo()
    job.run_at = job.created_at
    db.session.commit()
    assert work_on(run).state == "done"


def test_all_rows_are_worked_on_in_chunks_of_few_statements(here: Company, run_all: Callable[[Run], Run]) -> None:
    action = THINGS.action("close")
    assert action is not None
    run = runs.prepare(THINGS, action, everything(ask(q="cosa 0001")))
    runs.start(run)
    db.session.commit()
    open_before = run.total
    run = run_all(run)
    assert (run.state, run.done) == ("done", open_before) and 0 < open_before <= 100


@pytest.fixture
def run_all() -> Callable[[Run], Run]:
    return work_on
