"""Files of payments are taken whole or not at all, once, and a killed import goes on."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.errors import DomainError
from modules.accounting import queries
from modules.crm.models import Customer
from modules.gateways import booking, file_kinds, files_in, tray
from modules.gateways.errors import BadFile
from modules.gateways.models import Account, File, Transaction
from tests.modules.accounting.books import findings

Make = Callable[..., Any]


def content(customer: Customer, count: int = 3, end: str = "\n") -> bytes:
    rows = [f"p{number};{customer.code};{number + 1}.50;approved" for number in range(count)]
    total = sum((Decimal(f"{number + 1}.50") for number in range(count)), Decimal(0))
    return end.join([*rows, f"end;{count};{total:.2f}", ""]).encode()


def bring(account: Account, data: bytes, name: str = "pagos.txt") -> File:
    row = files_in.store(account, io.BytesIO(data), name)
    db.session.commit()
    if files_in.prove(row.id):
        files_in.load(row.id)
    return row


def payments() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Transaction)) or 0


def test_a_file_is_imported_and_the_same_again_is_refused_with_its_day(account: Account, customer: Customer,
                                                                      probe: Any) -> None:
    row = bring(account, content(customer))
    assert (row.state, row.count, f"{row.total:.2f}", queries.balance(customer.id)) == (
        "imported", 3, "7.50", Decimal("-7.50"))
    for data in (content(customer), content(customer, end="\r\n")):
        with pytest.raises(BadFile, match="10/11/2026"):
            bring(account, data)
    assert payments() == 3
    assert findings() == {}


def test_a_payment_in_two_files_is_one(account: Account, customer: Customer, probe: Any) -> None:
    bring(account, content(customer, 2))
    bring(account, content(customer, 4))
    assert queries.balance(customer.id) == Decimal("-12.00")


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_file_takes_nothing_and_says_where(account: Account, customer: Customer, probe: Any,
                                                     seed: int) -> None:
    chance, data = random.Random(seed), content(customer, 6)
    how = chance.choice(["cut", "total", "twice", "letters", "more"])
    if how == "cut":
        data = data[:chance.randint(1, len(data) - 3)]
    elif how == "total":
        data = data.replace(b"end;6", b"end;7")
    elif how == "twice":
        data += data
    elif how == "letters":
        data = data.replace(b".50", b".5O", 1)
    else:
        data += b"p9;1;1.00;approved\n"
    row = bring(account, data)
    assert (row.state, payments(), queries.balance(customer.id)) == ("refused", 0, 0)
    assert row.error
    again = bring(account, content(customer, 6))  # the right one is welcome
    assert again.state == "imported"


def test_an_empty_file_is_refused(account: Account, probe: Any) -> None:
    with pytest.raises(BadFile):
        bring(account, b"")


def test_an_import_that_is_killed_goes_on_where_it_stopped(account: Account, customer: Customer, probe: Any,
                                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_in, "CHUNK", 2)
    real, calls = booking.take, []

    def dies(*args: Any, **values: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args, **values)

    row = files_in.store(account, io.BytesIO(content(customer, 7)), "f")
    db.session.commit()
    files_in.prove(row.id)
    monkeypatch.setitem(file_kinds.KINDS, "payments", replace(file_kinds.KINDS["payments"], take=dies))
    with pytest.raises(KeyboardInterrupt):
        files_in.load(row.id)
    db.session.rollback()
    assert (row.state, row.done, payments()) == ("importing", 4, 4)
    files_in.load(row.id)
    assert (row.state, payments(), queries.balance(customer.id)) == ("imported", 7, Decimal("-31.50"))
    assert len(calls) == 5  # two chunks were not taken again


def test_a_file_is_taken_back_as_a_whole(account: Account, customer: Customer, probe: Any) -> None:
    row = bring(account, content(customer))
    with pytest.raises(DomainError):
        files_in.undo(row, " ")
    assert files_in.undo(row, "era de otro banco").payments == 3
    assert queries.balance(customer.id) == 0
    with pytest.raises(DomainError):
        files_in.undo(row, "otra vez")
    assert findings() == {}


def held(account: Account) -> Decimal:
    """What the books say that the gateway holds."""
    from modules.accounting.models import Posting

    return db.session.scalar(sa.select(sa.func.sum(Posting.amount)).where(
        Posting.account_id == account.cash_account.account_id)) or Decimal(0)


def test_what_was_taken_back_is_booked_again_when_the_right_file_brings_it(account: Account, customer: Customer,
                                                                          probe: Any) -> None:
    for _time in range(2):
        row = bring(account, content(customer))
        assert queries.balance(customer.id) == Decimal("-7.50")
        files_in.undo(row, "archivo equivocado")
        assert (queries.balance(customer.id), row.state) == (0, "undone")
    again = bring(account, content(customer))
    assert (again.state, queries.balance(customer.id)) == ("imported", Decimal("-7.50"))
    assert findings() == {}


def test_the_fees_of_a_file_go_with_it(account: Account, customer: Customer, probe: Any) -> None:
    account.fee_percent = Decimal(10)
    row = bring(account, content(customer))
    assert held(account) == Decimal("6.75")
    files_in.undo(row, "de otro banco")
    assert held(account) == 0


def test_a_payment_that_was_told_in_another_way_too_stays(account: Account, customer: Customer, probe: Any,
                                                         told: Make) -> None:
    booking.take(account, [told("p0", "1.50", customer=customer.code)])
    row = bring(account, content(customer))
    assert files_in.undo(row, "de otro banco").payments == 2
    assert queries.balance(customer.id) == Decimal("-1.50")


def test_what_another_file_holds_too_stays_and_goes_with_that_one(account: Account, customer: Customer,
                                                                   probe: Any) -> None:
    first, second = bring(account, content(customer, 2)), bring(account, content(customer, 4))
    undone = files_in.undo(first, "de otro banco")
    assert (undone.payments, undone.told_too, queries.balance(customer.id)) == (0, 2, Decimal("-12.00"))
    assert files_in.undo(second, "de otro banco").payments == 4
    assert queries.balance(customer.id) == 0 and findings() == {}


@pytest.mark.parametrize("listed", [False, True])
def test_what_a_notice_or_a_list_told_after_the_file_stays(account: Account, customer: Customer, probe: Any,
                                                          told: Make, listed: bool) -> None:
    row = bring(account, content(customer))
    booking.take(account, [told("p0", "1.50", customer=customer.code)], listed=listed)
    undone = files_in.undo(row, "de otro banco")
    assert (undone.payments, undone.told_too, queries.balance(customer.id)) == (2, 1, Decimal("-1.50"))
    again = bring(account, content(customer))
    assert (again.state, queries.balance(customer.id)) == ("imported", Decimal("-7.50"))
    files_in.undo(again, "de otro banco")
    assert queries.balance(customer.id) == Decimal("-1.50") and findings() == {}


@pytest.mark.parametrize("status", ["rejected", "expired", "pending"])
@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("first", [False, True])
def test_what_the_gateway_denies_otherwise_goes_with_its_file(account: Account, customer: Customer, probe: Any,
                                                              told: Make, status: str, listed: bool,
                                                              first: bool) -> None:
    denied = told("p0", "1.50", status, customer=customer.code)
    if first:
        booking.take(account, [denied], listed=listed)
    row = bring(account, content(customer))
    assert queries.balance(customer.id) == Decimal("-7.50")
    booking.take(account, [denied], listed=listed)
    undone = files_in.undo(row, "de otro banco")
    assert (undone.payments, undone.told_too, queries.balance(customer.id)) == (3, 0, 0)
    assert findings() == {}


def test_another_file_that_says_it_was_not_paid_keeps_nothing_in_the_books(account: Account, customer: Customer,
                                                                          probe: Any) -> None:
    row = bring(account, content(customer, 1))
    bring(account, content(customer, 1).replace(b"approved", b"rejected"))
    undone = files_in.undo(row, "de otro banco")
    assert (undone.payments, undone.told_too, queries.balance(customer.id)) == (1, 0, 0)


def test_what_a_person_set_aside_stays_so(account: Account, customer: Customer, probe: Any) -> None:
    data = content(customer).replace(customer.code.encode(), b"nadie", 1)
    row = bring(account, data)
    (waits,) = db.session.scalars(sa.select(Transaction).where(Transaction.state == "waiting"))
    tray.set_aside(waits, "Prueba del banco")
    undone = files_in.undo(row, "de otro banco")
    assert (undone.payments, undone.aside, waits.state, waits.note) == (2, 1, "set_aside", "Prueba del banco")
    tray.take_up(waits)  # nobody tells of it any more
    assert waits.state == "noted"
    waits.state = "set_aside"
    bring(account, data)
    assert (waits.state, queries.balance(customer.id)) == ("set_aside", Decimal("-6.00"))


def test_a_payment_that_stays_does_not_hold_up_its_file(account: Account, customer: Customer, probe: Any,
                                                        told: Make, login: Make) -> None:
    row = bring(account, content(customer))
    booking.take(account, [told("r0", "1.50", "reversed", reverses="p0")], file_id=row.id)
    booking.take(account, [told("r0", "1.50", "reversed", reverses="p0"), told("p0", "1.50")])
    page = login("gateways.view_inbox", "gateways.exchange_files").post(
        f"/gateways/files/{row.id}/undo", data={"reason": "de otro banco"}, follow_redirects=True).text
    assert queries.balance(customer.id) == 0 and "2 pagos" in page
    assert "también" in page and findings() == {}


def test_a_file_of_a_closed_month_is_not_taken_back(account: Account, customer: Customer, probe: Any) -> None:
    import datetime as dt

    from modules.accounting import ledger

    row = bring(account, content(customer))
    ledger.policy().locked_until = dt.date(2026, 11, 9)
    db.session.flush()
    with pytest.raises(DomainError, match="cerrad"):
        files_in.undo(row, "de otro banco")
    assert (row.state, queries.balance(customer.id)) == ("imported", Decimal("-7.50"))


def test_a_file_that_took_something_back_is_not_taken_back(account: Account, customer: Customer, probe: Any,
                                                          told: Make) -> None:
    booking.take(account, [told("p9", "5.00", customer=customer.code)])
    row = bring(account, content(customer))
    booking.take(account, [told("r9", "5.00", "reversed", reverses="p9")], file_id=row.id)
    with pytest.raises(DomainError):
        files_in.undo(row, "de otro banco")
