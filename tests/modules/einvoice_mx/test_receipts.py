"""Receipts of payment: made by themselves, in instalments, recovered, taken back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core.db import db
from modules.accounting import payments
from modules.einvoice_mx import access, corrections, receipts, schema
from modules.einvoice_mx.models import PaidPart, PaymentReceipt
from tests.modules.einvoice_mx.conftest import NAME, pay, rows

P = "{http://www.sat.gob.mx/Pagos20}"


def docto(row: PaymentReceipt) -> dict[str, str]:
    node = schema.parse(row.stamped_xml.encode()).find(f".//{P}DoctoRelacionado")
    assert node is not None
    return {str(key): str(value) for key, value in node.attrib.items()}


def test_an_invoice_paid_in_three_parts(issue, settle, done, pac_server):
    issue("1160.00")
    settle()
    for amount in ("500.00", "400.00", "260.00"):
        pay(amount)
        done()
    found = [docto(row) for row in rows()]
    names = ("NumParcialidad", "ImpSaldoAnt", "ImpPagado", "ImpSaldoInsoluto")
    assert [tuple(one[name] for name in names) for one in found] == [
        ("1", "1160.00", "500.00", "660.00"), ("2", "660.00", "400.00", "260.00"), ("3", "260.00", "260.00", "0.00")]
    assert [str(row) for row in rows()] == ["P 1", "P 2", "P 3"]
    there = {one["uuid"]: one for one in pac_server.state(NAME)["documents"] if one["type"] == "P"}
    assert {row.uuid for row in rows()} == set(there)


def test_one_payment_of_several_invoices_with_its_form(issue, settle, done):
    issue("116.00", "232.00")
    settle()
    pay("348.00", "cash")
    done()
    (row,) = rows()
    document = schema.parse(row.stamped_xml.encode())
    assert [one.get("ImpPagado") for one in document.findall(f".//{P}DoctoRelacionado")] == ["116.00", "232.00"]
    payment = document.find(f".//{P}Pago")
    assert payment is not None and (payment.get("FormaDePagoP"), payment.get("Monto")) == ("01", "348.00")


def test_paid_before_it_was_stamped(issue, settle, done):
    issue("116.00")
    pay("116.00")
    settle()
    done()
    assert [row.state for row in rows()] == ["authorized"]


def test_credit_kept_for_the_next_invoice_gets_its_own_receipt(issue, settle, done):
    issue("116.00")
    settle()
    pay("200.00")
    done()
    issue("232.00")
    settle()
    done()
    assert [(docto(row)["ImpPagado"], docto(row)["ImpSaldoInsoluto"]) for row in rows()] == [
        ("116.00", "0.00"), ("84.00", "148.00")]


def test_what_is_paid_at_once_has_no_receipt(issue, settle, done):
    access.profile().method = "PUE"
    db.session.commit()
    issue("116.00")
    settle()
    pay("116.00")
    done()
    assert rows() == []


@pytest.mark.parametrize("fault", ["lost_answer", "garbage", "error_500"])
def test_answers_that_are_lost_leave_one_uuid(issue, settle, done, pac_server, fault):
    issue("116.00")
    settle()
    pac_server.fault(NAME, fault, count=2, seed=4, only="requestTimbrarCFDI")
    pay("116.00")
    done()
    there = [one["uuid"] for one in pac_server.state(NAME)["documents"] if one["type"] == "P"]
    assert [row.uuid for row in rows()] == there


def test_the_event_twice_makes_one(issue, settle, done):
    issue("116.00")
    settle()
    payment = pay("116.00")
    done()
    assert receipts.open_receipts([payment.id]) == []
    assert len(rows()) == db.session.scalar(sa.select(sa.func.count()).select_from(PaidPart)) == 1


def test_payment_taken_back_cancels_its_receipt(issue, settle, done, pac_server):
    issue("116.00")
    settle()
    payment = pay("116.00")
    done()
    payments.reverse_payment(payment, "rebotó")
    db.session.commit()
    done()
    assert [row.state for row in rows()] == ["cancelled"]
    states = {one["uuid"]: one["state"] for one in pac_server.state(NAME)["documents"]}
    assert states[rows()[0].uuid] == "Cancelado"
    pay("116.00")
    done()
    assert [(docto(row)["NumParcialidad"], row.state) for row in rows()] == [("1", "cancelled"), ("1", "authorized")]


def test_refused_receipt_waits_for_a_person_and_is_made_again(issue, settle, done, pac_server):
    issue("116.00")
    settle()
    pac_server.fault(NAME, "refuse", count=1, code="CRP20211")
    pay("116.00")
    done()
    assert [(row.state, row.problems[0]["code"]) for row in rows()] == [("rejected", "CRP20211")]
    corrections.retry(rows()[0])
    db.session.commit()
    done()
    assert [row.state for row in rows()] == ["cancelled", "authorized"]


def test_list_shows_receipts_and_makes_refused_ones_again(issue, settle, done, pac_server, login):
    issue("116.00", "232.00")
    settle()
    pay("116.00")
    done()
    pac_server.fault(NAME, "refuse", count=1, code="CRP20211")
    pay("232.00")
    done()
    client = login("einvoice.view_documents", "einvoice.send_documents")
    page = client.get("/einvoice-mx/receipts").text
    stamped, refused = rows()
    assert stamped.uuid in page and "CRP20211" in page and "P 2" in page
    assert "P 1" not in client.get("/einvoice-mx/receipts?state=rejected").text
    assert client.get(f"/einvoice-mx/receipt/{refused.id}/xml").text == refused.xml
    client.post(f"/einvoice-mx/receipts/{refused.id}/retry")
    done()
    assert [row.state for row in rows()] == ["authorized", "cancelled", "authorized"]
