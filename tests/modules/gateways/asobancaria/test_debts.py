"""Asobancaria's debt file, and a bank that takes it and writes the file of a day."""

from __future__ import annotations

import datetime as dt
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.simulators import running
from modules.gateways import ports
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt, BadSetting
from modules.gateways.shapes import Debt, Due, Made
from tests.modules.gateways.reading import read, refusal, write

pytestmark = pytest.mark.once
SAMPLE = (Path(__file__).parent / "samples" / "facturacion2001_sin_confirmar.txt").read_bytes()
ACCOUNT = {"nit": "9001234568", "bank": "040", "account": "400000012345", "service": "7709998000001"}
DUE = (Due(dt.date(2026, 11, 20), Decimal("89900.00")), Due(dt.date(2026, 11, 30), Decimal("92000.00")))
ANA = Debt("1045", "Ana Prueba", "F-1", "Internet", "COP", DUE, {"document_kind": "CC", "document": "1.020.304.050"})
SHOP = Debt("1046", "Tienda Ejemplo SAS", "F-2", "Internet", "COP", (Due(DUE[0].date, Decimal("45000.00")),),
            {"document": "900.123.456-8"})
MADE = Made(dt.date(2026, 11, 1), dt.time(8, 0))
P = "asobancaria_2001"


def test_the_file_is_made_byte_for_byte() -> None:
    assert write(P, ACCOUNT, [ANA, SHOP], MADE) == SAMPLE


def test_the_second_file_of_a_day_has_the_next_letter_and_nobody_gets_an_empty_batch() -> None:
    rows = write(P, ACCOUNT, [], replace(MADE, number=2)).decode().split("\r\n")
    assert rows[0][37:38] == "B" and [row[:2] for row in rows] == ["01", "05", "08", "09", ""]
    assert rows[2].startswith("08" + "0" * 45 + "0001")


def test_names_are_in_capitals_without_marks_and_cut() -> None:
    row = write(P, ACCOUNT, [replace(ANA, name="María José Núñez de la Torre & Hijos")], MADE).decode().split("\r\n")[2]
    assert row[171:193] == "MARIA JOSE NUNEZ DE LA"


@pytest.mark.parametrize(("debt", "words"), [
    (replace(ANA, customer=""), "reference"), (replace(ANA, customer="1" * 49), "referencia"),
    (replace(ANA, extra={"document": "12345678901"}), "nit"), (replace(ANA, extra={"document": "PA-1234"}), "nit"),
    (replace(ANA, currency="USD"), "USD"), (replace(ANA, due=(Due(DUE[0].date, Decimal("0")),)), "zero"),
    (replace(ANA, due=(Due(DUE[0].date, Decimal("1.005")),)), "1.005"),
])
def test_a_debt_that_does_not_fit_is_refused_with_its_reason(debt: Debt, words: str) -> None:
    assert words in ports.debt_files.get(P).problem(Access(P, ACCOUNT), debt)
    with pytest.raises(BadDebt):
        write(P, ACCOUNT, [debt], MADE)


def test_without_its_nit_no_file_is_made() -> None:
    with pytest.raises(BadSetting, match="nit"):
        write(P, {}, [ANA], MADE)


# --- a bank's day ----------------------------------------------------------------------------------------


@pytest.fixture
def bank() -> Iterator[str]:
    with running(["asobancaria"]) as server:
        yield f"{server.url}/asobancaria"


def call(address: str, body: Any = None, kind: str = "application/json") -> bytes:
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address, content, {"Content-Type": kind}), timeout=10) as answer:
        return answer.read()


def many(count: int) -> list[Debt]:
    return [replace(ANA, customer=str(2000 + number), due=(Due(DUE[0].date, Decimal(40000 + 100 * number)),))
            for number in range(count)]


def test_a_bank_takes_our_debts_and_pays_them_in_both_dialects(bank: str) -> None:
    file = write(P, ACCOUNT, many(60), MADE)
    assert json.loads(call(f"{bank}/debts", file, "text/plain"))["taken"] == 60
    monday, tuesday = call(f"{bank}/files/2026-11-09"), None
    assert call(f"{bank}/files/2026-11-09") == monday
    call(f"{bank}/_sim/config", {"dialect": "b"})
    tuesday = call(f"{bank}/files/2026-11-10")
    first, _problems, _control = read(P, monday, ACCOUNT)
    second, _problems, control = read(P, tuesday, ACCOUNT)
    owed = {debt.customer: debt.amount for debt in many(60)}
    exact = [one for one in first if owed.get(one.reference.customer) == one.amount]
    assert len(exact) > 30 and any(one.amount < owed.get(one.reference.customer, 0) for one in first)
    assert any("subject_to_clearing" in one.remarks for one in first)
    assert any(one.reference.customer not in owed for one in first)
    assert [one.reason for one in second if one.status == "reversed"] == ["R01"]
    assert first[0].reference in [one.reference for one in second] and control.count == len(second)
    assert not {one.external_id for one in first} & {one.external_id for one in second}
    assert b"\r\n" in monday and b"\r" not in tuesday and len(tuesday.splitlines()[-1]) == 29
    assert b"B01 " in call(f"{bank}/files/2026-11-09/B").splitlines()[0]


def test_the_bank_writes_the_old_layout_too(bank: str) -> None:
    call(f"{bank}/debts", {"debts": [{"reference": "1045", "cents": 8990000}]})
    call(f"{bank}/_sim/config", {"layout": "1998", "seed": 1})
    payments, _problems, control = read("asobancaria_1998", call(f"{bank}/files/2026-11-09"), ACCOUNT)
    assert control.count == len(payments) > 1


@pytest.mark.parametrize("fault", ["cut", "digit", "batch_total", "file_total", "other_nit", "header_twice"])
def test_what_comes_broken_is_refused(bank: str, fault: str) -> None:
    call(f"{bank}/debts", {"debts": [{"reference": debt.customer, "cents": 5000000} for debt in many(9)]})
    call(f"{bank}/_sim/faults", {"fault": fault, "count": 1})
    assert refusal(P, call(f"{bank}/files/2026-11-09"), ACCOUNT) is not None
    assert refusal(P, call(f"{bank}/files/2026-11-09"), ACCOUNT) is None


@pytest.mark.parametrize("content", [SAMPLE[:-2], SAMPLE.replace(b"9001234568", b"9001234569", 1), SAMPLE[222:],
                                     SAMPLE.replace(b"00000000013490000", b"00000000013490001"), SAMPLE[:200]])
def test_the_bank_refuses_debt_files_that_are_not_right(bank: str, content: bytes) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(f"{bank}/debts", content, "text/plain")
    assert refused.value.code == 400
