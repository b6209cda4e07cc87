"""The office makes files of debts, takes them to the gateway, and learns what became of them."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from core import jobs
from core.db import db
from modules.gateways import files_out, plans
from modules.gateways import jobs as own_jobs
from modules.gateways.models import Account, DebtLine, File, FilePlan, PayerCode
from tests.modules.gateways.debts.making import lines, make

Make = Callable[..., Any]
ALL = ("gateways.view_inbox", "gateways.match_payments", "gateways.exchange_files", "gateways.edit_accounts",
       "crm.view_customers", "accounting.view_documents")
PLAN = {"every": "daily", "day": "1", "hour": "6", "overdue_days": "30", "alarm_days": "2", "minimum": "10"}


def the_file() -> File:
    return db.session.scalars(sa.select(File).order_by(File.id.desc())).first()  # type: ignore[return-value]


def test_a_file_is_made_looked_at_taken_and_withdrawn(at: Make, owing: Make, login: Make) -> None:
    account, (good, _other) = at("pagomiscuentas"), owing("100", "200")
    db.session.commit()
    desk = login(*ALL)
    assert "pagomiscuentas" in desk.get("/gateways/files").text
    desk.post("/gateways/files/out", data={"account": account.id})
    row = the_file()
    assert row.state == "making" and "data-poll" in desk.get(f"/gateways/files/{row.id}").text
    jobs.run_jobs()
    page = desk.get(f"/gateways/files/{row.id}").text
    assert row.name == "FACANDI.101126" and row.name in page and "300,00" in page
    taken = desk.post(f"/gateways/files/{row.id}/download")
    assert taken.status_code == 200 and taken.data.count(b"\r\n") == 4
    assert row.name in taken.headers["Content-Disposition"]
    assert "200,00" in desk.get(f"/gateways/debts?file={row.id}").text
    assert desk.get(f"/gateways/debts/left-out?file={row.id}").status_code == 200
    desk.post(f"/gateways/files/{row.id}/sent")
    assert row.state == "sent"
    desk.post(f"/gateways/files/{row.id}/withdraw", data={"reason": ""})
    assert row.state == "sent"
    desk.post(f"/gateways/files/{row.id}/withdraw", data={"reason": "mistake"})
    assert (row.state, row.reason) == ("withdrawn", "mistake")
    assert good.open_amount == 100


def test_who_may_not_exchange_files_makes_none(at: Make, owing: Make, login: Make) -> None:
    account = at("siro")
    owing("1")
    row = make(account)
    db.session.commit()
    desk = login("gateways.view_inbox")
    for path in ("/gateways/files/out", f"/gateways/files/{row.id}/download", f"/gateways/files/{row.id}/withdraw",
                 f"/gateways/files/{row.id}/sent", "/gateways/files/answer"):
        assert desk.post(path, data={"account": account.id, "reason": "x"}).status_code == 403
    assert row.state == "made"


def test_what_is_left_out_is_told_with_its_cure(at: Make, login: Make, make_customer: Make) -> None:
    from tests.modules.accounting.books import issue
    issue(make_customer("CLI-7"), "50", due_date=dt.date(2026, 11, 20))
    row = make(at("siro"))
    db.session.commit()
    desk = login(*ALL)
    page = desk.get(f"/gateways/files/{row.id}").text
    assert "CLI-7" in page and row.state == "empty"
    assert "CLI-7" in desk.get(f"/gateways/debts/left-out?file={row.id}").text


def test_a_file_of_payments_is_no_file_of_debts(at: Make, owing: Make, login: Make) -> None:
    account = at("siro")
    owing("1")
    stored = make(at("siro", "other")).stored_id
    came = File(account_id=account.id, direction="in", kind="payments", name="x", sha256="2" * 64, state="imported",
                stored_id=stored)
    db.session.add(came)
    db.session.commit()
    desk = login(*ALL)
    desk.post(f"/gateways/files/{came.id}/withdraw", data={"reason": "x"})
    assert came.state == "imported"


# --- answers -------------------------------------------------------------------------------------------------


def answer(desk: Any, account: Account, content: bytes, name: str) -> str:
    text: str = desk.post("/gateways/files/answer", data={"account": account.id, "file": (io.BytesIO(content), name)},
                          content_type="multipart/form-data", follow_redirects=True).text
    return text


def test_a_file_that_the_network_refused_counts_as_not_sent(at: Make, owing: Make, login: Make) -> None:
    account = at("pagomiscuentas")
    owing("100")
    row = make(account)
    files_out.sent_by_hand(row)
    db.session.commit()
    desk = login(*ALL)
    page = answer(desk, account, b"TOTAL INCORRECTO\r\n", "RECHAZADO_FACANDI.101126")
    assert row.state == "refused" and "TOTAL INCORRECTO" in page
    assert make(account).count == 1  # the debts go again
    again = answer(desk, account, b"TOTAL INCORRECTO\r\n", "RECHAZADO_FACANDI.101126")
    assert "10/11/2026" in again and row.state == "refused"


@pytest.mark.parametrize(("content", "name"), [
    (b"x", "RECHAZADO_FACANDI.111126"), (b"x", "RECHAZADO_FACOTRA.101126"), (b"", "otra cosa"),
    (bytes(range(256)) * 9, "RECHAZADO_FACANDI.999999"), (b"\xff" * 9000, "RECHAZADO_FACANDI.101126.01")])
def test_an_answer_of_somebody_else_changes_nothing(at: Make, owing: Make, login: Make, content: bytes,
                                                    name: str) -> None:
    account = at("pagomiscuentas")
    owing("100")
    row = make(account)
    files_out.sent_by_hand(row)
    db.session.commit()
    answer(login(*ALL), account, content, name)
    assert (row.state, row.error) == ("sent", "")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(File).where(File.kind == "answer")) == 0


def tick() -> None:
    """What the scheduler and the workers do."""
    own_jobs.look_after_plans()
    own_jobs.look_after_deliveries()
    db.session.commit()
    jobs.run_jobs()


# --- plans ---------------------------------------------------------------------------------------------------


def test_a_plan_is_saved_and_followed_once_a_day(at: Make, owing: Make, login: Make, frozen: Make) -> None:
    account = at("pagomiscuentas")
    owing("100", "5")
    db.session.commit()
    desk = login(*ALL)
    assert desk.get(f"/gateways/accounts/{account.id}/plan").status_code == 200
    assert desk.post(f"/gateways/accounts/{account.id}/plan", data={**PLAN, "hour": "25"}).status_code == 422
    assert desk.post(f"/gateways/accounts/{account.id}/plan", data=PLAN).status_code == 302
    tick()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(File)) == 0  # today's hour was before the plan
    frozen(2026, 11, 11, 12)
    tick()
    tick()
    row = the_file()
    assert (row.state, row.count, row.day) == ("made", 1, dt.date(2026, 11, 11))
    assert files_out.left_out(row)[0][0] == "minimum"
    frozen(2026, 11, 11, 20)
    tick()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(File)) == 1


def test_what_was_not_made_and_what_did_not_come_is_told_at_home(at: Make, frozen: Make, login: Make) -> None:
    account = at("pagomiscuentas")
    plans.save(account, {**PLAN, "every": "monthly", "day": "12"})
    db.session.commit()
    desk = login(*ALL)
    assert "pagomiscuentas" not in desk.get("/").text
    frozen(2026, 11, 12, 10)  # seven in the morning
    assert list(plans.missed()) == []
    frozen(2026, 11, 12, 12)
    assert [(one.id, day) for one, day in plans.missed()] == [(account.id, dt.date(2026, 11, 12))]
    assert list(plans.silent()) == []
    frozen(2026, 11, 13, 12)
    assert [day for _account, day in plans.silent()] == [dt.date(2026, 11, 10)]
    page = desk.get("/").text
    assert page.count("pagomiscuentas") == 2


@pytest.mark.parametrize(("every", "day", "moment", "due"), [
    ("daily", 1, (2026, 11, 11, 12), dt.date(2026, 11, 11)), ("daily", 1, (2026, 11, 11, 6), dt.date(2026, 11, 10)),
    ("daily", 1, (2026, 11, 15, 18), dt.date(2026, 11, 13)),  # a Sunday
    ("weekly", 1, (2026, 11, 18, 18), dt.date(2026, 11, 16)), ("weekly", 5, (2026, 11, 18, 18), dt.date(2026, 11, 13)),
    ("monthly", 10, (2026, 11, 9, 18), dt.date(2026, 10, 10)), ("monthly", 10, (2026, 11, 10, 18),
                                                                dt.date(2026, 11, 10)),
    ("monthly", 28, (2026, 3, 1, 18), dt.date(2026, 2, 28)), ("never", 1, (2026, 11, 9, 18), None)])
def test_when_a_file_is_due(november: None, every: str, day: int, moment: tuple[int, ...],
                            due: dt.date | None) -> None:
    plan = FilePlan(**{**plans.DEFAULTS, "every": every, "day": day, "hour": 9})
    assert plans.due_day(plan, dt.datetime(*moment)) == due  # type: ignore[arg-type]


def test_an_account_begins_with_what_its_network_is_used_to(november: None) -> None:
    from modules.gateways import ports
    usual = ports.providers.get("efecty").extra["plan"]
    assert usual == {"every": "monthly", "wait_for_payments": True, "alarm_days": 2}


# --- codes of customers --------------------------------------------------------------------------------------


def test_a_customer_gets_his_code_and_his_card(at: Make, owing: Make, login: Make) -> None:
    account, (invoice,) = at("prisma"), owing("100")
    db.session.commit()
    desk, customer = login(*ALL), invoice.customer
    assert "prisma" in desk.get(f"/customers/{customer.id}?tab=payer_codes").text
    url = f"/gateways/customers/{customer.id}/codes/{account.id}"
    desk.post(url, data={"code": "77", "card": "4509 9535"})
    assert db.session.scalar(sa.select(PayerCode)) is None
    desk.post(url, data={"code": "77", "card": "4509 9535 6623 3704"})
    code = db.session.scalars(sa.select(PayerCode)).one()
    assert (code.code, code.data) == ("77", {"last4": "3704", "first": True})
    page = desk.get(f"/customers/{customer.id}?tab=payer_codes").text
    assert "3704" in page and "4509" not in page
    row = make(account)
    assert lines(row)[0].customer_code == "77"
    desk.post(url, data={"code": "78"})
    assert code.code == "77"  # the network was told of it


def test_a_code_is_nobody_elses(at: Make, owing: Make, login: Make) -> None:
    account, (one, other) = at("siro"), owing("1", "2")
    db.session.commit()
    desk = login(*ALL)
    for invoice in (one, other):
        desk.post(f"/gateways/customers/{invoice.customer_id}/codes/{account.id}", data={"code": "500"})
    codes = db.session.execute(sa.select(PayerCode.customer_id, PayerCode.code)).all()
    assert [tuple(row) for row in codes] == [(one.customer_id, "500")]
    assert db.session.scalar(sa.select(sa.func.sum(DebtLine.amount))) in (None, Decimal(0))
