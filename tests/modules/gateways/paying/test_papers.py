"""What of the ways to pay stands on the PDF and in the notice, and that scanners read it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import storage
from core.db import db
from core.errors import Unavailable
from modules.accounting import documents, handlers
from modules.crm.models import Customer
from modules.gateways import accounts, links
from modules.gateways.models import Account, Checkout, WithheldWay
from modules.gateways.shapes import Coupon, Opened
from tests.modules.accounting.books import issue, pay, statements
from tests.modules.accounting.documents_sample import codes, text

Make = Callable[..., Any]
DUE = {"issue_date": dt.date(2026, 11, 1), "due_date": dt.date(2026, 11, 15), "second_due_date": dt.date(2026, 11, 25)}
needs_reader = pytest.mark.skipif(shutil.which("zbarimg") is None, reason="zbarimg is not installed")
SIRO = {"convenio": "5150058293", "cuit_administrador": "30990000103", "ente": "RCW", "formato_barra": "0447"}


@pytest.fixture
def invoice(customer: Customer) -> Any:
    made = issue(customer, "12100", second_due_total=12500, **DUE)
    db.session.commit()
    return made


def gateway(account: Account, provider: str, **settings: str) -> Account:
    """Another account, with all that the provider wants."""
    made = Account(provider=provider, name=provider, cash_account_id=account.cash_account_id)
    accounts.apply_settings(made, settings)
    db.session.add(made)
    db.session.commit()
    assert accounts.missing(made) == []
    return made


def blocks(invoice: Any) -> list[Any]:
    return documents.blocks_of([invoice])(invoice)


@needs_reader
@pytest.mark.parametrize("form", ["0447", "0449"])
def test_link_and_coupons_are_read_back_from_the_paper(
        probe: Any, account: Account, invoice: Any, tmp_path: Path, form: str) -> None:
    gateway(account, "siro", **{**SIRO, "formato_barra": form})
    gateway(account, "pagofacil", empresa="1234")
    link, pagofacil, siro = blocks(invoice)
    data = documents.preview(invoice)
    found = codes(data, tmp_path, 300)
    assert link.qr_text == links.of_invoices([invoice])(invoice) and link.qr_text in found
    assert len(siro.barcode) == {"0447": 56, "0449": 59}[form] and siro.barcode in found
    bars = [one.strip("ABCDabcd") for one in found]
    assert pagofacil.barcode in bars
    said = text(data)
    assert "Pagar en línea" in said and siro.code in said and pagofacil.code in said


def test_the_notice_names_codes_and_the_link(probe: Any, account: Account, bank: str, invoice: Any) -> None:
    gateway(account, "pagomiscuentas", empresa="1234", sigla="RCWW")
    said = documents.ways_to_pay([invoice])[invoice.id]
    assert links.of_invoices([invoice])(invoice) in said and "PagoMisCuentas: 1001" in said and bank in said


def test_paid_documents_and_customers_who_are_offered_nothing_get_no_block(
        probe: Any, account: Account, customer: Customer, invoice: Any) -> None:
    assert [one.label for one in blocks(invoice)] == ["Pagar en línea"]
    withheld = WithheldWay(customer_id=customer.id, account_id=account.id)
    db.session.add(withheld)
    db.session.flush()
    assert blocks(invoice) == []
    db.session.delete(withheld)
    db.session.flush()
    pay(customer, "12100", pays=[(invoice, "12100")])
    assert blocks(invoice) == [] and "/pay/" not in documents.ways_to_pay([invoice])[invoice.id]


def test_what_is_read_does_not_grow_with_the_batch(
        probe: Any, account: Account, make_customer: Make) -> None:
    gateway(account, "siro", **SIRO)
    rows = [issue(make_customer(), "100", issue_date=DUE["issue_date"], due_date=DUE["due_date"]) for _one in range(6)]
    db.session.commit()
    counts = []
    documents.blocks_of(rows)(rows[0])  # what is read once per session, the company, is there
    for batch in (rows[:1], rows):
        assert all(one.open_amount for one in batch)  # the documents themselves are there
        with statements() as seen:
            make = documents.blocks_of(batch)
            assert all(len(make(one)) == 2 for one in batch)
        counts.append(len(seen))
    assert counts[1] <= counts[0] <= 8


def test_an_oxxo_ticket_is_made_before_the_paper_is_drawn(
        probe: Any, account: Account, invoice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "methods", {"link": "Page", "oxxo": "OXXO"}, raising=False)
    account.printed = ["oxxo"]
    db.session.commit()
    digits = "88000012345678901234567890"
    opened = Opened("t-1", "https://pay.example/t", coupon=Coupon(digits, "code128", "2004 5519"))
    monkeypatch.setattr(probe, "open", lambda *_args: opened)
    handlers.deliver_documents([invoice.id])
    db.session.expire_all()
    (row,) = db.session.query(Checkout).all()
    assert (row.method, row.state) == ("oxxo", "open")
    assert "OXXO" in text(storage.read(invoice.pdf_file_id)) and "2004 5519" in text(storage.read(invoice.pdf_file_id))
    handlers.deliver_documents([invoice.id])
    assert db.session.query(Checkout).count() == 1


def test_papers_do_not_wait_for_a_gateway_that_is_away(probe: Any, account: Account, invoice: Any) -> None:
    probe.methods = {"link": "Page", "oxxo": "OXXO"}
    account.printed, probe.trouble = ["oxxo"], Unavailable("away")
    db.session.commit()
    handlers.deliver_documents([invoice.id])
    db.session.expire_all()
    assert invoice.pdf_file_id and [one.state for one in db.session.query(Checkout)] == ["opening"]
