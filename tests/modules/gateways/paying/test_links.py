"""Payment links: signed, over one day, revoked at once, of one company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core import scope
from core.db import db
from core.models import AuditRecord, Company
from modules.crm.models import Customer
from modules.gateways import links
from modules.gateways.models import Account
from tests.modules.accounting.books import issue
from tests.modules.gateways.paying.conftest import path

Make = Callable[..., Any]


@pytest.fixture
def invoice(account: Account, customer: Customer) -> Any:
    made = issue(customer, "100", issue_date=dt.date(2026, 11, 1), due_date=dt.date(2026, 11, 15))
    db.session.commit()
    return made


@pytest.mark.parametrize("damage", [
    lambda token: token[:-1], lambda token: token + "x", lambda token: "x" + token, lambda token: token.swapcase(),
    lambda token: token.rpartition(".")[0], lambda token: "." + token.rpartition(".")[2],
    lambda token: "WzEsImkiLDEsOTk5OTksMF0." + token.rpartition(".")[2]])
def test_a_changed_address_opens_nothing(invoice: Any, client: FlaskClient, damage: Any) -> None:
    token = links.of_invoice(invoice).rpartition("/")[2]
    assert client.get(f"/pay/{token}").status_code == 200
    assert client.get(f"/pay/{damage(token)}").status_code == 404


def test_tokens_of_other_purposes_are_none(app: Flask, invoice: Any, client: FlaskClient) -> None:
    from itsdangerous import URLSafeSerializer

    wrong = URLSafeSerializer(app.extensions["abona"].secret_key, salt="notifications.unsubscribe")
    assert client.get(f"/pay/{wrong.dumps([1, 'i', invoice.id, 9999, 0])}").status_code == 404


def test_the_printed_link_is_always_the_same_and_ends_half_a_year_after_its_last_day(
        invoice: Any, payer: Make, frozen: Make) -> None:
    printed = links.of_invoices([invoice])(invoice)
    frozen(2027, 5, 14, 15)
    assert links.of_invoices([invoice])(invoice) == printed
    payer(printed)
    frozen(2027, 5, 15, 15)
    assert "venció" in payer(printed, 410)
    payer(links.of_invoice(invoice))  # a new one, for who still owes


def test_revoked_links_are_over_and_new_ones_are_not(invoice: Any, customer: Customer, payer: Make) -> None:
    old, all_of_it = links.of_invoice(invoice), links.of_customer(customer)
    links.revoke(customer, invoice)
    db.session.commit()
    payer(old, 410)
    payer(all_of_it)
    payer(links.of_invoice(invoice))
    assert links.of_invoices([invoice])(invoice) != old
    links.revoke(customer)
    links.revoke(customer)
    db.session.commit()
    payer(all_of_it, 410)
    payer(links.of_customer(customer))
    payer(links.of_invoice(invoice))
    deeds = db.session.query(AuditRecord).filter_by(action="gateways.revoke_links").all()
    assert [one.object_type for one in deeds] == ["accounting_invoice", "crm_customer", "crm_customer"]


def test_a_link_is_of_its_company(invoice: Any, other_company: Company, client: FlaskClient) -> None:
    """A signed address names its company: that of another one with the same number shows nothing of ours."""
    link = links.read(links.of_invoice(invoice).rpartition("/")[2])
    foreign = links.token(links.Link(other_company.id, "i", link.id, link.until, 0))
    with scope.nobody():
        assert client.get(f"/pay/{foreign}").status_code == 404


def test_addresses_are_not_logged(invoice: Any, client: FlaskClient, capsys: pytest.CaptureFixture[str],
                                  caplog: pytest.LogCaptureFixture) -> None:
    link = path(links.of_invoice(invoice))
    client.get(link)
    written = capsys.readouterr()
    assert link.rpartition("/")[2] not in written.out + written.err + caplog.text
