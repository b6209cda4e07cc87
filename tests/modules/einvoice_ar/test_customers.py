"""ARCA's register on a customer's page, and certificates that end on the home page."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from core import clock
from core.db import db
from core.models import Company
from core.simulators import Running
from modules.crm.models import Customer
from modules.crm.services import create_customer
from modules.einvoice_ar import access, customers
from modules.einvoice_ar.models import Certificate, CustomerProfile

CLERK = ("crm.view_customers", "crm.edit_customers")


@pytest.fixture
def arca(app: Flask, company: Company, simulator: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    settings = dataclasses.replace(app.extensions["abona"], simulators_url=simulator.url)
    monkeypatch.setitem(app.extensions, "abona", settings)
    return simulator


def customer(condition: str = "RI", number: str = "30990001118", kind: str = "CUIT") -> Customer:
    made = create_customer(name="Distribuidora", tax_condition=condition, tax_id_kind=kind, tax_id=number)
    db.session.commit()
    return made


def kept(row: Customer) -> CustomerProfile:
    db.session.expire_all()
    found = customers.profile_of(row)
    assert found is not None
    return found


def ask(client: Any, row: Customer) -> str:
    return str(client.post(f"/einvoice-ar/customers/{row.id}/ask", follow_redirects=True).get_data(as_text=True))


def test_the_answer_is_kept_beside_what_staff_chose(arca: Running, login: Callable[..., Any]) -> None:
    row, client = customer(condition="EX"), login(*CLERK)
    page = ask(client, row)
    found = kept(row)
    assert (found.known, found.active, found.condition, found.name) == (True, True, "RI",
                                                                        "DISTRIBUIDORA DEL SUR S.R.L.")
    assert found.checked_at is not None and "DISTRIBUIDORA DEL SUR S.R.L." in page
    assert row.tax_condition == "EX"
    client.post(f"/einvoice-ar/customers/{row.id}/take-over")
    db.session.expire_all()
    assert row.tax_condition == "RI"


@pytest.mark.parametrize(("number", "known", "active"), [("20990001503", True, False), ("30990009992", False, False)])
def test_inactive_and_unknown_numbers(arca: Running, login: Callable[..., Any], number: str, known: bool,
                                      active: bool) -> None:
    row = customer(number=number)
    ask(login(*CLERK), row)
    assert (kept(row).known, kept(row).active) == (known, active)


@pytest.mark.parametrize(("number", "condition"), [("27990001206", "MO"), ("27990001400", "MS"), ("30990001304", "EX"),
                                                   ("20990002003", "")])
def test_conditions_of_the_register(arca: Running, login: Callable[..., Any], number: str, condition: str) -> None:
    row = customer(number=number)
    ask(login(*CLERK), row)
    assert kept(row).condition == condition


def test_a_number_that_was_changed_is_to_be_asked_about_again(arca: Running, login: Callable[..., Any]) -> None:
    row, client = customer(), login(*CLERK)
    assert "DISTRIBUIDORA DEL SUR" in ask(client, row)
    row.tax_id = "30990001304"
    db.session.commit()
    page = client.get(f"/customers/{row.id}").get_data(as_text=True)
    assert "DISTRIBUIDORA DEL SUR" not in page and "/ask" in page


def test_who_has_no_cuit_is_not_asked_about(company: Company, login: Callable[..., Any]) -> None:
    row = customer(condition="CF", kind="DNI", number="30111222")
    client = login(*CLERK)
    assert "/einvoice-ar/" not in client.get(f"/customers/{row.id}").get_data(as_text=True)
    assert client.post(f"/einvoice-ar/customers/{row.id}/ask").status_code == 409
    assert customers.profile_of(row) is None


def test_credit_invoices_are_offered_where_the_company_issues_them(company: Company, login: Callable[..., Any]) -> None:
    row, client = customer(), login(*CLERK)
    assert "credit-invoices" not in client.get(f"/customers/{row.id}").get_data(as_text=True)
    access.profile().credit_invoices = True
    db.session.commit()
    assert "credit-invoices" in client.get(f"/customers/{row.id}").get_data(as_text=True)
    client.post(f"/einvoice-ar/customers/{row.id}/credit-invoices", data={"gets": "1"})
    assert kept(row).gets_credit_invoices
    client.post(f"/einvoice-ar/customers/{row.id}/credit-invoices")
    assert not kept(row).gets_credit_invoices


def test_another_country_sees_nothing_of_arca(company: Company, login: Callable[..., Any]) -> None:
    row, client = customer(), login(*CLERK)
    company.country = "EC"
    db.session.commit()
    assert "/einvoice-ar/" not in client.get(f"/customers/{row.id}").get_data(as_text=True)


@pytest.mark.parametrize(("days", "tone"), [(61, ""), (59, "warn"), (8, "warn"), (6, "bad"), (-1, "bad")])
def test_a_certificate_that_ends_is_told_on_the_home_page(company: Company, login: Callable[..., Any], days: int,
                                                          tone: str) -> None:
    db.session.add(Certificate(environment="production", alias="abona2024", private_key="k", pem="p", active=True,
                               valid_until=clock.now() + dt.timedelta(days=days, hours=1)))
    db.session.commit()
    page = login("einvoice.enable").get("/").get_data(as_text=True)
    assert ("abona2024" in page) == bool(tone)
    if tone:
        assert f'notice-{tone}' in page.split("abona2024")[0][-200:]
