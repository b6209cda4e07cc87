"""The screens of contracts, plans and prices, as their roles use them."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core import audit, scope
from core.db import db
from modules.contracts import extras, services
from modules.contracts.models import Charge, Contract, ContractItem, Discount, Plan
from modules.crm import services as crm
from tests.modules.contracts.situations import NOVEMBER, day, statements, waiting

SEE, EDIT, CUT, END, PLANS = (f"contracts.{name}" for name in (
    "view_contracts", "edit_contracts", "suspend_contracts", "end_contracts", "edit_plans"))
CLERK = (SEE, EDIT, CUT, END, PLANS, "crm.view_customers")


def text(answer):
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


@pytest.fixture
def contract(make_contract):
    return make_contract("Gómez, María", ip="10.0.0.7", pppoe_user="mgomez")


@pytest.fixture
def form(login):
    """`form("/path", **data)`: what a person sees after filling the form in."""
    browser = login(*CLERK)

    def send(path, **data):
        return browser.post(path, data=data)

    return send


def test_what_other_modules_did_with_it_stands_in_its_history_in_words(login, contract):
    audit.record("networking.link", contract, {"router": "Norte-2"})
    audit.record("networking.link", contract.customer)
    db.session.commit()
    browser = login(*CLERK)
    for address in (f"/contracts/{contract.id}", f"/customers/{contract.customer_id}?tab=history"):
        page = text(browser.get(address))
        assert "Contrato enlazado con un router" in page and "networking.link" not in page, address


# --- list and page ---------------------------------------------------------------------------------------


def test_the_list_finds_by_number_user_address_and_name(login, contract, make_contract):
    make_contract("Otro")
    browser = login(*CLERK)
    for typed in ("000001", "mgomez", "10.0.0.7", "maria gomez"):
        page = text(browser.get(f"/contracts/?q={typed}"))
        assert "Gómez, María" in page and "Otro" not in page, typed
    assert "Otro" in text(browser.get("/contracts/?state=active"))
    assert "Otro" not in text(browser.get("/contracts/?state=suspended"))


def test_the_list_pages_by_key_and_reads_prices_in_bulk(login, plan, make_contract):
    for number in range(60):
        make_contract(f"Cliente {number:02d}", price=Decimal(9000) if number % 2 else None)
    browser = login(*CLERK)
    seen, address = [], "/contracts/"
    while address:
        page = browser.get(address).get_data(as_text=True)
        seen += re.findall(r'<a href="/contracts/(\d+)">', page)
        found = re.search(r'rel="next" href="([^"]*)"', page)
        address = found and found[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 60
    assert statements(lambda: browser.get("/contracts/")) <= 20


def test_many_are_cut_and_restored_at_once_and_a_wrong_cut_is_undone(login, make_contract, run_jobs):
    ids = [make_contract(f"Cliente {number}").id for number in range(3)]
    services.suspend(db.session.get(Contract, ids[2]))
    db.session.commit()
    browser = login(*CLERK)

    def states():
        db.session.expire_all()
        return [db.session.get(Contract, one).state for one in ids]

    asked = browser.post("/contracts/do/cut", data={"all": "1"})
    page = text(browser.get(asked.location))
    assert "Cliente 0" in page and states() == ["active", "active", "suspended"]
    browser.post(f"{asked.location}/start", data={"cause": "other", "reason": "mantenimiento"})
    run_jobs()
    assert states() == ["suspended"] * 3
    assert db.session.get(Contract, ids[0]).suspensions[0].reason == "mantenimiento"
    browser.post(f"{asked.location}/undo")
    run_jobs()
    assert states() == ["active", "active", "suspended"]
    assert login(SEE).post("/contracts/do/cut", data={"all": "1"}).status_code == 403


def test_the_list_is_exported_with_prices_as_numbers(login, contract):
    answer = login(*CLERK).post("/contracts/export", data={"kind": "csv"})
    assert answer.status_code == 200 and "Gómez, María" in text(answer) and "12100" in text(answer)


def test_the_page_says_what_is_billed_and_what_happened(login, contract, bill):
    extras.add_charge(contract, "Antenna", Decimal(300), instalments=3)
    db.session.commit()
    bill(NOVEMBER)
    services.suspend(contract, "request", "viaje")
    db.session.commit()
    page = text(login(*CLERK).get(f"/contracts/{contract.id}"))
    for shown in ("Gómez, María", "Plan H50", "Antenna", "viaje", "10.0.0.7", f"/contracts/{contract.id}/restore"):
        assert shown in page, shown
    assert f"/contracts/{contract.id}/suspend" not in page


def test_who_may_only_look_gets_no_way_to_change(login, contract):
    browser = login(SEE)
    page = text(browser.get(f"/contracts/{contract.id}"))
    verbs = "edit|suspend|end|plan|courtesy|price|items|charges|discounts"
    assert not re.search(rf"/contracts/{contract.id}/({verbs})", page)
    for verb in ("edit", "suspend", "end", "plan", "items/new", "charges/new", "discounts/new", "price", "courtesy"):
        assert browser.post(f"/contracts/{contract.id}/{verb}").status_code == 403, verb
    assert login("crm.view_customers").get("/contracts/").status_code == 403


def test_contracts_of_another_company_do_not_exist_here(login, other_company, isp):
    with scope.company_scope(other_company):
        from modules.contracts import plans
        from modules.contracts.drafts import ContractData

        theirs = plans.create_plan({"code": "X", "name": "Ajeno", "taxes": []}, Decimal(1), day(1))
        owner = crm.create_customer(name="Ajena")
        foreign = services.create_contract(ContractData(owner.id, theirs.id))
        db.session.commit()
    browser = login(*CLERK)
    for path in (f"/contracts/{foreign.id}", f"/plans/{theirs.id}", f"/contracts/{foreign.id}/end",
                 f"/contracts/new?customer={owner.id}"):
        assert browser.get(path).status_code == 404, path
    assert "Ajena" not in text(browser.get("/contracts/")) and "Ajeno" not in text(browser.get("/plans/"))


def test_the_customers_page_shows_its_contracts_and_makes_new_ones(login, contract):
    page = text(login(*CLERK).get(f"/customers/{contract.customer_id}?tab=contracts"))
    assert f"/contracts/{contract.id}" in page and f"/contracts/new?customer={contract.customer_id}" in page


def test_a_contract_is_found_by_the_search_box(login, contract):
    answer = login(*CLERK).get("/search?q=mgomez")
    assert answer.status_code == 302 and answer.location.endswith(f"/contracts/{contract.id}")


# --- new -------------------------------------------------------------------------------------------------


def test_a_contract_is_made_from_the_customer(form, make_customer, plan):
    owner = make_customer()
    answer = form(f"/contracts/new?customer={owner.id}", plan_id=plan.id, billing_from="2026-11-16", start="active",
                  price="9.680,50", price_until="2027-10-31", due_day="20", ip="10.0.0.9", form_key="k")
    assert answer.status_code == 302, text(answer)
    (made,) = db.session.scalars(sa.select(Contract))
    assert (made.billing_from, made.due_day, made.ip, made.state) == (day(16), 20, "10.0.0.9", "active")
    assert (made.prices[0].price, made.prices[0].promised) == (Decimal("9680.5"), True)
    form(f"/contracts/new?customer={owner.id}", plan_id=plan.id, billing_from="2026-11-16", start="active",
         form_key="k")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Contract)) == 1


@pytest.mark.parametrize("wrong", [
    {"plan_id": ""}, {"billing_from": "16/11"}, {"price": "mucho"}, {"price": "-1"}, {"billing_day": "31"},
    {"price": "", "price_until": "2027-10-31"}, {"number": "000001"}])
def test_a_refused_form_keeps_what_was_typed_and_makes_nothing(form, contract, plan, wrong):
    data = {"plan_id": plan.id, "billing_from": "2026-11-16", "start": "active", "notes": "junto al río", **wrong}
    answer = form(f"/contracts/new?customer={contract.customer_id}", **data)
    assert answer.status_code == 422 and "junto al río" in text(answer) and "field-error" in text(answer)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Contract)) == 1


def test_without_a_customer_it_asks_for_whom(login, contract):
    browser = login(*CLERK)
    page = text(browser.get("/contracts/new?q=gomez"))
    assert f"/contracts/new?customer={contract.customer_id}" in page
    assert browser.get("/contracts/new").status_code == 200


def test_terms_are_edited_and_an_empty_password_stays(form, contract):
    services.update_contract(contract, pppoe_password="s3cret")
    db.session.commit()
    assert form(f"/contracts/{contract.id}/edit", ip="10.0.0.8", pppoe_user="mgomez",
                in_advance="0").status_code == 302
    db.session.expire_all()
    assert (contract.ip, contract.in_advance, contract.pppoe_password) == ("10.0.0.8", False, "s3cret")


# --- verbs -----------------------------------------------------------------------------------------------


def test_a_change_of_plan_shows_what_it_settles_before_it_is_done(form, contract, make_plan, bill):
    faster = make_plan("H100", "24200")
    bill(NOVEMBER)
    data = {"plan_id": faster.id, "day": "2026-11-21", "reason": "pide más"}
    page = form(f"/contracts/{contract.id}/plan", **data)
    assert page.status_code == 200 and "4.033,33" in text(page) and "pide más" in text(page)
    db.session.expire_all()
    assert contract.changes == [] and waiting(contract) == []
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', page.get_data(as_text=True))[1]
    assert form(f"/contracts/{contract.id}/plan", **data, seen=seen).status_code == 302
    db.session.expire_all()
    assert [change.state for change in contract.changes] == ["planned"] and len(waiting(contract)) == 2
    again = form(f"/contracts/{contract.id}/plan", **data, seen=seen)
    assert again.status_code == 422 and len(waiting(contract)) == 2


def test_other_values_than_those_that_were_shown_are_shown_first(form, contract, make_plan, bill):
    faster = make_plan("H100", "24200")
    bill(NOVEMBER)
    answer = form(f"/contracts/{contract.id}/plan", plan_id=faster.id, day="2026-11-21",
                  seen=f"{faster.id}|2026-11-22|")
    db.session.expire_all()
    assert answer.status_code == 200 and contract.changes == []


def test_where_nothing_is_settled_a_verb_is_done_at_once(form, contract):
    path = f"/contracts/{contract.id}"
    assert form(f"{path}/suspend", day="2026-11-05", cause="request", reason="viaje").status_code == 302
    assert form(f"{path}/suspend", day="2026-11-05", cause="request").status_code == 422
    assert form(f"{path}/restore", day="2026-11-05").status_code == 302
    assert form(f"{path}/courtesy", day="2026-11-05", until="2026-11-04").status_code == 422
    assert form(f"{path}/courtesy", day="2026-11-05", until="2026-11-10").status_code == 302
    assert form(f"{path}/courtesy/end").status_code == 302
    assert form(f"{path}/end", day="2026-12-31", reason="se muda").status_code == 302
    assert form(f"{path}/keep").status_code == 302
    db.session.expire_all()
    assert (contract.state, contract.ends_on, contract.courtesy_from) == ("active", None, None)


def test_a_draft_begins_or_is_cancelled(form, make_contract):
    first, second = make_contract("Ana", state="draft"), make_contract("Beto", state="draft")
    assert form(f"/contracts/{first.id}/activate", day="2026-11-10").status_code == 302
    assert form(f"/contracts/{second.id}/cancel", day="2026-11-10", reason="no hay señal").status_code == 302
    db.session.expire_all()
    assert (first.state, first.billing_from, second.state) == ("active", day(10), "cancelled")


def test_every_verbs_page_opens(login, contract, make_contract):
    draft, browser = make_contract("Beto", state="draft"), login(*CLERK)
    for verb in ("suspend", "end", "courtesy", "plan", "price", "edit", "items/new", "charges/new", "discounts/new"):
        assert browser.get(f"/contracts/{contract.id}/{verb}").status_code == 200, verb
    for verb in ("activate", "cancel"):
        assert browser.get(f"/contracts/{draft.id}/{verb}").status_code == 200, verb


# --- extras ----------------------------------------------------------------------------------------------


def test_extras_charges_and_discounts_are_added_once_and_ended(form, contract):
    path = f"/contracts/{contract.id}"
    for _twice in range(2):
        form(f"{path}/items/new", description="IP fija", unit_price="3.000", quantity="1", first_day="2026-11-01",
             form_key="k")
        form(f"{path}/charges/new", description="Antena", total="30000", instalments="3", first_month="2026-12-01",
             includes_tax="0", taxes='[{"code":"VAT","rate":"10.5"}]', form_key="k")
        form(f"{path}/discounts/new", description="Amigo", percent="10", first_month="2026-11-01",
             last_month="2027-01-01", form_key="k")
    (item,), (charge,), (discount,) = (db.session.scalars(sa.select(model)).all()
                                       for model in (ContractItem, Charge, Discount))
    assert (item.unit_price, item.taxes) == (3000, [{"code": "VAT", "rate": "21"}])
    assert (charge.total, charge.includes_tax, charge.taxes) == (30000, False, [{"code": "VAT", "rate": "10.5"}])
    assert str(charge.instalments[0].month) == "2026-12-01" and str(discount.last_month) == "2027-01-01"
    assert form(f"/contracts/items/{item.id}/end").status_code == 302
    assert form(f"/contracts/charges/{charge.id}/cancel").status_code == 302
    assert form(f"/contracts/discounts/{discount.id}/end").status_code == 302
    db.session.expire_all()
    assert item.last_day == day(4) and charge.cancelled_at and discount.last_month < NOVEMBER
    assert form(f"/contracts/charges/{charge.id}/cancel").status_code == 409


@pytest.mark.parametrize(("what", "wrong"), [
    ("items", {"description": "", "unit_price": "3000", "quantity": "1", "first_day": "2026-11-01"}),
    ("items", {"description": "IP", "unit_price": "x", "quantity": "1", "first_day": "2026-11-01"}),
    ("items", {"description": "IP", "unit_price": "1", "quantity": "0", "first_day": "2026-11-01"}),
    ("charges", {"description": "Antena", "total": "0", "instalments": "1", "first_month": "2026-11-01"}),
    ("charges", {"description": "Antena", "total": "1", "instalments": "999", "first_month": "2026-11-01"}),
    ("discounts", {"description": "Amigo", "first_month": "2026-11-01"}),
    ("discounts", {"description": "Amigo", "percent": "10", "amount": "5", "first_month": "2026-11-01"})])
def test_what_cannot_be_added_is_said_beside_its_field(form, contract, what, wrong):
    answer = form(f"/contracts/{contract.id}/{what}/new", **wrong)
    assert answer.status_code == 422 and ("field-error" in text(answer) or "notice-bad" in text(answer))
    assert wrong["description"] in text(answer)


def test_a_price_of_its_own_is_set(form, contract):
    path = f"/contracts/{contract.id}/price"
    assert form(path, price="9000", first="2026-12-01", last="2026-11-01").status_code == 422
    assert form(path, price="9000", first="2026-12-01", last="2027-11-30", promised="y",
                form_key="k").status_code == 302
    assert form(path, price="9000", first="2026-12-01", form_key="k").status_code == 302
    db.session.expire_all()
    assert [(one.price, one.promised) for one in contract.prices] == [(Decimal(9000), True)]


# --- plans -----------------------------------------------------------------------------------------------

PLAN = {"name": "Hogar 100", "code": "H100", "down": "100", "up": "20", "period_months": "1", "includes_tax": "1",
        "taxes": '[{"code":"VAT","rate":"21"}]', "currency": "", "price": "24.200", "price_from": "2026-11-01",
        "active": "y"}


def test_a_plan_is_written_priced_and_changed(login, isp):
    browser = login(*CLERK)
    answer = browser.post("/plans/new", data=PLAN)
    assert answer.status_code == 302, text(answer)
    (made,) = db.session.scalars(sa.select(Plan))
    assert (made.speed_down_kbps, made.speed_up_kbps, made.price_on(day(5))) == (100000, 20000, 24200)
    assert made.taxes == [{"code": "VAT", "rate": "21"}]
    path = f"/plans/{made.id}"
    assert browser.post(f"{path}/prices", data={"new_price": "25000", "valid_from": "2026-12-01"}).status_code == 302
    assert browser.post(f"{path}/prices", data={"new_price": "x", "valid_from": "2026-12-01"}).status_code == 422
    page = text(browser.get(path))
    assert "24.200,00" in page and "25.000,00" in page
    price_id = re.search(r"/plans/prices/(\d+)/remove", page)[1]
    assert browser.post(f"/plans/prices/{price_id}/remove").status_code == 302
    assert browser.post(f"{path}/edit", data={**PLAN, "name": "Hogar cien"}).status_code == 302
    db.session.expire_all()
    assert made.name == "Hogar cien" and len(made.prices) == 1 and "Hogar cien" in text(browser.get("/plans/"))


@pytest.mark.parametrize("wrong", [{"name": ""}, {"code": "H50"}, {"price": ""}, {"taxes": "[]x"}, {"down": "-5"},
                                   {"valid_from": "2026-12-01", "valid_to": "2026-11-01"}])
def test_a_plan_that_cannot_be_is_refused_in_its_form(login, plan, wrong):
    answer = login(*CLERK).post("/plans/new", data={**PLAN, "notes": "sin apuro", **wrong})
    assert answer.status_code == 422 and "sin apuro" in text(answer)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Plan)) == 1


def test_who_may_not_change_plans_only_sees_them(login, plan):
    browser = login(SEE)
    page = text(browser.get(f"/plans/{plan.id}"))
    assert "Plan H50" in page and "/edit" not in page and "new_price" not in page
    assert browser.post(f"/plans/{plan.id}/prices", data={}).status_code == 403


# --- master data -----------------------------------------------------------------------------------------


def test_there_is_always_one_general_profile(login, profile):
    browser = login(SEE, PLANS)
    path = "/admin/contracts-billing-profile"
    data = {"name": "Empresas", "billing_day": "5", "run_hour": "6", "due_days": "15", "notice_days": "5, -2",
            "day_count": "thirty", "first_period": "full", "last_period": "free", "while_suspended": "skip",
            "group_by": "customer", "surcharge_percent": "3", "surcharge_amount": "0", "cut_minimum_debt": "0",
            "cut_hour": "10", "reconnection_charge": "0", "is_default": "y", "active": "y"}
    answer = browser.post(f"{path}/new/", data=data)
    assert answer.status_code == 302, text(answer)
    from modules.contracts.models import BillingProfile

    db.session.expire_all()
    made = db.session.scalars(sa.select(BillingProfile).where(BillingProfile.is_default)).one()
    assert (made.name, made.notice_days, made.day_count, made.group_by) == ("Empresas", [5, -2], "thirty", "customer")
    data.pop("is_default")
    browser.post(f"{path}/edit/?id={made.id}", data=data)
    db.session.expire_all()
    assert made.is_default
    assert "field-error" in text(browser.post(f"{path}/new/", data={**data, "name": "Z", "notice_days": "mañana"}))


def test_exchange_rates_are_entered_as_people_write_them(login, isp):
    from modules.contracts.models import ExchangeRate

    answer = login(SEE, PLANS).post("/admin/contracts-exchange-rate/new/", data={
        "currency": "USD", "day": "2026-11-02", "rate": "1.450,50"})
    assert answer.status_code == 302
    assert db.session.scalars(sa.select(ExchangeRate.rate)).one() == Decimal("1450.5")
