"""The payer's page: what it tells and what it does not, and how a way to pay is opened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from core.errors import Rejected
from core.security import limiter
from modules.accounting.notes import credit
from modules.accounting.services import cancel_invoice
from modules.crm.models import Customer
from modules.gateways import booking, checkouts, jobs, links
from modules.gateways.models import Account, Checkout, WithheldWay
from modules.gateways.shapes import Opened
from tests.modules.accounting.books import issue, pay
from tests.modules.gateways.paying.conftest import path, words

Make = Callable[..., Any]
DUE = {"issue_date": dt.date(2026, 11, 1), "due_date": dt.date(2026, 11, 15)}
SECOND = {"second_due_date": dt.date(2026, 11, 25), "second_due_total": Decimal("12500")}


@pytest.fixture
def invoice(customer: Customer) -> Any:
    made = issue(customer, "12100", **DUE, **SECOND)
    made.legal_number = "B 0003-00000119"
    db.session.commit()
    return made


def pages() -> list[Checkout]:
    return list(db.session.scalars(sa.select(Checkout).order_by(Checkout.id)))


def test_the_page_tells_what_the_payer_needs_and_nothing_else(
        probe: Any, account: Account, bank: str, invoice: Any, client: FlaskClient) -> None:
    answer = client.get(path(links.of_invoice(invoice)))
    said = words(answer.text)
    assert "Factura B 0003-00000119" in said and "$12.100,00" in said
    assert "hasta el 15/11/2026" in said and "hasta el 25/11/2026: $12.500,00" in said
    assert "Pagar con Probe" in said and bank in said
    customer = invoice.customer
    assert "C****** 1***" in said  # he knows himself by his initials
    mail = f"c{customer.code}@example.com"
    for secret in (customer.name, "Gral. Paz", "1234", "Sobremonte", customer.tax_id or "-", mail):
        assert secret == "-" or secret not in answer.text, secret
    assert answer.headers["X-Robots-Tag"].startswith("noindex") and 'content="noindex' in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "no-store"
    assert not answer.headers.getlist("Set-Cookie")
    assert "style=" not in answer.text and "onclick" not in answer.text


@pytest.mark.parametrize(("day", "amount", "words_"), [
    ((2026, 11, 15), "12.100,00", "Pague hasta el 15/11/2026"),
    ((2026, 11, 16), "12.500,00", "Venció el 15/11/2026. Este importe vale hasta el 25/11/2026"),
    ((2026, 11, 26), "12.100,00", "Venció el 15/11/2026"),
])
def test_the_amount_is_today_s(probe: Any, account: Account, invoice: Any, payer: Make, frozen: Make, day: Any,
                               amount: str, words_: str) -> None:
    frozen(*day, 15)
    said = payer(links.of_invoice(invoice))
    assert f"${amount}" in said and words_ in said


def test_a_second_click_finds_the_first_page(
        probe: Any, account: Account, invoice: Any, choose: Make, payer: Make, run_jobs: Make,
        client: FlaskClient) -> None:
    link = links.of_invoice(invoice)
    first, second = choose(link, account), choose(link, account)
    assert first == second and [row.state for row in pages()] == ["pending"]
    assert "preparando" in payer(first)
    run_jobs()
    assert len(probe.pages) == 1
    (row,) = pages()
    assert client.get(path(first) + "?state=1").json == {"state": "open"}
    assert f'href="{row.url}"' in client.get(path(first)).text and choose(link, account) == first
    assert row.amount == Decimal("12100.00")


def test_the_amount_is_read_again_when_the_page_is_opened(
        probe: Any, account: Account, customer: Customer, invoice: Any, choose: Make, run_jobs: Make) -> None:
    link = links.of_invoice(invoice)
    choose(link, account)
    pay(customer, "2100", pays=[(invoice, "2100")])
    db.session.commit()
    run_jobs()
    choose(link, account)
    run_jobs()
    living = [row for row in pages() if row.state == "open"]
    assert [row.amount for row in living] == [Decimal("10000.00")]


def test_a_gateway_that_asks_from_where_the_payer_comes_is_told(
        probe: Any, account: Account, invoice: Any, choose: Make, run_jobs: Make) -> None:
    """His address goes with the page that he opened, and into nothing that the gateway gave."""
    choose(links.of_invoice(invoice), account)
    (row,) = pages()
    assert checkouts.attempt_of(row).payer.ip == "127.0.0.1"
    run_jobs()
    assert checkouts.attempt_of(row).payer.ip == "127.0.0.1" and "ip" not in checkouts.opened_of(row).data
    by_staff = checkouts.request(account, invoice, "other")
    assert checkouts.attempt_of(by_staff).payer.ip == ""


def test_what_was_paid_before_it_was_opened_is_never_opened(
        probe: Any, account: Account, customer: Customer, invoice: Any, choose: Make) -> None:
    choose(links.of_invoice(invoice), account)
    pay(customer, "12100", pays=[(invoice, "12100")])
    db.session.commit()
    (row,) = pages()
    checkouts.open_now(row.id)
    assert (row.state, probe.pages) == ("closed", {})


def test_a_page_that_was_given_up_while_it_was_opened_is_closed_there(
        probe: Any, account: Account, invoice: Any, choose: Make, run_jobs: Make,
        monkeypatch: pytest.MonkeyPatch) -> None:
    choose(links.of_invoice(invoice), account)
    (row,) = pages()
    opens = probe.open

    def slow(*args: Any) -> Opened:
        made: Opened = opens(*args)
        db.session.execute(sa.update(Checkout).values(state="closed"))
        db.session.commit()
        return made

    monkeypatch.setattr(probe, "open", slow)
    checkouts.open_now(row.id)
    run_jobs()
    assert row.state == "closed" and probe.closed == [row.provider_ref]


@pytest.mark.parametrize("amount", ["12100", "5000"])
def test_a_page_that_asks_for_more_than_is_owed_is_closed(
        probe: Any, account: Account, customer: Customer, invoice: Any, choose: Make, run_jobs: Make,
        amount: str) -> None:
    choose(links.of_invoice(invoice), account)
    run_jobs()
    pay(customer, amount, pays=[(invoice, amount)])
    db.session.commit()
    run_jobs()
    (row,) = pages()
    assert row.state == "closed" and probe.closed == [row.provider_ref]


@pytest.mark.parametrize("amount", [None, Decimal("5000")])
def test_a_page_whose_document_is_credited_whole_or_in_part_is_closed(
        probe: Any, account: Account, invoice: Any, choose: Make, run_jobs: Make, amount: Decimal | None) -> None:
    choose(links.of_invoice(invoice), account)
    run_jobs()
    credit(invoice, "Corte", amount=amount)
    db.session.commit()
    run_jobs()
    (row,) = pages()
    assert row.state == "closed" and probe.closed == [row.provider_ref]


def test_paid_and_annulled_documents_say_so(probe: Any, account: Account, customer: Customer, invoice: Any, payer: Make,
                                            choose: Make) -> None:
    other = issue(customer, "500", **DUE)
    db.session.commit()
    link, paid = links.of_invoice(other), links.of_invoice(invoice)
    cancel_invoice(other, "error")
    pay(customer, "12100", pays=[(invoice, "12100")])
    db.session.commit()
    assert "Anulado" in payer(link) and "Pagar con" not in payer(link)
    assert "Pagado" in payer(paid) and "Pagar con" not in payer(paid)
    assert "problem=1" in choose(paid, account) and pages() == []


def test_several_documents_are_paid_together_the_oldest_first(
        probe: Any, account: Account, customer: Customer, payer: Make, choose: Make, run_jobs: Make,
        told: Make) -> None:
    rows = [issue(customer, price, issue_date=dt.date(2026, month, 1), due_date=dt.date(2026, month, 10))
            for month, price in ((8, "1000"), (9, "2000"), (10, "4000"))]
    db.session.commit()
    link = links.of_customer(customer)
    assert "$7.000,00" in payer(link)
    assert "$3.000,00" in payer(f"{link}?count=2")
    everything, two = choose(link, account, count=3), choose(link, account, count=2)
    assert everything != two and choose(link, account, count=2) == two
    run_jobs()
    assert [(row.state, row.amount, row.covers) for row in pages()] == [
        ("closed", 7000, [row.id for row in rows]), ("open", 3000, [rows[0].id, rows[1].id])]
    booking.take(account, [told("9", "3000", attempt=pages()[1].reference)])
    db.session.commit()
    run_jobs()
    assert [row.open_amount for row in rows] == [0, 0, 4000] and pages()[1].state == "paid"
    assert "Pagado. Gracias" in payer(two)
    assert "$4.000,00" in payer(link)


def test_a_payment_of_one_closes_the_page_of_several(
        probe: Any, account: Account, customer: Customer, choose: Make, run_jobs: Make) -> None:
    first, second = issue(customer, "1000", **DUE), issue(customer, "2000", **DUE)
    db.session.commit()
    choose(links.of_customer(customer), account)
    run_jobs()
    pay(customer, "2000", pays=[(second, "2000")])
    db.session.commit()
    run_jobs()
    assert [row.state for row in pages()] == ["closed"] and first.open_amount == 1000


def test_the_link_of_one_document_shows_no_other(
        probe: Any, account: Account, customer: Customer, invoice: Any, payer: Make) -> None:
    issue(customer, "777", **DUE)
    db.session.commit()
    assert "777" not in payer(links.of_invoice(invoice))


def test_a_gateway_that_is_not_offered_to_a_customer_is_not_there(
        probe: Any, account: Account, customer: Customer, invoice: Any, payer: Make, choose: Make) -> None:
    db.session.add(WithheldWay(customer_id=customer.id, account_id=account.id))
    db.session.commit()
    link = links.of_invoice(invoice)
    assert "Pagar con" not in payer(link) and "problem=1" in choose(link, account) and pages() == []


@pytest.mark.parametrize("number", [0, 999_999])
def test_a_gateway_that_is_not_ours_opens_nothing(probe: Any, invoice: Any, choose: Make, payer: Make,
                                                  number: int) -> None:
    went = choose(links.of_invoice(invoice), number)
    assert "problem=1" in went and "no es posible" in payer(went)


def test_what_the_gateway_refuses_is_said_without_its_words(
        probe: Any, account: Account, invoice: Any, choose: Make, payer: Make, run_jobs: Make) -> None:
    probe.trouble = Rejected("the customer's e-mail is missing")
    went = choose(links.of_invoice(invoice), account)
    run_jobs()
    said = payer(went)
    assert "no es posible" in said and "e-mail" not in said


def test_a_form_that_the_gateway_wants_may_be_sent_there_and_nowhere_else(
        probe: Any, account: Account, invoice: Any, choose: Make, client: FlaskClient, run_jobs: Make) -> None:
    went = choose(links.of_invoice(invoice), account)
    run_jobs()
    (row,) = pages()
    row.url, row.data = "https://pay.example/form?x=1", {"form": {"SESSION": "a\"b"}}
    db.session.commit()
    answer = client.get(path(went))
    assert 'action="https://pay.example/form?x=1"' in answer.text and "a&#34;b" in answer.text
    assert "form-action 'self' https://pay.example;" in answer.headers["Content-Security-Policy"] + ";"
    plain = client.get(path(links.of_invoice(invoice))).headers["Content-Security-Policy"]
    assert plain.endswith("form-action 'self'")


def way_back(row: Checkout) -> str:
    """The path by which the gateway sends the payer back, with what it says."""
    return f"{path(checkouts.attempt_of(row).return_url)}?status=approved&external_reference={row.reference}"


def test_the_way_back_leads_to_the_page_and_has_the_payment_asked_for(
        probe: Any, account: Account, invoice: Any, choose: Make, payer: Make, run_jobs: Make, told: Make,
        client: FlaskClient) -> None:
    choose(links.of_invoice(invoice), account)
    run_jobs()
    (row,) = pages()
    answer = client.get(way_back(row))
    assert answer.status_code == 303
    assert "Esperamos la confirmación de Probe" in payer(answer.location)
    assert invoice.open_amount > 0  # nobody believes an address
    probe.payments[row.reference] = [told("5", "12100", attempt=row.reference)]
    client.get(f"{way_back(row)}&again=1")
    jobs.ask_checkouts([row.id])
    db.session.expire_all()
    assert "Pagado. Gracias" in payer(answer.location) and invoice.open_amount == 0


@pytest.mark.parametrize("ended", ["revoked", "expired"])
def test_the_way_back_renews_no_link(probe: Any, account: Account, invoice: Any, customer: Customer, choose: Make,
                                     run_jobs: Make, client: FlaskClient, frozen: Make, ended: str) -> None:
    choose(links.of_invoice(invoice), account)
    run_jobs()
    (row,) = pages()
    if ended == "revoked":
        links.revoke(customer, invoice)
        db.session.commit()
    else:
        frozen(2027, 11, 10, 15)
    for address in (way_back(row), f"/gateways/{account.token}/back?x={row.reference}",
                    f"/gateways/{account.return_token}/back?x={row.reference}"):
        answer = client.get(address)
        assert (answer.status_code, "/pay/" in answer.text, "recibo" in answer.text) == (200, False, True)


def test_the_way_back_by_another_s_link_leads_nowhere(
        probe: Any, account: Account, invoice: Any, customer: Customer, make_customer: Make, choose: Make,
        run_jobs: Make, client: FlaskClient) -> None:
    other = links.of_customer(make_customer()).rpartition("/")[2]
    choose(links.of_customer(customer), account)  # of its one document, which the link of that document finds too
    run_jobs()
    (row,) = pages()
    whole = links.of_customer(customer).rpartition("/")[2]
    assert whole not in way_back(row), "who pays one document is not sent to all that the customer owes"
    for link in (other, whole, "guess"):
        assert client.get(f"/gateways/{account.return_token}/back/{link}?x={row.reference}").status_code == 200


def test_payers_do_not_learn_where_notices_go(probe: Any, account: Account, invoice: Any, choose: Make,
                                              client: FlaskClient) -> None:
    choose(links.of_invoice(invoice), account)
    (row,) = pages()
    assert account.token not in way_back(row) and account.return_token in way_back(row)
    assert client.post(f"/gateways/{account.return_token}/notice", data="77", headers={"X-Word": "open"}
                       ).status_code == 404


def test_who_comes_back_without_a_reference_is_thanked(account: Account, client: FlaskClient) -> None:
    db.session.commit()
    for token in (account.return_token, account.token):
        assert "recibo" in client.post(f"/gateways/{token}/back", data={"x": "y"}).text
    assert client.get("/gateways/nobody/back").status_code == 404


def test_addresses_are_not_guessed_and_gateways_not_filled(
        app: Flask, probe: Any, account: Account, invoice: Any, client: FlaskClient) -> None:
    link = path(links.of_invoice(invoice))
    limiter.enabled = True
    try:
        limiter.reset()
        looks = [client.get("/pay/guess").status_code for _one in range(95)]
        assert looks[:90] == [404] * 90 and looks[-1] == 429
        limiter.reset()
        opened = [client.post(link, data={"account": account.id}).status_code for _one in range(14)]
        assert opened[:12] == [303] * 12 and opened[-1] == 429
    finally:
        limiter.enabled = False
        limiter.reset()
