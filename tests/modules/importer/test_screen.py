"""Import on screen: upload, look, correct, load, take the refused rows back."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Job, Lease
from modules.crm.models import Customer
from modules.importer import jobs, runs, targets
from modules.importer.loading import Loader
from modules.importer.models import ImportRun

DATA = Path(__file__).parents[2] / "data" / "import"
AR = "planilla_ar_latin1.csv"
MAY = "importer.import_customers"


def text(response):
    return re.sub(r"\s+", " ", response.get_data(as_text=True))


def upload(browser, data, name="x.csv"):
    answer = browser.post("/imports/", data={"file": (io.BytesIO(data), name)})
    assert answer.status_code == 302, text(answer)
    return answer


@pytest.fixture
def uploaded(login, company):
    browser = login(MAY)
    answer = browser.post("/imports/", data={"file": (io.BytesIO((DATA / AR).read_bytes()), AR)})
    assert answer.status_code == 302, text(answer)
    return browser, answer.location


def test_an_uploaded_file_shows_what_would_happen_and_loads_nothing(uploaded):
    browser, address = uploaded
    page = text(browser.get(address))
    assert "170.450,00" in page and "20-12345678-9" in page
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Customer)) == 0


def test_a_corrected_mapping_is_looked_at_again_and_remembered(uploaded):
    browser, address = uploaded
    run = db.session.scalars(sa.select(ImportRun)).one()
    headings = list(run.result["read"]["columns"].items())
    fields = ["" if name == "balance" else name for _heading, name in headings]
    answer = browser.post(f"{address}/check", data={"heading": [h for h, _n in headings], "field": fields,
                                                    "prices": "net", "dates": "day_first", "decimals": ","})
    assert answer.status_code == 302
    db.session.refresh(run)
    assert run.result["proof"]["debt"]["file"] == "0.00" and run.result["answers"]["prices"] == "net"


def test_a_mapping_without_a_name_says_so_and_keeps_the_file(uploaded):
    browser, address = uploaded
    answer = browser.post(f"{address}/check", data={"heading": ["Apellido y Nombre / Razón Social"], "field": [""]})
    assert answer.status_code == 422
    assert "DNI/CUIT" in text(answer)


def test_confirming_loads_in_the_background_and_shows_the_proof(uploaded, run_jobs):
    browser, address = uploaded
    assert browser.post(f"{address}/confirm").status_code == 302
    assert "data-poll" in text(browser.get(address))
    run_jobs()
    page = text(browser.get(address))
    run = db.session.scalars(sa.select(ImportRun)).one()
    assert (run.state, run.result["created"], run.done) == ("loaded", 7, 7)
    assert run.result["proof"]["ok"] and "data-poll" not in page
    assert browser.post(f"{address}/check", data={}).status_code == 422  # a loaded file is not changed any more


@pytest.mark.parametrize(("kind", "begins"), [("csv", b"\xef\xbb\xbfN"), ("xlsx", b"PK")])
def test_the_refused_rows_are_downloaded(uploaded, run_jobs, kind, begins):
    browser, address = uploaded
    browser.post(f"{address}/confirm")
    run_jobs()
    answer = browser.get(f"{address}/refused.{kind}")
    assert answer.data.startswith(begins) and "attachment" in answer.headers["Content-Disposition"]
    if kind == "csv":
        assert answer.data.decode("utf-8-sig").count("\r\n") == 6


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02", b"PKbroken", b"a;b\n1;2\n"])
def test_a_file_that_is_no_spreadsheet_is_refused_on_the_page(login, company, data):
    answer = login(MAY).post("/imports/", data={"file": (io.BytesIO(data), "x.csv")})
    assert answer.status_code == 422 and "notice-bad" in text(answer)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ImportRun)) == 0


def test_no_file_at_all_is_said(login, company):
    assert login(MAY).post("/imports/", data={}).status_code == 422


def test_who_may_not_import_cannot(login, uploaded):
    _browser, address = uploaded
    assert login("crm.view_customers").get(address).status_code == 403


@pytest.fixture
def large(monkeypatch):
    """Every file counts as a large one."""
    monkeypatch.setattr(runs, "AT_ONCE", dict.fromkeys(runs.AT_ONCE, 10))


def test_a_large_file_is_looked_at_in_the_background(large, uploaded, run_jobs):
    browser, address = uploaded
    page = text(browser.get(address))
    assert "data-poll" in page and "170.450,00" not in page
    run_jobs()
    page = text(browser.get(address))
    assert "170.450,00" in page and "data-poll" not in page
    headings = list(db.session.scalars(sa.select(ImportRun)).one().result["read"]["columns"].items())
    answer = browser.post(f"{address}/check", data={"heading": [h for h, _n in headings],
                                                    "field": ["" if n == "balance" else n for _h, n in headings]})
    assert answer.status_code == 302 and "data-poll" in text(browser.get(address))
    run_jobs()
    assert db.session.scalars(sa.select(ImportRun)).one().result["proof"]["debt"]["file"] == "0.00"


def test_a_large_file_that_is_none_says_why(large, login, company, run_jobs):
    browser = login(MAY)
    answer = upload(browser, b"a;b\n" + b"1;2\n" * 50)
    run_jobs()
    page = text(browser.get(answer.location))
    assert "notice-bad" in page and "x.csv" in page and "Cargar" not in page
    assert browser.post(f"{answer.location}/confirm").status_code == 302
    run_jobs()
    assert db.session.scalars(sa.select(ImportRun)).one().state == "failed"


def test_columns_show_what_stands_in_them_and_the_first_customers_how_they_are_read(uploaded):
    browser, address = uploaded
    page = text(browser.get(address))
    assert "GÓMEZ, María José" in page and "Empresa 100: " in page


def test_refused_rows_are_listed_page_by_page(login, company):
    browser = login(MAY)
    rows = "".join(f"{n};;{20000000 + n};P;10;5\n" for n in range(1, 131))
    answer = upload(browser, f"Nro;Nombre;DNI;Plan;Precio;Saldo\n{rows}".encode())
    page = text(browser.get(answer.location))
    assert page.count('<td class="lead">—') == 50
    following = re.search('after=([^"&]+)', page)[1]
    assert text(browser.get(f"{answer.location}?after={following}")).count('<td class="lead">—') == 50
    assert browser.get(f"{answer.location}/refused.csv").data.decode("utf-8-sig").count("\r\n") == 131


def test_a_loading_that_fails_says_so_and_goes_on(uploaded, run_jobs, monkeypatch):
    browser, address = uploaded
    monkeypatch.setattr(targets, "record_opening_balances", lambda *more: 1 / 0)
    browser.post(f"{address}/confirm")
    run_jobs()
    run = db.session.scalars(sa.select(ImportRun)).one()
    assert run.state == "failed" and "notice-bad" in text(browser.get(address))
    monkeypatch.undo()
    browser.post(f"{address}/confirm")
    run_jobs()
    db.session.refresh(run)
    assert (run.state, run.result["created"], run.result["proof"]["ok"]) == ("loaded", 7, True)


def test_a_killed_loading_counts_each_customer_once(login, company, run_jobs, monkeypatch):
    browser = login(MAY)
    rows = "".join(f"{n};Cliente {n};{20000000 + n};P;10;5\n" for n in range(1, 31))
    answer = upload(browser, f"Nro;Nombre;DNI;Plan;Precio;Saldo\n{rows}".encode())
    monkeypatch.setattr(Loader.load, "__defaults__", (0, 10))
    real, calls = jobs.checkpoint, []

    def killed():
        calls.append(1)
        if len(calls) == 5:  # two are before the first chunk
            raise KeyboardInterrupt
        real()

    monkeypatch.setattr(jobs, "checkpoint", killed)
    browser.post(f"{answer.location}/confirm")
    with pytest.raises(KeyboardInterrupt):
        run_jobs()
    db.session.rollback()
    run = db.session.scalars(sa.select(ImportRun)).one()
    assert (run.state, run.done) == ("loading", 20)
    monkeypatch.setattr(jobs, "checkpoint", real)
    db.session.execute(sa.update(Job).values(state="pending", lease_until=None))
    db.session.execute(sa.delete(Lease))
    db.session.commit()
    run_jobs()
    db.session.refresh(run)
    assert (run.state, run.result["created"], run.result["unchanged"]) == ("loaded", 30, 0)
    assert run.result["proof"]["ok"]


def test_a_heading_cannot_run_as_script(login, company):
    browser = login(MAY)
    rows = (("Nombre", "DNI", "&lt;script&gt;x&lt;/script&gt;"), ("Ana", "1", "2"))
    data = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    answer = upload(browser, f"<table>{data}</table>".encode(), "<script>y</script>.xls")
    page = text(browser.get(answer.location))
    assert "<script>x" not in page and "<script>y" not in page


def test_former_imports_are_a_list_to_narrow_and_export(uploaded):
    browser, address = uploaded
    here = f'href="{address}"'
    assert here in text(browser.get("/imports/?q=planilla&state=checked"))
    assert here not in text(browser.get("/imports/?state=loaded")) and here not in text(browser.get("/imports/?q=otra"))
    answer = browser.post("/imports/export", data={"kind": "csv", "form_key": "k"})
    assert AR in answer.get_data(as_text=True)


def test_a_file_that_is_none_is_refused_above_the_list(uploaded):
    browser, address = uploaded
    answer = browser.post("/imports/", data={})
    assert answer.status_code == 422 and "CSV" in text(answer) and f'href="{address}"' in text(answer)
