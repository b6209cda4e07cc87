"""CobroDigital's rows, codes, forms and the file 888ENTES."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from modules.gateways import jsonform, ports
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt, BadSetting
from modules.gateways.providers.cobrodigital import mapping
from modules.gateways.providers.cobrodigital.client import nested, rows_of
from tests.modules.gateways.files import debt, memory_of_reading, read, refused, survives

CODE = "73852040502403101111600000002"
ACCESS = Access("cobrodigital", {})
ROW = {"id_transaccion": "x1", "Fecha": "10/11/2026", "Nro Boleta": "1001", "Identificación": "ID: 42", "Info": "PF",
       "Concepto": "Internet [A-1]", "Importe Bruto": "18.150,00", "Comisión": "-439,23", "Importe neto": "17.710,77"}


def test_the_check_digit() -> None:
    assert mapping.check_digit(CODE[:28]) == "2" and mapping.is_barcode(CODE)
    assert not any(mapping.is_barcode(one) for one in (CODE[:28] + "3", CODE[:28], "7386" + CODE[4:], "x" * 29))


def test_a_coupon_prints_only_a_code_that_counters_can_read() -> None:
    coupons, access = ports.coupons.get("cobrodigital"), jsonform.access_of("cobrodigital", {})
    one = coupons.coupon(access, jsonform.debt_of(debt("1", ("2026-11-10", "1.00"), extra={"barcode": CODE})))
    assert (one.barcode, one.symbology) == (CODE, "code128")
    for extra in ({}, {"barcode": CODE[:28] + "5"}):
        with pytest.raises(BadDebt):
            coupons.coupon(access, jsonform.debt_of(debt("1", ("2026-11-10", "1.00"), extra=extra)))


@pytest.mark.parametrize(("text", "expected"), [
    ("18150.00", "18150.00"), ("18.150,00", "18150.00"), ("$ 18150,5", "18150.50"), ("1,234,567.89", "1234567.89"),
    ("150", "150.00"), ("1.234.567", "1234567.00"), ("-3,00", "-3.00"), ("1.500", None), ("abc", None), ("", None),
    ("12,34,56", None), ("1e3", None)])
def test_amounts_as_they_are_written(text: str, expected: str | None) -> None:
    assert mapping.amount(text) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(("text", "expected"), [
    ("10/11/2026", True), ("2026-11-10 09:15:00", True), ("20261110", True), ("11-10-2026", False), ("", False)])
def test_days_as_they_are_written(text: str, expected: bool) -> None:
    assert mapping.date(text) == (dt.date(2026, 11, 10) if expected else None)


def test_a_row_of_a_payment() -> None:
    one = mapping.reading(ACCESS, ROW, "ingresos")
    assert one is not None
    assert (one.external_id, one.status, one.amount, one.fee, one.paid_at, one.channel, one.reference.customer,
            one.reference.attempt, one.raw) == (
        "x1", "approved", Decimal("18150.00"), Decimal("439.23"), dt.date(2026, 11, 10), "PF", "42", "A-1",
        {"nro_boleta": "1001"})


@pytest.mark.parametrize(("change", "kind", "status"), [
    ({}, "egresos", "reversed"), ({"Nro Boleta": ""}, "egresos", None), ({"Nro Boleta": "0"}, "egresos", None),
    ({"Importe Bruto": "1.500"}, "ingresos", "unknown"), ({"Fecha": "soon"}, "ingresos", "unknown"),
    ({"Importe Bruto": "-18.150,00"}, "egresos", "reversed"), ({"Importe Bruto": None}, "ingresos", "unknown")])
def test_what_a_row_may_be(change: dict, kind: str, status: str | None) -> None:
    one = mapping.reading(ACCESS, {**ROW, **change}, kind)
    assert (one.status if one else None) == status and (one is None or one.amount >= 0)


def test_a_row_without_number_is_known_by_all_that_it_says() -> None:
    bare = {key: value for key, value in ROW.items() if key != "id_transaccion"}
    ids = {one.external_id for row in (bare, dict(reversed(bare.items())), {**bare, "Info": "RP"})
           if (one := mapping.reading(ACCESS, row, "ingresos"))}
    assert len(ids) == 2


def test_the_account_names_its_columns() -> None:
    own = Access("cobrodigital", {"columnas": ["bruto=Monto", "fecha = Dia"]})
    one = mapping.reading(own, {"Monto": "10,00", "Dia": "2026-11-10", "id_transaccion": "1"}, "ingresos")
    assert one is not None and one.amount == Decimal("10.00")
    for bad in (["bruto"], ["precio=X"]):
        with pytest.raises(BadSetting):
            mapping.columns(Access("cobrodigital", {"columnas": bad}))


def test_a_form_is_nested_as_php_reads_it() -> None:
    assert list(nested({"a": "1", "fechas": ["x", "y"], "pagador": {"NRO CLIENTE": "7"}, "0": {"m": "z"}})) == [
        ("a", "1"), ("fechas[0]", "x"), ("fechas[1]", "y"), ("pagador[NRO CLIENTE]", "7"), ("0[m]", "z")]


@pytest.mark.parametrize("found", [
    [{"a": 1}, {"a": 2}], [[{"a": 1}, {"a": 2}]], ['{"a": 1}', '{"a": 2}'], ['[{"a": 1}, {"a": 2}]'],
    '[{"a": 1}, {"a": 2}]'])
def test_rows_come_in_many_wrappings(found: Any) -> None:
    assert list(rows_of(found)) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(("found", "expected"), [(None, []), ([], []), ("", []), ([["1"]], ["1"]), (["{x"], ["{x"])])
def test_what_is_no_row(found: Any, expected: list) -> None:
    assert list(rows_of(found)) == expected


# --- 888ENTES -------------------------------------------------------------------------------------------------


def entes(amount: int = 1815000, transaction: int = 7, means: str = "00", code: str = CODE, day: str = "261110") -> str:
    found = (f"DATOS{'':35}{transaction:08d}{'':10}{'ABC':<19}{amount:011d}{'':76}{code}{'':31}{day}{'':17}{means}"
             f"{'':30}")
    assert len(found) == 279
    return found


def file(*rows: str, lines: int | None = None, total: int | None = None, count: int | None = None) -> bytes:
    amount = sum(int(row[77:88]) for row in rows) if total is None else total
    tail = (f"TRAILER{len(rows) + 2 if lines is None else lines:08d}{amount:013d}"
            f"{len(rows) if count is None else count:08d}")
    return "".join(f"{row:<279}\r\n" for row in ("HEADER", *rows, tail)).encode()


def test_a_file_of_collections() -> None:
    found = read("cobrodigital", file(entes(), entes(50, 8, "90"), entes(1, 9, "77", "1" * 29)))
    assert [(str(one.amount), one.channel, one.remarks) for one in found.payments] == [
        ("18150.00", "cash", ()), ("0.50", "debit", ()), ("0.01", "77", ("unknown_channel", "wrong_check_digit"))]
    assert found.payments[0].reference.barcode == CODE and found.payments[0].paid_at == dt.date(2026, 11, 10)
    assert len({one.external_id for one in read("cobrodigital", file(entes(), entes())).payments}) == 2


@pytest.mark.parametrize(("bad", "line", "words"), [
    (file(entes(), lines=4), 3, "lines"), (file(entes(), total=1), 3, "total"), (file(entes(), count=2), 3, "count"),
    (b"", 1, "HEADER"), (file(entes())[:-290], 2, "DATOS"), (file(entes()[:278] + "xx"), 2, "280 characters"),
    (file(entes(day="261399")), 2, "a date"), (file(entes()) + b"DATOS", 4, "after the trailer"),
    ("".join(f"{row:<279}\n" for row in ("HEADER", entes())).encode(), 2, "cut"),
])
def test_wrong_files(bad: bytes, line: int, words: str) -> None:
    error = refused("cobrodigital", bad)
    assert error.line == line and (words in str(error) or words == "DATOS"), str(error)


def test_files_are_off_unless_they_are_switched_on() -> None:
    assert refused("cobrodigital", file(entes()), {"idComercio": "X"}).code == "off"
    assert read("cobrodigital", file(entes()), {"idComercio": "X", "entes": True}).payments


def test_no_spoilt_file_is_taken_for_another() -> None:
    refusals, taken = survives("cobrodigital", file(*(entes(100, number) for number in range(5))))
    assert refusals > 500 and taken > 50


def test_many_lines_need_no_more_memory() -> None:
    def parts(count: int) -> Any:
        def made() -> Iterator[bytes]:
            yield f"{'HEADER':<279}\r\n".encode()
            for number in range(count):
                yield entes(1, number).encode() + b"\r\n"
            yield f"TRAILER{count + 2:08d}{count:013d}{count:08d}\r\n".encode()
        return made

    small, large = (memory_of_reading("cobrodigital", parts(count))[0] for count in (500, 3000))
    assert (large - small) / 2500 < 200
