"""How the network reads a FAC and writes a COB (its field tables)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any

PLAIN = re.compile(r"[A-Z0-9 ]*")


class BadFac(Exception):
    """The whole file is refused."""


def read_fac(content: bytes, company: str) -> list[dict[str, Any]]:
    """The debts of a file: reference, invoice, dues as (AAAA-MM-DD, centavos), text."""
    rows = content.decode("latin-1").replace("\r\n", "\n").removesuffix("\n").split("\n")
    for number, row in enumerate(rows, 1):
        if len(row) != 280:
            raise BadFac(f"REGISTRO {number}: LONGITUD {len(row)}")
    if len(rows) < 2:
        raise BadFac("ARCHIVO INCOMPLETO")
    day = _frame(rows, company)
    debts = [_debt(row, number) for number, row in enumerate(rows[1:-1], 2)]
    names = [(one["reference"], one["invoice"]) for one in debts]
    if len(set(names)) != len(names):
        raise BadFac("FACTURA DUPLICADA")
    return [{**one, "day": day.isoformat()} for one in debts]


def _frame(rows: list[str], company: str) -> dt.date:
    first, last = rows[0], rows[-1]
    if first[:4] != "0400" or first[16:] != "0" * 264:
        raise BadFac("REGISTRO 1: CABECERA INVALIDA")
    if first[4:8] != company:
        raise BadFac(f"REGISTRO 1: EMPRESA {first[4:8]} INVALIDA")
    day = _day(first[8:16], 1)
    if last[:16] != "9" + first[1:16] or last[23:30] != "0" * 7 or last[46:] != "0" * 234:
        raise BadFac(f"REGISTRO {len(rows)}: PIE INVALIDO")
    if last[16:23] != f"{len(rows) - 2:07d}":
        raise BadFac("CANTIDAD DE REGISTROS INVALIDA")
    amounts = [row[49:60] for row in rows[1:-1]]
    if not all(one.isdigit() for one in amounts) or last[30:46] != f"{sum(map(int, amounts)):016d}":
        raise BadFac("TOTAL INVALIDO")
    return day


def _debt(row: str, number: int) -> dict[str, Any]:
    if row[0] != "5" or row[40] != "0" or row[98:117] != "0" * 19 or row[251:] != "0" * 29:
        raise BadFac(f"REGISTRO {number}: FORMATO INVALIDO")
    if not PLAIN.fullmatch(row[1:40]) or not PLAIN.fullmatch(row[117:251]) or row[1] == " " or row[117] == " ":
        raise BadFac(f"REGISTRO {number}: CARACTERES INVALIDOS")
    found: list[tuple[str, int]] = []
    for start in (41, 60, 79):
        day, amount = _day(row[start:start + 8], number).isoformat(), row[start + 8:start + 19]
        if not amount.isdigit() or int(amount) == 0:
            raise BadFac(f"REGISTRO {number}: IMPORTE INVALIDO")
        if found and day < found[-1][0]:
            raise BadFac(f"REGISTRO {number}: VENCIMIENTOS INVALIDOS")
        found.append((day, int(amount)))
    return {"reference": row[1:20].rstrip(), "invoice": row[20:40].rstrip(), "dues": found,
            "previous": row[117:136].rstrip(), "text": row[136:176].rstrip(), "screen": row[176:191].rstrip()}


def _day(text: str, number: int) -> dt.date:
    try:
        return dt.datetime.strptime(text if text.isdigit() else "", "%Y%m%d").date()
    except ValueError:
        raise BadFac(f"REGISTRO {number}: FECHA INVALIDA") from None


def write_cob(company: str, day: dt.date, payments: Iterable[Mapping[str, Any]], more_total: int = 0) -> bytes:
    """The collections that are credited on a day."""
    rows, total = [f"0400{company}{day:%Y%m%d}{'0' * 84}"], more_total
    for one in payments:
        due = one["due"].replace("-", "") if one["due"] else "0" * 8
        rows.append(f"5{one['reference']:<19}{one['invoice']:<20}{due}0{one['paid'].replace('-', '')}"
                    f"{one['amount']:011d}{'2' if one['invoice'] else '1'}{day:%Y%m%d}{one['channel']:<2}"
                    f"{one['control']:04d}{one['province']:<3}{'0' * 14}")
        total += one["amount"]
    rows.append(f"9400{company}{day:%Y%m%d}{len(rows) - 1:07d}{'0' * 7}{total:011d}{'0' * 11}{'0' * 48}")
    return "".join(row + "\r\n" for row in rows).encode("ascii")
