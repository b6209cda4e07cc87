"""Which date a document may bear when it is sent on 15 November 2026."""

from __future__ import annotations

import datetime as dt

import pytest

from modules.einvoice_ar import dates

TODAY = dt.date(2026, 11, 15)
SERVICES, PRODUCTS, B, FCE, FCE_NOTE = 2, 1, 6, 206, 208


def day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(f"2026-{text}") if text else None


@pytest.mark.parametrize(("wanted", "last", "kind", "concept", "expected"), [
    ("11-15", None, B, SERVICES, "11-15"),
    ("11-05", None, B, SERVICES, "11-05"),  # N-10 still passes
    ("11-04", None, B, SERVICES, "11-15"),  # older: today
    ("11-25", None, B, SERVICES, "11-25"),  # N+10
    ("11-26", None, B, SERVICES, None),     # must wait
    ("11-10", "11-12", B, SERVICES, "11-12"),  # never before the last one of the sequence
    ("11-01", "11-12", B, SERVICES, "11-15"),
    ("11-01", "11-20", B, SERVICES, "11-20"),
    ("11-10", None, B, PRODUCTS, "11-10"),
    ("11-09", None, B, PRODUCTS, "11-15"),
    ("11-20", None, B, PRODUCTS, "11-20"),
    ("11-21", None, B, PRODUCTS, None),
    ("11-16", None, FCE, SERVICES, "11-16"),
    ("11-17", None, FCE, SERVICES, None),
    ("11-15", None, FCE_NOTE, SERVICES, "11-15"),
    ("11-16", None, FCE_NOTE, SERVICES, None),  # notes of credit invoices are not dated ahead
])
def test_the_window(wanted: str, last: str | None, kind: int, concept: int, expected: str | None) -> None:
    assert dates.date_to_send(day(wanted), TODAY, day(last), kind, concept) == day(expected)  # type: ignore[arg-type]


def test_products_are_not_dated_into_the_next_month() -> None:
    assert dates.date_to_send(dt.date(2026, 12, 1), dt.date(2026, 11, 28), None, B, PRODUCTS) is None
    assert dates.first_day(dt.date(2026, 12, 1), B, PRODUCTS) == dt.date(2026, 12, 1)
    assert dates.first_day(dt.date(2026, 12, 20), B, SERVICES) == dt.date(2026, 12, 10)


def test_a_due_date_is_moved_only_where_it_would_precede() -> None:
    made = dates.dated({"FchVtoPago": "20261110", "Concepto": 2}, 9, TODAY, TODAY)
    assert (made["CbteDesde"], made["CbteHasta"], made["CbteFch"], made["FchVtoPago"]) == (9, 9, "20261115", "20261115")
    assert dates.dated({"FchVtoPago": "20261120"}, 9, TODAY, TODAY)["FchVtoPago"] == "20261120"
    assert "FchVtoPago" not in dates.dated({"Concepto": 1}, 9, TODAY, TODAY)


@pytest.mark.parametrize(("date", "kind", "expected"), [
    ("11-12", B, "11-12"), ("11-20", B, "11-20"), ("11-12", FCE, "11-15"), ("11-16", FCE, "11-16"),
    ("11-12", FCE_NOTE, "11-12")])
def test_a_credit_invoice_is_never_due_before_it_is_sent(date: str, kind: int, expected: str) -> None:
    assert dates.earliest_due(day(date), TODAY, kind) == day(expected)  # type: ignore[arg-type]
