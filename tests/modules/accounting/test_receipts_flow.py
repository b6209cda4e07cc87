"""From a recorded payment to the customer: rendered once, noticed once, and what follows when it is taken back."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from core import jobs, pdf, storage
from core.db import db
from core.models import Job, StoredFile
from modules.accounting import designs, documents, handlers, opening, queries, receipt_files
from modules.accounting.events import PaymentsRecorded
from modules.accounting.models import CashAccount, Invoice, Payment
from modules.accounting.payments import Medium, PaymentData, record_payment, reverse_payment
from modules.crm.models import Customer
from modules.notifications.models import Message
from tests.modules.accounting.books import DAY, issue, pay, statements

pytestmark = pytest.mark.usefixtures("own_numbers")


def done() -> None:
    """Commit, and run what follows."""
    db.session.commit()
    jobs.run_jobs()
    db.session.expire_all()
    assert db.session.scalars(sa.select(Job).where(Job.state != "done")).all() == []


def messages(kind: str) -> list[Message]:
    return list(db.session.scalars(sa.select(Message).where(Message.kind == f"accounting.{kind}").order_by(Message.id)))


def text_of(file_id: int | None) -> str:
    assert file_id
    return " ".join(PdfReader(io.BytesIO(storage.read(file_id))).pages[0].extract_text().split())


def test_a_payment_becomes_a_receipt_and_a_notice(customer: Customer) -> None:
    issue(customer, "12100")
    payment = pay(customer, "12250")
    done()
    said = text_of(payment.receipt_file_id)
    for wanted in ("00000001", "03/11/2026", "María Ñandú Güemes", "$ 12.250,00", "Factura 00000001", "Efectivo",
                   "doce mil doscientos cincuenta pesos", "A su favor $ 150,00"):
        assert wanted.replace("$ ", "$") in said.replace("$ ", "$"), said
    (message,) = messages("payment_received")
    assert (message.state, message.attachments) == ("sent", [payment.receipt_file_id])
    assert message.subject == "Recibimos su pago de $12.250,00"
    assert "Se aplicó a: Factura 00000001." in message.body
    assert "Le quedan $150,00 a su favor" in message.body
    assert storage.find_file(payment.receipt_file_id or 0).name == "Recibo 00000001.pdf"


def test_who_still_owes_is_told_how_much(customer: Customer) -> None:
    issue(customer, "500")
    opening.record_opening_balances([(customer.id, Decimal("300"), "a")], DAY - dt.timedelta(60))
    payment = pay(customer, "400")
    done()
    body = messages("payment_received")[0].body
    assert "Se aplicó a: Saldo inicial, Factura 00000001." in body
    assert "Le queda un saldo por pagar de $400,00." in body
    assert "Saldo inicial" in text_of(payment.receipt_file_id)


def test_who_is_quits_is_told_so(customer: Customer) -> None:
    issue(customer, "400")
    pay(customer, "400")
    done()
    assert "Está al día." in messages("payment_received")[0].body


def test_several_media_are_named_with_their_amounts(customer: Customer) -> None:
    bank = db.session.scalars(sa.select(CashAccount).where(CashAccount.kind == "bank")).one()
    payment = record_payment(PaymentData(customer.id, [
        Medium(Decimal("100")), Medium(Decimal("250"), "transfer", bank.id, "TRF 8812")]))
    done()
    assert "Efectivo $100,00 + Transferencia bancaria $250,00 · TRF 8812" in text_of(payment.receipt_file_id)


def test_the_same_event_again_does_nothing(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = pay(customer, "100")
    done()
    monkeypatch.setattr(pdf, "render_many", lambda *args: pytest.fail("rendered again"))
    monkeypatch.setattr(pdf, "render", lambda *args: pytest.fail("rendered again"))
    jobs.publish(PaymentsRecorded([payment.id]))
    done()
    assert len(messages("payment_received")) == 1
    assert receipt_files.receipt_of(payment).id == payment.receipt_file_id


def test_many_receipts_take_the_same_statements(make_customer: Callable[..., Customer],
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "render_many", lambda batch, assets=None: [html.encode() for html in batch])
    payments = []
    for _number in range(40):
        person = make_customer()
        issue(person, "100")
        payments.append(pay(person, "150").id)
    db.session.commit()

    def count(ids: list[int]) -> int:
        db.session.expunge_all()
        with statements() as seen:
            handlers.deliver_receipts(ids)
        return len(seen)

    count(payments[:1])
    few, many = count(payments[1:4]), count(payments[4:])
    assert many <= few + 2
    assert len(messages("payment_received")) == 40


def test_a_receipt_that_cannot_be_rendered_stops_only_itself(make_customer: Callable[..., Customer],
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = pay(make_customer("Ana"), "10"), pay(make_customer("Beto"), "20")
    db.session.commit()
    real = pdf.render_many

    def breaks(batch: list[str], assets: Any = None) -> list[Any]:
        return [pdf.PdfError("broken") if "Beto" in html else data
                for html, data in zip(batch, real(batch, assets), strict=True)]

    monkeypatch.setattr(pdf, "render_many", breaks)
    with pytest.raises(documents.NotRendered, match="broken"):
        handlers.deliver_receipts([good.id, bad.id])
    db.session.expire_all()
    assert (bool(good.receipt_file_id), bool(bad.receipt_file_id)) == (True, False)
    assert len(messages("payment_received")) == 1


def test_a_payment_taken_back_is_told_with_its_reason(customer: Customer) -> None:
    issue(customer, "300")
    payment = pay(customer, "300")
    done()
    reverse_payment(payment, "Cheque rechazado")
    done()
    (message,) = messages("payment_reversed")
    assert message.subject == "Su pago de $300,00 fue anulado"
    assert "Motivo: Cheque rechazado." in message.body and "Su saldo es ahora de $300,00." in message.body
    kept = payment.receipt_file_id
    void = receipt_files.receipt_of(payment)
    assert void.id != kept == payment.receipt_file_id
    assert "Anulado" in text_of(void.id)


def test_who_never_heard_of_a_payment_hears_nothing_of_its_end(customer: Customer) -> None:
    payment = pay(customer, "300")
    reverse_payment(payment, "Cliente equivocado")
    done()
    assert messages("payment_received") == messages("payment_reversed") == []
    assert payment.receipt_file_id is None


def test_a_receipt_says_what_was_owed_then_not_now(customer: Customer) -> None:
    issue(customer, "500")
    payment = pay(customer, "200")
    issue(customer, "900")
    pay(customer, "50")
    assert queries.balances_after([payment.id]) == {payment.id: Decimal("300")}


def test_a_customer_is_written_to_in_his_language(make_customer: Callable[..., Customer]) -> None:
    payment = pay(make_customer("John", language="en"), "300")
    done()
    assert "Received from" in text_of(payment.receipt_file_id)
    assert messages("payment_received")[0].subject == "We received your payment of $300,00"


def test_a_receipt_also_fits_a_roll(customer: Customer) -> None:
    page = PdfReader(io.BytesIO(receipt_files.preview(pay(customer, "300"), "80mm"))).pages[0]
    assert round(float(page.mediabox.width) / 72 * 25.4) == 80
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StoredFile)) == 0


# --- on invoices ----------------------------------------------------------------------------------------------


def html_of(invoice: Invoice) -> str:
    (prepared,) = documents.prepare([invoice.id], stored_too=True)
    return prepared.html


def test_an_invoice_shows_the_last_payments_and_what_is_owed_in_all(customer: Customer) -> None:
    opening.record_opening_balances([(customer.id, Decimal("3000"), "a")], DAY - dt.timedelta(60))
    for day in (1, 2, 3, 4):
        pay(customer, f"{day}", paid_on=dt.date(2026, 10, day))
    html = html_of(issue(customer))
    assert "Últimos pagos" in html and "04/10/2026" in html and "02/10/2026" in html
    assert "01/10/2026" not in html
    assert "Efectivo" in html
    assert "Saldo inicial" in html and "Factura 00000001" in html
    assert "$15.090,00" in html.replace("\xa0", "")


def test_an_invoice_tells_credit_of_that_day_from_what_was_paid_since(customer: Customer) -> None:
    pay(customer, "2000")
    invoice = issue(customer)
    first = html_of(invoice).replace("\xa0", "")
    assert "Se aplicó su saldo a favor de $2.000,00." in first and "Ya pagó" not in first and "$10.100,00" in first
    pay(customer, "100")
    later = html_of(invoice).replace("\xa0", "")
    assert "Se aplicó su saldo a favor de $2.000,00." in later and "Ya pagó $100,00." in later


def test_where_nothing_is_to_be_paid_no_way_to_pay_is_shown(customer: Customer) -> None:
    designs.revise(blocks=list(designs.current().blocks), texts={"bank": "Alias RCW.PAGOS"})
    open_one = issue(customer)
    assert "RCW.PAGOS" in html_of(open_one)
    pay(customer, "12100")
    assert "RCW.PAGOS" not in html_of(open_one)


def test_an_english_customer_reads_no_spanish_names(make_customer: Callable[..., Customer]) -> None:
    person = make_customer("John", language="en")
    opening.record_opening_balances([(person.id, Decimal("3000"), "a")], DAY - dt.timedelta(60))
    pay(person, "10")
    html = html_of(issue(person))
    assert "Opening balance" in html and "Invoice 00000001" in html and "Cash" in html
    assert "Saldo inicial" not in html and "Factura 00000001" not in html and "Efectivo" not in html


def test_many_invoices_read_their_payments_with_few_statements(make_customer: Callable[..., Customer]) -> None:
    keys = []
    for _number in range(20):
        person = make_customer()
        pay(person, "5")
        keys.append(issue(person).id)
    db.session.commit()

    def count(ids: list[int]) -> int:
        db.session.expunge_all()
        with statements() as seen:
            documents.prepare(ids)
        return len(seen)

    count(keys[:1])
    assert count(keys[3:]) == count(keys[1:3])


def test_a_payment_of_another_day_is_not_lost_where_rendering_is_late(customer: Customer, frozen: Any) -> None:
    payment = pay(customer, "70")
    db.session.commit()
    frozen(2026, 11, 9, 15)
    done()
    assert db.session.get_one(Payment, payment.id).receipt_file_id
