"""What is mended in place at a refused document: each cause asks for its own field, and what is typed is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.db import db
from core.lists.models import Run
from modules.crm import services as crm
from modules.crm.models import Address, Customer
from modules.crm.services import AddressData
from modules.einvoice import mending, queries
from modules.einvoice.models import Document
from tests.modules.contracts.situations import statements
from tests.modules.einvoice.test_views import CLERK, customer_of, work

Make = Callable[..., Any]
REFUSED = "Así no"


def refused_for(make_refused: Make, field: str, name: str = "Ana Pérez") -> Document:
    document: Document = make_refused(name, code="X1", message=REFUSED, field=field)
    return document


def with_address(customer: Customer, **parts: Any) -> Address:
    address = crm.add_address(customer, AddressData(**{"street": "Belgrano", "number": "120", "city": "Salta",
                                                       "region": "A", "postal_code": "4400", **parts}))
    db.session.commit()
    return address


@pytest.mark.parametrize(("field", "name", "typed", "read"), [
    ("email", "emails", "ana@mail.example", lambda one: [str(email) for email in one.emails]),
    ("extra.phone", "phones", "387 555-1234", lambda one: [phone.typed for phone in one.phones]),
    ("name", "name", "Ana María Pérez", lambda one: one.name),
    ("address.postal_code", "address.postal_code", "4401", lambda one: one.fiscal_address.postal_code),
    ("address.city", "address.city", "Cerrillos", lambda one: one.fiscal_address.city),
    ("address", "address.street", "Belgrano sur", lambda one: one.fiscal_address.street),
])
def test_each_cause_asks_for_its_own_field_and_writes_it(login: Make, make_refused: Make, field: str, name: str,
                                                        typed: str, read: Any) -> None:
    document = refused_for(make_refused, field)
    with_address(customer_of(document))
    browser = login(*CLERK)
    page = browser.get("/einvoice/refused").get_data(as_text=True)
    assert f'name="{name}"' in page and 'name="tax_id"' not in page
    assert f'name="{name}"' in browser.get(f"/einvoice/{document.id}").get_data(as_text=True)
    assert browser.post(f"/einvoice/{document.id}/retry", data={name: typed}).status_code == 302
    db.session.expire_all()
    found = read(customer_of(document))
    assert (found if isinstance(found, str) else found[0], document.state) == (typed, "pending")


def test_the_rest_of_an_address_stays_and_its_region_is_chosen(login: Make, make_refused: Make) -> None:
    document = refused_for(make_refused, "address.region")
    with_address(customer_of(document), extra={"entre_calles": "Mitre y Zuviría"})
    browser = login(*CLERK)
    page = browser.get("/einvoice/refused").get_data(as_text=True)
    assert '<select class="input" name="address.region"' in page and '<option value="A" selected>Salta' in page
    browser.post(f"/einvoice/{document.id}/retry", data={"address.region": "Y"})
    db.session.expire_all()
    place = customer_of(document).fiscal_address
    assert place is not None
    assert (place.region, place.street, place.number, place.city, place.postal_code, place.extra) == (
        "Y", "Belgrano", "120", "Salta", "4400", {"entre_calles": "Mitre y Zuviría"})


def test_who_has_no_address_gets_one(login: Make, make_refused: Make) -> None:
    document = refused_for(make_refused, "address")
    login(*CLERK).post(f"/einvoice/{document.id}/retry", data={"address.street": "Mitre 50"})
    db.session.expire_all()
    place = customer_of(document).fiscal_address
    assert place is not None and (place.street, place.kind) == ("Mitre 50", "fiscal")


def test_what_cannot_be_kept_is_said_beside_what_was_typed(login: Make, make_refused: Make) -> None:
    document = refused_for(make_refused, "address.postal_code")
    with_address(customer_of(document))
    answer = login(*CLERK).post(f"/einvoice/{document.id}/retry", data={"address.postal_code": "4" * 40})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and f'value="{"4" * 40}"' in page and page.count("field-error") == 1
    other = refused_for(make_refused, "email", "Beto")
    wrong = login(*CLERK).post(f"/einvoice/{other.id}/retry", data={"emails": "ana@"})
    assert wrong.status_code == 422


def test_a_field_that_is_mended_elsewhere_leads_to_the_customer(login: Make, make_refused: Make) -> None:
    document = refused_for(make_refused, "address.extra.estrato")
    page = login(*CLERK, "crm.view_customers").get("/einvoice/refused").get_data(as_text=True)
    assert f'class="btn" href="/customers/{customer_of(document).id}?tab=data"' in page


def test_a_choice_is_offered_for_all_of_a_cause(login: Make, make_refused: Make) -> None:
    documents = [refused_for(make_refused, "address.region", name) for name in ("Ana", "Beto")]
    for one in documents:
        with_address(customer_of(one))
    browser = login(*CLERK)
    assert browser.get("/einvoice/refused").get_data(as_text=True).count('name="address.region"') == 3
    work(browser.post("/einvoice/refused/retry", data={"cause": "X1", "address.region": "Y"}))
    places = [customer_of(one).fiscal_address for one in documents]
    assert [place.region for place in places if place] == ["Y", "Y"]
    assert db.session.query(Run).one().options == {"address.region": "Y"}


def as_it_is(customer: Customer) -> tuple[Any, ...]:
    db.session.expire_all()
    place = customer.fiscal_address
    return (customer.name, customer.tax_id_kind, customer.tax_id, customer.tax_condition,
            [str(one) for one in customer.emails], [one.typed for one in customer.phones], place and place.line,
            place and place.place, place and place.region)


# all that any cause asks for
ALL = {"name": "Otro", "tax_id_kind": "DNI", "tax_id": "30111222", "tax_condition": "EX", "emails": "x@mail.example",
       "phones": "387 555-1234", "address.street": "Otra", "address.city": "Otra", "address.postal_code": "1",
       "address.region": "Y"}


def test_who_sends_again_writes_only_what_the_cause_asks_for(login: Make, make_refused: Make) -> None:
    document = refused_for(make_refused, "address.postal_code")
    customer = customer_of(document)
    with_address(customer)
    before = as_it_is(customer)
    login(*CLERK).post(f"/einvoice/{document.id}/retry", data=ALL | {"address.postal_code": "4401"})
    assert as_it_is(customer) == (*before[:7], "4401 Salta", before[8])
    assert document.state == "pending"


def test_who_sends_a_cause_again_writes_only_what_is_chosen_for_all_of_it(login: Make, make_refused: Make) -> None:
    documents = [refused_for(make_refused, "address.region", "Ana"), refused_for(make_refused, "tax_id", "Beto")]
    people = [customer_of(one) for one in documents]
    for one in people:
        with_address(one)
    before = [as_it_is(one) for one in people]
    work(login(*CLERK).post("/einvoice/refused/retry", data={"cause": "X1"} | ALL))
    assert [as_it_is(one) for one in people] == [(*before[0][:8], "Y"), before[1]]
    assert [one.state for one in documents] == ["pending"] * 2


@pytest.mark.parametrize("field", ["address.city", "email"])
def test_many_documents_cost_no_more_statements_than_few(make_refused: Make, field: str) -> None:
    def costs() -> int:
        db.session.expire_all()
        rows = list(db.session.scalars(db.select(Document)))
        found = queries.with_invoices(rows)
        pairs = [(row, found[row.id][1]) for row in rows]
        return int(statements(lambda: mending.of_documents(pairs)))

    for name in ("Ana", "Beto"):
        with_address(customer_of(refused_for(make_refused, field, name)))
    few = costs()
    for name in ("Carla", "Dora", "Ema"):
        with_address(customer_of(refused_for(make_refused, field, name)))
    assert costs() == few
