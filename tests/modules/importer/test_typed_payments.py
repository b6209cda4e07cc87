"""Payments of many customers typed row by row: suggested, refused beside the row, recorded as a file is, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.db import db
from modules.accounting import queries
from modules.accounting.models import Payment, PaymentMedium
from modules.importer.models import ImportRun
from tests.modules.importer.test_payment_files import MAY, town

Login = Callable[..., FlaskClient]
PLACE = "/imports/payments/form"
__all__ = ["town"]


def rows(*typed: tuple[str, str, str, str], step: str = "look", day: str = "2026-11-19", **more: str) -> dict[str, Any]:
    """The form with these rows (who, amount, method, reference), and an empty one behind them."""
    columns = zip(*typed, ("", "", "", ""), strict=True)
    return {"step": step, "day": day, "send": "1", **more,
            **dict(zip(("who", "amount", "method", "reference"), map(list, columns), strict=True))}


def runs() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(ImportRun)) or 0


def test_rows_are_looked_at_and_recorded_as_a_file_is(town: dict[str, int], login: Login,
                                                      run_jobs: Callable[[], int]) -> None:
    desk = login(MAY)
    answer = desk.post(PLACE, data=rows(("101 · Gómez, Ana · debe $1.000,00", "1.000,00", "cash", ""),
                                        ("27.987.654", "2500,50", "", "T-9"), ("Vera, Luis", "10", "", ""),
                                        method_of_all="card"))
    assert answer.status_code == 302
    page = desk.get(answer.location).text
    assert "Registrar 3 pagos" in page and "$3.510,50" in page and "Escritos el" in page
    for _time in range(2):
        desk.post(f"{answer.location}/record")
        run_jobs()
    assert [queries.balance(town[code]) for code in ("101", "102")] == [0, queries.balance(town["102"])]
    made = db.session.execute(sa.select(Payment.customer_id, Payment.amount, Payment.paid_on, PaymentMedium.method,
                                        PaymentMedium.reference).join(PaymentMedium).order_by(Payment.id)).all()
    assert [(row[0], str(row[1]), row[2].isoformat(), row[3], row[4]) for row in made] == [
        (town["101"], "1000.00", "2026-11-19", "cash", ""), (town["102"], "2500.50", "2026-11-19", "card", "T-9"),
        (town["102"], "10.00", "2026-11-19", "card", "")]


def test_sent_twice_it_is_recorded_once(town: dict[str, int], login: Login, run_jobs: Callable[[], int]) -> None:
    desk, form = login(MAY), rows(("101", "1000", "", ""))
    for place in [desk.post(PLACE, data=form).location for _time in range(2)]:
        desk.post(f"{place}/record")
        run_jobs()
    assert (runs(), queries.balance(town["101"])) == (2, 0)


@pytest.mark.parametrize(("row", "words"), [
    (("999", "10", "", ""), "Ningún cliente tiene"), (("Pérez", "10", "", ""), "Ningún cliente tiene"),
    (("101", "", "", ""), "Falta el importe"), (("101", "cien", "", ""), "cien"),
    (("", "10", "", ""), "Falta el cliente"), (("101", "-5", "", ""), ""), (("101", "10", "trueque", ""), "trueque")])
def test_a_row_that_is_no_payment_says_why_and_nothing_is_kept(town: dict[str, int], login: Login,
                                                               row: tuple[str, str, str, str], words: str) -> None:
    answer = login(MAY).post(PLACE, data=rows(("102", "77,25", "", "abc"), row))
    assert answer.status_code == 422 and 'id="problem-2"' in answer.text and 'id="problem-1"' not in answer.text
    assert words in answer.text and "77,25" in answer.text and 'value="abc"' in answer.text
    assert runs() == 0


@pytest.mark.parametrize("day", ["", "19/11/2026", "2026-12-31"])
def test_a_day_that_cannot_be_is_refused_and_the_rows_are_kept(town: dict[str, int], login: Login, day: str) -> None:
    answer = login(MAY).post(PLACE, data=rows(("101", "10", "", "abc"), day=day))
    assert answer.status_code == 422 and 'value="abc"' in answer.text and runs() == 0


def test_an_empty_form_is_told_and_more_rows_keep_what_was_typed(town: dict[str, int], login: Login) -> None:
    desk = login(MAY)
    assert desk.get(PLACE).text.count('name="who"') == 10
    assert "al menos una fila" in desk.post(PLACE, data=rows()).text
    page = desk.post(PLACE, data=rows(("101", "10", "card", "abc"), step="more")).text
    assert page.count('name="who"') == 12 and 'value="abc"' in page and 'value="card" selected' in page
    assert runs() == 0


def test_who_is_typed_is_suggested_with_what_he_owes(town: dict[str, int], login: Login) -> None:
    found = login(MAY).get(f"{PLACE}?q=gom", headers={"Accept": "application/json"}).json
    assert found == [{"id": str(town["101"]), "label": "101 · Gómez, Ana · debe $1.000,00"}]


def test_who_may_not_gets_neither_form_nor_names(town: dict[str, int], login: Login) -> None:
    desk = login("accounting.view_payments")
    assert desk.get(PLACE).status_code == 403 and desk.post(PLACE, data=rows()).status_code == 403
    assert desk.get(f"{PLACE}?q=gom", headers={"Accept": "application/json"}).status_code == 403
