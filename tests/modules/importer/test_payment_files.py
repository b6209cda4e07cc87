"""Payments that come as a list: seen before they are recorded, refused with words, and never recorded twice."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from core import clock
from core.db import db
from core.models import Company
from modules.accounting import opening, queries
from modules.accounting import payments as accounting
from modules.accounting import services as books
from modules.accounting.models import Payment, PaymentMedium
from modules.crm import services as crm
from modules.importer import payment_files, payment_lines
from modules.importer.models import ImportRefusal, ImportRun

MAY = "importer.import_payments"
SHEET = """Código;Importe;Fecha;Medio;Referencia
101;1.500,00;03/11/2026;Transferencia;T-77
27.987.654;2500,50;2026-11-04;efectivo;
999;100;04/11/2026;;
101;cien;04/11/2026;;
101;10;31/12/2026;;X1
102;10;04/11/2026;trueque;
"""


@pytest.fixture
def town(company: Company, frozen: Callable[..., Any]) -> dict[str, int]:
    """Two customers who owe."""
    frozen(2026, 11, 20, 15)
    made = {code: crm.create_customer(name=name, code=code, tax_id=number, tax_id_kind="DNI", tax_condition="CF").id
            for code, name, number in (("101", "Gómez, Ana", "27123456"), ("102", "Vera, Luis", "27987654"))}
    opening.record_opening_balances([(made["101"], Decimal("1000"), "a"), (made["102"], Decimal("5000"), "b")],
                                    clock.today())
    db.session.commit()
    return made


def look(text: str = SHEET, **given: Any) -> ImportRun:
    return payment_files.open_run(text.encode(), "banco.csv", {"method": "transfer", "send": True} | given)


def record(run: ImportRun, run_jobs: Callable[[], int]) -> ImportRun:
    payment_files.confirm(run)
    db.session.commit()
    run_jobs()
    return db.session.get_one(ImportRun, run.id, populate_existing=True)


def reasons(run: ImportRun) -> dict[int, str]:
    return {row.line: row.reason for row in db.session.scalars(
        sa.select(ImportRefusal).where(ImportRefusal.run_id == run.id))}


def test_a_look_records_nothing_and_says_what_would_be(town: dict[str, int]) -> None:
    run = look()
    assert run.result == {"good": 2, "known": 0, "refused": 4, "total": "4000.50", "refused_total": "120.00"}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 0
    said = reasons(run)
    assert "999" in said[4] and "cien" in said[5] and "trueque" in said[7] and len(said) == 4


def test_what_is_good_is_recorded_with_its_receipt_and_what_is_left_is_in_favour(
        town: dict[str, int], run_jobs: Callable[[], int]) -> None:
    run = record(look(), run_jobs)
    assert (run.state, run.result["recorded"], run.done) == ("loaded", 2, 2)
    assert queries.balance(town["101"]) == Decimal("-500.00") and queries.balance(town["102"]) == Decimal("2499.50")
    media = db.session.scalars(sa.select(PaymentMedium).order_by(PaymentMedium.id)).all()
    assert [(one.method, one.reference) for one in media] == [("transfer", "T-77"), ("cash", "")]
    assert all(db.session.scalars(sa.select(Payment.receipt_file_id)))


def test_the_same_file_again_finds_everything_recorded(town: dict[str, int], run_jobs: Callable[[], int]) -> None:
    record(look(), run_jobs)
    again = record(look(), run_jobs)
    assert (again.result["good"], again.result["known"], again.result["recorded"]) == (0, 2, 0)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 2


def test_pressing_twice_records_once(town: dict[str, int], run_jobs: Callable[[], int]) -> None:
    run = look()
    payment_files.confirm(run)
    payment_files.confirm(run)
    record(run, run_jobs)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 2


def test_two_equal_lines_without_reference_are_two_payments(
        town: dict[str, int], run_jobs: Callable[[], int]) -> None:
    text = "cliente;importe;fecha\n101;50;03/11/2026\n101;50;03/11/2026\n"
    assert record(look(text), run_jobs).result["recorded"] == 2
    assert look(text).result["known"] == 2


def test_a_reference_with_another_amount_is_refused(town: dict[str, int], run_jobs: Callable[[], int]) -> None:
    record(look("cliente;importe;referencia\n101;50;R1\n"), run_jobs)
    run = look("cliente;importe;referencia\n101;60;R1\n102;60;R1\n102;60;R1\n")
    assert run.result["good"] == 1 and "R1" in reasons(run)[2] and set(reasons(run)) == {2, 4}


def test_what_was_recorded_by_hand_is_not_recorded_again_unless_it_is_other_money(town: dict[str, int]) -> None:
    accounting.record_payment(accounting.PaymentData(town["101"], [accounting.Medium(Decimal("50.00"))]))
    text = "cliente;importe;fecha\n101;50;20/11/2026\n"
    run = look(text)
    assert (run.result["refused"] == 1 and "recibo" in reasons(run)[2].lower()) or "receipt" in reasons(run)[2].lower()
    payment_files.look_again(run, {**run.given, "twins": True})
    assert run.result["good"] == 1 and not reasons(run)


def test_a_closed_month_refuses_its_lines_only(town: dict[str, int]) -> None:
    books.lock_period(clock.today().replace(day=10), "IVA presentado")
    run = look("cliente;importe;fecha\n101;50;05/11/2026\n101;60;15/11/2026\n")
    assert run.result["good"] == 1 and "10/11/2026" in reasons(run)[2]


def test_two_customers_with_one_document_are_told_apart_by_code(town: dict[str, int]) -> None:
    crm.create_customer(name="Otra", code="103", tax_id="27123456", tax_id_kind="DNI", tax_condition="CF")
    run = look("cliente;importe\n27123456;5\n103;5\n")
    assert run.result["good"] == 1 and set(reasons(run)) == {2}


def test_pasted_lines_need_no_headings(town: dict[str, int]) -> None:
    run = payment_files.open_run(payment_lines.pasted("101\t03/11/2026\t1.500,00\tefectivo\tA1\n"), "x.csv", {})
    assert run.result["total"] == "1500.00" and run.looks["lines"][0]["method"] == "cash"


def test_xlsx_has_real_numbers_and_dates(town: dict[str, int]) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Documento", "Monto", "Fecha de pago"])
    book.active.append([27123456, 1234.5, clock.today().replace(day=2)])
    out = io.BytesIO()
    book.save(out)
    run = payment_files.open_run(out.getvalue(), "p.xlsx", {})
    assert run.result == {"good": 1, "known": 0, "refused": 0, "total": "1234.50", "refused_total": "0.00"}


# --- on screen ---------------------------------------------------------------------------------------------


def test_a_clerk_looks_records_and_takes_the_refused_lines_back(
        town: dict[str, int], login: Callable[..., Any], run_jobs: Callable[[], int]) -> None:
    client = login(MAY, "crm.view_customers", "accounting.view_payments")
    answer = client.post("/imports/payments", data={"file": (io.BytesIO(SHEET.encode()), "b.csv"), "send": "1"})
    assert answer.status_code == 302
    page = client.get(answer.location).get_data(as_text=True)
    assert "Gómez, Ana" in page and "999" in page
    client.post(f"{answer.location}/record")
    run_jobs()
    assert client.get(answer.location).status_code == 200
    text = client.get(f"{answer.location}/refused.csv").get_data().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert rows[0][:2] == ["Código", "Importe"] and len(rows) == 5 and "999" in rows[1][-1]


def test_what_was_pasted_is_kept_when_it_cannot_be_read(town: dict[str, int], login: Callable[..., Any]) -> None:
    answer = login(MAY).post("/imports/payments", data={"lines": "importe;fecha\n5;1/1/2026"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and re.search(r"<textarea[^>]*>importe;fecha\s+5;1/1/2026", page)
    assert login(MAY).post("/imports/payments", data={}).status_code == 422


def test_who_may_not_gets_neither_page_nor_file(town: dict[str, int], login: Callable[..., Any]) -> None:
    run = look()
    db.session.commit()
    client = login("importer.import_customers")
    for path in ("/imports/payments", f"/imports/payments/{run.id}", f"/imports/payments/{run.id}/refused.csv"):
        assert client.get(path).status_code == 403
    assert client.get(f"/imports/{run.id}").status_code == 404
    assert client.get(f"/imports/{run.id}/refused.csv").status_code == 404
