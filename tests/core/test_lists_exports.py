"""Exports: what stands in the files, what a spreadsheet program may not run, big ones in the background, who may."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas

from core import clock, jobs, storage
from core.db import db, is_postgresql
from core.exports import csv_file
from core.lists import places, runs
from core.lists.cells import harmless
from core.lists.models import Run, RunItem
from core.models import AuditRecord, Company, Membership, StoredFile, User
from core.scope import acting_as, company_scope
from tests.core.things import _app, make  # noqa: F401  `_app` takes the place of the run's app

Login = Callable[..., FlaskClient]
RunJobs = Callable[[], int]
NASTY = ['=HYPERLINK("http://evil";"x")', "+1+1", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1",
         '"; DROP TABLE x; --%s %(x)s \\', "Ñandú 100% «ok»", "línea\npartida", "+5493584000000", "-12,5", ""]


@pytest.fixture
def browser(login: Login) -> FlaskClient:
    return login("core.view_jobs")


def export(browser: FlaskClient, kind: str, query: str = "", **data: Any) -> Any:
    return browser.post(f"/things/export?{query}", data={"kind": kind, "columns": "all", **data})


def read_csv(data: bytes, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def finished(browser: FlaskClient, answer: Any, run_jobs: RunJobs) -> Run:
    """The export that was put into the background, once it is done."""
    assert answer.status_code == 303, answer.text
    run_jobs()
    run = db.session.get_one(Run, int(answer.location.rsplit("/", 1)[1]), populate_existing=True)
    assert run.state == "done", run.error
    return run


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five rows are many: what is more goes to the background."""
    monkeypatch.setattr(places, "AT_ONCE", 5)
    monkeypatch.setattr(places, "PAPERS_AT_ONCE", 5)


@pytest.fixture
def two(company: Company, make_user: Callable[..., User]) -> User:
    """Two things with every kind of value, and the owner of the second."""
    owner = make_user()
    make(2, company.id, name=lambda n: ["Ñandú", "segunda"][n], day=dt.date(2026, 11, 3), state="open",
         at=dt.datetime(2026, 11, 4, 2, 30, 15, tzinfo=dt.UTC),
         amount=lambda n: [Decimal("-1234.50"), Decimal("0.05")][n],
         rate=lambda n: [Decimal("0.035"), None][n], active=lambda n: n == 1, owner_id=lambda n: [None, owner.id][n])
    return owner


# --- what stands in the files -------------------------------------------------------------------------------


@pytest.mark.parametrize("background", [False, True])
def test_a_csv_for_spreadsheets_is_written_as_argentines_read(
    browser: FlaskClient, two: User, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch, background: bool
) -> None:
    if background:
        monkeypatch.setattr(places, "AT_ONCE", 1)
    answer = export(browser, "csv", "sort=name")
    data = storage.read(finished(browser, answer, run_jobs).file) if background else answer.data
    assert data.startswith(b"\xef\xbb\xbf")
    header, *rows = read_csv(data, ";")
    assert header == ["Nombre", "Día", "Momento", "Estado", "Importe", "Tasa", "Activa", "Dueño", "En voz alta"]
    assert sorted(rows) == sorted([
        ["Ñandú", "03/11/2026", "03/11/2026 23:30:15", "Abierta", "-1234,50", "0,035000", "no", "", "ÑANDÚ"],
        ["segunda", "03/11/2026", "03/11/2026 23:30:15", "Abierta", "0,05", "", "sí", "Ana", "SEGUNDA"]])


def test_both_ways_of_writing_a_csv_write_the_same(
    browser: FlaskClient, company: Company, two: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[int] = []
    real = csv_file.write_by_copy
    monkeypatch.setattr(csv_file, "write_by_copy", lambda *a, **v: copied.append(real(*a, **v)) or copied[-1])
    make(len(NASTY), company.id, name=lambda n: NASTY[n], amount=lambda n: Decimal(n * 7 - 30).scaleb(-2),
         rate=lambda n: Decimal(n - 3).scaleb(-6), owner_id=two.id)
    columns = "cols=name,day,at,state,amount,rate,active,owner"
    for kind, delimiter in (("csv", ";"), ("csv_plain", ",")):
        fast = export(browser, kind, f"{columns}&sort=name", columns="shown").data
        slow = export(browser, kind, f"{columns},loud&sort=name", columns="shown").data
        assert [row[:8] for row in read_csv(slow, delimiter)] == read_csv(fast, delimiter)
    assert copied == ([13, 13] if is_postgresql() else [])


@pytest.mark.parametrize("text", [text.strip() for text in NASTY if text.strip()] + ["\\'", "%(name)s", "\x00=", "€"])
def test_what_is_looked_for_is_never_part_of_the_statement(browser: FlaskClient, company: Company, text: str) -> None:
    make(len(NASTY), company.id, name=lambda n: NASTY[n])
    answer = browser.post("/things/export", query_string={"q": text, "cols": "name", "sort": "name"},
                          data={"kind": "csv", "columns": "shown"})
    wanted = {harmless(one) for one in NASTY if text.replace("\x00", "").lower() in one.lower()}
    rows = {row[0] for row in read_csv(answer.data, ";")[1:]} if answer.status_code == 200 else set()
    assert rows == wanted


def test_a_csv_for_programs_has_iso_dates_and_points(browser: FlaskClient, two: User) -> None:
    data = export(browser, "csv_plain", "q=segunda&cols=name,at,amount,active", columns="shown").data
    assert data == b"Nombre,Momento,Importe,Activa\r\nsegunda,2026-11-03 23:30:15,0.05,true\r\n"


def test_an_xlsx_has_real_numbers_and_dates(browser: FlaskClient, two: User) -> None:
    answer = export(browser, "xlsx", "sort=name")
    assert "cosas-" in answer.headers["Content-Disposition"] and answer.headers["Content-Disposition"].endswith(".xlsx")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0][:5] == ["Nombre", "Día", "Momento", "Estado", "Importe"]
    by_name = {row[0]: row for row in rows[1:]}
    assert by_name["Ñandú"][1:7] == [dt.datetime(2026, 11, 3), dt.datetime(2026, 11, 3, 23, 30, 15), "Abierta", -1234.5,
                                     0.035, "no"]
    formats = {cell.column_letter: cell.number_format for cell in list(sheet.iter_rows())[1]}
    assert (formats["B"], formats["C"], formats["E"]) == ("dd/mm/yyyy", "dd/mm/yyyy hh:mm:ss", "#,##0.00")


def test_nothing_that_people_wrote_is_run_by_a_spreadsheet_program(browser: FlaskClient, company: Company) -> None:
    make(len(NASTY), company.id, name=lambda n: NASTY[n])
    cells = {row[0] for row in read_csv(export(browser, "csv").data, ";")[1:]}
    assert cells == {harmless(text) for text in NASTY}
    assert not [text for text in cells if text.startswith(("=", "@", "\t")) or text in ("+1+1", "-cmd|' /C calc'!A0")]
    assert {"+5493584000000", "-12,5"} <= cells  # numbers do no harm, and stay numbers
    sheet = load_workbook(io.BytesIO(export(browser, "xlsx").data)).active
    assert sheet is not None
    found = [cell for row in sheet.iter_rows(min_row=2, max_col=1) for cell in row]
    assert all(cell.data_type in {"s", "inlineStr", "n"} and cell.data_type != "f" for cell in found)
    assert '=HYPERLINK("http://evil";"x")' in {cell.value for cell in found}


def test_the_order_and_the_filter_of_the_screen_are_those_of_the_file(browser: FlaskClient, company: Company) -> None:
    make(30, company.id)
    for sort in ("name", "-name"):
        rows = read_csv(export(browser, "csv", f"state=closed&sort={sort}&cols=name", columns="shown").data, ";")[1:]
        assert [row[0] for row in rows] == sorted([f"cosa {n:06d}" for n in range(0, 30, 3)], reverse=sort == "-name")


def test_only_ticked_rows_are_exported_where_there_are_any(browser: FlaskClient, company: Company) -> None:
    ids = make(9, company.id)
    rows = read_csv(export(browser, "csv", "q=nothing", id=[str(ids[2]), str(ids[5])]).data, ";")[1:]
    assert {row[0] for row in rows} == {"cosa 000002", "cosa 000005"}


@pytest.mark.parametrize("columns", ["shown", "all"])
def test_no_row_of_another_company_is_in_a_file(
    browser: FlaskClient, company: Company, other_company: Company, run_jobs: RunJobs, few: None, columns: str
) -> None:
    """By COPY, by the session, and through records; ticked or not; at once and in the background."""
    theirs = make(20, other_company.id, name="ajena")
    mine = make(3, company.id)
    assert b"ajena" not in export(browser, "csv", columns=columns).data
    assert b"ajena" not in export(browser, "csv", columns=columns, id=[str(one) for one in [*theirs[:2], mine[0]]]).data
    make(7, company.id)
    data = storage.read(finished(browser, export(browser, "csv", columns=columns), run_jobs).file)
    assert b"ajena" not in data and data.count(b"\r\n") == 11


def test_nothing_to_export_is_said(browser: FlaskClient, company: Company) -> None:
    assert export(browser, "csv").location == "/things"
    assert "ninguna fila coincide" in browser.get("/things").text
    assert export(browser, "doc").status_code == 400


# --- in the background ---------------------------------------------------------------------------------------


def test_a_big_export_goes_on_without_the_browser_and_gives_a_file(
    browser: FlaskClient, company: Company, run_jobs: RunJobs, few: None
) -> None:
    make(12, company.id)
    answer = export(browser, "xlsx")
    page = browser.get(answer.location).text
    assert "data-poll" in page and "/ 12" in page
    run = finished(browser, answer, run_jobs)
    page = browser.get(answer.location).text
    assert "data-poll" not in page and f"/runs/{run.id}/file" in page
    got = browser.get(f"/runs/{run.id}/file")
    assert got.status_code == 200 and "attachment" in got.headers["Content-Disposition"]
    assert len(got.data) == run.file.size  # type: ignore[union-attr]
    assert load_workbook(io.BytesIO(got.data)).active.max_row == 13  # type: ignore[union-attr]


def test_a_double_click_makes_one_export(browser: FlaskClient, company: Company, few: None) -> None:
    make(12, company.id)
    places_seen = {export(browser, "csv", form_key="abc").location for _click in range(2)}
    assert len(places_seen) == 1
    assert export(browser, "xlsx", form_key="abc").location not in places_seen


def test_rows_that_came_after_the_question_are_not_in_the_file(
    browser: FlaskClient, company: Company, run_jobs: RunJobs, few: None
) -> None:
    make(12, company.id)
    answer = export(browser, "csv")
    make(5, company.id)
    assert finished(browser, answer, run_jobs).done == 12


def test_the_link_is_for_who_asked(login: Login, company: Company, run_jobs: RunJobs, few: None) -> None:
    make(12, company.id)
    mine = login("core.view_jobs")
    run = finished(mine, export(mine, "csv"), run_jobs)
    assert mine.get(f"/runs/{run.id}/file").status_code == 200
    assert login("core.view_jobs").get(f"/runs/{run.id}/file").status_code == 403
    assert login("core.view_runs").get(f"/runs/{run.id}/file").status_code == 403
    assert login("core.view_jobs", "core.view_runs").get(f"/runs/{run.id}/file").status_code == 200


def test_who_may_not_see_the_list_any_more_gets_no_file(
    login: Login, company: Company, run_jobs: RunJobs, few: None
) -> None:
    make(12, company.id)
    mine = login("core.view_jobs")
    run = finished(mine, export(mine, "csv"), run_jobs)
    db.session.execute(sa.delete(Membership))
    db.session.commit()
    assert mine.get(f"/runs/{run.id}/file").status_code in {403, 404}


def test_the_file_goes_when_its_time_is_over(
    login: Login, company: Company, run_jobs: RunJobs, few: None, instance: Path
) -> None:
    make(12, company.id)
    browser = login("core.view_jobs", "core.view_runs")
    run = finished(browser, export(browser, "csv"), run_jobs)
    sha256 = run.file.sha256  # type: ignore[union-attr]
    path = instance / "files" / sha256[:2] / sha256
    assert path.exists()
    os.utime(path, (0, 0))  # it is older than an hour
    with clock.freeze(clock.now() + runs.KEEP_FILES + dt.timedelta(minutes=1)):
        browser = login("core.view_jobs", "core.view_runs")
        assert browser.get(f"/runs/{run.id}/file").status_code == 409
        with acting_as(None):
            jobs.enqueue("core.lists.keeping.tidy")
            db.session.commit()
            run_jobs()
        page = browser.get(f"/runs/{run.id}")
    assert not path.exists() and db.session.scalar(sa.select(StoredFile.id)) is None
    assert "se eliminó al cumplirse su plazo" in page.text


def test_content_that_another_file_shares_stays(
    browser: FlaskClient, company: Company, run_jobs: RunJobs, few: None, instance: Path
) -> None:
    make(12, company.id)
    run = finished(browser, export(browser, "csv"), run_jobs)
    kept = storage.store(storage.read(run.file), "otra.csv", "text/csv")  # type: ignore[arg-type]
    db.session.commit()
    with clock.freeze(clock.now() + runs.KEEP_FILES + dt.timedelta(minutes=1)), acting_as(None):
        jobs.enqueue("core.lists.keeping.tidy")
        db.session.commit()
        run_jobs()
    assert len(storage.read(kept.id)) == kept.size


# --- the record -------------------------------------------------------------------------------------------------


def test_who_exported_what_and_how_many_rows_is_written_down(
    browser: FlaskClient, company: Company, run_jobs: RunJobs, few: None
) -> None:
    make(12, company.id)
    export(browser, "csv", "q=00001")
    finished(browser, export(browser, "xlsx"), run_jobs)
    entries = list(db.session.scalars(sa.select(AuditRecord).where(AuditRecord.action == "core.export")
                                      .order_by(AuditRecord.id)))
    assert [(one.changes["kind"], one.changes["rows"]) for one in entries] == [("csv", 3), ("xlsx", 12)]
    assert entries[0].changes["filters"] == ["Buscar: 00001"] and entries[0].user_id == entries[1].user_id is not None
    assert entries[0].company_id == company.id


def test_what_a_run_refused_is_exported_with_its_reasons(
    login: Login, company: Company, run_jobs: RunJobs
) -> None:
    browser = login("core.view_jobs", "core.run_jobs")
    make(3, company.id, state="open", amount=lambda n: Decimal(n - 1))
    run_id = browser.post("/things/do/close", data={"all": "1"}).location.rsplit("/", 1)[1]
    browser.post(f"/runs/{run_id}/start")
    run_jobs()
    refused = str(db.session.scalars(sa.select(RunItem.row_id).where(RunItem.ok.is_(False))).one())
    for data in ({}, {"id": [refused]}):
        header, *rows = read_csv(export(browser, "csv", f"of={run_id}-refused", **data).data, ";")
        assert header[-1] == "Por qué no" and [row[-1] for row in rows] == ["cosa 000000 debe menos que nada."]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "AT_ONCE", 1)
        assert finished(browser, export(browser, "csv", f"of={run_id}"), run_jobs).done == 2


# --- papers --------------------------------------------------------------------------------------------------------


def paper(text: str, pages: int = 1) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    for page in range(pages):
        canvas.drawString(72, 700, f"{text} {page + 1}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@pytest.fixture
def papers(company: Company) -> list[int]:
    """Six things with PDFs of one and two pages; a seventh without, an eighth whose PDF is none."""
    files = [storage.store(paper(f"papel {n}", 1 + n % 2), "papel.pdf", "application/pdf").id for n in range(6)]
    broken = storage.store(b"no pdf", "roto.pdf", "application/pdf").id
    return make(8, company.id, day=dt.date(2026, 11, 3), file_id=lambda n: [*files, None, broken][n])


def texts(data: bytes) -> list[str]:
    return [page.extract_text().strip() for page in PdfReader(io.BytesIO(data)).pages]


def test_the_papers_of_a_selection_become_one(browser: FlaskClient, papers: list[int]) -> None:
    answer = export(browser, "pdf", "sort=name", id=[str(one) for one in papers[1:4]])
    assert answer.mimetype == "application/pdf" and "inline" in answer.headers["Content-Disposition"]
    assert texts(answer.data) == ["papel 1 1", "papel 1 2", "papel 2 1", "papel 3 1", "papel 3 2"]


def test_papers_that_are_missing_or_broken_are_listed_and_the_rest_is_joined(
    browser: FlaskClient, papers: list[int], run_jobs: RunJobs, few: None
) -> None:
    run = finished(browser, export(browser, "pdf", "sort=name"), run_jobs)
    assert len(texts(storage.read(run.file))) == 9  # type: ignore[arg-type]
    assert (run.done, run.failed) == (6, 2)
    page = browser.get(f"/runs/{run.id}").text
    assert "No tiene PDF." in page and "No se puede leer su PDF" in page
    assert sorted(db.session.scalars(sa.select(RunItem.row_id))) == papers[6:]


def test_a_zip_holds_every_paper_under_a_name_of_its_own(
    browser: FlaskClient, papers: list[int], run_jobs: RunJobs, few: None
) -> None:
    run = finished(browser, export(browser, "zip", "sort=name"), run_jobs)
    with zipfile.ZipFile(io.BytesIO(storage.read(run.file))) as archive:  # type: ignore[arg-type]
        assert archive.testzip() is None
        assert archive.namelist()[:3] == ["papel.pdf", "papel (2).pdf", "papel (3).pdf"]
        assert texts(archive.read("papel (2).pdf")) == ["papel 1 1", "papel 1 2"]
    assert run.failed == 1


def test_a_bundle_holds_the_kinds_that_were_ticked_in_a_folder_for_each_row(
    browser: FlaskClient, company: Company, run_jobs: RunJobs, few: None
) -> None:
    ids = make(60, company.id, state="open")
    closed = make(1, company.id, state="closed")
    run = finished(browser, export(browser, "bundle", "sort=id", part=["name", "day"]), run_jobs)
    with zipfile.ZipFile(io.BytesIO(storage.read(run.file))) as archive:  # type: ignore[arg-type]
        names = archive.namelist()
        assert len(names) == 120 and not any(".." in name for name in names)
        assert {name.split("/")[1] for name in names} == {str(one) for one in ids}
        assert archive.getinfo(names[0]).compress_type == zipfile.ZIP_DEFLATED
    assert (run.done, run.failed) == (60, 1)
    assert db.session.scalars(sa.select(RunItem.row_id).where(RunItem.run_id == run.id)).all() == closed


def test_a_small_bundle_comes_at_once(browser: FlaskClient, company: Company) -> None:
    ids = make(3, company.id, state="open")
    answer = export(browser, "bundle", id=[str(ids[1])], part=["name"])
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert [name.rsplit("/", 2)[1:] for name in archive.namelist()] == [[str(ids[1]), "name.txt"]]


def test_a_bundle_of_nothing_says_what_to_tick(browser: FlaskClient, company: Company) -> None:
    make(1, company.id)
    answer = export(browser, "bundle")
    page = browser.get(answer.location).text
    assert answer.status_code == 303 and "debe marcar" in page
    assert page.count('value="bundle"') == 2 and 'name="part" value="name"' in page


def test_a_paper_of_another_company_is_not_read(
    browser: FlaskClient, company: Company, other_company: Company
) -> None:
    with company_scope(other_company):
        foreign = storage.store(paper("ajeno"), "a.pdf", "application/pdf").id
    ids = make(1, company.id, file_id=foreign)
    answer = export(browser, "pdf", id=[str(ids[0])])
    assert answer.status_code == 303 and "No tiene PDF." in browser.get("/things").text


def test_a_selection_is_plain_json(browser: FlaskClient, company: Company, few: None) -> None:
    make(12, company.id)
    export(browser, "csv", "day=this_year&sort=name")
    run = db.session.scalars(sa.select(Run)).one()
    packed = json.loads(json.dumps(run.selection))
    assert packed["ids"] is None and packed["args"]["sort"] == ["name"] and "day_from" in packed["args"]


def test_the_app_runs_the_schedule(app: Flask) -> None:
    assert "core.lists.keeping.tidy" in jobs.schedules
