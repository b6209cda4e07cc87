"""How the bank reads a debt file: 280 characters ("full") or 131 ("link"), record by record (manual v5.2)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

PLAIN = re.compile(r"[A-Z0-9 ]*")


class BadBase(Exception):
    """The file as a whole cannot be processed."""


class BadRecord(Exception):
    """One record is refused, the others pass."""


@dataclass(frozen=True)
class Owed:
    """A debt of the base; `dues` are (AAAA-MM-DD, centavos), one to three."""

    cpe: str
    five: str
    invoice: str
    dues: tuple[tuple[str, int], ...]
    text: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def records(text: str) -> Iterator[tuple[int, Owed | str]]:
    """(number of the record, the debt or why it is refused); BadBase for header, trailer and lengths."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if lines and not lines[-1]:
        lines.pop()
    if len(lines) < 2:
        raise BadBase("La base no tiene registros")
    if lines[0].startswith("HRFACTURACION"):
        read, width = _link, 131
        _link_frame(lines)
    else:
        read, width = _full, 280
        _full_frame(lines)
    for number, line in enumerate(lines[1:-1], 2):
        if len(line) != width:
            raise BadBase(f"Registro {number}: longitud {len(line)}, se esperaba {width}")
        try:
            yield number, read(line)
        except BadRecord as error:
            yield number, str(error)


def _full_frame(lines: list[str]) -> None:
    first, last = lines[0], lines[-1]
    if len(first) != 280 or first[:8] != "04000000" or first[16:] != "1" + "0" * 263:
        raise BadBase("Registro 1: encabezado inválido")
    day = _day(first[8:16], "%Y%m%d")
    if day is None:
        raise BadBase("Registro 1: fecha inválida")
    if len(last) != 280 or last[:16] != "94000000" + first[8:16] or last[23:30] != "0" * 7 or last[46:] != "0" * 234:
        raise BadBase(f"Registro {len(lines)}: pie inválido")
    if last[16:23] != f"{len(lines) - 2:07d}":
        raise BadBase("La cantidad de registros no coincide con el pie")
    amounts = [line[49:60] for line in lines[1:-1]]
    if not all(one.isdigit() for one in amounts) or last[30:46] != f"{sum(map(int, amounts)):016d}":
        raise BadBase("El total no coincide con el pie")


def _full(line: str) -> Owed:
    cpe, invoice = line[1:20], line[20:40]
    if line[0] != "5" or line[40] != "0":
        raise BadRecord("Código de registro o moneda inválidos")
    if not cpe.isdigit() or line[117:136] != cpe:
        raise BadRecord("Código de pago electrónico inválido")
    if not invoice[15:].isdigit() or not PLAIN.fullmatch(invoice):
        raise BadRecord("Id de factura inválido: las posiciones 36 a 40 deben ser numéricas")
    if line[98:117] != "0" * 19 or line[251:] != "0" * 29:
        raise BadRecord("Relleno inválido")
    if not PLAIN.fullmatch(line[136:191]):
        raise BadRecord("Leyenda inválida: solo letras, números y espacios")
    pairs = [(line[start:start + 8], line[start + 8:start + 19]) for start in (41, 60, 79)]
    return Owed(cpe, invoice[15:], invoice, _dues(pairs, "%Y%m%d"), line[136:176].rstrip())


def _link_frame(lines: list[str]) -> None:
    first, last = lines[0], lines[-1]
    if len(first) != 131 or first[13:16] != "   " or _day(first[16:22], "%y%m%d") is None or first[22:27] != "00001":
        raise BadBase("Registro 1: encabezado inválido")
    if len(last) != 131 or not last.startswith("TRFACTURACION") or last[75:].strip():
        raise BadBase(f"Registro {len(lines)}: pie inválido")
    sums = [f"{sum(int(line[at:at + 12] or 0) for line in lines[1:-1]):018d}" for at in (33, 51, 69)
            if all(line[at:at + 12].isdigit() for line in lines[1:-1])]
    if last[13:21] != f"{len(lines):08d}" or last[21:75] != "".join(sums):
        raise BadBase("Cantidad o totales no coinciden con el pie")


def _link(line: str) -> Owed:
    five, cpe = line[:5], line[8:27]
    if not (five + cpe).isdigit() or line[5:8] != "001":
        raise BadRecord("Id de deuda o código de pago inválidos")
    pairs = [(line[start:start + 6], line[start + 6:start + 18]) for start in (27, 45, 63)]
    if any(amount[:1] != "0" for _day_text, amount in pairs):
        raise BadRecord("Importe inválido")
    used = [pair for place, pair in enumerate(pairs) if place == 0 or pair[0] != "000000" or int(pair[1] or 0)]
    return Owed(cpe, five, "0" * 15 + five, _dues(used, "%y%m%d"), line[81:121].rstrip())


def _dues(pairs: list[tuple[str, str]], form: str) -> tuple[tuple[str, int], ...]:
    """Days and amounts may not fall."""
    found: list[tuple[str, int]] = []
    for text, amount in pairs:
        day = _day(text, form)
        if day is None or not amount.isdigit() or int(amount) == 0:
            raise BadRecord("Vencimiento o importe inválido")
        if found and (day.isoformat() < found[-1][0] or int(amount) < found[-1][1]):
            raise BadRecord("Vencimientos o importes decrecientes")
        found.append((day.isoformat(), int(amount)))
    return tuple(dict.fromkeys(found))


def _day(text: str, form: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text, form).date() if text.isdigit() else None
    except ValueError:
        return None
