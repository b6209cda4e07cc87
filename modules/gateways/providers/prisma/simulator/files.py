"""How the acquirer reads a file of debits and writes its answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

NAMES = ("DEBLIQC", "DEBLIQD", "DEBLIMC")


class BadDebits(Exception):
    """The whole file is refused."""


def read(content: bytes) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """(header, debits) of a sent file, records of 100."""
    rows = content.decode("latin-1").replace("\r\n", "\n").removesuffix("\n").split("\n")
    for number, row in enumerate(rows, 1):
        if len(row) != 100 or row[99] != "*":
            raise BadDebits(f"REGISTRO {number}: FORMATO INVALIDO")
    head = _header(rows[0])
    last = rows[-1]
    if len(rows) < 2 or last[0] != "9" or last[1:41] != rows[0][1:41] or last[63:99].strip():
        raise BadDebits("REGISTRO FINAL INVALIDO")
    debits = [_debit(row, number) for number, row in enumerate(rows[1:-1], 2)]
    if last[41:48] != f"{len(debits):07d}" or last[48:63] != f"{sum(one['amount'] for one in debits):015d}":
        raise BadDebits("CANTIDAD O IMPORTE TOTAL INVALIDO")
    return head, debits


def _header(row: str) -> dict[str, str]:
    name = row[1:9].rstrip()
    if row[0] != "0" or name not in NAMES or row[19:29] != "900000    " or row[41] != "0" or row[42:99].strip():
        raise BadDebits("REGISTRO INICIAL INVALIDO")
    try:
        dt.datetime.strptime(row[29:41] if row[29:41].isdigit() else "", "%Y%m%d%H%M")
    except ValueError:
        raise BadDebits("FECHA DE GENERACION INVALIDA") from None
    if not row[9:19].isdigit():
        raise BadDebits("ESTABLECIMIENTO INVALIDO")
    return {"name": name, "establishment": row[9:19], "when": row[29:41]}


def _debit(row: str, number: int) -> dict[str, Any]:
    digits = row[1:17] + row[20:28] + row[28:36] + row[36:40] + row[40:55] + row[55:70]
    blank = row[17:20] + row[71:99]
    if row[0] != "1" or not digits.isdigit() or blank.strip() or row[70] not in " E" or row[36:40] != "0005":
        raise BadDebits(f"REGISTRO {number}: FORMATO INVALIDO")
    try:
        dt.datetime.strptime(row[28:36], "%Y%m%d")
    except ValueError:
        raise BadDebits(f"REGISTRO {number}: FECHA INVALIDA") from None
    return {"card": row[1:17], "reference": row[20:28], "due": row[28:36], "amount": int(row[40:55]),
            "identifier": row[55:70], "first": row[70], "row": row}


def answer(head: Mapping[str, str], debits: Iterable[Mapping[str, Any]], presented: dt.date, paid: dt.date,
           establishment: str, more_total: int = 0) -> bytes:
    """RDEBLIQC or RDEBLIMC: records of 300."""
    name = f"R{head['name']}"
    begin = f"{name:<8}900000    {establishment}{head['when']}"
    rows, total = [f"0{begin}{'':258}*"], more_total
    for one in debits:
        code = one["code"]
        rows.append(
            f"1{'007':<3}{'001':<3}{'0001':<4}{one.get('movement', '0005')} {establishment}{one['card']}"
            f"{one['reference']}{presented:%d%m%y}{'':6}{one['amount']:015d}{'01':<2}{'':15}{one['identifier']}"
            f"{one['first']}{'':10}{'':9}{'1' if code else '0'}{code[:2]:<2}{one['words']:<29}{'':2}{'':29}{'':16}"
            f"{one['new_card']:<16}{presented:%d%m%y}{'' if code else f'{paid:%d%m%y}':<6}{'':2}{'':61}*")
        total += one["amount"]
    rows.append(f"9{begin}{len(rows) - 1:07d}{total:015d}{'':236}*")
    return _joined(rows, 300)


def debit_answer(name: str, head: Mapping[str, str], debits: Iterable[Mapping[str, Any]], establishment: str,
                 more_total: int = 0) -> bytes:
    """RDEBLIQD or LDEBLIQD: records of 150, as sent with the answer behind."""
    begin = f"{name:<8}{establishment}900000    {head['when']}"
    rows, total = [f"0{begin}{'':109}"], more_total
    for one in debits:
        rows.append(f"{one['row'][:71]}{'':29}{one['code'] or '000':<3}{one['words']:<40}{'':7}")
        total += one["amount"]
    rows.append(f"9{begin}{len(rows) - 1:07d}{total:015d}{'':87}")
    return _joined(rows, 150)


def _joined(rows: list[str], width: int) -> bytes:
    if any(len(row) != width for row in rows):
        raise AssertionError(f"a record has not {width} characters")
    return "".join(f"{row}\r\n" for row in rows).encode("latin-1")
