"""What the SAT refuses is mended in place: the name, the place and the use that its register has."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import AuditRecord
from modules.crm import services as crm
from modules.crm.drafts import AddressData
from modules.crm.models import Customer
from modules.einvoice.models import Document
from modules.einvoice_mx import catalogs
from modules.einvoice_mx.mending import MexicanMender
from modules.einvoice_mx.models import CustomerProfile
from tests.issuing import documents
from tests.modules.einvoice.test_views import work
from tests.modules.einvoice_mx.conftest import customer

CLERK = ("einvoice.view_documents", "einvoice.send_documents")


def profile_of(who: Customer) -> CustomerProfile:
    db.session.expire_all()
    return db.session.scalars(sa.select(CustomerProfile).where(CustomerProfile.customer_id == who.id)).one()


def refuse(row: Document, code: str) -> None:
    """As the SAT says it: without a field."""
    row.state, row.cause, row.problems = "rejected", code, [{"code": code, "message": "El SAT dice que no"}]
    db.session.commit()


@pytest.mark.parametrize(("code", "name", "typed", "column", "kept"), [
    ("CFDI40145", "legal_name", "Universidad Robótica Española", "legal_name", "UNIVERSIDAD ROBÓTICA ESPAÑOLA"),
    ("CFDI40148", "fiscal_postal_code", "42501", "postal_code", "42501"),
    ("CFDI40160", "use", "S01", "use", "S01"),
    ("CFDI40161", "use", "G03", "use", "G03"),
])
def test_what_the_sat_wants_is_asked_for_and_written_where_invoices_read_it(
        login, issue, code, name, typed, column, kept):
    who = customer()
    issue("399.00", to=who)
    refuse(documents()[0], code)
    browser = login(*CLERK)
    assert f'name="{name}"' in browser.get("/einvoice/refused").get_data(as_text=True)
    answer = browser.post(f"/einvoice/{documents()[0].id}/retry", data={name: typed})
    assert answer.status_code == 302
    assert getattr(profile_of(who), column) == kept and documents()[0].state == "pending"
    assert kept in documents()[0].request["xml"]


def test_a_use_that_does_not_fit_is_found_here_and_mended_for_all_of_them(login, issue):
    people = [customer(), customer(code="other")]
    for who in people:
        profile_of(who).use = "D01"
        db.session.commit()
        issue("399.00", to=who)
    assert [(row.cause, row.problems[0]["field"]) for row in documents()] == [("CFDI40161", "extra.UsoCFDI")] * 2
    page = login(*CLERK).get("/einvoice/refused").get_data(as_text=True)
    # in each row, and once for all; the regime beside it
    assert page.count('<select class="input" name="use"') == page.count('name="tax_condition"') == 3
    assert page.count('<option value="D01" selected>') == 2


def test_a_postal_code_that_the_sat_has_not_is_refused_beside_it(login, issue):
    who = customer()
    issue("399.00", to=who)
    refuse(documents()[0], "CFDI40148")
    answer = login(*CLERK).post(f"/einvoice/{documents()[0].id}/retry", data={"fiscal_postal_code": "4250"})
    assert answer.status_code == 422 and 'value="4250"' in answer.get_data(as_text=True)
    assert profile_of(who).postal_code == "86991"


def test_who_has_no_profile_gets_one_and_it_is_on_record(login, issue):
    who = customer()
    issue("399.00", to=who)
    db.session.execute(sa.delete(CustomerProfile))
    refuse(documents()[0], "CFDI40148")
    login(*CLERK).post(f"/einvoice/{documents()[0].id}/retry", data={"fiscal_postal_code": "86991"})
    assert profile_of(who).postal_code == "86991"
    records = db.session.scalars(sa.select(AuditRecord).where(AuditRecord.action == "einvoice_mx.edit_customer")).all()
    assert [(one.object_id, one.changes) for one in records] == [(who.id, {"postal_code": ["", "86991"]})]


@pytest.mark.parametrize(("code", "name", "shown"), [
    ("CFDI40145", "legal_name", "UNIVERSIDAD ROBOTICA ESPAÑOLA"), ("CFDI40148", "fiscal_postal_code", "86991")])
def test_what_is_sent_again_as_it_was_shown_makes_no_copy_of_it(login, issue, code, name, shown):
    """A copy in the profile would go on after the customer's own name or address is corrected."""
    who = customer()
    issue("399.00", to=who)
    db.session.execute(sa.delete(CustomerProfile))
    crm.add_address(who, AddressData(street="Reforma", postal_code="86991"))
    refuse(documents()[0], code)
    browser = login(*CLERK)
    assert f'name="{name}" value="{shown}"' in browser.get("/einvoice/refused").get_data(as_text=True)
    browser.post(f"/einvoice/{documents()[0].id}/retry", data={name: shown.lower()})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CustomerProfile)) == 0


def test_the_public_gets_no_profile_by_a_use_that_is_chosen_for_all(login, issue):
    people = [customer(), customer(catalogs.NATIONAL, "PUBLICO EN GENERAL", "616", "42501")]
    for who in people:
        issue("399.00", to=who)
    db.session.execute(sa.delete(CustomerProfile))
    for row in documents():
        refuse(row, "CFDI40161")
    work(login(*CLERK).post("/einvoice/refused/retry", data={"cause": "CFDI40161", "use": "G03"}))
    kept = db.session.execute(sa.select(CustomerProfile.customer_id, CustomerProfile.use)).all()
    assert [tuple(one) for one in kept] == [(people[0].id, "G03")]
    MexicanMender().write(people[1], {"use": "G03"})  # whoever asks
    assert db.session.scalar(sa.select(sa.func.count()).select_from(CustomerProfile)) == 1
