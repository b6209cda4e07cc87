"""A bank statement finds what each movement is, or leaves it to a person; and what was said wrongly is taken back."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.errors import DomainError
from modules.accounting import queries
from modules.accounting.models import Account as LedgerAccount
from modules.accounting.models import CashAccount, Posting
from modules.crm.models import Customer
from modules.gateways import bank_lines, files_in, settling
from modules.gateways.models import Account, BankLine, File, Transaction
from modules.gateways.ports import Settled
from tests.modules.accounting.books import findings, issue, open_of

Make = Callable[..., Any]
HEAD = "Fecha;Descripción;Referencia;Nombre;Importe;Saldo"


@pytest.fixture
def bank(november: None) -> Account:
    """The company's bank account, whose statements are imported."""
    own = LedgerAccount(code="1.9.97", name="Banco", kind="asset")
    db.session.add(own)
    db.session.flush()
    place = CashAccount(name="Banco Galicia", kind="bank", account_id=own.id)
    db.session.add(place)
    db.session.flush()
    made = Account(provider="bank", name="Banco Galicia", cash_account_id=place.id)
    db.session.add(made)
    db.session.flush()
    return made


def bring(bank: Account, *rows: str) -> File:
    """Import a statement of these lines, day;text;reference;name;amount."""
    content = "\n".join([HEAD, *(f"{one};" for one in rows), ""]).encode()
    file = files_in.store(bank, io.BytesIO(content), "extracto.csv")
    db.session.commit()
    assert files_in.prove(file.id), file.error
    files_in.load(file.id)
    return file


def lines() -> list[tuple[str, str]]:
    return [(row.text, row.state) for row in db.session.scalars(sa.select(BankLine).order_by(BankLine.id))]


def only() -> BankLine:
    return db.session.scalars(sa.select(BankLine)).one()


def in_books(account: Account) -> Decimal:
    return db.session.scalar(sa.select(sa.func.sum(Posting.amount)).where(
        Posting.account_id == account.cash_account.account_id)) or Decimal("0.00")


@pytest.fixture
def debtor(make_customer: Make) -> Customer:
    made: Customer = make_customer("4711")
    made.name, made.tax_id, made.tax_id_kind = "Gómez, María José", "27276543218", "CUIT"
    db.session.flush()
    return made


@pytest.mark.parametrize("line", [
    "10/11/2026;TRANSFERENCIA 27-27654321-8;;;500,00",  # his document, whatever the amount
    "10/11/2026;TRANSF CLIENTE 4711 GOMEZ;;;500,00",  # our code with a word of his name
    "10/11/2026;TRANSFERENCIA;004711;;12100,00",  # our code and what he owes
    "10/11/2026;TRANSF RECIBIDA;;MARIA JOSE GOMEZ;12100,00",  # all of his name and what he owes
    "10/11/2026;PAGO DOC {number};;;12100,00",  # the number of the document and what it is open with
])
def test_what_is_surely_somebody_s_is_booked(bank: Account, debtor: Customer, make_customer: Make, line: str) -> None:
    invoice, other = issue(debtor), issue(make_customer())
    invoice.legal_number = other.legal_number[:-2] + "98" if invoice.legal_number == "" else invoice.legal_number
    db.session.flush()
    file = bring(bank, line.format(number=invoice.legal_number))
    assert [state for _text, state in lines()] == ["payment"]
    amount = Decimal("500.00") if "500" in line else Decimal("12100.00")
    assert open_of(invoice, other) == [f"{Decimal(12100) - amount:.2f}", "12100.00"]
    assert in_books(bank) == amount and findings() == {}
    assert file.count == 1


@pytest.mark.parametrize("line", [
    "10/11/2026;TRANSFERENCIA;;GOMEZ;12100,00",  # one word is no name
    "10/11/2026;DEPOSITO 4711;;;500,00",  # a number like our code, and nothing else
    "09/10/2026;TRANSFERENCIA;;MARIA JOSE GOMEZ;12100,00",  # before the document was issued
    "10/11/2026;TRANSFERENCIA;;;12100,00",  # the amount of many
])
def test_what_is_not_sure_waits(bank: Account, debtor: Customer, line: str) -> None:
    invoice = issue(debtor)
    bring(bank, line)
    assert [state for _text, state in lines()] == ["waiting"] and open_of(invoice) == ["12100.00"]
    assert in_books(bank) == 0


def test_hints_that_mean_two_people_wait(bank: Account, debtor: Customer, make_customer: Make) -> None:
    other = make_customer("9001")
    other.name = "Gómez, María José"
    for one in (debtor, other):
        issue(one)
    bring(bank, "10/11/2026;TRANSFERENCIA;;MARIA JOSE GOMEZ;12100,00")
    assert lines() == [("TRANSFERENCIA", "waiting")]


def test_two_alike_pay_two_debts_and_the_same_statement_again_nothing(bank: Account, debtor: Customer) -> None:
    first, second = issue(debtor), issue(debtor)
    rows = ["10/11/2026;TRANSFERENCIA UNO;;MARIA JOSE GOMEZ;12100,00",
            "10/11/2026;TRANSFERENCIA DOS;;MARIA JOSE GOMEZ;12100,00"]
    bring(bank, *rows)
    bring(bank, *rows, "10/11/2026;COMISION;;;-30,00")
    assert open_of(first, second) == ["0.00", "0.00"] and queries.balance(debtor.id) == 0
    assert [state for _text, state in lines()] == ["payment", "payment", "spent"]
    assert in_books(bank) == Decimal("24200.00") and findings() == {}


def payout(gateway: Account, number: str, amount: str, day: dt.date) -> None:
    """The gateway's report says that it paid this out."""
    from core import storage

    content = storage.store(number.encode(), "informe.csv", "text/csv")
    file = File(account_id=gateway.id, direction="in", kind="statement", name="informe.csv", sha256=number,
                stored_id=content.id, state="imported")
    db.session.add(file)
    db.session.flush()
    value = -Decimal(amount)
    settling.take(gateway, [Settled(number, "payout", value, Decimal(0), Decimal(0), value, "ARS", day)],
                  file_id=file.id)


def test_a_payout_that_a_report_told_is_found_in_the_bank_and_booked_once(bank: Account, account: Account) -> None:
    account.bank_account_id = bank.cash_account_id
    db.session.flush()
    payout(account, "900", "5000", dt.date(2026, 11, 8))
    payout(account, "901", "5000", dt.date(2026, 10, 2))  # too long ago to be this one
    bring(bank, "10/11/2026;ACREDITACION;;;5000,00")
    assert only().state == "payout" and only().gateway_id == account.id
    assert (in_books(bank), in_books(account)) == (Decimal("10000.00"), Decimal("-10000.00"))
    assert findings() == {}


def test_a_payout_that_a_person_named_before_its_report_told_it_is_booked_once(bank: Account,
                                                                               account: Account) -> None:
    account.bank_account_id = bank.cash_account_id
    bring(bank, "10/11/2026;ACREDITACION;;;5000,00")
    bank_lines.is_payout(only(), account)
    payout(account, "900", "5000", dt.date(2026, 11, 12))
    assert (in_books(bank), in_books(account)) == (Decimal("5000.00"), Decimal("-5000.00"))
    payout(account, "901", "5000", dt.date(2026, 11, 12))  # another one, of the same amount
    assert (in_books(bank), in_books(account)) == (Decimal("10000.00"), Decimal("-10000.00"))
    assert findings() == {}


def test_a_payout_of_another_amount_or_another_time_is_another_one(bank: Account, account: Account) -> None:
    account.bank_account_id = bank.cash_account_id
    bring(bank, "10/10/2026;ACREDITACION;;;5000,00")
    bank_lines.is_payout(only(), account)
    payout(account, "900", "5000", dt.date(2026, 11, 9))
    payout(account, "901", "4999", dt.date(2026, 10, 10))
    assert in_books(bank) == Decimal("14999.00")


def test_a_payout_that_a_report_told_is_the_one_that_a_person_names_later(bank: Account, account: Account) -> None:
    account.bank_account_id = bank.cash_account_id
    bring(bank, "10/11/2026;ACREDITACION;;;5000,00")
    payout(account, "900", "5000", dt.date(2026, 11, 8))
    bank_lines.is_payout(only(), account)
    assert (in_books(bank), in_books(account)) == (Decimal("5000.00"), Decimal("-5000.00"))
    bank_lines.take_back(only(), "Era otra cosa")  # the report still says that it was paid out
    assert (only().state, in_books(bank)) == ("waiting", Decimal("5000.00"))


def test_naming_a_payout_says_into_which_bank_account_it_went(bank: Account, account: Account) -> None:
    payout(account, "900", "5000", dt.date(2026, 11, 8))  # nobody has chosen the bank account yet
    bring(bank, "10/11/2026;ACREDITACION;;;5000,00")
    bank_lines.is_payout(only(), account)
    account.bank_account = bank.cash_account
    assert settling.pay_out_all(account) == 0
    assert (in_books(bank), in_books(account)) == (Decimal("5000.00"), Decimal("-5000.00"))


def test_a_payout_that_was_booked_into_another_bank_account_is_not_booked_again(bank: Account,
                                                                                account: Account) -> None:
    own = LedgerAccount(code="1.9.96", name="Otro banco", kind="asset")
    db.session.add(own)
    db.session.flush()
    account.bank_account = CashAccount(name="Otro banco", kind="bank", account_id=own.id)
    db.session.flush()
    payout(account, "900", "5000", dt.date(2026, 11, 8))
    bring(bank, "10/11/2026;ACREDITACION;;;5000,00")
    with pytest.raises(DomainError, match="Otro banco"):
        bank_lines.is_payout(only(), account)
    assert (only().state, in_books(account)) == ("waiting", Decimal("-5000.00"))


def test_the_report_or_what_the_person_said_is_taken_back_and_the_other_one_stays(bank: Account,
                                                                                  account: Account) -> None:
    account.bank_account_id = bank.cash_account_id
    bring(bank, "10/11/2026;ACREDITACION;;;5000,00")
    bank_lines.is_payout(only(), account)
    payout(account, "900", "5000", dt.date(2026, 11, 9))
    report = db.session.scalars(sa.select(File).where(File.kind == "statement")).one()
    files_in.undo(report, "Otra cuenta")
    assert (only().state, in_books(bank)) == ("payout", Decimal("5000.00"))
    payout(account, "902", "5000", dt.date(2026, 11, 9))
    bank_lines.take_back(only(), "Era otra cosa")
    assert (only().state, in_books(bank)) == ("waiting", Decimal("5000.00"))
    files_in.undo(db.session.scalars(sa.select(File).where(File.kind == "statement", File.state == "imported")).one(),
                  "Otra cuenta")
    assert (in_books(bank), in_books(account), findings()) == (0, 0, {})


@pytest.mark.parametrize("line", [
    "10/11/2026;TRANSFERENCIA 27-27654321-8;;;12100,00",  # his document
    "10/11/2026;TRANSFERENCIA;;MARIA JOSE GOMEZ;12100,00",  # his name, which another one has too
])
def test_a_customer_s_transfer_of_a_payout_s_amount_waits_for_a_person(
        bank: Account, account: Account, debtor: Customer, make_customer: Make, login: Make, line: str) -> None:
    account.bank_account_id = bank.cash_account_id
    namesake, invoice = make_customer("9001"), issue(debtor)
    namesake.name = debtor.name
    issue(namesake)
    payout(account, "900", "12100", dt.date(2026, 11, 8))
    bring(bank, line)
    assert (only().state, in_books(bank)) == ("waiting", Decimal("12100.00"))
    page = login("gateways.view_inbox", "gateways.match_payments").get(f"/gateways/bank/{only().id}").text
    assert debtor.name in page and "900" in page and account.name in page
    bank_lines.is_payment(only(), debtor)
    assert open_of(invoice) == ["0.00"] and findings() == {}


def test_where_another_line_is_the_payout_the_transfer_is_the_customer_s(bank: Account, account: Account,
                                                                         debtor: Customer) -> None:
    account.bank_account_id = bank.cash_account_id
    invoice = issue(debtor)
    payout(account, "900", "12100", dt.date(2026, 11, 8))
    bring(bank, "10/11/2026;TRANSFERENCIA 27-27654321-8;;;12100,00", "10/11/2026;ACREDITACION;;;12100,00")
    assert [state for _text, state in lines()] == ["payment", "payout"]
    assert (open_of(invoice), in_books(bank)) == (["0.00"], Decimal("24200.00"))


def test_a_payout_of_a_gateway_without_reports_is_what_a_person_says(bank: Account, account: Account) -> None:
    bring(bank, "10/11/2026;ACREDITACION;;;5000,00")
    with pytest.raises(DomainError):
        bank_lines.is_payout(only(), bank)
    bank_lines.is_payout(only(), account)
    assert (in_books(bank), in_books(account)) == (Decimal("5000.00"), Decimal("-5000.00"))
    with pytest.raises(DomainError):
        bank_lines.is_other(only(), "Aporte")
    bank_lines.take_back(only(), "Era de otra pasarela")
    assert (only().state, in_books(bank), in_books(account)) == ("waiting", 0, 0)


def test_a_person_says_whose_transfer_it_is_and_takes_it_back(bank: Account, debtor: Customer,
                                                              make_customer: Make) -> None:
    other, invoice = make_customer(), issue(debtor)
    bring(bank, "10/11/2026;TRANSFERENCIA;;;12100,00")
    bank_lines.is_payment(only(), other)
    assert queries.balance(other.id) == Decimal("-12100.00")
    bank_lines.take_back(only(), "Era de Gómez")
    bank_lines.is_payment(only(), debtor)
    assert (queries.balance(other.id), open_of(invoice)) == (Decimal("0.00"), ["0.00"])
    assert in_books(bank) == Decimal("12100.00") and findings() == {}


def test_what_concerns_nobody_is_named(bank: Account) -> None:
    bring(bank, "10/11/2026;APORTE SOCIO;;;9000,00")
    with pytest.raises(DomainError):
        bank_lines.is_other(only(), "  ")
    bank_lines.is_other(only(), "Aporte de un socio")
    assert (only().state, only().note, in_books(bank)) == ("other", "Aporte de un socio", 0)


def test_a_statement_is_taken_back_whole_and_brought_again(bank: Account, account: Account, debtor: Customer) -> None:
    invoice = issue(debtor)
    rows = ("10/11/2026;TRANSFERENCIA;;MARIA JOSE GOMEZ;12100,00", "10/11/2026;ACREDITACION;;;5000,00")
    for _time in range(2):
        file = bring(bank, *rows)
        line = db.session.scalars(sa.select(BankLine).where(BankLine.state == "waiting")).one()
        bank_lines.is_payout(line, account)
        assert open_of(invoice) == ["0.00"]
        assert files_in.undo(file, "Otra cuenta").payments == 1
        db.session.commit()
        assert (open_of(invoice), lines(), in_books(bank), in_books(account)) == (["12100.00"], [], 0, 0)
    assert findings() == {}


def test_a_thousand_lines_ask_no_more_often_than_ten(bank: Account, make_customer: Make) -> None:
    from modules.gateways.ports import BankLine as Told
    from tests.modules.accounting.books import statements

    counts = []
    for start, count in ((0, 3), (100, 60)):
        people = [make_customer(f"K{start + number}") for number in range(count)]
        for one in people:
            issue(one)
        told = [Told(f"{one.code}", dt.date(2026, 11, 10), Decimal("12100.00"), "ARS", f"PAGO {one.code}")
                for one in people]
        file = bring(bank, f"0{start // 100 + 1}/11/2026;NADA;;;1,00")
        with statements() as seen:
            bank_lines.take(bank, told, file_id=file.id)
        counts.append(len(seen))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Transaction)) == 63
    assert counts[1] <= counts[0]
