"""Providers that work by files and questions, from the invoice to the books: asked for, paid there, settled here, once.

Told again in every way that it can be, nothing moves: books, documents, and the service of who paid.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from core import clock
from core.db import db
from core.simulators import Running, running
from modules.accounting import queries
from modules.accounting.models import Invoice, Payment
from modules.accounting.ports import surcharges
from modules.contracts.models import Contract
from modules.crm.models import Customer
from modules.gateways import accounts, checkouts, deliveries, files_in, files_out, jobs, payers, ports
from modules.gateways.errors import BadFile
from modules.gateways.models import Account, Checkout, DebtLine, File, Transaction
from modules.gateways.providers.siro import codes
from modules.gateways.providers.siro.client import Siro
from tests.modules.accounting.books import findings, issue, open_of
from tests.modules.gateways.shop import company_in

Make = Callable[..., Any]
DAY = dt.timedelta(days=1)
MONDAY = dt.date(2026, 11, 16)
DUE = {"due_date": dt.date(2026, 11, 20), "issue_date": dt.date(2026, 11, 3)}


@pytest.fixture(scope="module")
def _server() -> Iterator[Running]:
    with running(["siro", "cobrodigital", "pagomiscuentas", "prisma", "asobancaria"]) as server:
        yield server


@dataclass
class Town:
    """Simulators, days of a company, and what its books say of a customer."""

    server: Running
    zone: str
    customer: Customer
    invoice: Invoice

    @contextmanager
    def on(self, day: dt.date, hour: int = 10) -> Iterator[None]:
        with clock.freeze(dt.datetime.combine(day, dt.time(hour), ZoneInfo(self.zone))):
            yield

    def fetch(self, path: str, content: bytes | None = None, method: str = "GET", kind: str = "text/plain") -> bytes:
        request = urllib.request.Request(f"{self.server.url}/{path}", content, {"Content-Type": kind}, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return bytes(answer.read())

    def all(self) -> list[Any]:
        """Balance, documents, payments, what was told, and services: what no repetition may change."""
        db.session.expire_all()
        return [queries.balance(self.customer.id), open_of(self.invoice),
                db.session.scalar(sa.select(sa.func.count()).select_from(Payment)),
                db.session.execute(sa.select(Transaction.external_id, Transaction.status, Transaction.state,
                                             Transaction.payment_id).order_by(Transaction.id)).all(),
                db.session.execute(sa.select(Contract.id, Contract.state).order_by(Contract.id)).all(), findings()]

    def is_settled(self) -> bool:
        """The invoice is paid, nothing is credit, the books hold."""
        found = self.all()
        return found[0] == 0 and found[1] == ["0.00"] and found[2] == 1 and found[-1] == {}


@pytest.fixture
def town(_server: Running, app: Flask, customer: Customer, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A customer in service who owes 12100 until 20 November."""
    for name in ("siro", "cobrodigital", "pagomiscuentas", "prisma", "asobancaria"):
        _server.reset(name)
    monkeypatch.setitem(app.extensions, "abona", replace(app.extensions["abona"], simulators_url=_server.url))
    return Town(_server, "America/Argentina/Buenos_Aires", customer, issue(customer, "12100", **DUE))


def account_at(provider: str, **settings: Any) -> Account:
    rehearsal = ports.providers.get(provider).extra.get("rehearsal", {})
    made = accounts.create(provider, provider, {**(next(iter(rehearsal.values()), {})), **settings})
    db.session.commit()
    return made


def debts_of(account: Account) -> tuple[File, bytes]:
    """The file of debts that the product makes."""
    row = files_out.begin(account)
    db.session.commit()
    files_out.make(row.id)
    assert row.state == "made", row.error
    with files_out.content(row) as file:
        return row, file.read()


def bring(account: Account, content: bytes, name: str) -> File:
    row = files_in.store(account, io.BytesIO(content), name, "payments")
    db.session.commit()
    assert files_in.prove(row.id), row.error
    files_in.load(row.id)
    return row


def brought_again(account: Account, content: bytes, name: str) -> None:
    """The same file is refused; with other line ends it is the same file."""
    for again in (content, content.replace(b"\r\n", b"\n")):
        with pytest.raises(BadFile) as refusal:
            bring(account, again, f"2-{name}")
        assert refusal.value.code == "already_imported"
        db.session.rollback()


def test_siro_by_its_base_and_its_rendition(town: Town) -> None:
    account = account_at("siro")
    with town.on(MONDAY):
        row, _content = debts_of(account)
        deliveries.send(row.id)
        deliveries.ask(row.id)
        assert row.state == "taken"
        cpe = codes.cpe(accounts.access(account), _line(row).customer_code.zfill(9))
    with town.on(MONDAY + DAY):
        town.server.post("siro", "pay", {"cpe": cpe, "channel": "PC"})
    with town.on(MONDAY + 2 * DAY):
        jobs.poll(account.id)
        assert town.is_settled()
        before = town.all()
        rendition = "\r\n".join([*Siro(accounts.access(account)).listing(MONDAY + 2 * DAY), ""]).encode("latin-1")
        bring(account, rendition, "CobranzasSiro.txt")
        brought_again(account, rendition, "CobranzasSiro.txt")
        jobs.poll_anew(account.id)
        assert town.all() == before


def _line(row: File) -> DebtLine:
    return db.session.scalars(sa.select(DebtLine).where(DebtLine.file_id == row.id)).one()


@pytest.mark.parametrize("way", ["slip", "button"])
def test_siro_by_its_slip_and_its_button(town: Town, way: str) -> None:
    account = account_at("siro")
    with town.on(MONDAY):
        if way == "slip":
            slip = ports.coupons.get("siro").coupon(accounts.access(account),
                                                    checkouts.debt_of(account, [town.invoice]))
            town.server.post("siro", "slip", {"barcode": slip.barcode, "channel": "PF"})
        else:
            page = _opened(account, town.invoice)
            town.server.post("siro", "intent", {"hash": page.provider_ref})
            checkouts.ask(page.id)
            assert town.is_settled()
    with town.on(MONDAY + DAY):
        jobs.poll(account.id)
        assert town.is_settled(), "the rendition tells of the button's payment again"
        before = town.all()
        jobs.poll_anew(account.id)
        assert town.all() == before


def _opened(account: Account, invoice: Invoice, method: str = "link") -> Checkout:
    row = checkouts.request(account, invoice, method)
    db.session.commit()
    checkouts.open_now(row.id)
    assert row.state == "open", row.error
    return row


def test_cobrodigital_by_its_slip(town: Town) -> None:
    account = account_at("cobrodigital")
    with town.on(MONDAY):
        slip = _opened(account, town.invoice, "boleta")
        assert len(slip.coupon["barcode"]) == 29
        town.server.fault("cobrodigital", "transaction_twice")
        town.server.post("cobrodigital", "pay", {"nro_boleta": slip.provider_ref})
        jobs.poll(account.id)
        assert town.is_settled()
        before = town.all()
        jobs.poll_anew(account.id)
        checkouts.ask(slip.id)
        assert town.all() == before


def test_a_slip_of_cobrodigital_that_is_paid_after_its_first_date(town: Town) -> None:
    """It asks for the surcharge then, and that is no other amount."""
    late = issue(town.customer, "24200", due_date=dt.date(2026, 11, 18), second_due_date=dt.date(2026, 11, 28),
                 second_due_total=Decimal("24926"))
    account = account_at("cobrodigital")
    with town.on(MONDAY):
        slip = _opened(account, late, "boleta")
    with town.on(MONDAY + 5 * DAY):
        town.server.post("cobrodigital", "pay", {"nro_boleta": slip.provider_ref})
        jobs.poll(account.id)
        (told,) = db.session.scalars(sa.select(Transaction))
        assert (told.state, told.cause, told.amount) == ("booked", "", Decimal("24926.00"))
        assert open_of(late) == ["0.00"] and slip.state == "paid"


@pytest.mark.parametrize(("provider", "count"), [("siro", 3), ("pagomiscuentas", 3), ("snp", 2)])
def test_the_surcharge_is_asked_for_after_the_second_date_where_a_file_has_a_third_one(
        town: Town, provider: str, count: int) -> None:
    """Until the end of its month: then the next invoice brings it."""
    issue(town.customer, "24200", due_date=dt.date(2026, 11, 18), second_due_date=dt.date(2026, 11, 24),
          second_due_total=Decimal("24926"))
    account = account_at(provider, **({"cuit": "30-52276392-2", "servicio": "INTERNET"} if provider == "snp" else {}))
    if provider == "snp":
        payers.save(account, town.customer, town.customer.code, {"cbu": "2850590940090418135201"})
        db.session.commit()
    for day, expected in ((MONDAY, ["2026-11-18 24200.00", "2026-11-24 24926.00", "2026-11-30 24926.00"]),
                          (dt.date(2026, 11, 26), ["2026-11-30 24926.00"])):
        with town.on(day):
            row, _content = debts_of(account)
            found = db.session.scalars(sa.select(DebtLine).where(DebtLine.file_id == row.id)
                                       .order_by(DebtLine.position.desc())).first()
            assert found is not None
            asked = [f"{one['date']} {one['amount']}" for one in found.data["due"]]
            assert asked == (expected if count == 3 else expected[:2] if len(expected) > 1
                             else ["2026-12-26 24200.00"])
            files_out.withdraw(row, "prueba")
            db.session.commit()


def test_a_surcharge_that_an_invoice_brought_already_is_not_asked_for_in_the_third_date(
        town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its contract was billed before the month was over."""
    late, other = [issue(town.customer, "24200", due_date=dt.date(2026, 11, 18), second_due_total=Decimal("24926"),
                         second_due_date=dt.date(2026, 11, 24)) for _time in range(2)]

    class Known:
        def billed(self, invoice_ids: Any) -> set[int]:
            return {late.id} & set(invoice_ids)

    monkeypatch.setitem(surcharges._entries, "arrears", Known())
    account = account_at("pagomiscuentas")
    with town.on(dt.date(2026, 11, 26)):
        row, _content = debts_of(account)
        found = {one.invoice_id: [f"{due['date']} {due['amount']}" for due in one.data["due"]] for one in
                 db.session.scalars(sa.select(DebtLine).where(DebtLine.file_id == row.id))}
    assert (found[late.id], found[other.id]) == (["2026-12-26 24200.00"], ["2026-11-30 24926.00"])


def test_pagomiscuentas_by_its_files(town: Town) -> None:
    account = account_at("pagomiscuentas", empresa="0123", sigla="ANDI")
    with town.on(MONDAY):
        row, content = debts_of(account)
        town.fetch(f"pagomiscuentas/ANDI/Upload/{row.name}", content, "PUT")
        files_out.sent_by_hand(row)
        db.session.commit()
        reference = _line(row).customer_code
    with town.on(MONDAY + DAY):
        town.server.post("pagomiscuentas", "pay", {"code": "ANDI", "reference": reference})
    with town.on(MONDAY + 3 * DAY):
        assert b"RECHAZADO" not in town.fetch("pagomiscuentas/ANDI/Download/")
        paid = town.fetch("pagomiscuentas/ANDI/Download/COBANDI.191126")
        bring(account, paid, "COBANDI.191126")
        assert town.is_settled()
        before = town.all()
        brought_again(account, paid, "COBANDI.191126")
        assert town.all() == before


def test_prisma_by_an_automatic_debit(town: Town) -> None:
    account = account_at("prisma")
    payers.save(account, town.customer, town.customer.code, {"card": "4509953566233704"})
    db.session.commit()
    with town.on(MONDAY):
        row, content = debts_of(account)
        town.fetch("prisma/upload", content, "POST")
        files_out.sent_by_hand(row)
        db.session.commit()
    with town.on(MONDAY + DAY):
        name = json.loads(town.fetch("prisma/answers/"))["files"][-1]
        answer = town.fetch(f"prisma/answers/{name}")
        bring(account, answer, name)
        assert town.is_settled()
        before = town.all()
        brought_again(account, answer, name)
        assert town.all() == before


def test_pago_facil_by_its_code(town: Town) -> None:
    """It has no simulator: a line of the only layout that is known, for the code that we print."""
    account = account_at("pagofacil", empresa="8120", variante="B")
    with town.on(MONDAY):
        code = ports.coupons.get("pagofacil").coupon(accounts.access(account),
                                                     checkouts.debt_of(account, [town.invoice])).text
        assert code[:12] == f"8120{town.customer.code:0>8}"
        row = f"2{'16112026':<8}{'':74}{code[4:12]}{'':16}{1210000:010d}"
        paid = "\r\n".join(["1" + " " * 116, row, "9" + " " * 116, ""]).encode()
        bring(account, paid, "pf161126.txt")
        assert town.is_settled()
        before = town.all()
        brought_again(account, paid, "pf161126.txt")
        assert town.all() == before


def test_direct_debit_by_the_banks_file(town: Town) -> None:
    """It has no simulator: the bank sends our records back with its movement."""
    account = account_at("snp", cuit="30-52276392-2", servicio="INTERNET")
    payers.save(account, town.customer, town.customer.code, {"cbu": "2850590940090418135201"})
    db.session.commit()
    with town.on(MONDAY):
        _row, content = debts_of(account)
        detail, end = content.decode("latin-1").splitlines()
        answer = "\r\n".join([f"{detail[:186]}{'0000000001':<10}{detail[196:]}", end, ""]).encode("latin-1")
        bring(account, answer, "debitos.txt")
        assert town.is_settled()
        before = town.all()
        brought_again(account, answer, "debitos.txt")
        assert town.all() == before


def test_a_layout_of_ones_own(town: Town) -> None:
    columns = ["ref", "amount", "day", "id"]
    layout = {"direction": "in", "delimiter": ",", "header": True, "currency": "ARS", "columns": columns,
              "map": {"reference": "ref", "amount": "amount", "paid_at": "day", "external_id": "id"}}
    out = {"direction": "out", "delimiter": ",", "columns": ["ref", "amount"], "currency": "ARS",
           "fill": {"ref": "reference", "amount": "amount"}}
    account = account_at("generic_file", layout_in=json.dumps(layout), layout_out=json.dumps(out))
    with town.on(MONDAY):
        _row, content = debts_of(account)
        reference, amount = content.decode().splitlines()[-1].split(",")
        paid = f"ref,amount,day,id\n{reference},{amount},2026-11-16,1\n".encode()
        bring(account, paid, "pagos.csv")
        assert town.is_settled()
        before = town.all()
        brought_again(account, paid, "pagos.csv")
        assert town.all() == before


# with these dice the bank's only debtor pays what he owes, once
SEED = 4


# --- Colombia ----------------------------------------------------------------------------------------------------


@pytest.fixture
def bogota(_server: Running, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """The same in Colombia: 89,900 pesos."""
    from modules.crm.drafts import CustomerData
    from modules.crm.services import create_customer

    _server.reset("asobancaria")
    monkeypatch.setitem(app.extensions, "abona", replace(app.extensions["abona"], simulators_url=_server.url))
    with clock.freeze(dt.datetime(2026, 11, 10, 15, tzinfo=dt.UTC)), company_in("CO"):
        customer = create_customer(CustomerData(name="Ana Prueba", code="1045", tax_id_kind="CC",
                                                tax_id="1020304050"))
        invoice = issue(customer, "89900", **DUE)
        db.session.commit()
        yield Town(_server, "America/Bogota", customer, invoice)


def test_efecty_by_its_files(bogota: Town) -> None:
    """It has no simulator: a line of its file of a day for each of our debts."""
    account = account_at("efecty")
    with bogota.on(MONDAY):
        row, content = debts_of(account)
        files_out.sent_by_hand(row)
        db.session.commit()
        (one,) = csv.DictReader(io.StringIO(content.decode("latin-1")), delimiter=";")
    with bogota.on(MONDAY + DAY):
        paid = ("convenio;referencia;documento;valor;fecha;hora;punto;transaccion\r\n"
                f"{one['convenio']};{one['referencia']};{one['documento']};{one['valor']};2026-11-16;10:21:07;"
                "BOG-0977;880000000001\r\n").encode()
        bring(account, paid, "pagos_20261116.csv")
        assert bogota.is_settled()
        before = bogota.all()
        brought_again(account, paid, "pagos_20261116.csv")
        more = paid + paid.splitlines(keepends=True)[1].replace(b"880000000001", b"880000000002")
        bring(account, more, "pagos_20261117.csv")
        found = bogota.all()
        assert found[0] == Decimal("-89900.00") and found[2] == before[2] + 1, "the known line is one payment"


def test_a_bank_by_its_files(bogota: Town) -> None:
    account = account_at("asobancaria_2001")
    bogota.server.post("asobancaria", "config", {"seed": SEED})
    with bogota.on(MONDAY):
        row, _content = debts_of(account)
        files_out.sent_by_hand(row)
        db.session.commit()
        line = _line(row)
        debts = {"debts": [{"reference": line.customer_code, "cents": int(line.amount * 100)}]}
        bogota.fetch("asobancaria/debts", json.dumps(debts).encode(), "POST", "application/json")
    with bogota.on(MONDAY + DAY):
        paid = bogota.fetch("asobancaria/files/2026-11-16/A")
        bring(account, paid, "recaudo.txt")
        found = bogota.all()
        assert (found[0], found[1], found[-1]) == (0, ["0.00"], {})
        assert [one.state for one in found[3]] == ["booked", "waiting"], "the bank's file also has a stranger"
        brought_again(account, paid, "recaudo.txt")
        assert bogota.all() == found
