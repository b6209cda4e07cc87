"""The debt file of the Banelco network, records of 280 characters, which PagoMisCuentas and SIRO take. Pure.

Source: the field tables of PagoMisCuentas and of SIRO's manual v5.2. The two differ in the header's position 17 and in
how they fill reference and invoice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, BinaryIO

from modules.gateways.records import Record
from modules.gateways.shapes import ZERO, Control, Debt

DETAIL = Record("debt", (
    ("kind", 1, "=5"), ("reference", 19, "a<"), ("invoice", 20, "a<"), ("currency", 1, "=0"),
    ("due_1", 8, "d!"), ("amount_1", 11, "m2"), ("due_2", 8, "d!"), ("amount_2", 11, "m2"),
    ("due_3", 8, "d!"), ("amount_3", 11, "m2"), ("zeros", 19, "z"), ("previous", 19, "a<"), ("ticket", 40, "a<"),
    ("screen", 15, "a<"), ("barcode", 60, "a<"), ("rest", 29, "z")))
TRAILER = Record("trailer", (
    ("kind", 1, "=9"), ("network", 3, "=400"), ("company", 4, "n"), ("date", 8, "d!"), ("count", 7, "n"),
    ("zeros", 7, "z"), ("total", 16, "m2"), ("rest", 234, "z")))


def header(mark: str) -> Record:
    """The first record; `mark` is its position 17."""
    return Record("header", (("kind", 1, "=0"), ("network", 3, "=400"), ("company", 4, "n"), ("date", 8, "d!"),
                             ("mark", 1, f"={mark}"), ("rest", 263, "z")))


def dues(debt: Debt) -> dict[str, Any]:
    """Three days with amounts; those that the debt does not have repeat the last that it has."""
    three = [debt.due[min(place, len(debt.due) - 1)] for place in range(3)]
    return {f"{name}_{place}": value for place, one in enumerate(three, 1)
            for name, value in (("due", one.date), ("amount", one.amount))}


def write(file: BinaryIO, mark: str, company: str, date: dt.date, details: Iterable[Mapping[str, Any]]) -> Control:
    """Header, details, trailer; the total is that of the first amounts."""
    count, total = 0, ZERO
    put(file, header(mark).write({"company": company, "date": date}))
    for values in details:
        put(file, DETAIL.write(values))
        count, total = count + 1, total + Decimal(values["amount_1"])
    put(file, TRAILER.write({"company": company, "date": date, "count": count, "total": total}))
    return Control(count, total, date)


def put(file: BinaryIO, line: str) -> None:
    """A line as the Argentine networks end it."""
    file.write(line.encode("ascii") + b"\r\n")
