"""The billing desk: look, confirm, watch, read the result; drafts and price revisions on screen."""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal

import openpyxl
import pytest
import sqlalchemy as sa

from core import jobs, scope
from core.db import db
from core.lists.models import Run
from core.models import Job
from modules.contracts import approval, billing, billing_result, billing_run, previews, services
from modules.contracts.models import BilledPeriod, BillingDraft, BillingRun, PriceRevision
from modules.crm.models import Customer
from tests.modules.contracts.situations import NOVEMBER, day, invoice_of, invoices, run_billing_jobs

CLERK = ("contracts.view_billing", "contracts.run_billing", "contracts.view_contracts", "contracts.approve_drafts",
         "contracts.revise_prices", "contracts.edit_plans", "crm.view_customers")


def text(answer):
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def hidden(page, name):
    """The values of the hidden fields with this name."""
    return re.findall(rf'name="{name}" value="([^"]*)"', page)


@pytest.fixture
def browser(login, isp):
    return login(*CLERK)


def confirm(browser, page):
    """Press the button of the preview, with all that its form carries."""
    data = {name: hidden(page, name) for name in ("month", "billed", "exceptions", "currency", "total_ARS")}
    return browser.post("/billing/runs", data=data)


# --- preview ---------------------------------------------------------------------------------------------


def test_the_desk_says_what_a_month_comes_to_before_anything_is_written(browser, make_contract, bill, make_plan):
    make_contract("Queda")
    bill(dt.date(2026, 10, 1))
    make_contract("Nueva")
    empty = make_plan("NEW")
    empty.prices[0].valid_from = dt.date(2030, 1, 1)
    broken = make_contract("Sin precio", plan_id=empty.id)
    db.session.commit()
    page = text(browser.get("/billing/?month=2026-11"))
    for shown in ("24.200,00", "12.100,00", "Nueva", broken.number, f"/plans/{empty.id}"):
        assert shown in page, shown
    assert invoices() == 1 and db.session.scalar(sa.select(sa.func.count()).select_from(BillingRun)) == 1


def test_every_difference_is_in_the_spreadsheet_however_few_the_page_names(browser, make_contract, bill, make_plan,
                                                                          monkeypatch):
    monkeypatch.setattr(billing_result, "NAMED", 1)
    kept, gone = make_contract("Queda"), make_contract("Se va")
    dearer, cheaper = make_contract("Paga más"), make_contract("Paga menos")
    bill(dt.date(2026, 10, 1))
    services.end(gone, dt.date(2026, 10, 31))
    for one, price in ((dearer, "20000"), (cheaper, "5000")):
        one.plan_id = make_plan(f"P{price}", price).id
    guest = make_contract("Invitada")
    guest.courtesy_from = dt.date(2026, 1, 1)
    broken = make_contract("Sin precio", plan_id=make_plan("NEW").id)
    broken.plan.prices[0].valid_from = dt.date(2030, 1, 1)
    new = [make_contract("Nueva"), make_contract("=Otra nueva")]
    db.session.commit()
    page = text(browser.get("/billing/?month=2026-11"))
    url = re.search(r'href="(/billing/differences.xlsx[^"]+)"', page)[1]
    book = openpyxl.load_workbook(io.BytesIO(browser.get(url.replace("&amp;", "&")).data))
    rows = {row[3]: row for row in list(book.active.values)[1:]}
    said = {one.number: (rows[one.number][0], rows[one.number][5], rows[one.number][6]) for one in (
        gone, dearer, cheaper, guest, broken, *new)}
    assert said == {
        gone.number: ("Ya no se facturan", 12100, None), dearer.number: ("Pagan más", 12100, 20000),
        cheaper.number: ("Pagan menos", 12100, 5000), guest.number: ("Sin cargo", None, None),
        broken.number: ("No se pueden facturar", None, None),
        **{one.number: ("Nuevos este mes", None, 12100) for one in new}}
    assert kept.number not in rows and len(rows) == len(said)


def test_who_may_only_look_gets_no_button(login, make_contract):
    make_contract()
    browser = login("contracts.view_billing")
    assert "/billing/runs\"" not in text(browser.get("/billing/")).replace('href="/billing/runs"', "")
    assert browser.post("/billing/runs", data={"month": "2026-11"}).status_code == 403
    assert login("contracts.view_contracts").get("/billing/").status_code == 403


@pytest.mark.parametrize("path", ["/billing/", "/billing/?month=x", "/billing/?month=2030-01", "/billing/runs",
                                  "/billing/exceptions", "/billing/drafts", "/billing/revisions",
                                  "/billing/revisions/new"])
def test_every_page_opens_empty_and_full(browser, make_contract, bill, path):
    assert browser.get(path).status_code == 200
    make_contract()
    bill(NOVEMBER)
    assert browser.get(path).status_code == 200


def test_a_large_companys_preview_is_computed_in_the_background(browser, make_contract, bill, monkeypatch):
    make_contract()
    monkeypatch.setattr(previews, "AT_ONCE", 0)
    page = text(browser.get("/billing/?month=2026-11"))
    assert "/billing/preview" in page and "12.100" not in page
    assert browser.post("/billing/preview", data={"month": "2026-11"}).status_code == 302
    assert "data-poll" in text(browser.get("/billing/?month=2026-11"))
    run_billing_jobs()
    db.session.expire_all()
    page = text(browser.get("/billing/?month=2026-11"))
    assert "12.100,00" in page and "data-poll" not in page and 'id="preview" data-reload-when-done' in page
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job).where(
        Job.function.like("%compute_preview"))) == 1
    bill(NOVEMBER)
    assert "12.100" not in text(browser.get("/billing/?month=2026-11"))  # it says what is not so any more


def chips(page):
    """(month, what stands beside it) of the months to choose from."""
    found = re.findall(r'<a class="chip" href="/billing/\?month=([\d-]+)"[^>]*>(.*?)</a>', text(page))
    return [(month, re.sub(r"<[^>]+>", "", label).partition("·")[2].strip()) for month, label in found]


def test_a_month_that_was_missed_is_offered(browser, make_contract, bill, make_plan):
    make_contract("Queda")
    for month in (dt.date(2026, 5, 1), dt.date(2026, 7, 1), dt.date(2026, 8, 1), dt.date(2026, 10, 1)):
        bill(month)
    empty = make_plan("NEW")
    empty.prices[0].valid_from = dt.date(2026, 8, 15)
    make_contract("Sin precio", plan_id=empty.id)
    db.session.commit()
    bill(dt.date(2026, 8, 1))
    assert chips(browser.get("/billing/")) == [
        ("2026-06", "sin facturar"), ("2026-08", "1 sin poder facturarse"), ("2026-09", "sin facturar"),
        ("2026-10", ""), ("2026-11", ""), ("2026-12", "")]
    bill(dt.date(2026, 9, 1))
    assert "2026-09" not in dict(chips(browser.get("/billing/")))


def test_before_the_first_month_nothing_was_missed(browser, make_contract):
    make_contract("Queda", billing_from=dt.date(2020, 1, 1))
    assert [month for month, _open in chips(browser.get("/billing/"))] == ["2026-10", "2026-11", "2026-12"]


def test_any_month_is_reached_by_its_field(browser, make_contract):
    make_contract("Queda")
    page = browser.get("/billing/?month=2026-03").get_data(as_text=True)
    assert re.search(r'type="month" id="month" name="month" value="2026-03"', page)
    assert "“marzo” no lo es" in browser.get("/billing/?month=marzo").get_data(as_text=True)


# --- run -------------------------------------------------------------------------------------------------


def test_from_the_preview_to_the_result(browser, make_contract):
    contract = make_contract()
    page = browser.get("/billing/?month=2026-11").get_data(as_text=True)
    answer = confirm(browser, page)
    assert answer.status_code == 302 and confirm(browser, page).location == answer.location
    watching = text(browser.get(answer.location))
    assert "data-poll" in watching and "<progress" in watching
    assert browser.get("/billing/?month=2026-11").location == answer.location
    run_billing_jobs()
    db.session.expire_all()
    run = db.session.scalars(sa.select(BillingRun)).one()
    assert run.expected == {"billed": 1, "exceptions": 0, "totals": {"ARS": "12100.00"}}
    result = text(browser.get(answer.location))
    assert "12.100,00" in result and invoice_of(contract)
    db.session.execute(sa.update(Job).values(state="done"))
    db.session.commit()
    done = text(browser.get(answer.location))
    assert "data-poll" not in done and 'id="stages" data-reload-when-done' in done
    assert answer.location in text(browser.get("/billing/runs"))


def test_a_result_that_is_not_what_was_confirmed_says_so(browser, make_contract):
    make_contract()
    page = browser.get("/billing/?month=2026-11").get_data(as_text=True)
    make_contract("Entró después")
    answer = confirm(browser, page)
    run_billing_jobs()
    db.session.execute(sa.update(Job).values(state="done"))
    db.session.commit()
    from modules.contracts.billing_views import _differences

    run = db.session.scalars(sa.select(BillingRun)).one()
    assert len(_differences(run, billing.run_result(run))) == 2
    assert "24200.00" in text(browser.get(answer.location))


def test_the_date_of_the_invoices_may_be_chosen(browser, make_contract):
    contract = make_contract()
    answer = browser.post("/billing/runs", data={"month": "2026-11", "issue_date": "2026-11-03"})
    assert answer.status_code == 302
    run_billing_jobs()
    assert invoice_of(contract).issue_date == day(3)
    assert browser.post("/billing/runs", data={"month": "2026-12", "issue_date": "mañana"}).status_code == 409
    assert browser.post("/billing/runs", data={"month": "noviembre"}).status_code == 409


def test_a_run_that_stopped_can_be_put_back_to_work(browser, make_contract, isp):
    make_contract()
    run = billing.start_run(isp, NOVEMBER)
    billing_run.plan_run(run.id)
    db.session.execute(sa.update(Job).values(state="failed"))
    db.session.commit()
    path = f"/billing/runs/{run.id}"
    assert f"{path}/resume" in text(browser.get(path))
    assert browser.post(f"{path}/resume").status_code == 302
    run_billing_jobs()
    db.session.expire_all()
    assert run.state == "billed" and invoices() == 1


def test_runs_of_another_company_do_not_exist_here(browser, other_company):
    with scope.company_scope(other_company):
        run = billing.start_run(other_company, NOVEMBER)
        db.session.commit()
    assert browser.get(f"/billing/runs/{run.id}").status_code == 404


def test_exceptions_lead_to_their_cure(browser, make_contract, make_plan, bill):
    plan = make_plan("NEW")
    plan.prices[0].valid_from = dt.date(2030, 1, 1)
    contract = make_contract(plan_id=plan.id)
    bill(NOVEMBER)
    page = text(browser.get("/billing/exceptions?month=2026-11"))
    assert contract.number in page and f'href="/plans/{plan.id}"' in page
    home = text(browser.get("/"))
    assert "/billing/exceptions?month=2026-11" in home


def test_a_missing_rate_leads_to_the_rates(browser, make_contract, make_plan, bill):
    make_contract(plan_id=make_plan("USD", "20", currency="USD").id)
    bill(NOVEMBER)
    address = re.search(r'href="(/admin/contracts-exchange-rate/new/)"',
                        browser.get("/billing/exceptions?month=2026-11").get_data(as_text=True))[1]
    assert browser.get(address).status_code == 200


# --- drafts ----------------------------------------------------------------------------------------------


@pytest.fixture
def drafts(make_contract, profile, bill):
    profile.needs_approval = True
    for name in ("Ana", "Beto", "Carla"):
        make_contract(name)
    bill(NOVEMBER)
    return list(db.session.scalars(sa.select(BillingDraft.id).join(
        Customer, Customer.id == BillingDraft.customer_id).order_by(Customer.name)))


def waiting():
    return list(db.session.scalars(sa.select(BillingDraft.id).where(BillingDraft.state == "waiting")))


def decide(browser, action, *chosen, query=""):
    """Choose rows of the list (or all that the filter shows), confirm, and let the run do it; what became of it."""
    asked = browser.post(f"/billing/drafts/do/{action}?{query}", data={"id": list(chosen)} if chosen else {"all": "1"})
    assert asked.status_code == 303
    found = started(browser, asked)
    run_billing_jobs()
    return found


def started(browser, asked):
    """Say yes to the question that was asked; how many were done and how many not."""
    run_id = int(asked.location.rpartition("/")[2])
    browser.post(f"/runs/{run_id}/start")
    assert jobs.run(db.session.get_one(Run, run_id).job_id)
    db.session.expire_all()
    run = db.session.get_one(Run, run_id)
    return run.done, run.failed


def test_drafts_are_looked_at_and_decided_one_by_one(browser, drafts):
    page = text(browser.get("/billing/drafts?totals=1"))
    assert all(name in page for name in ("Ana", "Beto", "Carla")) and "36.300,00" in page
    assert "Carla" in text(browser.get("/billing/drafts?q=carla")) and "Beto" not in text(
        browser.get("/billing/drafts?q=carla"))
    assert "Plan H50" in text(browser.get(f"/billing/drafts/{drafts[0]}"))
    assert browser.post(f"/billing/drafts/{drafts[0]}/approve").status_code == 302
    assert browser.post(f"/billing/drafts/{drafts[1]}/undo").status_code == 302
    assert browser.post(f"/billing/drafts/{drafts[1]}/undo").status_code == 404
    assert browser.post(f"/billing/drafts/{drafts[0]}/approve").status_code == 409
    run_billing_jobs()
    assert invoices() == 1 and drafts[2] in waiting()


def test_many_are_decided_in_the_list_and_one_decided_meanwhile_is_told(browser, drafts):
    assert decide(browser, "approve", query="q=carla") == (1, 0) and invoices() == 1
    assert decide(browser, "discard", drafts[0]) == (1, 0)
    asked = browser.post("/billing/drafts/do/approve", data={"id": [drafts[1]]})
    approval.undo(db.session.scalars(sa.select(BillingRun)).one(), [drafts[1]])
    assert started(browser, asked)[0] == 0
    assert waiting() == [] and invoices() == 1
    kept = list(db.session.scalars(sa.select(BilledPeriod.customer_id)))
    assert len(kept) == 1  # the two that were undone count as not billed


def test_only_who_may_approve_sees_drafts(login, drafts):
    browser = login("contracts.view_billing", "contracts.run_billing")
    assert browser.get("/billing/drafts").status_code == 403
    assert browser.post("/billing/drafts/do/approve", data={"all": "1"}).status_code == 403


# --- price revisions ---------------------------------------------------------------------------------------

REVISION = {"name": "Enero", "valid_from": "2027-01-01", "percent": "8", "rounding": "10", "form_key": "k"}


def test_a_revision_from_looking_to_taking_back(browser, make_contract, plan):
    make_contract("Ana")
    make_contract("Promesa", price=Decimal(9000), price_until=dt.date(2027, 6, 30))
    answer = browser.post("/billing/revisions/new", data=REVISION)
    assert answer.status_code == 302
    assert browser.post("/billing/revisions/new", data=REVISION).location == answer.location
    page = text(browser.get(answer.location))
    assert "13.070,00" in page and "Promesa" in page and plan.price_on(dt.date(2027, 1, 1)) == 12100
    assert browser.post(f"{answer.location}/apply").status_code == 302
    assert browser.post(f"{answer.location}/announce").status_code == 302
    assert browser.post(f"{answer.location}/announce").status_code == 409
    db.session.expire_all()
    assert plan.price_on(dt.date(2027, 1, 1)) == 13070
    assert "/undo" in text(browser.get(answer.location))
    assert browser.post(f"{answer.location}/undo").status_code == 302
    db.session.expire_all()
    assert plan.price_on(dt.date(2027, 1, 1)) == 12100
    assert browser.get(answer.location).status_code == browser.get("/billing/revisions").status_code == 200


def test_a_large_companys_revision_is_applied_by_a_job(browser, make_contract, plan, monkeypatch):
    make_contract()
    monkeypatch.setattr(previews, "AT_ONCE", 0)
    address = browser.post("/billing/revisions/new", data=REVISION).location
    browser.post(f"{address}/apply")
    assert "data-poll" in text(browser.get(address)) and plan.price_on(dt.date(2027, 1, 1)) == 12100
    run_billing_jobs()
    db.session.expire_all()
    assert plan.price_on(dt.date(2027, 1, 1)) == 13070
    done = text(browser.get(address))
    assert "data-poll" not in done and 'id="working" data-reload-when-done' in done


@pytest.mark.parametrize("wrong", [{"name": ""}, {"percent": ""}, {"amount": "5"}, {"percent": "mucho"},
                                   {"valid_from": ""}, {"percent": "0"}])
def test_a_revision_that_cannot_be_keeps_what_was_typed(browser, make_contract, wrong):
    make_contract()
    answer = browser.post("/billing/revisions/new", data={**REVISION, "name": "Suba de enero", **wrong})
    assert answer.status_code == 422 and ("Suba de enero" in text(answer) or "name" in wrong)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PriceRevision)) == 0


def test_documents_are_narrowed_to_those_of_a_plan(make_contract, bill, login):
    contract = make_contract()
    bill(NOVEMBER)
    client = login("accounting.view_documents", "contracts.view_contracts")
    plan_id = contract.plan_id
    assert "/invoices/" in rows_of(client, plan_id)
    assert "/invoices/" not in rows_of(client, plan_id + 1)


def rows_of(client, plan_id):
    """What the list of documents holds of this plan."""
    return text(client.get(f"/invoices?plan={plan_id}")).partition("<tbody")[2]
