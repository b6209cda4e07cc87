"""The office's part: links to copy and revoke, what was opened, what a customer is offered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from core.db import db
from core.models import AuditRecord
from modules.crm.models import Customer
from modules.gateways import links
from modules.gateways.models import Account, Checkout, WithheldWay
from modules.gateways.tickets import choose, known
from tests.modules.accounting.books import issue

Make = Callable[..., Any]
SEES = ("accounting.view_documents", "crm.view_customers", "gateways.hand_out_links")


@pytest.fixture
def invoice(probe: Any, account: Account, customer: Customer) -> Any:
    made = issue(customer, "100", issue_date=dt.date(2026, 11, 1), due_date=dt.date(2026, 11, 15))
    db.session.commit()
    return made


def test_the_link_is_copied_from_the_document_and_from_the_customer(invoice: Any, customer: Customer,
                                                                    login: Make) -> None:
    desk = login(*SEES)
    page = desk.get(f"/invoices/{invoice.id}").text
    assert links.of_invoice(invoice) in page and "Copiar el enlace" in page and "Anular los enlaces" not in page
    tab = desk.get(f"/customers/{customer.id}?tab=ways_to_pay").text
    assert links.of_customer(customer) in tab and "No ofrecer más" not in tab


def test_who_may_not_sees_no_link(invoice: Any, login: Make) -> None:
    assert "/pay/" not in login("accounting.view_documents", "crm.view_customers").get(f"/invoices/{invoice.id}").text


def test_revoking_offering_and_opening_are_rights_of_their_own(invoice: Any, customer: Customer, account: Account,
                                                               login: Make) -> None:
    desk = login(*SEES)
    for path in (f"/gateways/invoices/{invoice.id}/revoke-link", f"/gateways/invoices/{invoice.id}/open",
                 f"/gateways/customers/{customer.id}/revoke-link",
                 f"/gateways/customers/{customer.id}/ways/{account.id}"):
        assert desk.post(path).status_code == 403


def test_a_link_is_revoked_and_the_page_shows_the_new_one(invoice: Any, login: Make, payer: Make) -> None:
    old = links.of_invoice(invoice)
    desk = login(*SEES, "gateways.edit_ways")
    said = desk.post(f"/gateways/invoices/{invoice.id}/revoke-link", follow_redirects=True).text
    assert "ya no abren" in said and old not in said and links.of_invoice(invoice) in said
    payer(old, 410)


def test_a_ticket_is_opened_for_who_asks_by_phone(invoice: Any, account: Account, login: Make, run_jobs: Make) -> None:
    desk = login(*SEES, "gateways.edit_ways")
    desk.post(f"/gateways/invoices/{invoice.id}/open", data={"account": account.id, "method": "link"})
    run_jobs()
    db.session.expire_all()
    (row,) = db.session.query(Checkout).all()
    page = desk.get(f"/invoices/{invoice.id}").text
    assert row.state == "open" and "se puede pagar" in page and row.url in page


def test_a_customer_is_no_longer_offered_a_gateway(invoice: Any, customer: Customer, account: Account, login: Make,
                                                   payer: Make) -> None:
    desk = login(*SEES, "gateways.edit_ways")
    path = f"/gateways/customers/{customer.id}/ways/{account.id}"
    for _twice in (1, 2):
        assert "no" in desk.post(path, data={"offered": ""}, follow_redirects=True).text
    assert db.session.query(WithheldWay).count() == 1
    assert "Pagar con" not in payer(links.of_invoice(invoice))
    desk.post(f"/gateways/invoices/{invoice.id}/open", data={"account": account.id})
    assert db.session.query(Checkout).count() == 0
    desk.post(path, data={"offered": "1"})
    assert "Pagar con" in payer(links.of_invoice(invoice))
    assert db.session.query(AuditRecord).filter_by(action="gateways.offer_way").count() == 2


def test_an_account_says_which_tickets_are_printed(account: Account, login: Make) -> None:
    account.provider = "mercadopago"
    db.session.commit()
    assert {"rapipago", "pagofacil"} <= set(known(account)) and "oxxo" not in known(account)
    choose(account, ["rapipago", "oxxo", "nothing"])
    assert account.printed == ["rapipago"]
