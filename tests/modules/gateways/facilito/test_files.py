"""The network's files of our own design (ref. 6.3), out and in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from modules.gateways.shapes import Debt, Due, Made
from tests.modules.gateways.reading import read, refusal, write

pytestmark = pytest.mark.once
SAMPLES = Path(__file__).parent / "samples"
DAY = (SAMPLES / "conciliacion.csv").read_bytes()


def test_debts_are_written_byte_for_byte() -> None:
    debt = Debt("EC-1045", "Ana Prueba", "1045-202611", "Internet noviembre 2026", "USD",
                (Due(dt.date(2026, 11, 15), Decimal("22.40")),), {"document": "0102030405"})
    assert write("facilito", {}, [debt], Made(dt.date(2026, 11, 1))) == (SAMPLES / "deudas.csv").read_bytes()


def test_a_day_is_read_with_its_reversal() -> None:
    payments, problems, control = read("facilito", DAY, zone="America/Guayaquil")
    assert [(one.external_id, one.status, one.reverses, one.amount, one.reference.customer) for one in payments] == [
        ("FAC-000123", "approved", "", Decimal("22.40"), "EC-1045"),
        ("FAC-000124", "approved", "", Decimal("18.00"), "EC-1046"),
        ("FAC-000124-R", "reversed", "FAC-000124", Decimal("18.00"), "EC-1046")]
    assert {one.paid_at for one in payments} == {dt.date(2026, 11, 9)} and problems == []
    assert (control.count, control.total) == (3, Decimal("58.40"))


@pytest.mark.parametrize(("content", "line"), [
    (DAY.replace(b"22.40", b"22,40"), 2), (DAY.replace(b"T10:21:05-05:00", b" 10:21"), 2), (DAY[:-9], 4),
    (DAY + b"FAC-000123;EC-1045;22.41;2026-11-09T10:21:05-05:00;GYE-014;PAGO\r\n", 5),
    (DAY.replace(b"2026-11-09", b"2026-12-09"), 2), (DAY.replace(b";tipo", b";clase"), 1), (DAY[:-2], 4),
])
def test_files_that_are_not_right_are_refused(content: bytes, line: int) -> None:
    error = refusal("facilito", content)
    assert error is not None and error.line == line


def test_an_unknown_kind_of_movement_is_shown() -> None:
    payments, problems, _control = read("facilito", DAY.replace(b"REVERSO", b"AJUSTE"))
    assert len(payments) == 2 and [one.code for one in problems] == ["unknown_status"]
