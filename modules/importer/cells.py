"""Reading one cell: amounts, dates, days and states as people write them. Pure.

A cell is text, or from XLSX a Decimal or a date. What cannot be read raises CellError with a sentence; nothing is
guessed where two readings are possible.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from core.i18n import _
from modules.crm import names

Cell = str | Decimal | dt.date

# Countries that write 1,234.56; the others write 1.234,56.
POINT_COUNTRIES = frozenset({"EC", "MX", "PE", "DO"})
_TAX_MARK = re.compile(r"\+\s*(iva|igv|itbis|imp\w*)\b\.?", re.IGNORECASE)
_WITH_TAX = re.compile(r"\b(iva|igv|itbis|imp\w*)\s+inc\w*\.?|\bc/\s*(iva|igv)\b", re.IGNORECASE)
_SIGNS = r"\$|ARS|USD|COP|MXN|PEN|DOP"
_CURRENCY = re.compile(rf"^(AR\$|RD\$|S/\.?|R\$|{_SIGNS})|({_SIGNS})$", re.IGNORECASE)
_FOREIGN = re.compile(r"U\$S|US\$|USD|U\$D|EUR|€", re.IGNORECASE)
_MONTHS = {name: number for number, names_ in enumerate(
    (("ene", "jan"), ("feb",), ("mar",), ("abr", "apr"), ("may",), ("jun",), ("jul",), ("ago", "aug"),
     ("sep", "set"), ("oct",), ("nov",), ("dic", "dec")), 1) for name in names_}
# Beyond this it is a typing error, and no column of the ledger holds it.
_LARGEST = Decimal(10) ** 12
_ERROR = re.compile(r"#(REF|VALUE|NAME\?|DIV/0|NUM|NULL|VALOR|NOMBRE\?|NUMERO|NÚMERO|DESBORDAMIENTO|SPILL|CALC)!?\??",
                    re.IGNORECASE)
EMPTY = frozenset({"", "-", "--", ".", "s/d", "sd", "n/a", "null", "none", "#n/a", "#n/d", "sin datos", "no tiene"})


class CellError(ValueError):
    """The cell cannot be read; the message is for people."""


@dataclass(frozen=True)
class Money:
    """An amount; `tax` is "net" or "gross" where the cell says so ("+ IVA"), else ""."""

    value: Decimal
    tax: str = ""


def text(cell: Cell | None) -> str:
    """The cell as text; a number without the decimals that a spreadsheet adds to it."""
    if isinstance(cell, Decimal):
        return f"{cell.normalize():f}" if cell == cell.to_integral_value() else f"{cell:f}"
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return names.tidy(cell or "")


def is_empty(cell: Cell | None) -> bool:
    """Nothing, or a sign that people write for nothing."""
    return not isinstance(cell, (Decimal, dt.date)) and names.tidy(cell or "").lower() in EMPTY


def is_formula(cell: Cell | None) -> bool:
    """Would a spreadsheet run it? Numbers and phones with a sign are no formulas."""
    return isinstance(cell, str) and cell.startswith("=") and len(cell) > 1


def is_error(cell: Cell | None) -> bool:
    """Is it what a spreadsheet shows for a formula that failed?"""
    return isinstance(cell, str) and cell.startswith("#") and bool(_ERROR.fullmatch(cell))


# --- amounts -------------------------------------------------------------------------------------------


def amount(cell: Cell | None, decimal_mark: str) -> Money | None:
    """An amount, or None for an empty cell. `decimal_mark` decides "1.234" and "1,234" alone."""
    if isinstance(cell, Decimal):
        return Money(_cents(cell, text(cell)))
    if isinstance(cell, dt.date):
        raise CellError(_("%(text)s is a date, not an amount.", text=text(cell)))
    if is_empty(cell):
        return None
    raw = names.tidy(cell)
    if is_formula(raw):
        raise CellError(_("%(text)s is a formula: paste its value instead.", text=raw[:60]))
    tax = "net" if _TAX_MARK.search(raw) else "gross" if _WITH_TAX.search(raw) else ""
    return Money(_cents(_number(_bare(raw), raw, decimal_mark), raw), tax)


def _bare(raw: str) -> str:
    """The figures alone: without tax marks, currency signs and the ".-" of handwriting."""
    plain = _WITH_TAX.sub("", _TAX_MARK.sub("", raw)).replace(" ", "").replace("'", "")
    plain = plain.replace("−", "-").replace("–", "-")
    negative = re.match(r"\D*-", plain) or re.fullmatch(r"\(.*\)", plain) or re.search(r"\d-$", plain)
    plain = re.sub(r"[.,]-+$", "", plain).strip("()-+")
    plain = _CURRENCY.sub("", plain).strip("()-+ ")
    return ("-" if negative and re.search(r"\d", plain) else "") + plain


def _number(plain: str, raw: str, decimal_mark: str) -> Decimal:
    if re.fullmatch(r"-?\d+([.,]\d+)?e[+-]?\d+", plain, re.IGNORECASE):
        raise CellError(_("%(text)s may have lost digits: write the amount in full.", text=raw))
    if _FOREIGN.search(raw) and not re.fullmatch(r"[\d.,-]+", plain):
        raise CellError(_("%(text)s is in another currency.", text=raw))
    if re.fullmatch(r"-?\d+", plain):
        return Decimal(plain)
    marks = [char for char in plain if char in ".,"]
    if not marks or not re.fullmatch(r"-?\d[\d.,]*", plain):
        raise CellError(_("%(text)s is not an amount.", text=raw))
    mark = _decimal_mark(plain, marks, decimal_mark)
    whole, _mark, decimals = plain.rpartition(mark) if mark else (plain, "", "")
    groups = re.split(r"[.,]", whole.lstrip("-"))
    if len(groups) > 1 and not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
        raise CellError(_("%(text)s is not an amount.", text=raw))
    return Decimal(("-" if plain.startswith("-") else "") + "".join(groups) + "." + (decimals or "0"))


def _decimal_mark(plain: str, marks: list[str], usual: str) -> str:
    """Which sign parts the decimals; "" where all signs are thousands."""
    if len(set(marks)) == 2:
        return marks[-1]
    tail = len(plain) - plain.rindex(marks[0]) - 1
    if len(marks) > 1:
        return ""
    if tail == 3:
        return marks[0] if marks[0] == usual else ""
    return marks[0]


def _cents(value: Decimal, raw: str) -> Decimal:
    if abs(value) >= _LARGEST:
        raise CellError(_("%(text)s is too large for an amount.", text=raw[:60]))
    rounded = value.quantize(Decimal("0.01"))
    if abs(value - rounded) > Decimal("0.0000001"):
        raise CellError(_("%(text)s has more than two decimals.", text=raw))
    return rounded


def decimal_mark_of(cells: Iterable[Cell | None], country: str) -> str:
    """"," or ".": what the file's own amounts show, else the country's habit."""
    votes = {",": 0, ".": 0}
    for cell in cells:
        if not isinstance(cell, str):
            continue
        found = re.findall(r"[.,](?=\d{1,2}(?!\d))(?!\d{1,2}[.,])", cell)
        for mark in found[-1:]:
            votes[mark] += 1
    if votes[","] != votes["."]:
        return max(votes, key=lambda mark: votes[mark])
    return "." if country in POINT_COUNTRIES else ","


# --- dates ---------------------------------------------------------------------------------------------


_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\d.*)?")
_LOCAL = re.compile(r"(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{4}|\d{2})(?: \d.*)?")
_WORDS = re.compile(r"(\d{1,2})[-/. ]+(?:de )?([a-z]{3})[a-z]*\.?[-/. ]+(?:de )?(\d{4}|\d{2})")


def date(cell: Cell | None, day_first: bool, today: dt.date) -> dt.date | None:
    """A date, or None for an empty cell. `day_first` decides 03/02/2021, which alone has two readings."""
    if isinstance(cell, dt.date):
        return cell
    if is_empty(cell):
        return None
    raw = text(cell)
    if found := _ISO.fullmatch(raw):
        return _real(int(found[1]), int(found[2]), int(found[3]), raw)
    if (found := _WORDS.fullmatch(raw.lower())) and found[2] in _MONTHS:
        return _real(_full_year(int(found[3]), today), _MONTHS[found[2]], int(found[1]), raw)
    if found := _LOCAL.fullmatch(raw):
        one, two = int(found[1]), int(found[2])
        first = one > 12 or (day_first and two <= 12)
        day, month = (one, two) if first else (two, one)
        return _real(_full_year(int(found[3]), today), month, day, raw)
    raise CellError(_("%(text)s is not a date: write it like 31/12/2024.", text=raw))


def _real(year: int, month: int, day: int, raw: str) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise CellError(_("The date %(text)s does not exist.", text=raw)) from None


def _full_year(year: int, today: dt.date) -> int:
    """Two digits mean this century up to next year, else the last one."""
    if year >= 100:
        return year
    return 2000 + year if 2000 + year <= today.year + 1 else 1900 + year


@dataclass(frozen=True)
class DateOrder:
    """What a file's dates show: `day_first` None where nothing decides; `ambiguous` where one has two readings."""

    day_first: bool | None
    ambiguous: bool


def date_order(cells: Iterable[Cell | None]) -> DateOrder:
    """Is the day first? One date with a number over 12 decides for all."""
    day = month = 0
    ambiguous = False
    for cell in cells:
        found = _LOCAL.fullmatch(names.tidy(cell)) if isinstance(cell, str) else None
        if not found:
            continue
        one, two = int(found[1]), int(found[2])
        day, month = day + (one > 12), month + (one <= 12 < two)
        ambiguous = ambiguous or (one <= 12 and two <= 12 and one != two)
    return DateOrder(None if day == month else day > month, ambiguous)


# --- others --------------------------------------------------------------------------------------------


def day_of_month(cell: Cell | None) -> int | None:
    """A day from 1 to 31 ("10", "día 10"), or None for an empty cell."""
    if is_empty(cell):
        return None
    found = re.fullmatch(r"\D*(\d{1,2})\D*", text(cell))
    if not found or not 1 <= int(found[1]) <= 31:
        raise CellError(_("%(text)s is not a day of the month.", text=text(cell)))
    return int(found[1])


def coordinate(cell: Cell | None, limit: int) -> Decimal | None:
    """Degrees with up to six decimals, or None for an empty cell."""
    if is_empty(cell):
        return None
    found = re.fullmatch(r"(-?\d{1,3})(?:[.,](\d+))?", text(cell))
    if not found or abs(int(found[1])) > limit:
        raise CellError(_("%(text)s is not a coordinate.", text=text(cell)))
    return Decimal(f"{found[1]}.{found[2] or 0}").quantize(Decimal("0.000001"))
