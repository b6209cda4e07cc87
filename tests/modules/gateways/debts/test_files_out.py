"""Files of debts: what goes into them, once, however often they are begun, killed, made again and taken back."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.errors import DomainError
from modules.accounting.models import Invoice
from modules.gateways import booking, files_out, picking
from modules.gateways.models import Account, File, PayerCode, Transaction
from modules.gateways.shapes import Reading, Reference
from tests.modules.accounting.books import findings, pay
from tests.modules.gateways.debts.making import left_out, lines, make, text

Make = Callable[..., Any]
DAY = dt.date(2026, 11, 10)


def test_every_open_debt_stands_in_the_file_as_the_network_wants_it(at: Make, owing: Make) -> None:
    account, (first, second) = at("siro"), owing("18150", "100.50")
    row = make(account)
    header, one, two, trailer = text(row)
    assert (row.state, row.count, row.total, row.name) == ("made", 2, Decimal("18250.50"), "30522763922.20261110")
    assert (len(header), one[:40]) == (280, f"50000010015150058293{first.id:015d}01126")
    assert one[41:60] == "2026112000001815000" and two[41:60] == "2026112000000010050"
    assert trailer[16:23] == "0000002" and trailer[30:46] == "0000000001825050"
    assert [(line.position, line.invoice_id, line.customer_code) for line in lines(row)] == [
        (1, first.id, "000001001"), (2, second.id, "000001002")]
    assert row.sha256 == hashlib.sha256("\r\n".join([*text(row), ""]).encode()).hexdigest()


def test_the_same_bytes_come_out_again_whatever_was_changed_since(at: Make, owing: Make) -> None:
    account, (invoice, _other) = at("siro"), owing("18150", "100.50")
    row = make(account)
    account.settings = {**account.settings, "ente": "Otro nombre", "formato": "link"}
    invoice.customer.name, invoice.due_date = "Otra persona", dt.date(2027, 1, 1)
    pay(invoice.customer, "18150")
    db.session.flush()
    with files_out.again(row) as made:
        assert hashlib.sha256(made.read()).hexdigest() == row.sha256


def test_a_second_due_date_goes_along_with_its_surcharge(at: Make, owing: Make) -> None:
    owing("12100", second_due_date=dt.date(2026, 11, 30), second_due_total=Decimal("12463"))
    row = make(at("siro"))
    assert text(row)[1][41:98] == "2026112000001210000" + 2 * "2026113000001246300"
    assert lines(row)[0].data["due"] == [{"date": "2026-11-20", "amount": "12100.00"},
                                         {"date": "2026-11-30", "amount": "12463.00"}]
    assert lines(row)[0].until == dt.date(2026, 11, 30)


def test_what_was_paid_is_not_asked_for(at: Make, owing: Make) -> None:
    part, whole = owing("100", "200", second_due_date=dt.date(2026, 11, 30), second_due_total=Decimal("210"))
    pay(part.customer, "40")
    pay(whole.customer, "200")
    row = make(at("siro"))
    assert [one["amount"] for one in lines(row)[0].data["due"]] == ["60.00", "170.00"]
    assert row.count == 1


@pytest.mark.parametrize(("days", "asked", "why"), [
    (30, [{"date": "2026-12-10", "amount": "100.00"}], []), (0, None, ["overdue"])])
def test_overdue_debts_are_payable_for_some_more_days_or_left_out(at: Make, owing: Make, days: int, asked: Any,
                                                                 why: list[str]) -> None:
    from modules.gateways import plans
    account = at("siro")
    owing("100", due_date=dt.date(2026, 11, 9))
    plans.save(account, {"every": "never", "day": "1", "hour": "6", "overdue_days": str(days), "alarm_days": "0",
                         "minimum": "0"})
    row = make(account)
    assert [code for _id, code in left_out(row)] == why
    assert [line.data["due"] for line in lines(row)] == ([asked] if asked else [])
    assert row.state == ("made" if asked else "empty")


def test_what_cannot_be_collected_is_left_out_with_its_reason_and_stops_nothing(at: Make, owing: Make,
                                                                               make_customer: Make) -> None:
    from tests.modules.accounting.books import issue
    (good,) = owing("100")
    odd = issue(make_customer("CLI-7"), "50", due_date=dt.date(2026, 11, 20))
    row = make(at("siro"))
    assert (row.count, left_out(row)) == (1, [(odd.id, "not_taken")])
    assert "CLI-7" in files_out.left_out(row)[0][1]
    assert lines(row)[0].invoice_id == good.id


def test_nothing_owed_makes_no_file(at: Make) -> None:
    row = make(at("siro"))
    assert (row.state, row.stored_id) == ("empty", None)
    with pytest.raises(DomainError):
        files_out.content(row)


# --- once ------------------------------------------------------------------------------------------------


def test_a_network_that_adds_gets_a_debt_once_and_again_when_it_changed(at: Make, owing: Make) -> None:
    account, (same, changed) = at("siro"), owing("100", "200")
    first = make(account)
    files_out.sent_by_hand(first)
    assert make(account).state == "empty"
    pay(changed.customer, "50")
    again = make(account)
    (line,) = lines(again)
    assert (line.invoice_id, line.amount) == (changed.id, Decimal("150.00"))
    # under the next concept: the former stays payable until its day
    assert line.key != lines(first)[1].key and line.key is not None and line.key[-5:] == "11126"
    assert (again.number, again.name) == (3, "30522763922.20261110-3")
    assert same.open_amount == 100


def test_a_network_whose_file_replaces_the_former_gets_all_that_is_open(at: Make, owing: Make) -> None:
    account = at("pagomiscuentas", resend="all")
    owing("100", "200")
    assert [make(account).count, make(account).count] == [2, 2]


def test_two_debts_of_a_customer_in_a_month_get_different_numbers(at: Make, owing: Make) -> None:
    from tests.modules.accounting.books import issue
    (one,) = owing("100")
    issue(one.customer, "200", due_date=dt.date(2026, 11, 25))
    row = make(at("siro"))
    assert [line.key[-5:] for line in lines(row) if line.key] == ["01126", "11126"]


def test_a_file_that_was_withdrawn_before_it_was_sent_never_was(at: Make, owing: Make) -> None:
    account = at("siro")
    owing("100")
    first = make(account)
    files_out.withdraw(first, "mistake")
    again = make(account)
    assert text(again)[1][:60] == text(first)[1][:60] and again.count == 1
    with pytest.raises(DomainError):
        files_out.withdraw(first, "again")


def test_what_a_network_may_know_stays_used_when_its_file_is_withdrawn(at: Make, owing: Make) -> None:
    account = at("siro")
    owing("100")
    first = make(account)
    files_out.sent_by_hand(first)
    with pytest.raises(DomainError):
        files_out.withdraw(first, " ")
    files_out.withdraw(first, "wrong month")
    again = make(account)
    assert [lines(one)[0].key[-5:] for one in (first, again)] == ["01126", "11126"]  # type: ignore[index]


def test_a_killed_making_goes_on_where_it_stopped(at: Make, owing: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_out, "CHUNK", 2)
    owing(*(str(number) for number in range(1, 8)))
    real, calls = picking.pick, []

    def dies(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(picking, "pick", dies)
    row = files_out.begin(at("siro"))
    db.session.commit()
    with pytest.raises(KeyboardInterrupt):
        files_out.make(row.id)
    db.session.rollback()
    assert (row.state, row.done, len(lines(row))) == ("making", 4, 4)
    files_out.make(row.id)
    assert (row.state, row.count, row.total) == ("made", 7, Decimal(28))
    assert [line.position for line in lines(row)] == list(range(1, 8)) and len(calls) == 6


def test_a_killed_writing_writes_again(at: Make, owing: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    owing("1", "2")
    row = files_out.begin(at("siro"))
    db.session.commit()
    real = files_out._write

    def dies(*_args: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(files_out, "_write", dies)
    with pytest.raises(KeyboardInterrupt):
        files_out.make(row.id)
    db.session.rollback()
    monkeypatch.setattr(files_out, "_write", real)
    files_out.make(row.id)
    assert (row.state, row.count, len(text(row))) == ("made", 2, 4)


def test_two_at_once_make_one_file(at: Make, owing: Make) -> None:
    account = at("siro")
    owing("1")
    row = files_out.begin(account)
    with pytest.raises(DomainError) as refusal:
        files_out.begin(account)
    assert refusal.value.code == "being_made"
    files_out.make(row.id)
    files_out.make(row.id)  # the same job twice
    assert (row.count, len(lines(row))) == (1, 1)


def test_statements_do_not_grow_with_the_debts(at: Make, owing: Make, counted: Make) -> None:
    account = at("siro")
    owing(*(["5"] * 3))
    few = counted(lambda: make(account))
    owing(*(["5"] * 30))
    assert counted(lambda: make(account)) <= few + 2


# --- codes and payments --------------------------------------------------------------------------------------


def test_a_customer_keeps_his_code_at_the_network_for_life(at: Make, owing: Make, make_customer: Make) -> None:
    from tests.modules.accounting.books import issue
    account, (invoice,) = at("siro"), owing("100")
    files_out.sent_by_hand(make(account))
    invoice.customer.code = "9999"
    db.session.flush()
    heir = issue(make_customer("1001"), "5", due_date=dt.date(2026, 11, 20))
    pay(invoice.customer, "10")
    row = make(account)
    assert [line.customer_code for line in lines(row)] == ["000001001"]
    assert left_out(row) == [(heir.id, "payer_code")]
    assert db.session.scalar(sa.select(PayerCode.code).where(PayerCode.customer_id == invoice.customer_id)) == "1001"


def test_a_payment_finds_the_debt_of_an_older_file(at: Make, owing: Make) -> None:
    account, (invoice,) = at("siro"), owing("100")
    first = make(account)
    files_out.sent_by_hand(first)
    line = lines(first)[0]
    files_out.withdraw(first, "replaced")
    booking.take(account, [Reading("p1", "approved", Decimal(100), "ARS", DAY,
                                   reference=Reference(line.customer_code, line.invoice_code))])
    paid = db.session.scalar(sa.select(Transaction))
    assert paid is not None and (paid.state, paid.invoice_id) == ("booked", invoice.id)
    assert db.session.get_one(Invoice, invoice.id).open_amount == 0
    assert findings() == {}


# --- cards ---------------------------------------------------------------------------------------------------


def card(account: Account, invoice: Any, number: str = "4509953566233704") -> PayerCode:
    from modules.gateways import payers
    return payers.save(account, invoice.customer, invoice.customer.code, {"card": number})


def test_numbers_of_cards_stand_in_the_file_alone(at: Make, owing: Make) -> None:
    account, (with_card, without) = at("prisma"), owing("100", "200")
    code = card(account, with_card)
    row = make(account)
    assert text(row)[1][1:17] == "4509953566233704" and text(row)[1][70] == "E"
    assert (row.stored_id, left_out(row)) == (None, [(without.id, "not_taken")])
    assert "4509953566233704" not in repr((lines(row)[0].data, row.recipe, row.facts, code.data,
                                           files_out.left_out(row)))
    assert code.data["last4"] == "3704"
    card(account, with_card, "5471300000000003")
    with pytest.raises(DomainError) as refusal:
        files_out.content(row)
    assert refusal.value.code == "changed"


def test_a_debit_is_presented_again_when_its_rejection_came(at: Make, owing: Make) -> None:
    account, (invoice,) = at("prisma"), owing("100")
    card(account, invoice)
    first = make(account)
    files_out.sent_by_hand(first)
    assert make(account).state == "empty"
    line = lines(first)[0]
    booking.take(account, [Reading("r1", "rejected", Decimal(100), "ARS", DAY,
                                   reference=Reference(line.customer_code, line.invoice_code))])
    again = make(account)
    assert again.count == 1 and text(again)[1][70] == " "  # no new card any more
    files_out.sent_by_hand(again)
    assert make(account).state == "empty"


def test_a_card_that_its_bank_replaced_is_debited_from_then_on(at: Make, owing: Make) -> None:
    account, (invoice,) = at("prisma"), owing("100")
    code = card(account, invoice)
    first = make(account)
    files_out.sent_by_hand(first)
    line = lines(first)[0]
    booking.take(account, [Reading("r1", "rejected", Decimal(100), "ARS", DAY, secret={"card": "5471300000000003"},
                                   reference=Reference(line.customer_code.zfill(15), line.invoice_code))])
    assert code.data == {"last4": "0003", "first": False}
    assert text(make(account))[1][1:17] == "5471300000000003"


# --- what holds it back --------------------------------------------------------------------------------------


def test_a_new_file_waits_for_the_payments_of_the_former(at: Make, owing: Make, frozen: Make,
                                                         exported: Callable[..., File]) -> None:
    from modules.gateways import plans
    account = at("pagomiscuentas", resend="all")
    owing("100")
    plans.save(account, {"every": "never", "day": "1", "hour": "6", "overdue_days": "30", "alarm_days": "0",
                         "minimum": "0", "wait_for_payments": "on"})
    files_out.sent_by_hand(exported(account))
    assert exported(account).count == 1  # the same day: nothing can have been paid meanwhile
    frozen(2026, 11, 12, 15)
    with pytest.raises(DomainError, match="11/11/2026") as refusal:
        files_out.begin(account)
    assert refusal.value.code == "payments_outstanding"
    row = files_out.begin(account, reason="The network says that nothing was paid")
    assert row.reason
    files_out.make(row.id)
    brought = File(account_id=account.id, direction="in", kind="payments", name="COB", sha256="1" * 64,
                   state="imported", day=dt.date(2026, 11, 11), stored_id=row.stored_id)
    db.session.add(brought)
    db.session.flush()
    assert files_out.begin(account).number == 2


# --- the command ---------------------------------------------------------------------------------------------


def run(capsys: Any, provider: str, *, output: Any = None, **values: Any) -> tuple[int, dict[str, Any]]:
    """`abona gateways export --json`, over this test's database: (exit status, what it prints)."""
    import inspect
    import json

    from modules.gateways import commands
    given = {"period": None, "again": None, "sent": False, "reason": "", "company_code": None, **values}
    code = inspect.unwrap(commands.export.callback)(provider, output=output, as_json=True, **given)  # type: ignore[arg-type]
    return code, json.loads(capsys.readouterr().out)


def test_the_command_writes_the_file_and_says_what_is_left_out(at: Make, owing: Make, make_customer: Make,
                                                              capsys: Any, tmp_path: Any) -> None:
    from tests.modules.accounting.books import issue
    at("siro")
    owing("100", "200", issue_date=dt.date(2026, 10, 31))
    owing("5")
    db.session.commit()
    place = tmp_path / "base.txt"
    code, told = run(capsys, "siro", output=place, period="2026-10")
    assert (code, told["state"], told["count"], told["total"], told["left_out"]) == (0, "made", 2, "300.00", [])
    assert hashlib.sha256(place.read_bytes()).hexdigest() == told["sha256"]
    again = tmp_path / "again.txt"
    assert run(capsys, "siro", output=again, again=told["file"])[0] == 0
    assert again.read_bytes() == place.read_bytes()
    issue(make_customer("CLI-7"), "50", due_date=dt.date(2026, 11, 20))
    code, told = run(capsys, "siro", output=again, sent=True)
    assert (code, told["state"], told["count"], told["left_out"][0]["code"]) == (1, "sent", 1, "not_taken")
    code, told = run(capsys, "siro", output=again)
    assert (code, told["state"], told["count"]) == (1, "empty", 0)
    with pytest.raises(DomainError, match="2026-13"):
        run(capsys, "siro", period="2026-13")


def test_a_setting_that_nobody_entered_has_its_usual_value(november: None) -> None:
    """What the screen shows as the usual choice also holds for an account that a script made."""
    from modules.gateways import accounts

    made = accounts.create("prisma", "Débito", {"establecimiento": "0012345678"})
    assert accounts.missing(made) == []
    assert accounts.access(made).need("tipo") == "DEBLIQC"
    assert files_out.begin(made).name == "DEBLIQC.txt"
