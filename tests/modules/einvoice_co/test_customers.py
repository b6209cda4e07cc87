"""What the RUT says of a customer: written down, told to both providers, shown and edited on his page."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.db import db
from core.errors import DomainError
from core.i18n import lazy, use_locale
from core.models import Company
from modules.contracts.models import Plan
from modules.crm.models import Customer
from modules.einvoice_co import customers
from modules.einvoice_co.models import Attachment, CustomerProfile
from tests.modules.contracts.situations import statements
from tests.modules.einvoice_co.test_delivery import mails_with
from tests.modules.einvoice_co.test_issuer import customer, documents, issue, use, work
from tests.modules.einvoice_co.test_place_taxes import contract, plan

__all__ = ["plan"]
SEE, EDIT = "crm.view_customers", "crm.edit_customers"


@pytest.fixture
def company(isp: Company) -> Company:
    """Who logs in belongs to the Colombian company."""
    return isp


@pytest.fixture
def browser(login: Callable[..., FlaskClient], company: Company) -> FlaskClient:
    return login(SEE, EDIT, "einvoice.view_documents", "einvoice.send_documents", "accounting.view_documents",
                 "contracts.view_contracts")


# --- what the providers are told -----------------------------------------------------------------------------


def test_the_factory_hka_is_told_person_and_responsibilities(isp):
    use("hka")
    customers.write(customer(), person="1", responsible=["O-13", "O-23"])
    issue(100000)
    work()
    (document,) = documents()
    who = document.request["factura"]["cliente"]
    assert document.state == "authorized", document.problems
    assert who["tipoPersona"] == "1" and who["responsabilidadesRut"]["Obligaciones"] == [
        {"obligaciones": "O-13", "regimen": "49"}, {"obligaciones": "O-23", "regimen": "49"}]


def test_siigo_is_told_person_responsibilities_and_names_apart(isp, site):
    use("siigo")
    customers.write(customer(name="María de los Ángeles De la Hoz"), person="2", responsible=["O-47"],
                    first_names="María de los Ángeles", surnames="De la Hoz")
    issue(100000)
    work()
    (there,) = site("siigo").state["customers"]
    assert documents()[0].state == "authorized", documents()[0].problems
    assert (there["person_type"], there["name"], there["fiscal_responsibilities"]) == (
        "Person", ["María de los Ángeles", "De la Hoz"], [{"code": "O-47"}])


@pytest.mark.parametrize("provider", ["hka", "siigo"])
def test_of_whom_nothing_is_written_down_the_number_decides(isp, provider):
    use(provider)
    issue(100000)
    work()
    request: Any = documents()[0].request
    said = request["factura"]["cliente"] if provider == "hka" else json.loads(request["customer"])
    assert "R-99-PN" in str(said) and (said.get("tipoPersona") == "2" or said["person_type"] == "Person")


def test_many_customers_are_read_at_once(isp):
    for number in range(5):
        customers.write(customer(tax_id=f"10203040{number}0"), person="2")
    ids = list(db.session.scalars(sa.select(Customer.id)))
    assert statements(lambda: customers.extras(ids)) == 1 and len(customers.extras(ids)) == 5


@pytest.mark.parametrize(("values", "field"), [
    ({"person": "3"}, "person"), ({"responsible": ["O-06"]}, "responsible"), ({"first_names": "Ana"}, "surnames"),
    ({"surnames": "Pérez"}, "first_names")])
def test_what_the_dian_does_not_have_is_refused(isp, values, field):
    with pytest.raises(DomainError) as caught:
        customers.write(customer(), **values)
    assert caught.value.field == field and db.session.scalar(sa.select(CustomerProfile)) is None


# --- on screen -----------------------------------------------------------------------------------------------


def text(answer: Any) -> str:
    return " ".join(html.unescape(answer.get_data(as_text=True)).split())


def said(message: str) -> str:
    """As the pages of a Colombian company say it."""
    with use_locale("es_CO"):
        return str(lazy(message))


def test_it_is_edited_on_the_customer_s_page(browser):
    who = customer()
    db.session.commit()
    page = text(browser.get(f"/customers/{who.id}"))
    assert f"{said('Person (natural)')} · R-99-PN" in page and f"/einvoice-co/customers/{who.id}" in page
    answer = browser.post(f"/einvoice-co/customers/{who.id}", data={
        "person": "1", "responsible": ["O-13", "O-15"], "first_names": "", "surnames": ""})
    assert answer.status_code == 302
    assert f"{said('Company (jurídica)')} · O-13 O-15" in text(browser.get(f"/customers/{who.id}"))
    assert 'value="O-13" selected' in text(browser.get(f"/einvoice-co/customers/{who.id}")).replace(
        'selected value="O-13"', 'value="O-13" selected')


def test_what_cannot_be_is_said_beside_its_field(browser):
    who = customer()
    db.session.commit()
    answer = browser.post(f"/einvoice-co/customers/{who.id}", data={"person": "", "first_names": "Ana", "surnames": ""})
    refusal = said("To save this you must give first names and surnames, or neither.")
    assert answer.status_code == 422 and refusal in text(answer)


def test_who_may_not_edit_customers_may_not_here(login, company):
    who = customer()
    db.session.commit()
    assert login(SEE).post(f"/einvoice-co/customers/{who.id}", data={}).status_code == 403


@pytest.mark.parametrize(("extra", "words"), [
    ({"estrato": "2"}, "Estrato 1 and 2: exempt of IVA"), ({"estrato": "3"}, "Estrato 3: excluded of IVA"),
    ({"estrato": "5"}, "Estrato 4 to 6: IVA 19 %"), ({"uso": "comercial"}, "Businesses: IVA 19 %")])
def test_the_iva_of_the_estrato_is_shown(browser, plan: Plan, extra, words):
    made = contract(plan, extra)
    assert said(words) in text(browser.get(f"/customers/{made.customer_id}"))
    page = text(browser.get(f"/contracts/{made.id}"))
    assert f"{said('IVA by the estrato of the place')} · {said(words)}" in page


def test_a_missing_estrato_is_told_with_where_to_write_it(browser, plan: Plan):
    made = contract(plan, {})
    page = text(browser.get(f"/customers/{made.customer_id}"))
    words = said("Contract %(number)s cannot be billed: nobody wrote down the estrato of its place.")
    assert words % {"number": made.number} in page and f"/customers/{made.customer_id}?tab=data" in page
    assert "estrato" in text(browser.get(f"/contracts/{made.id}")) and "notice-bad" in text(
        browser.get(f"/contracts/{made.id}"))


def test_pdfs_that_did_not_arrive_are_told_and_sent_again(browser, company, site):
    mails_with("ours")
    (invoice,) = issue(100000)
    work()
    db.session.execute(sa.update(Attachment).values(state="failed", message="El campo nombre es obligatorio"))
    db.session.commit()
    assert "/einvoice-co/attachments" in text(browser.get("/"))
    assert "El campo nombre es obligatorio" in text(browser.get(f"/invoices/{invoice.id}"))
    page = browser.get("/einvoice-co/attachments")
    assert "El campo nombre es obligatorio" in text(page) and "SETP990000000" in text(page)
    assert browser.post("/einvoice-co/attachments/again").status_code == 302
    work()
    assert db.session.scalars(sa.select(Attachment.state)).one() == "sent"
    assert said("No PDF waits") in text(browser.get("/einvoice-co/attachments"))
