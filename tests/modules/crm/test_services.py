"""Customers: made, changed, found."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from core import scope
from core.db import db
from core.models import AuditRecord
from modules.crm import queries, services
from modules.crm.errors import CodeTaken, UnknownCustomer, UnreadableContact, WrongTaxId
from modules.crm.models import Customer
from modules.crm.queries import CustomerFilter
from modules.crm.services import AddressData


def make(name="Gómez, María José", **fields):
    return services.create_customer(name=name, **fields)


def names_of(text="", **limits):
    return [c.name for c in queries.search_customers(CustomerFilter(text=text, **limits))]


@pytest.mark.parametrize(("number", "kind", "expected"), [
    ("20-11111111-2", "CUIT", "person"), ("30-70738634-3", "CUIT", "business"), ("23.456.781", "DNI", "person"),
    ("", "", "person")])
def test_the_document_is_stored_compact_and_tells_person_from_business(company, number, kind, expected):
    customer = make(tax_id=number)
    assert customer.tax_id_kind == kind and customer.kind == expected
    assert customer.tax_id == "".join(c for c in number if c.isdigit())


def test_a_wrong_document_is_refused_beside_its_field(company):
    with pytest.raises(WrongTaxId, match="ask for 6") as refusal:
        make(tax_id="20-12345678-9")
    assert refusal.value.field == "tax_id"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Customer)) == 0


def test_an_unknown_tax_condition_is_refused(company):
    with pytest.raises(services.DomainError, match="RI, MO"):
        make(tax_condition="XX")


def test_customers_without_a_code_are_numbered_around_the_codes_in_use(company):
    make(code="2")
    assert [make().code, make().code, make(code="A-7").code, make().code] == ["1", "3", "A-7", "4"]


def test_a_code_belongs_to_one_customer_of_the_company(company, other_company):
    make(code="7")
    with pytest.raises(CodeTaken):
        make(code=" 7 ")
    with scope.company_scope(other_company):
        assert make(code="7").code == "7"


def test_several_addresses_in_one_field_are_taken_apart(company):
    customer = make(emails="Admin@Agro.example; pagos@agro.example, admin@agro.example",
                    phones="3584112233 / 3584556677")
    assert [str(e) for e in customer.emails] == ["admin@agro.example", "pagos@agro.example"]
    assert [p.e164 for p in customer.phones] == ["+543584112233", "+543584556677"]


@pytest.mark.parametrize(("field", "text"), [("emails", "a@x.com, no tiene"), ("emails", "juan@example"),
                                             ("phones", "@@"), ("phones", "12345")])
def test_what_is_no_address_or_number_is_named(company, field, text):
    with pytest.raises(UnreadableContact) as refusal:
        make(**{field: text})
    assert refusal.value.field == field


def test_an_old_phone_still_finds_the_customer(company):
    customer = make(phones="0358 15-412-3456")
    services.update_customer(customer, phones="0358 15-499-9999")
    assert [p.e164 for p in customer.phones] == ["+5493584999999"]
    assert names_of("0358 15-412-3456") == [customer.name]


@pytest.mark.parametrize("text", [
    "gomez", "GÓMEZ", "mar jos", "josé gómez", "C-0042", "27-23456789-1", "27234567891", "23456789",
    "0358 15-412-3456", "3584123456", "+54 9 358 412 3456", "412-3456", "mjgomez@example.com", "MJGOMEZ",
    "san martin 1234", "río cuarto"])
def test_one_box_finds_by_whatever_the_caller_says(company, text):
    customer = make(code="C-0042", tax_id="27-23456789-1", phones="0358 15-412-3456", emails="mjgomez@example.com",
                    addresses=[AddressData(street="Av. San Martín", number="1234", city="Río Cuarto")])
    make("Núñez Peña, Ñandú", tax_id="23.456.781", phones="3584556677", emails="n@example.com")
    assert names_of(text) == [customer.name]


@pytest.mark.parametrize("text", ["%", "_", "zzz", "99999999", "gomez pena", "\\", "'; --"])
def test_what_nobody_has_finds_nobody(company, text):
    make(tax_id="27-23456789-1")
    make("Núñez Peña, Ñandú")
    assert names_of(text) in ([], ["Gómez, María José", "Núñez Peña, Ñandú"][:0])


def test_the_list_is_in_order_of_names_without_accents(company):
    for name in ("Zárate", "Álvarez", "alonso", "Ñandú", "Nuñez"):
        make(name)
    assert names_of() == ["alonso", "Álvarez", "Ñandú", "Nuñez", "Zárate"]


def test_filters_limit_the_list(company):
    north, tag = services.create_zone("Norte"), services.create_tag("VIP")
    make("A", zone_id=north.id)
    make("B", tag_ids=[tag.id], tax_condition="RI", tax_id="30-70738634-3")
    services.deactivate_customer(make("C"), "moved away")
    assert names_of(zone_id=north.id) == ["A"]
    assert names_of(tag_id=tag.id) == ["B"]
    assert names_of(active=False) == ["C"]
    assert names_of(active=None) == ["A", "B", "C"]
    assert names_of(tax_condition="RI") == names_of(kind="business") == ["B"]
    assert names_of(without_tax_id=True) == ["A"]


def test_zones_and_tags_are_made_once_whatever_their_case(company):
    assert services.create_zone("Centro").id == services.create_zone(" centro ").id
    assert services.create_tag("VIP").id == services.create_tag("vip").id


def test_a_customer_is_found_by_code_then_document(company):
    first = make(code="100", tax_id="23.456.781")
    assert queries.find_customer("100") is first
    assert queries.find_customer("23.456.781") is first
    assert queries.find_customer(first.id) is first
    with pytest.raises(UnknownCustomer, match="no customer 555"):
        queries.find_customer("555")


def test_nobody_sees_the_customers_of_another_company(company, other_company):
    customer = make(tax_id="23.456.781")
    with scope.company_scope(other_company):
        assert names_of() == [] and names_of("gomez") == []
        with pytest.raises(UnknownCustomer):
            queries.find_customer("23456781")
    assert queries.with_tax_id("23456781") == [customer]


def test_a_new_fiscal_address_takes_the_place_of_the_former(company):
    customer = make(addresses=[AddressData(street="Mitre", number="890")])
    home = services.add_address(customer, AddressData(kind="service", street="Ruta 8", extra={"km": 601}))
    assert customer.fiscal_address.street == "Mitre" and home.country == "AR"
    services.add_address(customer, AddressData(street="Belgrano", number="55"))
    assert (customer.fiscal_address.street, customer.service_addresses) == ("Belgrano", [home])
    assert len(customer.addresses) == 3


def test_changes_are_recorded_with_before_and_after(company):
    customer = make(tax_id="23.456.781")
    changes = services.update_customer(customer, name="Gómez", tax_id="20-11111111-2", emails="a@x.com")
    assert changes["tax_id"] == ["23456781", "20111111112"] and changes["emails"] == [[], ["a@x.com"]]
    assert services.update_customer(customer, name="Gómez") == {}
    actions = list(db.session.scalars(sa.select(AuditRecord.action).where(
        AuditRecord.action.startswith("crm.")).order_by(AuditRecord.id)))
    assert actions == ["crm.create_customer", "crm.update_customer"]


def records(customer):
    """(action, changes) of what was put on record on a customer after he was made."""
    rows = db.session.scalars(sa.select(AuditRecord).where(
        AuditRecord.object_type == "crm_customer", AuditRecord.object_id == customer.id).order_by(AuditRecord.id))
    return [(row.action, row.changes) for row in rows][1:]


def test_addresses_are_recorded_on_the_customer_with_before_and_after(company):
    customer = make(addresses=[AddressData(street="Sobremonte", number="550", city="Río Cuarto", region="X")])
    assert records(customer) == []  # he was made with it
    old, new = "Sobremonte 550, Río Cuarto · Córdoba", "Belgrano 55, Río Cuarto · Córdoba"
    services.add_address(customer, AddressData(street="Belgrano", number="55", city="Río Cuarto", region="X"))
    home = services.add_address(customer, AddressData(kind="service", street="Ruta 8", extra={"km": 601}))
    data = AddressData(kind="service", street="Ruta 8", reference="portón verde", latitude=Decimal("-33.1"),
                       longitude=Decimal("-64.3"))
    services.change_address(home, data)
    services.change_address(home, data)  # the same again says nothing
    services.remove_address(home)
    first, last = "Ruta 8 · km 601", "Ruta 8 · portón verde · -33.1, -64.3"
    assert records(customer) == [
        ("crm.add_address", {"fiscal_address": [old, new]}), ("crm.add_address", {"service_address": ["", first]}),
        ("crm.change_address", {"service_address": [first, last]}),
        ("crm.remove_address", {"service_address": [last, ""]})]


def test_contacts_are_recorded_on_the_customer_with_before_and_after(company):
    customer = make()
    rosa = services.add_contact(customer, "Rosa", "vecina", phones="358 4112233")
    services.update_contact(rosa, "Rosa Paz", "vecina", emails="rosa@x.com")
    services.remove_contact(rosa)
    first, last = "Rosa · vecina · +543584112233", "Rosa Paz · vecina · rosa@x.com"
    assert records(customer) == [("crm.add_contact", {"contact": ["", first]}),
                                 ("crm.update_contact", {"contact": [first, last]}),
                                 ("crm.remove_contact", {"contact": [last, ""]})]


def test_a_deactivated_customer_comes_back_unchanged(company):
    customer = make()
    services.deactivate_customer(customer, "moved away")
    assert not customer.active and customer.deactivated_at
    services.reactivate_customer(customer)
    assert customer.active and customer.deactivated_at is None


def test_mass_selects_answer_for_many_customers_at_once(company):
    first = make(emails="a@x.com; b@x.com", phones="3584112233", addresses=[
        AddressData(kind="service", street="S"), AddressData(street="F")])
    second = make(emails="c@x.com")
    ids = [first.id, second.id]
    assert queries.billing_emails(ids) == {first.id: ["a@x.com", "b@x.com"], second.id: ["c@x.com"]}
    assert queries.main_phones(ids) == {first.id: "+543584112233"}
    assert queries.fiscal_addresses(ids)[first.id].street == "F"
