"""Receipts of payment in bulk, and receipts that are no longer right: made again, later ones first."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.db import db, find
from core.models import Job
from modules.accounting import allocations, bulk_payments, payments, refunds
from modules.accounting.models import Invoice, Payment
from modules.accounting.payments import Medium, PaymentData
from modules.crm.models import Customer
from modules.einvoice_mx import access, jobs, receipts, schema, stamping
from modules.einvoice_mx.models import PaymentReceipt
from tests.modules.einvoice_mx.conftest import NAME, customer, pay, rows

P = "{http://www.sat.gob.mx/Pagos20}"


def people(count: int) -> list[Customer]:
    return [customer(code=f"U{index}") for index in range(count)]


def instalments(row: PaymentReceipt) -> list[tuple[str | None, ...]]:
    document = schema.parse((row.stamped_xml or row.xml).encode())
    return [tuple(one.get(name) for name in ("NumParcialidad", "ImpSaldoAnt", "ImpPagado"))
            for one in document.findall(f".//{P}DoctoRelacionado")]


def record_many(who: list[Customer], amount: str) -> list[int]:
    made = bulk_payments.record_many([PaymentData(
        customer_id=one.id, paid_on=clock.local(clock.now()).date(), media=(Medium(Decimal(amount), "transfer"),))
        for one in who])
    db.session.commit()
    return made


@pytest.fixture
def stamped(issue: Any, settle: Callable[[], None]) -> Callable[[int], list[Customer]]:
    """So many customers, each with a stamped invoice of 116.00."""

    def make(count: int) -> list[Customer]:
        access.profile().legal_name = "ESCUELA KEMPER URGATE"
        found = people(count)
        for one in found:
            issue("116.00", to=one)
        settle()
        return found

    return make


def test_receipts_of_many_payments_cost_a_constant_number_of_statements(stamped, statements):
    who = stamped(12)
    few, many = record_many(who[:2], "58.00"), record_many(who[2:], "58.00")
    costs = []
    for ids in (few, many):
        statements.clear()
        assert len(receipts.open_receipts(ids)) == len(ids)
        costs.append(len([one for one in statements if not one.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))]))
        db.session.commit()
    assert costs[1] <= costs[0] + 2  # the block of a sequence, a row more in an executemany
    assert [row.number for row in rows()] == list(range(1, 13))


def test_a_run_of_payments_gets_its_receipts_in_parts(stamped, done, monkeypatch):
    monkeypatch.setattr(jobs, "PAYMENTS", 3)
    who = stamped(7)
    bulk_payments.tell(record_many(who, "116.00"))
    db.session.commit()
    done()
    made = db.session.scalars(sa.select(Job).where(Job.function.endswith(".open_receipts"))).all()
    assert [len(one.payload["payment_ids"]) for one in made] == [3, 3, 1]
    assert [row.state for row in rows()] == ["authorized"] * 7


def test_two_payments_of_one_invoice_at_once_are_two_instalments(issue, settle, done):
    issue("1160.00")
    settle()
    bulk_payments.tell(record_many([customer(), customer()], "500.00"))
    db.session.commit()
    done()
    assert [instalments(row) for row in rows()] == [[("1", "1160.00", "500.00")], [("2", "660.00", "500.00")]]


def test_first_payment_taken_back_has_the_later_instalments_made_again(issue, settle, done, pac_server):
    issue("1160.00")
    settle()
    first = pay("500.00")
    done()
    second = pay("400.00")
    done()
    payments.reverse_payment(find(Payment, first.id), "rebotó")
    db.session.commit()
    done()
    assert [(row.state, row.payment_id) for row in rows()] == [
        ("cancelled", first.id), ("cancelled", second.id), ("authorized", second.id)]
    assert instalments(rows()[2]) == [("1", "1160.00", "400.00")]
    there = {one["uuid"]: one["state"] for one in pac_server.state(NAME)["documents"] if one["type"] == "P"}
    assert [there[row.uuid] for row in rows()] == ["Cancelado", "Cancelado", "Vigente"]


def test_part_given_back_leaves_a_receipt_of_the_rest(issue, settle, done):
    issue("1160.00")
    settle()
    payment = pay("500.00")
    done()
    refunds.refund_payment(find(Payment, payment.id), Decimal("200.00"), "cobrado de más")
    db.session.commit()
    done()
    assert [row.state for row in rows()] == ["cancelled", "authorized"]
    assert instalments(rows()[1]) == [("1", "1160.00", "300.00")]


def test_credit_used_by_hand_and_payment_taken_off_are_found_by_the_sweep(issue, settle, done, mexico):
    payment = pay("116.00")
    invoice = issue("116.00")[0]
    allocations.take_off(payment, find(Invoice, invoice.id))
    db.session.commit()
    settle()
    done()
    assert rows() == []
    allocations.use_credit(customer().id, "MXN")
    db.session.commit()
    jobs.look_after()
    db.session.commit()
    done()
    assert [row.state for row in rows()] == ["authorized"]
    allocations.take_off(find(Payment, payment.id), find(Invoice, invoice.id))
    db.session.commit()
    jobs.look_after()
    db.session.commit()
    done()
    assert [row.state for row in rows()] == ["cancelled"]


def test_answer_lost_for_72_hours_is_not_sealed_again(issue, settle, run_jobs, pac_server):
    issue("116.00")
    settle()
    pac_server.fault(NAME, "timeout_before", count=1, seconds=0, only="requestTimbrarCFDI")
    pay("116.00")
    run_jobs()
    before = rows()[0]
    assert (before.state, before.attempts) == ("sending", 1)
    xml = before.xml
    pac_server.fault(NAME, "refuse", count=1, code="401")
    with clock.freeze(clock.now() + jobs.SINCE * 2):
        run_jobs()
    after = rows()[0]
    assert (after.state, after.xml, after.problems[0]["code"]) == ("sending", xml, "401")
    assert "72" in after.problems[0]["message"]


def test_a_date_that_is_too_old_is_sealed_anew_where_nobody_stamped_it(issue, settle, done, pac_server):
    issue("116.00")
    settle()
    pac_server.fault(NAME, "refuse", count=1, code="401")
    pay("116.00")
    done()
    assert [row.state for row in rows()] == ["authorized"]


def test_account_that_is_refused_refuses_no_receipt(issue, settle, done, run_jobs, pac_server):
    issue("116.00", "232.00")
    settle()
    pac_server.fault(NAME, "refuse", code="FM402")
    pay("116.00")
    pay("232.00")
    run_jobs()
    assert {(row.state, row.problems[0]["code"]) for row in rows()} == {("pending", "FM402")}
    pac_server.fault(NAME, "refuse", rate=0)
    done()
    assert [row.state for row in rows()] == ["authorized"] * 2


def test_two_workers_seal_a_receipt_once(issue, settle, done, pac_server, mexico):
    """The second one finds the row claimed, and leaves it alone."""
    issue("116.00")
    settle()
    receipts.open_receipts([pay("116.00").id])
    db.session.commit()
    environment = access.environment()
    found = stamping._due(PaymentReceipt, environment)
    wire = access.connect(environment)
    stamping._claim(PaymentReceipt, found, wire)
    db.session.commit()
    with pytest.raises(stamping.Unavailable):
        stamping._claim(PaymentReceipt, found, wire)
    done()
    there = [one for one in pac_server.state(NAME)["documents"] if one["type"] == "P"]
    assert [one["uuid"] for one in there] == [row.uuid for row in rows()]
