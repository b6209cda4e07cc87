"""Statements that are tables: which column is what, by its heading; amounts and dates as banks write them. Pure."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.ports import BankLine
from modules.gateways.providers.bank import sheets
from modules.gateways.providers.bank.mapping import Account
from modules.gateways.providers.bank.sheets import Cell, Row
from modules.gateways.records import plain
from modules.gateways.shapes import Control, Problem

HEADINGS = Path(__file__).parent / "data" / "headings.json"
ROLES = ("date", "amount", "credit", "debit", "sign", "text", "reference", "name", "balance", "currency", "id")
TEXTS = ("text", "reference", "name")
DEBIT_WORDS = ("D", "DB", "DEB", "DEBE", "DEBITO", "CARGO", "RETIRO", "EGRESO", "SALIDA", "DR")
CREDIT_WORDS = ("C", "CR", "CRE", "HABER", "CREDITO", "ABONO", "DEPOSITO", "INGRESO", "ENTRADA", "CONSIGNACION")
DAYS = {"dmy": ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y"), "mdy": ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y"),
        "ymd": ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")}


def read_csv(file: BinaryIO, access: Access) -> Iterator[BankLine | Problem | Control]:
    """A statement in CSV; its separator is that of the settings, else the one that shows the headings."""
    wanted = str(access.get("separator", ""))
    separators = ("\t",) if wanted == "tab" else (wanted,) if wanted else sheets.SEPARATORS
    found = max(separators, key=lambda one: max((len(roles(row, access)) for row in sheets.head(file, one)), default=0))
    yield from _Table(access).read(sheets.csv_rows(file, found))


def read_xlsx(file: BinaryIO, access: Access) -> Iterator[BankLine | Problem | Control]:
    """A statement in a workbook."""
    yield from _Table(access).read(sheets.xlsx_rows(file, str(access.get("sheet", ""))))


def roles(row: Iterable[Cell], access: Access) -> dict[str, int]:
    """Which column is what, where the row holds headings of at least a date and an amount; else nothing."""
    names = [_heading(cell) if isinstance(cell, str) else "" for cell in row]
    found = {role: place for role, known in _known(access).items()
             if (place := next((names.index(one) for one in known if one in names), None)) is not None}
    return found if "date" in found and found.keys() & {"amount", "credit", "debit"} else {}


def _known(access: Access) -> Mapping[str, tuple[str, ...]]:
    """Headings by role, the best first: those of the settings and no others, else the usual ones."""
    own = columns(access.get("columns", ()))
    return {role: (_heading(own[role]),) if role in own else usual for role, usual in _usual().items()}


@lru_cache
def _usual() -> dict[str, tuple[str, ...]]:
    return {role: tuple(names) for role, names in json.loads(HEADINGS.read_bytes()).items()}


def columns(given: Any) -> dict[str, str]:
    """The lines `date=Fecha` of the setting."""
    rows = given.splitlines() if isinstance(given, str) else given
    return {role.strip(): name.strip() for role, sign, name in (str(row).partition("=") for row in rows) if sign}


def bad_columns(given: Any) -> str:
    """What is wrong with these lines, in words; "" where they are right."""
    for row in given.splitlines() if isinstance(given, str) else given:
        role, sign, name = str(row).partition("=")
        if role.strip() not in ROLES or not sign or not name.strip():
            return _("“%(row)s” must be one of %(known)s, =, and the heading of the column.", row=str(row)[:60],
                     known=", ".join(ROLES))
    return ""


def _heading(text: str) -> str:
    return " ".join(plain(re.sub(r"[^\w\s]", " ", text.replace("º", " ").replace("°", " "))).split())


@dataclass
class _Chain:
    """Do the balances follow from the amounts, downwards or upwards? A filtered or cut statement has gaps."""

    last: tuple[Decimal, Decimal] | None = None
    down: bool = True
    up: bool = True

    def breaks(self, amount: Decimal, balance: Decimal | None) -> bool:
        """True once, at the line where no direction is left."""
        if balance is None or not (self.down or self.up):
            return False
        if self.last:
            before, moved = self.last
            self.down = self.down and before + amount == balance
            self.up = self.up and before - moved == balance
        self.last = (balance, amount)
        return not (self.down or self.up)


class _Table:
    def __init__(self, access: Access) -> None:
        self.access, self.account, self.chain = access, Account(access), _Chain()
        self.places: dict[str, int] = {}
        self.decimal = str(access.get("decimal", ""))
        self.days = DAYS.get(str(access.get("date_format", "")), (*DAYS["dmy"], *DAYS["ymd"]))

    def read(self, rows: Iterator[Row]) -> Iterator[BankLine | Problem | Control]:
        number = 0
        for number, cells in rows:
            if not self.places:
                self.places = roles(cells, self.access)
                if not self.places and number > sheets.LOOK_AHEAD:
                    break
            elif any(cell != "" for cell in cells):
                yield from self._row(number, cells)
        if not self.places:
            raise BadFile(_("None of the first %(most)s rows holds headings for a date and an amount. Say in the "
                            "settings how they are called.", most=sheets.LOOK_AHEAD),
                          min(number, sheets.LOOK_AHEAD) or 1, code="columns")
        yield self.account.control()

    def _row(self, number: int, cells: list[Cell]) -> Iterator[BankLine | Problem]:
        date, amount = self._date(cells), self._moved(number, cells)
        if date is None or amount is None:
            shown = " ".join(str(cell) for cell in cells if cell != "")
            yield Problem(number, "no_movement", _("This row is no movement: %(shown)s", shown=shown[:120]))
            return
        if len(cells) <= max(self.places.values()):
            raise BadFile(_("Line %(line)s has %(found)s columns; expected %(expected)s. Ask for the file again.",
                            line=number, found=len(cells), expected=max(self.places.values()) + 1), number,
                          code="columns")
        balance = self._amount(number, cells, "balance")
        yield self.account.line(date, amount, self._text(cells, "currency"), self._text(cells, "id"), number, balance,
                                **{role: self._text(cells, role) for role in TEXTS})
        if self.chain.breaks(amount, balance):
            yield Problem(number, "balance_gap", _("From this row on the balances do not follow from the amounts: "
                                                   "movements may be missing."))

    def _cell(self, cells: list[Cell], role: str) -> Cell:
        place = self.places.get(role)
        return cells[place] if place is not None and place < len(cells) else ""

    def _text(self, cells: list[Cell], role: str) -> str:
        found = self._cell(cells, role)
        return f"{found:f}" if isinstance(found, Decimal) else str(found)

    def _date(self, cells: list[Cell]) -> dt.date | None:
        found = self._cell(cells, "date")
        if isinstance(found, dt.date):
            return found
        text = self._text(cells, "date")
        for form in self.days:
            for part in (text, text.split(" ")[0].split("T")[0]):
                try:
                    return dt.datetime.strptime(part, form).date()
                except ValueError:
                    continue
        return None

    def _moved(self, number: int, cells: list[Cell]) -> Decimal | None:
        """What came in, or went out where negative; None where the row has no amount."""
        if self._date(cells) is None:
            return None
        if "amount" in self.places:
            amount = self._amount(number, cells, "amount")
            return amount if amount is None or "sign" not in self.places else self._signed(number, cells, amount)
        credit, debit = (self._amount(number, cells, role) for role in ("credit", "debit"))
        if credit is None and debit is None:
            return None
        return abs(credit or Decimal(0)) - abs(debit or Decimal(0))

    def _signed(self, number: int, cells: list[Cell], amount: Decimal) -> Decimal:
        """By a column that says credit or debit; one that says something else is not about the sign."""
        word = _heading(self._text(cells, "sign"))
        if word in DEBIT_WORDS or self._text(cells, "sign") == "-":
            return -abs(amount)
        return abs(amount) if word in CREDIT_WORDS else amount

    def _amount(self, number: int, cells: list[Cell], role: str) -> Decimal | None:
        found = self._cell(cells, role)
        if found in ("", "-"):
            return None
        amount = found if isinstance(found, Decimal) else amount_of(str(found), self.decimal)
        if amount is None or amount != amount.quantize(Decimal("0.01")):
            raise BadFile(_("Line %(line)s, %(field)s: found “%(found)s”, expected an amount. If it is one, say in the "
                            "settings which sign stands before the cents.", line=number, field=role,
                            found=str(found)[:40]), number, code="field")
        return amount.quantize(Decimal("0.01"))


def amount_of(text: str, decimal: str) -> Decimal | None:
    """An amount with or without thousands, currency and sign; None where it is none, or may be read in two ways."""
    bare = re.sub(r"[\s\u00a0']|US\$|S/\.?|[A-Z]{3}|\$", "", text.upper())
    negative = bare.startswith(("-", "(")) or bare.endswith("-")
    bare = bare.strip("+-()")
    if not re.fullmatch(r"\d[\d.,]*", bare):
        return None
    sign = decimal or _decimal_in(bare)
    if sign is None:
        return None
    other = "." if sign == "," else ","
    if not re.fullmatch(rf"(\d+|\d{{1,3}}(\{other}\d{{3}})+)(\{sign}\d{{1,4}})?", bare):
        return None
    found = Decimal(bare.replace(other, "").replace(sign, "."))
    return -found if negative else found


def _decimal_in(bare: str) -> str | None:
    """The sign before the cents, where the number itself tells; None where "1.234" may be two numbers."""
    last = max(bare.rfind("."), bare.rfind(","))
    if last < 0:
        return ","
    other = "," if bare[last] == "." else "."
    if other in bare[:last] or len(bare) - last - 1 != 3:
        return bare[last]
    # twice the same sign: thousands
    return other if bare.count(bare[last]) > 1 else None
