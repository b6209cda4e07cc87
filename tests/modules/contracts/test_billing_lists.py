"""The lists of the billing desk, and everybody behind a preview: page by page, narrowed, as a file."""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal

import openpyxl
import pytest

from core.db import db
from modules.contracts import billing_result, looking_on_views, revisions
from modules.contracts.revisions import RevisionData
from tests.modules.contracts.situations import NOVEMBER

MAY = ("contracts.view_billing", "contracts.view_contracts", "contracts.revise_prices", "contracts.edit_plans",
       "crm.view_customers")
PREVIEW = "/billing/preview/exceptions?month=2026-11"


def text(answer):
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def sheet(answer):
    return [list(row) for row in openpyxl.load_workbook(io.BytesIO(answer.data)).active.values]


def followed(browser, address):
    """The pages from this address on, by their link to the next one."""
    while address:
        page = text(browser.get(address))
        yield page
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = found[1].replace("&amp;", "&") if found else None


@pytest.fixture
def browser(login, isp):
    return login(*MAY)


@pytest.fixture
def without_price(make_contract, make_plan):
    """Seven contracts whose plan has no price in 2026."""
    empty = make_plan("NEW")
    empty.prices[0].valid_from = dt.date(2030, 1, 1)
    made = [make_contract(f"Sin precio {number}", plan_id=empty.id) for number in range(7)]
    make_contract("Paga")
    db.session.commit()
    return made


# --- who cannot be billed ------------------------------------------------------------------------------------


def test_everybody_who_cannot_be_billed_is_reached_from_the_preview(browser, without_price, monkeypatch):
    monkeypatch.setattr("modules.contracts.cures.SHOWN", 3)
    monkeypatch.setattr(looking_on_views, "SIZE", 3)
    desk = text(browser.get("/billing/?month=2026-11"))
    assert "cause=no_plan_price" in desk and "Los 7" in desk
    pages = list(followed(browser, f"{PREVIEW}&cause=no_plan_price"))
    assert [sum(one.number in page for one in without_price) for page in pages] == [3, 3, 1]
    assert "Paga" not in "".join(pages)


def test_what_the_kept_preview_does_not_name_is_computed(browser, without_price, monkeypatch):
    monkeypatch.setattr(billing_result, "EXCEPTIONS", 2)
    monkeypatch.setattr(looking_on_views, "SIZE", 3)
    pages = list(followed(browser, PREVIEW))
    assert [sum(one.number in page for one in without_price) for page in pages] == [3, 3, 1]


def test_a_place_that_makes_no_sense_is_the_first_page(browser, without_price):
    for nonsense in ("x", "1", "-", "9" * 40 + "-1", "²-1"):
        answer = browser.get(f"{PREVIEW}&after={nonsense}")
        assert answer.status_code == 200 and without_price[0].number in text(answer)


def test_who_cannot_be_billed_comes_as_a_spreadsheet(browser, without_price):
    rows = sheet(browser.get("/billing/preview/exceptions.xlsx?month=2026-11"))
    assert [row[3] for row in rows[1:]] == [one.number for one in without_price]
    assert {row[0] for row in rows[1:]} == {"El plan no tiene precio"}  # the reader's language, then the company's
    assert all(row[4].startswith(f"To bill contract {row[3]}") for row in rows[1:])


def test_who_was_left_out_by_a_run_is_a_list_to_narrow_and_export(browser, without_price, bill, monkeypatch):
    monkeypatch.setattr("modules.contracts.cures.SHOWN", 3)
    bill(NOVEMBER)
    assert "Los 7" in text(browser.get("/billing/exceptions?month=2026-11"))
    page = text(browser.get("/billing/exceptions/all?month=2026-11-01&cause=no_plan_price"))
    assert sum(one.number in page for one in without_price) == 7 and "/plans/" in page
    assert without_price[0].number not in text(browser.get("/billing/exceptions/all?q=precio+6"))
    answer = browser.post("/billing/exceptions/all/export?month=2026-11-01", data={"kind": "csv", "form_key": "k"})
    assert sum(one.number in answer.get_data(as_text=True) for one in without_price) == 7


# --- runs, plans, revisions ----------------------------------------------------------------------------------


def test_runs_are_narrowed_and_exported(browser, make_contract, bill):
    make_contract("Ana")
    bill(dt.date(2026, 10, 1))
    bill(NOVEMBER)
    whole = text(browser.get("/billing/runs"))
    assert "octubre de 2026" in whole and "noviembre de 2026" in whole
    only = text(browser.get("/billing/runs?month_from=2026-11-01&month_to=2026-11-30"))
    assert "octubre de 2026" not in only.partition("<tbody")[2] and "noviembre de 2026" in only
    assert "<tbody" not in text(browser.get("/billing/runs?state=running"))
    answer = browser.post("/billing/runs/export", data={"kind": "xlsx", "form_key": "k"})
    assert [row[0] for row in sheet(answer)[1:]] == ["noviembre de 2026", "octubre de 2026"]


def test_plans_open_with_those_sold_and_show_todays_price(browser, make_contract, make_plan):
    make_contract("Ana")
    old = make_plan("VIEJO")
    old.active = False
    db.session.commit()
    page = text(browser.get("/plans/"))
    assert "12.100,00" in page and "VIEJO" not in page
    everything = text(browser.get("/plans/?state=all"))
    assert "VIEJO" in everything and "no se vende" in everything
    assert "VIEJO" in text(browser.get("/plans/?state=not_sold&q=vie"))
    rows = sheet(browser.post("/plans/export?state=all", data={"kind": "xlsx", "columns": "all", "form_key": "k"}))
    price = rows[0].index("Precio de hoy")
    assert Decimal(str(next(row for row in rows if row[1] != "VIEJO" and row is not rows[0])[price])) == 12100


def revision(**more):
    made = revisions.draft(RevisionData("Enero", dt.date(2027, 1, 1), percent=Decimal(8), **more))
    db.session.commit()
    return made


def test_revisions_are_narrowed_by_state(browser, make_contract):
    make_contract("Ana")
    revision()
    assert "Enero" in text(browser.get("/billing/revisions?state=draft"))
    assert "Enero" not in text(browser.get("/billing/revisions?state=applied"))
    assert "8 %" in text(browser.get("/billing/revisions?q=ene"))


def test_every_contract_of_a_revision_is_reached(browser, make_contract, monkeypatch):
    monkeypatch.setattr(revisions, "SAMPLE", 2)
    monkeypatch.setattr(looking_on_views, "SIZE", 1)  # two rows a page
    changed = [make_contract(f"Cambia {number}") for number in range(5)]
    kept = make_contract("Promesa", price=Decimal(9000), price_until=dt.date(2027, 6, 30))
    made = revision()
    path = f"/billing/revisions/{made.id}"
    assert "Los 5" in text(browser.get(path))
    pages = list(followed(browser, f"{path}/contracts"))
    assert [sum(one.number in page for one in changed) for page in pages] == [2, 2, 1]
    assert kept.number not in "".join(pages) and kept.number in text(browser.get(f"{path}/contracts?part=promised"))
    rows = sheet(browser.get(f"{path}/contracts.xlsx"))
    assert {row[1] for row in rows[1:]} == {one.number for one in (*changed, kept)}
    assert next(row for row in rows if row[1] == changed[0].number)[4:7] == [12100, 13068, 968]


def test_a_revision_that_was_taken_back_means_nobody(browser, make_contract):
    make_contract("Ana")
    made = revision()
    revisions.undo(made)
    db.session.commit()
    assert "no toca a ninguno" in text(browser.get(f"/billing/revisions/{made.id}/contracts"))


def test_looking_needs_the_same_permission_as_the_preview(login, isp):
    browser = login("contracts.view_contracts")
    assert browser.get(PREVIEW).status_code == browser.get("/billing/exceptions/all").status_code == 403
    assert browser.get("/billing/preview/exceptions.xlsx").status_code == 403
