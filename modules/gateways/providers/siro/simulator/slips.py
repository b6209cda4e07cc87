"""How a counter reads a slip: digits, check digits, what is owed on the day (the bank's generator of bar codes)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

# digits of the customer and of an amount, how many due dates
LAYOUTS = {"0444": (9, 7, 3), "0447": (9, 7, 3), "0449": (9, 8, 3), "0448": (15, 10, 2)}
WEIGHTS = (3, 5, 7, 9)


class BadSlip(Exception):
    """The counter does not take it."""


@dataclass(frozen=True)
class Slip:
    """What stands in a bar code; `dues` is empty on an open one."""

    code: str
    customer: str
    dues: tuple[tuple[dt.date, int], ...]
    convenio: str

    def amount_on(self, day: dt.date) -> int:
        """Centavos that are owed on a day."""
        for last, amount in self.dues:
            if day <= last:
                return amount
        raise BadSlip("Comprobante vencido")


def check_digit(digits: str) -> int:
    total = sum(int(digit) * (1 if place == 0 else WEIGHTS[(place - 1) % 4]) for place, digit in enumerate(digits))
    return total // 2 % 10


def read(barcode: str) -> Slip:
    """A slip of ours; BadSlip says why it is none."""
    layout = LAYOUTS.get(barcode[:4])
    if layout is None or not barcode.isdigit():
        raise BadSlip("Código de barras desconocido")
    customer, amount, dates = layout
    width = 4 + customer + 6 + amount + (dates - 1) * (2 + amount) + 10 + 2
    if len(barcode) != width:
        raise BadSlip(f"Código de barras de {len(barcode)} dígitos, se esperaban {width}")
    if int(barcode[-2]) != check_digit(barcode[:-2]) or int(barcode[-1]) != check_digit(barcode[:-1]):
        raise BadSlip("Dígito verificador incorrecto")
    middle = barcode[4 + customer:-12]
    dues = _dues(middle, amount) if middle.strip("0") else ()
    return Slip(barcode[:4], barcode[4:4 + customer], dues, barcode[-12:-2])


def _dues(middle: str, width: int) -> tuple[tuple[dt.date, int], ...]:
    try:
        day = dt.datetime.strptime(middle[:6], "%y%m%d").date()
    except ValueError:
        raise BadSlip("Vencimiento inválido") from None
    found, rest = [(day, int(middle[6:6 + width]))], middle[6 + width:]
    while rest:
        days, amount, rest = int(rest[:2]), int(rest[2:2 + width]), rest[2 + width:]
        if amount:
            day += dt.timedelta(days=days)
            found.append((day, amount))
    return tuple(found)


def rebuilt(nine: str, dues: list[tuple[str, int]], convenio: str) -> str:
    """The 0449 that a rendition shows where no slip was paid."""
    first = dt.date.fromisoformat(dues[0][0])
    parts, before = [f"{first:%y%m%d}{dues[0][1]:08d}"], first
    for place in (1, 2):
        if place < len(dues):
            day = dt.date.fromisoformat(dues[place][0])
            parts.append(f"{min((day - before).days, 99):02d}{dues[place][1]:08d}")
            before = day
        else:
            parts.append("0" * 10)
    middle = "".join(parts)
    digits = f"0449{nine}{middle if len(middle) == 34 else '0' * 34}{convenio}"
    digits += str(check_digit(digits))
    return digits + str(check_digit(digits))
