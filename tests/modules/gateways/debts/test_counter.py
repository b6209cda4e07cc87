"""A network's office asks us over the books: who owes what, pays, repeats, takes back, errs, and compares its day."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from core.simulators import Box
from core.simulators.faults import Faults
from modules.accounting import ledger, queries
from modules.accounting.models import Payment
from modules.crm.ports import service_states
from modules.gateways import booking, files_in
from modules.gateways.counter import DatabaseDesk
from modules.gateways.models import Account, File, Notice, Told, Transaction
from modules.gateways.providers.facilito.simulator.app import Office
from modules.gateways.providers.facilito.simulator.caller import Caller
from tests.modules.accounting.books import findings, issue, pay

Make = Callable[..., Any]
SECRET = "secreto-de-prueba-facilito"


class Counter:
    """The simulator's office, whose calls come to the product by the test's client."""

    def __init__(self, office: Office, client: FlaskClient, account: Account) -> None:
        self.office, self.client, self.account = office, client, account

    def __call__(self, verb: str, **given: Any) -> dict[str, Any]:
        found: dict[str, Any] = getattr(self.office, f"_{verb}")(given)
        return found

    def send(self, caller: Caller, method: str, target: str, text: str, headers: Any) -> dict[str, Any]:
        answer = self.client.open(f"/gateways/{self.account.token}{target}", method=method, data=text.encode() or None,
                                  headers={"Content-Type": "application/json", **headers})
        db.session.expire_all()
        return {"status": answer.status_code, "body": answer.get_json(silent=True)}


def file_of_the_day(counter: Counter, *faults: str) -> bytes:
    """What the office sends in the evening; spoilt on purpose."""
    class Struck:
        def strikes(self, name: str) -> Any:
            return name in faults or None

    counter.office.faults = Struck()  # type: ignore[assignment]
    return counter.office._file("2026-11-10").encode()


@pytest.fixture(params=["service", "collect"])
def counter(request: pytest.FixtureRequest, at: Make, client: FlaskClient, monkeypatch: pytest.MonkeyPatch,
            tmp_path: Any) -> Counter:
    account = at("facilito", key_id="facilito-1", network="facilito", partial_allowed=True)
    account.keys = json.dumps({"secret": SECRET, "token": SECRET})
    db.session.commit()
    office = Office(Box("facilito", Faults(()), tmp_path))
    made = Counter(office, client, account)
    monkeypatch.setattr(Caller, "_send", lambda caller, *args: made.send(caller, *args))
    office.configure({"contract": request.param, "now": "2026-11-10T10:00:00-05:00"})
    return made


def paid() -> list[Transaction]:
    return list(db.session.scalars(sa.select(Transaction).where(Transaction.kind == "payment")
                                   .order_by(Transaction.id)))


def payments() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Payment).where(
        Payment.state == "recorded")) or 0


def test_somebody_pays_what_the_office_was_told(counter: Counter, owing: Make) -> None:
    (invoice,) = owing("22.40")
    answer = counter("pay", code=invoice.customer.code)
    assert answer["state"] == "paid"
    assert (invoice.open_amount, queries.balance(invoice.customer_id), payments()) == (0, 0, 1)
    assert paid()[0].channel and findings() == {}
    assert counter("pay", code=invoice.customer.code)["paid"] is None  # nothing is owed any more


def test_after_a_time_out_the_office_repeats_and_gets_the_same_answer(counter: Counter, owing: Make) -> None:
    (invoice,) = owing("22.40")
    first = counter("pay", code=invoice.customer.code)
    again = counter("repeat", transaction=first["transaction"])
    told, same = first["paid"]["body"], again["paid"]["body"]
    assert {**same, "duplicate": None} == {**told, "duplicate": None} and payments() == 1


def test_the_same_number_with_another_amount_is_refused(counter: Counter, owing: Make) -> None:
    (invoice,) = owing("22.40")
    first = counter("pay", code=invoice.customer.code)
    answer = counter("change", transaction=first["transaction"], amount="9.00")["paid"]
    assert answer["status"] == 409 or answer["body"]["code"] == "005"
    assert (payments(), paid()[0].amount) == (1, Decimal("22.40"))


def test_what_was_paid_is_taken_back_on_its_day_once(counter: Counter, owing: Make) -> None:
    (invoice,) = owing("22.40")
    number = counter("pay", code=invoice.customer.code)["transaction"]
    for _time in range(2):
        assert counter("reverse", transaction=number)["state"] == "reversed"
    assert (invoice.open_amount, payments()) == (Decimal("22.40"), 0)
    assert findings() == {}


def test_a_reversal_that_overtakes_its_payment_cancels_it(counter: Counter, owing: Make) -> None:
    (invoice,) = owing("22.40")
    counter("reverse_first", code=invoice.customer.code)
    assert (invoice.open_amount, db.session.scalar(sa.select(sa.func.count()).select_from(Payment))) == (
        Decimal("22.40"), 0)
    assert {row.state for row in db.session.scalars(sa.select(Transaction))} == {"set_aside"}
    assert findings() == {}


def test_a_reversal_of_another_day_is_too_late(counter: Counter, owing: Make, frozen: Make) -> None:
    (invoice,) = owing("22.40")
    number = counter("pay", code=invoice.customer.code)["transaction"]
    frozen(2026, 11, 11, 15)
    counter.office.configure({"now": "2026-11-11T10:00:00-05:00"})
    answer = counter("reverse", transaction=number)["reversed"]
    assert answer["status"] == 422 or answer["body"]["code"] == "007"
    assert (invoice.open_amount, payments()) == (0, 1)


def test_a_reversal_in_a_closed_period_is_too_late(counter: Counter, owing: Make) -> None:
    (invoice,) = owing("22.40")
    number = counter("pay", code=invoice.customer.code)["transaction"]
    ledger.policy().locked_until = dt.date(2026, 11, 10)
    db.session.flush()
    answer = counter("reverse", transaction=number)["reversed"]
    assert answer["status"] == 422 or answer["body"]["code"] == "007"
    assert payments() == 1


def test_the_debt_may_have_changed_between_question_and_payment(counter: Counter, owing: Make,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    (invoice,) = owing("22.40")
    real = counter.office._told

    def paid_meanwhile(payment: Any) -> Any:
        pay(invoice.customer, "20.00")
        db.session.commit()
        return real(payment)

    monkeypatch.setattr(counter.office, "_told", paid_meanwhile)
    assert counter("pay", code=invoice.customer.code)["state"] == "paid"
    assert (invoice.open_amount, queries.balance(invoice.customer_id)) == (0, Decimal("-20.00"))
    assert findings() == {}


def test_the_oldest_document_is_paid_first(counter: Counter, owing: Make) -> None:
    (newer,) = owing("30")
    older = issue(newer.customer, "10", due_date=dt.date(2026, 11, 12))
    db.session.commit()
    counter("pay", code=newer.customer.code, amount="10.00")
    assert (older.open_amount, newer.open_amount) == (0, Decimal("30"))


def test_a_document_of_identity_finds_its_customer(counter: Counter, owing: Make) -> None:
    (invoice,) = owing("22.40")
    invoice.customer.tax_id_kind, invoice.customer.tax_id = "DNI", "30111222"
    db.session.commit()
    assert counter("query", code="30.111.222")["body"] == counter("query", code=invoice.customer.code)["body"]


def test_a_stranger_changes_nothing_and_is_remembered(counter: Counter, owing: Make) -> None:
    (invoice,) = owing("22.40")
    counter.office.configure({"secret": "x" * 30, "token": "x" * 30})
    answer = counter("query", code=invoice.customer.code)
    assert answer["status"] == 401 or answer["body"]["code"] == "009"
    kept = db.session.scalars(sa.select(Notice)).one()
    assert (kept.state, kept.authentic) == ("refused", False)
    assert "x" * 30 not in kept.body


def test_unknown_codes_are_refused_without_a_trace(counter: Counter, owing: Make) -> None:
    answer = counter("query", code="nobody")
    assert answer["status"] == 404 or answer["body"]["code"] == "001"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Told)) == 0


def test_the_day_is_compared(counter: Counter, owing: Make) -> None:
    one, other = owing("10", "20")
    first, second = (counter("pay", code=invoice.customer.code)["transaction"] for invoice in (one, other))
    counter("reverse", transaction=second)
    body = counter("list", date="2026-11-10")["body"]
    if counter.office.config.contract == "service":
        assert body == [{"IDFactura": one.id, "valor": "10.00", "secuencial": first}]
    else:
        assert [(row["transaction"], row["code"], row["reversed"]) for row in body["payments"]] == [
            (first, one.customer.code, False), (second, other.customer.code, True)]


def test_the_file_of_the_day_brings_nothing_twice(counter: Counter, owing: Make, at: Make) -> None:
    one, other = owing("10", "20")
    counter("pay", code=one.customer.code)
    counter("reverse", transaction=counter("pay", code=other.customer.code)["transaction"])
    content = counter.office._file("2026-11-10").encode()
    row = files_in.store(counter.account, io.BytesIO(content), "conciliacion.csv")
    db.session.commit()
    assert files_in.prove(row.id), row.error
    files_in.load(row.id)
    assert (payments(), one.open_amount, other.open_amount) == (1, 0, Decimal("20"))
    assert findings() == {}


def test_a_payment_that_only_the_file_knows_is_booked_when_its_reversal_was_kept(counter: Counter,
                                                                               owing: Make, told: Make) -> None:
    (invoice,) = owing("22.40")
    counter("reverse_first", code=invoice.customer.code)
    booking.take(counter.account, [told("FAC-000123", "22.40", customer=invoice.customer.code)])
    assert (invoice.open_amount, payments()) == (Decimal("22.40"), 0)


@pytest.mark.parametrize("path", ["facilito/otra", "notice2", "collect/v1/otra/debts/1001", "x/y/z"])
def test_other_addresses_do_not_exist(at: Make, client: FlaskClient, path: str) -> None:
    account = at("facilito", network="facilito")
    account.keys = json.dumps({"secret": SECRET})
    db.session.commit()
    assert client.post(f"/gateways/{account.token}/{path}", data="{}").status_code == 404
    assert client.post(f"/gateways/nobody/{path}", data="{}").status_code == 404


@pytest.mark.parametrize("body", ["", "[]", "{", '{"token": 1}', "null", '{"token": "' + SECRET + '"}',
                                  '{"token": "' + SECRET + '", "IDFactura": "x", "valor": "-1", "secuencial": "7"}',
                                  "[" * 100_000, '{"token": "' + SECRET + '", "IDFactura": 9, "valor": "1.00", '
                                  '"fecha": "2026-11-10", "secuencial": "7"}'])
def test_what_is_no_payment_leaves_nothing(at: Make, client: FlaskClient, body: str) -> None:
    account = at("facilito", network="facilito")
    account.keys = json.dumps({"secret": SECRET})
    db.session.commit()
    answer = client.post(f"/gateways/{account.token}/facilito/registrarpago", data=body)
    assert answer.status_code == 200 and answer.get_json()["code"] != "000"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Told)) == 0


@pytest.mark.parametrize(("state", "amount", "told"), [
    ("active", "100", "active"), ("", "100", "active"), ("cut", "100", "restoring"), ("cut", "40", "cut")])
def test_who_pays_is_told_what_becomes_of_his_service(at: Make, owing: Make, monkeypatch: pytest.MonkeyPatch,
                                                      state: str, amount: str, told: str) -> None:
    """In the module that serves him it is cut until somebody restores it."""
    class Serving:
        def state(self, customer_id: int) -> str:
            return state

    monkeypatch.setattr(service_states, "_entries", {"contracts": Serving()})
    desk, (invoice,) = DatabaseDesk(at("facilito")), owing("100")
    for _time in range(2):  # asked again, it gets the same answer
        taken = desk.pay("77", invoice.customer.code, Decimal(amount), dt.date(2026, 11, 10))
        assert taken.service == told


# --- the network's file of the day beside our books ---------------------------------------------------------------


def bring(account: Account, content: bytes, name: str = "conciliacion.csv") -> Any:
    row = files_in.store(account, io.BytesIO(content), name)
    db.session.commit()
    assert files_in.prove(row.id), row.error
    files_in.load(row.id)
    return row


def test_what_the_file_of_the_day_does_not_hold_and_what_only_it_holds_is_told(
        counter: Counter, owing: Make, app: Flask) -> None:
    from modules.gateways import day_files
    from modules.gateways.closing import MoneyIn

    day, month = dt.date(2026, 11, 10), (dt.date(2026, 11, 1), dt.date(2026, 11, 30))
    for invoice in owing("100", "200"):
        counter("pay", code=invoice.customer.code)
    assert not day_files.compares(counter.account), "no file has come: nothing is missed"
    file = bring(counter.account, file_of_the_day(counter, "line_missing", "line_extra"))
    assert file.day == day and day_files.compares(counter.account)
    one = day_files.days(counter.account, *month)[day]
    assert (one.ours, one.amount, one.held, one.missing, one.only_there, one.compared) == (
        2, Decimal("300.00"), 2, 1, 1, True)
    with app.test_request_context():
        assert any("day=missing" in point.url for point in MoneyIn().open_points(*month))
    missing = db.session.scalars(sa.select(Transaction.amount).where(day_files.which("missing"))).all()
    only = db.session.scalars(sa.select(Transaction.customer_code).where(day_files.which("only_there"))).all()
    assert (missing, only) == ([Decimal("100.00")], ["EC-9999"])

    bring(counter.account, file_of_the_day(counter), "conciliacion-2.csv")  # the network sends it again, whole
    assert day_files.days(counter.account, *month)[day].missing == 0
    with app.test_request_context():
        assert not any("day=missing" in point.url for point in MoneyIn().open_points(*month))


def test_both_are_beside_each_other_on_the_page_of_reconciliation(counter: Counter, owing: Make, login: Make) -> None:
    (invoice, other) = owing("100", "200")
    for one in (invoice, other):
        counter("pay", code=one.customer.code)
    bring(counter.account, file_of_the_day(counter, "line_missing"))
    page = login("gateways.view_inbox").get(f"/gateways/reconciliation?account={counter.account.id}&month=2026-11").text
    assert "Los archivos de la red junto a nuestros libros" in page and "day=missing" in page
    assert "1" in login("gateways.view_inbox").get("/gateways?day=missing").text


def test_a_file_that_is_taken_back_proves_nothing_any_more(counter: Counter, owing: Make) -> None:
    from modules.gateways import day_files

    (invoice,) = owing("100")
    counter("pay", code=invoice.customer.code)
    file = bring(counter.account, file_of_the_day(counter))
    files_in.undo(file, "de otra empresa")
    db.session.commit()
    assert not day_files.compares(counter.account)
    assert queries.balance(invoice.customer_id) == 0, "what the network told by itself stays booked"


def test_an_empty_file_of_a_day_and_a_day_without_file(counter: Counter, owing: Make) -> None:
    from modules.gateways import day_files

    (invoice,) = owing("100")
    counter("pay", code=invoice.customer.code)
    head = file_of_the_day(counter).splitlines(keepends=True)[0]
    before = head + b"X-1;1001;1.00;2026-11-08T10:00:00-05:00;GYE-014;PAGO\r\n"
    bring(counter.account, before, "8.csv")
    assert db.session.scalars(sa.select(Transaction.id).where(day_files.which("no_file"))).all() == []
    bring(counter.account, head, "conciliacion_20261110.csv")
    missing = db.session.scalars(sa.select(Transaction.external_id).where(day_files.which("missing"))).all()
    assert len(missing) == 1, "its file of that day is here, and empty"


def test_a_day_between_others_whose_file_did_not_come(counter: Counter, owing: Make) -> None:
    from modules.gateways import day_files

    (invoice,) = owing("100")
    paid = counter("pay", code=invoice.customer.code)["transaction"]
    row = db.session.scalars(sa.select(Transaction).where(Transaction.external_id == paid)).one()
    row.paid_on = dt.date(2026, 11, 7)
    for number, day in enumerate(("06", "08"), 1):
        head = file_of_the_day(counter).splitlines(keepends=True)[0]
        bring(counter.account, head + f"X-{number};1001;1.00;2026-11-{day}T10:00:00-05:00;GYE-014;PAGO\r\n".encode(),
              f"{day}.csv")
    found = db.session.scalars(sa.select(Transaction.external_id).where(day_files.which("no_file"))).all()
    assert found == [paid]


def test_a_file_that_is_taken_back_leaves_what_an_overlapping_one_holds(counter: Counter, owing: Make) -> None:
    from modules.gateways import day_files

    month = (dt.date(2026, 11, 1), dt.date(2026, 11, 30))
    for invoice in owing("100", "200"):
        counter("pay", code=invoice.customer.code)
    files = [bring(counter.account, file_of_the_day(counter, *faults), f"{place}.csv")
             for place, faults in enumerate((("line_missing",), (), ("line_extra",)))]
    day = dt.date(2026, 11, 10)
    for row, held in zip(files, (3, 3, 0), strict=True):
        files_in.undo(row, "de otra empresa")
        db.session.commit()
        found = day_files.days(counter.account, *month)[day]
        assert (found.held, found.compared) == (held, bool(held)), row.name
    assert not day_files.compares(counter.account)


def test_what_a_list_of_the_network_holds_too_is_not_forgotten(counter: Counter, owing: Make) -> None:
    from modules.gateways import day_files

    (invoice,) = owing("100")
    counter("pay", code=invoice.customer.code)
    file = bring(counter.account, file_of_the_day(counter))
    row = db.session.scalars(sa.select(Transaction)).one()
    day_files.keep([row], None)
    files_in.undo(file, "de otra empresa")
    db.session.commit()
    assert row.held_at is not None and day_files.compares(counter.account)


def test_table_and_list_agree_on_which_days_were_told(counter: Counter, owing: Make) -> None:
    """The only payment that the file held was set aside; its day was told all the same."""
    from modules.gateways import day_files

    (invoice,) = owing("100")
    counter("pay", code=invoice.customer.code)
    head = file_of_the_day(counter).splitlines(keepends=True)[0]
    bring(counter.account, head + b"X-1;EC-9;1.00;2026-11-10T10:00:00-05:00;GYE-014;PAGO\r\n", "10.csv")
    files = db.session.scalars(sa.select(File)).all()
    for file in files:
        file.day = None  # as of a file of several days
    strange = db.session.scalars(sa.select(Transaction).where(Transaction.external_id == "X-1")).one()
    for state, kind in (("waiting", "payment"), ("set_aside", "payment"), ("noted", "reversal")):
        strange.state, strange.kind = state, kind
        db.session.flush()
        one = day_files.days(counter.account, dt.date(2026, 11, 1), dt.date(2026, 11, 30))[dt.date(2026, 11, 10)]
        listed = db.session.scalars(sa.select(Transaction.id).where(day_files.which("missing"))).all()
        assert (one.compared, one.missing) == (bool(listed), len(listed)) == (kind == "payment", int(kind == "payment"))


def test_after_the_upgrade_nothing_of_the_days_before_is_missing(counter: Counter, owing: Make) -> None:
    from importlib import import_module

    from modules.gateways import day_files

    migration = import_module("modules.gateways.migrations.gateways_2d41a7f3_what_networks_files_held")
    for invoice in owing("100", "200"):
        counter("pay", code=invoice.customer.code)
    rows = db.session.scalars(sa.select(Transaction).order_by(Transaction.id)).all()
    rows[0].paid_on, rows[1].paid_on = dt.date(2020, 11, 7), dt.date(2020, 11, 10)
    bring(counter.account, file_of_the_day(counter, "line_missing", "line_extra"))
    db.session.execute(sa.update(Transaction).values(held_at=None, held_id=None))
    db.session.execute(sa.update(Transaction).where(Transaction.file_id.is_not(None)).values(
        paid_on=dt.date(2020, 11, 10)))
    db.session.execute(sa.text(migration.TOLD_FIRST))
    assert db.session.scalars(sa.select(Transaction.id).where(day_files.which("missing"))).all() == [rows[1].id]
    db.session.execute(sa.text(migration.BEFORE_TODAY))
    for which in ("missing", "no_file"):
        assert db.session.scalars(sa.select(Transaction.id).where(day_files.which(which))).all() == []
    assert db.session.scalars(sa.select(Transaction.held_id).where(Transaction.file_id.is_(None))).all() == [None] * 2


@pytest.mark.parametrize("which", ["missing", "no_file"])
def test_other_payments_of_the_account_are_found_by_index(counter: Counter, which: str) -> None:
    """Else each payment would be compared with all others."""
    from modules.gateways import day_files

    if db.engine.dialect.name != "sqlite":
        pytest.skip("of so small a table PostgreSQL reads the whole")
    wanted = sa.select(Transaction.id).where(day_files.which(which), Transaction.paid_on == dt.date(2026, 11, 10))
    text = str(wanted.compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = [row.detail for row in db.session.execute(sa.text(f"EXPLAIN QUERY PLAN {text}"))]
    others = [line for line in plan if line.split()[1].startswith("gateways_transaction_")]
    assert others and all(line.startswith("SEARCH") and line.split()[4] in (
        "ix_gateways_transaction_held", "ix_gateways_transaction_unheld") for line in others), plan
