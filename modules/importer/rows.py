"""From a row of a spreadsheet to a customer, a service and a balance, with what is wrong in words. Pure."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from core.i18n import _
from modules.crm import countries, names, reach
from modules.crm.drafts import AddressData, CustomerData
from modules.importer import cells, words
from modules.importer.cells import Cell, CellError, Money
from modules.importer.reader import SourceRow

T = TypeVar("T")
# Of cells merged over several rows these hold for each row; an amount would be counted twice.
MERGED = frozenset({"code", "name", "last_name", "trade_name", "tax_id_kind", "tax_id", "tax_condition", "street",
                    "number", "unit", "district", "city", "region", "postal_code", "reference", "zone", "phone",
                    "email", "due_day", "state", "latitude", "longitude"})
# Numbers of somebody who is not identified: they tell nobody apart.
NOBODY = frozenset({"9999999999999", "222222222222", "XAXX010101000", "XEXX010101000"})


@dataclass(frozen=True)
class Answers:
    """What a person, or the file itself, says about all rows."""

    country: str
    today: dt.date
    decimal_mark: str = ","
    day_first: bool = True
    # what a price without a mark like "+ IVA" is: "gross" with tax in it, "net" without
    prices: str = "gross"


@dataclass(frozen=True)
class Service:
    """What the row says is delivered: a contract to be."""

    plan: str
    price: Decimal
    includes_tax: bool
    started_on: dt.date | None
    due_day: int | None
    state: str
    ended_on: dt.date | None
    ip: str = ""
    pppoe_user: str = ""
    pppoe_password: str = ""
    megabits: int | None = None


@dataclass
class Record:
    """A row understood. `problems` refuse it, `warnings` do not."""

    row: SourceRow
    customer: CustomerData | None = None
    service: Service | None = None
    address: AddressData | None = None
    zone: str = ""
    balance: Decimal = Decimal("0.00")
    left: bool = False
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    # the balance could not be read: neither loaded nor counted
    unreadable_balance: str = ""

    @property
    def line(self) -> int:
        return self.row.line

    def light(self) -> Record:
        """Without cells and remarks: as much as loading needs."""
        return Record(SourceRow(self.line, ()), balance=self.balance, address=self.address, left=self.left)


class Row:
    """The cells of one row by field, reading with complaints collected instead of raised."""

    def __init__(self, row: SourceRow, fields: Sequence[str], record: Record) -> None:
        self.record = record
        self.values: dict[str, list[Cell]] = {}
        for name, cell in zip(fields, _filled(row, fields), strict=False):
            if name and cells.is_error(cell):
                record.problems.append(_("%(text)s is a formula that failed: write its value instead.",
                                         text=cells.text(cell)))
            elif name and not cells.is_empty(cell):
                self.values.setdefault(name, []).append(cell)

    def text(self, name: str, longest: int = 200) -> str:
        """All cells of the field as one text."""
        found = " / ".join(cells.text(cell) for cell in self.values.get(name, []))
        if len(found) > longest:
            self.record.problems.append(_("%(field)s is longer than %(longest)s characters.", field=name,
                                          longest=longest))
        return found[:longest]

    def cell(self, name: str) -> Cell | None:
        return next(iter(self.values.get(name, [])), None)

    def read(self, reader: Callable[[], T], default: T, doubtful: bool = False) -> T:
        """The value; what cannot be read refuses the row, or is only doubtful."""
        try:
            return reader()
        except CellError as error:
            (self.record.warnings if doubtful else self.record.problems).append(str(error))
            return default


def _filled(row: SourceRow, fields: Sequence[str]) -> list[Cell]:
    """The cells, with what is merged from above where it says whose row this is; amounts are never repeated."""
    found = list(row.cells)
    for index, value in row.above:
        if index < len(fields) and fields[index] in MERGED and cells.is_empty(row.cell(index)):
            found.extend([""] * (index + 1 - len(found)))
            found[index] = value
    return found


def understand(row: SourceRow, fields: Sequence[str], answers: Answers) -> Record:
    """One row with everything that can be said about it alone; two rows are compared in `arranging`."""
    record = Record(row)
    data = Row(row, fields, record)
    notes = data.text("notes", 1000)
    name, marked = words.without_left_mark(_name(data, fields))
    state = data.read(lambda: words.state(data.text("state")), "active", doubtful=True)
    record.left = marked or words.says_left(notes) or state == "ended"
    record.zone = data.text("zone", 100)
    record.address = _address(data)
    record.customer = _customer(data, answers, name, notes, record)
    record.balance = _balance(data, answers)
    record.service = _service(data, answers, "ended" if record.left else state, notes)
    _warn(record)
    return record


def _name(data: Row, fields: Sequence[str]) -> str:
    both = [data.text("last_name"), data.text("name")] if "last_name" in fields else [data.text("name")]
    name = names.tidy(" ".join(part for part in both if part))
    if not name:
        data.record.problems.append(_("The name is missing."))
    elif cells.is_formula(name):
        data.record.problems.append(_("The name is a formula: paste its value instead."))
    elif not any(char.isalpha() for char in name):
        data.record.problems.append(_("%(name)s is not a name.", name=name))
    return name


def _customer(data: Row, answers: Answers, name: str, notes: str, record: Record) -> CustomerData:
    country = answers.country
    condition = data.read(lambda: words.condition(data.text("tax_condition"), country), "")
    wanted = data.read(lambda: words.kind_of_document(data.text("tax_id_kind"), country), "", doubtful=True)
    kind, number = _document(data, country, wanted)
    emails, bad_emails = reach.split_emails([cells.text(cell) for cell in data.values.get("email", [])])
    phones, bad_phones = reach.split_phones([cells.text(cell) for cell in data.values.get("phone", [])], country)
    for piece in bad_emails:
        record.warnings.append(_("%(text)s is not an e-mail address; left out.", text=piece))
    for piece in bad_phones:
        record.warnings.append(_("%(text)s is not a phone number; left out.", text=piece))
    if country == "AR" and not condition and kind in ("", "DNI", "LE", "LC", "PAS", "CI_EXT", "CUIL"):
        condition = "CF"
    return CustomerData(
        name=name, code=data.text("code", 30), trade_name=data.text("trade_name"), tax_id_kind=kind, tax_id=number,
        tax_condition=condition, notes=notes, active=not record.left,
        deactivation_reason=notes[:300] if record.left else "", emails=emails, phones=[phone.typed for phone in phones])


def _document(data: Row, country: str, wanted: str) -> tuple[str, str]:
    """(kind, compact number); a zero that a spreadsheet dropped is put back where only that makes the number good."""
    written = data.text("tax_id", 60)
    rules = countries.get(country)
    if not rules.compact(written):
        return "", ""
    found = rules.validate(wanted or None, written)
    if not found.valid and found.compact.isdecimal():
        for filled in (f"0{found.compact}", f"00{found.compact}"):
            again = rules.validate(wanted or None, filled)
            if again.valid and country in ("EC", "PE", "DO"):
                data.record.warnings.append(_("The zero that was missing in %(text)s was put back.", text=written))
                return again.kind, again.compact
    if not found.valid:
        data.record.problems.append(found.reason)
    elif found.warning:
        data.record.warnings.append(found.warning)
    return found.kind, found.compact


def _address(data: Row) -> AddressData:
    return AddressData(
        street=data.text("street"), number=data.text("number", 30), unit=data.text("unit", 60),
        district=data.text("district", 100), city=data.text("city", 100), region=data.text("region", 60),
        postal_code=data.text("postal_code", 12), reference=data.text("reference", 300),
        latitude=data.read(lambda: cells.coordinate(data.cell("latitude"), 90), None, doubtful=True),
        longitude=data.read(lambda: cells.coordinate(data.cell("longitude"), 180), None, doubtful=True))


def _balance(data: Row, answers: Answers) -> Decimal:
    """Debt positive, credit negative; a column of credits counts against the debt."""
    before = len(data.record.problems)
    debt = data.read(lambda: cells.amount(data.cell("balance"), answers.decimal_mark), None)
    credit = data.read(lambda: cells.amount(data.cell("credit"), answers.decimal_mark), None)
    if len(data.record.problems) > before:
        data.record.unreadable_balance = data.text("balance") or data.text("credit")
    return (debt.value if debt else Decimal("0.00")) - (abs(credit.value) if credit else Decimal("0.00"))


def _service(data: Row, answers: Answers, state: str, notes: str) -> Service | None:
    plan = data.text("plan", 100)
    price = data.read(lambda: cells.amount(data.cell("price"), answers.decimal_mark), None)
    started = data.read(lambda: cells.date(data.cell("started_on"), answers.day_first, answers.today), None)
    due_day = data.read(lambda: _due_day(data.cell("due_day"), answers), None, doubtful=True)
    if not plan and price is None:
        return None
    if price is None:
        data.record.problems.append(_("The price of the plan is missing."))
    elif price.value < 0:
        data.record.problems.append(_("A price cannot be negative."))
    if not plan:
        data.record.problems.append(_("The plan is missing."))
    money = price or Money(Decimal("0.00"))
    return Service(
        plan=plan, price=money.value, includes_tax=(money.tax or answers.prices) == "gross", started_on=started,
        due_day=due_day, state=state, ended_on=words.left_on(notes) if state == "ended" else None,
        ip=data.read(lambda: _ip(data.cell("ip")), "", doubtful=True), pppoe_user=data.text("pppoe_user", 100),
        pppoe_password=data.text("pppoe_password", 100), megabits=words.megabits(plan))


def _due_day(cell: Cell | None, answers: Answers) -> int | None:
    """A day, or the day of a whole date."""
    try:
        return cells.day_of_month(cell)
    except CellError:
        found = cells.date(cell, answers.day_first, answers.today)
        return found.day if found else None


def _ip(cell: Cell | None) -> str:
    written = cells.text(cell)
    if not written:
        return ""
    try:
        return str(ipaddress.ip_address(written.split("/")[0]))
    except ValueError:
        raise CellError(_("%(text)s is not an IP address.", text=written)) from None


def _warn(record: Record) -> None:
    customer = record.customer
    if customer is None:
        return
    if not customer.tax_id and not record.problems:
        record.warnings.append(_("There is no document; some invoices need one."))
    if customer.tax_id in NOBODY:
        record.warnings.append(_("The document is the one of nobody in particular; a subscriber should have his own."))
