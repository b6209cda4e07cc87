"""A provider whose subscriber pays at a simulated gateway: from the document to the books and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core import clock, companies, scope
from core.db import db
from core.models import Company
from core.simulators import Running
from core.simulators.couriers import Letter
from modules.accounting import ledger, queries
from modules.accounting.models import Invoice
from modules.crm.drafts import AddressData, CustomerData
from modules.crm.services import create_customer
from modules.gateways import accounts, checkouts, jobs
from modules.gateways.models import Account, Checkout, Notice, Transaction
from tests.modules.accounting.books import issue

# 9 November 2026, ten in the morning in Bogotá
NOW = dt.datetime(2026, 11, 9, 15, tzinfo=dt.UTC)
COMPANIES = {"CO": "901234568", "MX": "EKU9003173C9"}


class Site:
    """A simulator, and what a test wants of it."""

    def __init__(self, found: Running, name: str) -> None:
        self.running, self.name = found, name
        self.address = f"{found.url}/{name}"

    def post(self, path: str, **body: Any) -> Any:
        return self.running.post(self.name, path, body)

    def fault(self, name: str, **options: Any) -> None:
        self.running.fault(self.name, name, **{"count": 1, **options})

    def state(self, **query: Any) -> Any:
        return self.running.state(self.name, **query)

    def letters(self) -> list[Letter]:
        """What it told so far, in order."""
        return list(self.running.site.mounted[self.name].service.notices.told)  # type: ignore[attr-defined]

    def browser(self, url: str, form: dict[str, str] | None = None) -> requests.Response:
        """The payer's browser: it opens a page, or posts a form; it goes nowhere by itself."""
        if form is None:
            return requests.get(url, timeout=20, allow_redirects=False)
        return requests.post(url, data=form, timeout=20, allow_redirects=False)


@contextmanager
def at(running: Running, name: str, moment: dt.datetime = NOW) -> Iterator[Site]:
    """The simulator at this moment, fresh, for it and for us; notices leave when they are told to."""
    running.reset(name)
    with clock.freeze(moment):
        site = Site(running, name)
        site.post("config", notices="manual")
        yield site


class Shop:
    """A company's account at the gateway, and its subscriber's invoice."""

    def __init__(self, account: Account, invoice: Invoice, site: Site, client: FlaskClient) -> None:
        self.account, self.invoice, self.site, self.client = account, invoice, site, client

    def open(self, method: str = "link") -> Checkout:
        """A page for the invoice, opened at the gateway."""
        row = checkouts.request(self.account, self.invoice, method)
        db.session.commit()
        checkouts.open_now(row.id)
        return row

    def told(self, start: int = 0) -> list[int]:
        """Bring the notices of the simulator to the product, from this one on; what it answered."""
        answers = []
        for one in self.site.letters()[start:]:
            parts = urlsplit(one.url)
            answers.append(self.client.post(f"{parts.path}?{parts.query}", data=one.content(),
                                            headers=dict(one.headers)).status_code)
        return answers

    def drain(self) -> None:
        """The job that works through the inbox."""
        jobs.drain(self.account.id)

    def ask(self, page: Checkout) -> None:
        """The question about a page, when its time has come."""
        checkouts.ask(page.id)

    @property
    def balance(self) -> Decimal:
        return queries.balance(self.invoice.customer_id)

    def states(self) -> list[tuple[str, str]]:
        """(the gateway's word, ours) of all that was told, in order."""
        return [(one.status, one.state) for one in self._rows()]

    def causes(self) -> list[str]:
        return [one.cause or one.attention for one in self._rows()]

    def notices(self) -> list[tuple[str, str, int]]:
        """(state, verdict, how often it came) of the inbox."""
        return [(one.state, one.reason, one.times) for one in db.session.scalars(
            sa.select(Notice).order_by(Notice.id).execution_options(populate_existing=True))]

    @staticmethod
    def _rows() -> list[Transaction]:
        return list(db.session.scalars(sa.select(Transaction).order_by(Transaction.id).execution_options(
            populate_existing=True)))


@contextmanager
def company_in(country: str) -> Iterator[Company]:
    """A company of this country in scope; its documents need no authority."""
    made = companies.create_company(country, "Fibra del Este", COMPANIES[country], code="fde")
    db.session.commit()
    with scope.company_scope(made):
        ledger.policy().legal_documents = False
        db.session.flush()
        yield made


def shop_of(app: Flask, client: FlaskClient, site: Site, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any],
            total: str, document: tuple[str, str] = ("", "")) -> Shop:
    """An account with these settings at the simulator; Ana Prueba owes `total`."""
    monkeypatch.setitem(app.extensions, "abona", replace(app.extensions["abona"], simulators_url=site.running.url))
    account = accounts.create(site.name, site.name, settings)
    data = CustomerData(name="Ana Prueba", code="1045", emails=("ana@example.org",), phones=("3000000000",),
                        tax_id_kind=document[0] or None, tax_id=document[1] or None)
    customer = create_customer(data, addresses=[AddressData(street="Calle 1", number="10", city="Ciudad")])
    invoice = issue(customer, total)
    db.session.commit()
    return Shop(account, invoice, site, client)
