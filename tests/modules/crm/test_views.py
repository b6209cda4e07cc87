"""The screens of customers, as their roles use them."""

from __future__ import annotations

import re

import pytest

from core import companies, scope
from core.db import db
from modules.crm import lists, queries, services
from modules.crm.models import Customer
from modules.crm.services import AddressData

SEE, EDIT, LEAVE = "crm.view_customers", "crm.edit_customers", "crm.deactivate_customers"


@pytest.fixture
def gomez(company):
    customer = services.create_customer(
        name="Gómez, María José", code="C-1", tax_id="27-23456789-1", tax_condition="CF", phones="0358 15-412-3456",
        emails="mj@example.com", addresses=[AddressData(street="San Martín", number="1234", city="Río Cuarto")])
    db.session.commit()
    return customer


def text(response):
    return re.sub(r"\s+", " ", response.get_data(as_text=True))


def test_the_list_shows_who_somebody_is_and_how_to_reach_him(login, gomez):
    page = login(SEE).get("/customers/")
    assert page.status_code == 200
    for shown in ("Gómez, María José", "C-1", "27-23456789-1", "San Martín 1234, Río Cuarto"):
        assert shown in text(page)


def test_the_list_is_searched_without_accents(login, gomez):
    browser = login(SEE)
    assert "C-1" in text(browser.get("/customers/?q=maria gomez"))
    assert "C-1" not in text(browser.get("/customers/?q=perez"))


def test_the_list_pages_by_key_through_every_customer_once(login, company):
    for number in range(120):
        services.create_customer(name=f"Cliente {number % 7} {number:03d}")
    db.session.commit()
    browser, address, seen = login(SEE), "/customers/", []
    while address:
        page = browser.get(address).get_data(as_text=True)
        seen += re.findall(r'<a href="/customers/\d+">(Cliente [^<]*)</a>', page)
        found = re.search(r'rel="next" href="([^"]*)"', page)
        address = found and found[1].replace("&amp;", "&")
    assert len(seen) == 120 and seen == sorted(seen)


def test_a_collector_without_permission_sees_no_customers(login, gomez):
    assert login("crm.edit_settings").get("/customers/").status_code == 403


def test_a_reader_gets_no_way_to_change(login, gomez):
    browser = login(SEE)
    page = text(browser.get(f"/customers/{gomez.id}"))
    assert "/edit" not in page and "deactivate" not in page
    assert browser.post(f"/customers/{gomez.id}/deactivate").status_code == 403


def test_a_customer_of_another_company_does_not_exist_here(login, other_company, company):
    with scope.company_scope(other_company):
        foreign = services.create_customer(name="Ajena")
        db.session.commit()
    assert login(SEE).get(f"/customers/{foreign.id}").status_code in (404, 409)


def test_a_customer_is_created_with_address_and_contacts_in_one_form(login, company):
    answer = login(SEE, EDIT).post("/customers/new", data={
        "name": "Núñez Peña, Ñandú", "tax_id": "23.456.781", "tax_condition": "CF",
        "phones": "3584112233 / 3584556677",
        "address-street": "Ruta 8", "address-number": "Km 601", "address-city": "Río Cuarto",
        "address-latitude": "-33,123456", "address-longitude": "-64.35"})
    assert answer.status_code == 302, text(answer)
    made = queries.find_customer("23456781")
    assert (made.name, made.code, made.tax_id_kind) == ("Núñez Peña, Ñandú", "1", "DNI")
    assert len(made.phones) == 2 and str(made.fiscal_address.latitude) == "-33.123456"
    assert login(SEE).get(answer.location).status_code == 200


@pytest.mark.parametrize(("field", "value", "words"), [
    ("tax_id", "20-12345678-9", "20-12345678-9"), ("emails", "no tiene", "no tiene"), ("name", "", "Núñez"),
    ("code", "C-1", "C-1")])
def test_a_refused_form_keeps_what_was_typed_and_changes_nothing(login, gomez, field, value, words):
    data = {"name": "Núñez", "trade_name": "Lo de Ñandú", field: value}
    answer = login(SEE, EDIT).post("/customers/new", data=data)
    assert answer.status_code == 422
    page = text(answer)
    assert "Lo de Ñandú" in page and "field-error" in page
    assert db.session.query(Customer).count() == 1


def test_the_same_document_needs_a_tick(login, gomez):
    browser, data = login(SEE, EDIT), {"name": "Gómez hija", "tax_id": "27234567891"}
    answer = browser.post("/customers/new", data=data)
    assert answer.status_code == 422 and "same_document" in text(answer)
    assert browser.post("/customers/new", data=data | {"same_document": "y"}).status_code == 302


def test_an_edit_changes_only_what_the_form_says(login, gomez):
    browser = login(SEE, EDIT)
    page = text(browser.get(f"/customers/{gomez.id}/edit"))
    assert 'value="27234567891"' in page and "mj@example.com" in page
    answer = browser.post(f"/customers/{gomez.id}/edit", data={
        "name": "Gómez María", "code": "C-1", "tax_id": "27-23456789-1", "tax_condition": "RI",
        "phones": "0358 15-412-3456", "emails": "mj@example.com", "kind": "person"})
    assert answer.status_code == 302
    db.session.refresh(gomez)
    assert (gomez.name, gomez.tax_condition, len(gomez.phones)) == ("Gómez María", "RI", 1)
    assert gomez.fiscal_address.street == "San Martín"


def test_addresses_are_added_corrected_and_taken_out(login, gomez):
    browser = login(SEE, EDIT)
    new = f"/customers/{gomez.id}/addresses/new"
    assert browser.post(new, data={"street": "Belgrano", "number": "55"}).status_code == 302
    added = gomez.service_addresses[0]
    assert browser.get(f"/customers/addresses/{added.id}/edit").status_code == 200
    browser.post(f"/customers/addresses/{added.id}/edit", data={"street": "Belgrano", "number": "57"})
    db.session.refresh(added)
    assert added.number == "57"
    browser.post(f"/customers/addresses/{added.id}/remove")
    db.session.refresh(gomez)
    assert gomez.service_addresses == []
    assert browser.post(new, data={"street": " "}).status_code == 422


def test_a_customer_leaves_and_comes_back(login, gomez):
    browser = login(SEE, LEAVE)
    browser.post(f"/customers/{gomez.id}/deactivate", data={"reason": "se mudó"})
    assert "C-1" not in text(browser.get("/customers/"))
    assert "C-1" in text(browser.get("/customers/?state=former"))
    assert "se mudó" in text(browser.get(f"/customers/{gomez.id}"))
    browser.post(f"/customers/{gomez.id}/reactivate")
    assert "C-1" in text(browser.get("/customers/"))


def test_contacts_are_added_and_removed(login, gomez):
    browser = login(SEE, EDIT)
    made = browser.post(f"/customers/{gomez.id}/contacts/new", data={
        "name": "Vecina Rosa", "role": "tiene la llave", "phones": "0358 15 400 9999", "emails": "rosa@example.com"})
    assert made.status_code == 302
    assert "Vecina Rosa" in text(browser.get(f"/customers/{gomez.id}?tab=data"))
    assert [c.name for c in queries.search_customers("rosa")] == ["Gómez, María José"]
    browser.post(f"/customers/contacts/{gomez.contacts[0].id}/remove")
    assert "Vecina Rosa" not in text(browser.get(f"/customers/{gomez.id}?tab=data"))


def test_the_box_above_finds_customers_by_half_a_name(login, gomez):
    page = text(login(SEE).get("/search?q=jos gom"))
    assert f"/customers/{gomez.id}" in page


def test_what_a_customer_is_called_cannot_run_as_script(login, company):
    services.create_customer(name="<script>alert(1)</script>", emails="x@example.com")
    db.session.commit()
    page = login(SEE).get("/customers/").get_data(as_text=True)
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_zones_are_master_data_of_who_may_change_settings(login, company):
    browser = login("crm.edit_settings")
    page = browser.get("/admin/crm-zone/")
    assert page.status_code == 200
    assert browser.post("/admin/crm-zone/new/", data={"name": "Norte", "active": "y"}).status_code == 302
    assert [zone.name for zone in queries.zones()] == ["Norte"]
    assert login(SEE).get("/admin/crm-zone/").status_code == 403


def test_the_province_is_chosen_and_shown_by_name(login, gomez):
    browser = login(SEE, EDIT)
    page = text(browser.get(f"/customers/{gomez.id}/addresses/new"))
    assert '<option value="X">Córdoba</option>' in page
    browser.post(f"/customers/{gomez.id}/addresses/new",
                 data={"street": "Alvear 1", "city": "Río Cuarto", "region": "X"})
    assert "Alvear 1, Río Cuarto, Córdoba" in text(browser.get(f"/customers/{gomez.id}?tab=data"))


def test_a_province_that_is_on_no_list_is_kept(login, gomez):
    address = services.add_address(gomez, AddressData(kind="service", street="Ruta 8", region="Puntland"))
    db.session.commit()
    browser = login(SEE, EDIT)
    assert '<option selected value="Puntland">' in text(browser.get(f"/customers/addresses/{address.id}/edit"))
    browser.post(f"/customers/addresses/{address.id}/edit", data={"street": "Ruta 9", "region": "Puntland"})
    db.session.refresh(address)
    assert (address.street, address.region) == ("Ruta 9", "Puntland")


@pytest.mark.parametrize(("field", "value"), [("latitude", "-33,12"), ("longitude", "-64.35"), ("latitude", "91")])
def test_half_a_place_on_the_map_is_refused_beside_its_field(login, gomez, field, value):
    browser = login(SEE, EDIT)
    answer = browser.post(f"/customers/{gomez.id}/addresses/new", data={"street": "Alvear 1", field: value})
    assert answer.status_code == 422 and value in text(answer) and "Alvear 1" in text(answer)
    assert len(gomez.addresses) == 1


def test_a_place_in_colombia_is_checked_and_completed(login, client, app):
    company = companies.create_company("CO", "Andina S.A.S.", "9003901266", code="andina")
    with scope.company_scope(company):
        customer = services.create_customer(name="Ana")
        services.add_address(customer, AddressData(street="Cl 1", city="Rionegro", region="Antioquia"))
        assert (customer.addresses[0].region, customer.addresses[0].extra) == ("05", {"divipola": "05615"})


def test_a_contact_has_numbers_and_addresses_of_his_own(login, gomez):
    browser = login(SEE, EDIT)
    make = f"/customers/{gomez.id}/contacts/new"
    assert browser.post(make, data={"name": "", "phones": "x"}).status_code == 422
    answer = browser.post(make, data={"name": "Rosa", "emails": "rosa@", "phones": "0358 15 400 9999"})
    assert answer.status_code == 422 and "rosa@" in text(answer) and "0358 15 400 9999" in text(answer)
    browser.post(make, data={"name": "Rosa", "emails": "Rosa@example.com", "phones": "0358 15 400 9999"})
    db.session.expire_all()
    (contact,) = gomez.contacts
    assert [str(one) for one in contact.phones] == ["+5493584009999"]
    assert "rosa@example.com" not in [str(one) for one in gomez.emails]
    assert queries.billing_emails([gomez.id]).get(gomez.id, []) == [str(one) for one in gomez.emails]
    services.update_customer(gomez, emails="otra@example.com")  # what belongs to a contact stays his
    assert [str(one) for one in contact.emails] == ["rosa@example.com"]
    browser.post(f"/customers/contacts/{contact.id}/edit", data={
        "name": "Rosa Paz", "phones": "0358 15 400 8888", "emails": ""})
    db.session.expire_all()
    assert [str(one) for one in gomez.contacts[0].phones] == ["+5493584008888"] and gomez.contacts[0].emails == []
    assert queries.search_customers("rosa@example.com") == [gomez]  # an old address still finds him


@pytest.mark.parametrize(("query", "found"), [
    ("without=email", {"Ido"}), ("without=phone&state=all", {"Ido", "Fuera"}), ("state=former", {"Fuera"}),
    ("condition=CF", {"Gómez"}), ("zone=none", set()), ("q=gomez 1234", {"Gómez"})])
def test_the_list_is_narrowed(login, gomez, query, found):
    services.create_customer(name="Ido")
    services.deactivate_customer(services.create_customer(name="Fuera", emails="f@example.com"))
    db.session.commit()
    page = text(login(SEE).get(f"/customers/?{query}"))
    assert {name for name in ("Gómez", "Ido", "Fuera") if f">{name}" in page} == found


def test_many_customers_are_moved_marked_and_put_back(company):
    north, south = services.create_zone("Norte"), services.create_zone("Sur")
    customer = services.create_customer(name="Ana", zone_id=north.id)
    notes = {customer.id: lists.move(customer.id, {"zone": str(south.id)})}
    tags = {customer.id: lists.mark(customer.id, {"tag": "VIP"})}
    assert lists.mark(customer.id, {"tag": "vip"}) == ""  # he has it already
    lists.leave(customer.id, {"reason": "se mudó"})
    assert (customer.zone_id, [tag.name for tag in customer.tags], customer.active) == (south.id, ["VIP"], False)
    by_key = {action.key: action for action in lists.CUSTOMERS.actions}
    by_key["zone"].undo([customer.id], notes)
    by_key["tag"].undo([customer.id], tags)
    by_key["leave"].undo([customer.id], {})
    assert (customer.zone_id, customer.tags, customer.active) == (north.id, [], True)


def current_tab(page):
    return re.search(r'tab=(\w+)" aria-current="page"', page)[1]


def test_who_attends_customers_begins_with_what_happened_and_who_keeps_them_with_their_data(login, gomez):
    support = login(SEE, EDIT)
    assert current_tab(text(support.get(f"/customers/{gomez.id}"))) == "history"
    assert current_tab(text(support.get(f"/customers/{gomez.id}?tab=data"))) == "data"
    keeper = login(SEE, EDIT, LEAVE)
    assert current_tab(text(keeper.get(f"/customers/{gomez.id}"))) == "data"
    assert current_tab(text(keeper.get(f"/customers/{gomez.id}?tab=nonsense"))) == "data"
