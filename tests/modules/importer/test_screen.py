"""Import on screen: upload, look, correct, load, take the refused rows back."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.db import db
from modules.crm.models import Customer
from modules.importer.models import ImportRun

DATA = Path(__file__).parents[2] / "data" / "import"
AR = "planilla_ar_latin1.csv"
MAY = "importer.import_customers"


def text(response):
    return re.sub(r"\s+", " ", response.get_data(as_text=True))


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
