"""The office's screens: what waits, whose it is, files, accounts."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.errors import DomainError
from modules.accounting import queries
from modules.accounting.models import CashAccount
from modules.crm.models import Customer
from modules.gateways import accounts, booking, tray
from modules.gateways.models import Account, File, Transaction
from tests.modules.accounting.books import findings, issue
from tests.modules.gateways.test_booking import row
from tests.modules.gateways.test_files_in import content

Make = Callable[..., Any]
ALL = ("gateways.view_inbox", "gateways.match_payments", "gateways.exchange_files", "gateways.edit_accounts")


@pytest.fixture
def waiting(account: Account, customer: Customer, told: Make) -> Transaction:
    booking.take(account, [told("77", "150", payer={"name": customer.name})])
    return row("77")


def test_a_payment_that_waits_is_given_to_its_customer(waiting: Transaction, customer: Customer, login: Make) -> None:
    invoice = issue(customer, "150")
    db.session.commit()
    desk = login(*ALL)
    assert "77" in desk.get("/gateways?state=waiting").text
    page = desk.get(f"/gateways/payments/{waiting.id}").text
    assert customer.name in page and "pertenece" not in page
    desk.post(f"/gateways/payments/{waiting.id}/assign", data={"customer": customer.code})
    assert (row("77").state, queries.open_documents(customer.id), invoice.open_amount) == ("booked", [], 0)
    assert findings() == {}
    again = desk.post(f"/gateways/payments/{waiting.id}/assign", data={"customer": customer.code},
                      follow_redirects=True)
    assert queries.balance(customer.id) == 0 and "no espera" in again.text


@pytest.mark.parametrize("code", ["", "nobody"])
def test_nobody_is_no_customer(waiting: Transaction, login: Make, code: str) -> None:
    db.session.commit()
    login(*ALL).post(f"/gateways/payments/{waiting.id}/assign", data={"customer": code})
    assert row("77").state == "waiting"


def test_set_aside_needs_a_reason_and_can_be_taken_up(waiting: Transaction, customer: Customer, login: Make) -> None:
    db.session.commit()
    desk = login(*ALL)
    desk.post(f"/gateways/payments/{waiting.id}/set-aside", data={"reason": ""})
    assert row("77").state == "waiting"
    desk.post(f"/gateways/payments/{waiting.id}/set-aside", data={"reason": "Prueba de la pasarela"})
    assert (row("77").state, row("77").note) == ("set_aside", "Prueba de la pasarela")
    desk.post(f"/gateways/payments/{waiting.id}/take-up")
    assert row("77").state == "waiting"


def test_an_invoice_of_somebody_else_is_refused(waiting: Transaction, customer: Customer, make_customer: Make) -> None:
    with pytest.raises(DomainError):
        tray.assign(waiting, customer, issue(make_customer(), "10"))


def test_what_was_booked_with_a_remark_leaves_the_tray_when_somebody_looked(
        account: Account, customer: Customer, told: Make, login: Make) -> None:
    booking.take(account, [told("1", "100", customer=customer.code)])
    booking.take(account, [told("1", "90", customer=customer.code)])
    db.session.commit()
    desk = login(*ALL)
    assert row("1").attention == "contradicted"
    desk.post(f"/gateways/payments/{row('1').id}/seen")
    assert row("1").attention == ""


def test_a_file_is_brought_read_and_taken_back_on_screen(account: Account, customer: Customer, probe: Any, login: Make,
                                                        run_jobs: Callable[[], int]) -> None:
    db.session.commit()
    desk = login(*ALL)
    answer = desk.post("/gateways/files", data={"account": account.id,
                                                "file": (io.BytesIO(content(customer)), "pagos.txt")})
    assert answer.status_code == 302
    run_jobs()
    file = db.session.scalars(sa.select(File)).one()
    page = desk.get(f"/gateways/files/{file.id}").text
    assert (file.state, "pagos.txt" in page, "7,50" in page) == ("imported", True, True)
    desk.post(f"/gateways/files/{file.id}/undo", data={"reason": "de otro banco"})
    assert queries.balance(customer.id) == 0


def test_an_account_is_set_up_and_its_secret_never_shown(probe: Any, november: None, login: Make) -> None:
    db.session.commit()
    desk = login(*ALL)
    assert "Probe" in desk.get("/gateways/accounts").text
    desk.post("/gateways/accounts/new/probe", data={"name": "Mi pasarela", "word": "s3cret-word"})
    made = db.session.scalars(sa.select(Account)).one()
    assert accounts.access(made).get("word") == "s3cret-word"
    page = desk.get(f"/gateways/accounts/{made.id}").text
    assert "s3cret-word" not in page and made.token in page
    desk.post(f"/gateways/accounts/{made.id}", data={"word": ""})
    assert accounts.access(made).get("word") == "s3cret-word"
    place = db.session.get_one(CashAccount, made.cash_account_id)
    assert (place.kind, place.account.code.count("."), place.name) == ("gateway", place.account.code.count("."),
                                                                       "Mi pasarela")
    other = accounts.create("probe", "Otra", {"word": "x"})
    assert other.cash_account.account_id != place.account_id  # each gateway's money is seen by itself


@pytest.mark.parametrize(("provider", "shown", "hidden"), [
    ("bank", [], ["Direcciones para la pasarela"]), ("mercadopago", ["/notice<", "/back<"], ["Sus consultas"]),
    ("siro", ["/back<"], ["/notice<"])])
def test_only_addresses_that_the_gateway_asks_for_are_shown(november: None, login: Make, provider: str,
                                                            shown: list[str], hidden: list[str]) -> None:
    account = accounts.create(provider, "Cuenta", {})
    db.session.commit()
    page = login(*ALL).get(f"/gateways/accounts/{account.id}").text
    assert all(words in page for words in shown) and not any(words in page for words in hidden)


def test_of_what_is_not_booked_no_empty_lines_are_shown(waiting: Transaction, login: Make) -> None:
    page = login(*ALL).get(f"/gateways/payments/{waiting.id}").text
    assert "Todavía nada." in page and "<dd></dd>" not in page


def test_the_holding_of_two_gateways_is_apart(probe: Any, november: None, customer: Customer, told: Make) -> None:
    first, second = accounts.create("probe", "Una", {}), accounts.create("probe", "Otra", {})
    booking.take(first, [told("1", "100", customer=customer.code)])
    booking.take(second, [told("1", "40", customer=customer.code)])  # the same number at another gateway
    assert queries.balance(customer.id) == Decimal(-140)


def test_the_home_page_tells_what_waits(waiting: Transaction, account: Account, login: Make) -> None:
    account.trouble = "clave rechazada"
    db.session.commit()
    page = login(*ALL).get("/").text
    assert "1 pago de una pasarela lo espera" in page and "Pasarela no responde" in page
    assert "lo espera" not in login("gateways.edit_accounts").get("/").text
