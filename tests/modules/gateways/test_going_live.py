"""From rehearsal to real money: an account's guarded step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from core import outside
from core.db import db
from core.errors import Rejected
from core.models import Company
from modules.accounting import queries
from modules.crm.models import Customer
from modules.gateways import accounts, booking, checkouts, ports
from modules.gateways.models import Account, Checkout
from modules.gateways.ways import Offers
from tests.modules.accounting.books import issue
from tests.modules.gateways.probe import PROVIDER
from tests.modules.gateways.test_booking import row

Make = Callable[..., Any]
ALL = ("gateways.edit_accounts", "gateways.view_inbox")


@pytest.fixture
def proved(monkeypatch: pytest.MonkeyPatch, probe: Any) -> list[Any]:
    """The accesses with which the gateway was asked whether settings are right; the word "wrong" is not."""
    asked = []

    def test(access: Any) -> str:
        asked.append(access)
        if access.get("word") == "wrong":
            raise Rejected("clave desconocida", code="key")
        return "La conoce."

    monkeypatch.setitem(ports.providers._entries, "probe", replace(PROVIDER, test=test))
    return asked


@pytest.fixture
def ready(account: Account, proved: Any, company: Company) -> Account:
    """An account with its settings, of a company that works for real."""
    accounts.apply_settings(account, {"word": "open"})
    company.environment = "production"
    db.session.commit()
    return account


def step(desk: Any, account: Account, target: str = "production", **values: str) -> Any:
    return desk.post(f"/gateways/accounts/{account.id}/environment", data={"environment": target, **values},
                     follow_redirects=True)


def standing(app: Flask) -> bool | None:
    """Whether the gateways stand in production among the outside services; None where they are not among them."""
    with app.test_request_context():
        found = outside.services.get("gateways")()
    return found.live if found else None


def test_the_step_is_guarded_by_the_tax_number_and_proved_at_the_gateway_itself(
        ready: Account, company: Company, proved: list[Any], login: Make) -> None:
    desk = login(*ALL)
    assert "ensayo" in desk.get(f"/gateways/accounts/{ready.id}").text
    for typed in ("", "30-12345678-9"):
        step(desk, ready, confirm=typed)
        assert ready.environment == "rehearsal" and proved == []
    page = step(desk, ready, confirm=company.tax_id).text
    assert ready.environment == "production" and "La conoce." in page
    assert [(one.environment, one.address) for one in proved] == [("production", "")]
    assert accounts.environment_of(ready) == "production" and not accounts.is_test(ready)


def test_wrong_keys_stay_in_rehearsal(ready: Account, company: Company, login: Make) -> None:
    accounts.apply_settings(ready, {"word": "wrong"})
    db.session.commit()
    assert "clave desconocida" in step(login(*ALL), ready, confirm=company.tax_id).text
    assert ready.environment == "rehearsal"


def test_a_company_in_rehearsal_and_missing_settings_hold_it_back(ready: Account, company: Company,
                                                                 login: Make) -> None:
    company.environment = "rehearsal"
    db.session.commit()
    assert "primero sus comprobantes" in step(login(*ALL), ready, confirm=company.tax_id).text
    company.environment, ready.keys = "production", None
    db.session.commit()
    step(login(*ALL), ready, confirm=company.tax_id)
    assert ready.environment == "rehearsal"


def test_what_nobody_confirmed_must_be_compared(ready: Account, company: Company, login: Make,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ports.providers._entries, "probe", replace(PROVIDER, confirmed=False))
    desk = login(*ALL)
    step(desk, ready, confirm=company.tax_id)
    assert ready.environment == "rehearsal"
    step(desk, ready, confirm=company.tax_id, compared="1")
    assert ready.environment == "production" and ready.confirmed_at is not None


def test_no_payer_is_sent_to_a_rehearsal_and_nothing_of_it_is_booked(
        ready: Account, customer: Customer, told: Make, company: Company) -> None:
    invoice = issue(customer, "100")
    assert Offers([customer.id]).all == []
    booking.take(ready, [told("77", customer=customer.code)])
    assert (row("77").state, row("77").cause) == ("waiting", "test_payment")
    assert queries.open_documents(customer.id) == [invoice]
    ready.environment = "production"
    assert Offers([customer.id]).all == [ready]
    booking.take(ready, [told("78", customer=customer.code)])
    assert row("78").state == "booked" and queries.open_documents(customer.id) == []


def test_pages_of_the_rehearsal_are_closed_and_the_poll_begins_anew(ready: Account, customer: Customer,
                                                                   company: Company, login: Make) -> None:
    page = checkouts.request(ready, issue(customer, "100"))
    ready.cursor = "7"
    db.session.commit()
    step(login(*ALL), ready, confirm=company.tax_id)
    assert db.session.get_one(Checkout, page.id).state == "closed" and ready.cursor == ""


def test_a_rehearsal_among_the_services_and_back(app: Flask, ready: Account, company: Company, login: Make) -> None:
    assert standing(app) is False
    desk = login(*ALL)
    step(desk, ready, confirm=company.tax_id)
    assert standing(app) is True
    step(desk, ready, "rehearsal")
    assert ready.environment == "rehearsal"
    assert step(desk, ready, "moon").status_code == 422 or ready.environment == "rehearsal"


def test_it_is_switched_off_and_on(ready: Account, customer: Customer, login: Make) -> None:
    ready.environment = "production"
    db.session.commit()
    desk = login(*ALL)
    desk.post(f"/gateways/accounts/{ready.id}/switch", data={"on": "0"})
    assert not ready.active and Offers([customer.id]).all == []
    desk.post(f"/gateways/accounts/{ready.id}/switch", data={"on": "1"})
    assert ready.active
