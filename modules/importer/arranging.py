"""From rows to customers with their services: who is the same, what is double, what contradicts itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.crm import names
from modules.crm.drafts import AddressData, CustomerData
from modules.importer.proof import ZERO, Totals, of_row
from modules.importer.reader import Sheet
from modules.importer.rows import Record, Service
from modules.importer.sameness import marks, name_mark, place, short, telling
from modules.importer.scratch import Marks, Shelf


@dataclass
class WantedService:
    """A contract to be, with the key by which a second import recognises it."""

    key: str
    record: Record
    service: Service
    address: AddressData


@dataclass
class WantedCustomer:
    """A customer to be, out of one or several rows."""

    key: str
    data: CustomerData
    records: list[Record]
    zone: str = ""
    services: list[WantedService] = field(default_factory=list)

    @property
    def balance(self) -> Decimal:
        """What he owes (positive) or has in favour (negative), over all his rows."""
        return sum((record.balance for record in self.records), ZERO)

    @property
    def line(self) -> int:
        return self.records[0].line


class Arrangement:
    """What is to be loaded, the rows that are not, and what is to be said; on the disk, in the order of the file."""

    def __init__(self, sheet: Sheet) -> None:
        scratch = sheet.scratch
        self.customers: Shelf[WantedCustomer] = scratch.shelf()
        self.refused: Shelf[Record] = scratch.shelf()
        # customer numbers that the file brings: none of them is given to somebody else
        self.codes: Marks = scratch.marks()
        # keys of customers that were refused after all
        self.taken_out: Marks = scratch.marks()
        # (line, text)
        self.remarks: Shelf[tuple[int, str]] = scratch.shelf()
        # of the rows: customers are counted as they are made
        self.to_load, self._refused = Totals(), Totals()
        # "code:3", "tax:20111111112", "name:ana@calle 1" of every row that is loaded
        self.people: Marks = scratch.marks()
        self._sheet = sheet
        self._strangers: int | None = None

    @property
    def strangers(self) -> int:
        """People of whom no row is loaded, each counted once."""
        if self._strangers is None:
            self._strangers = self._count_strangers()
        return self._strangers

    def _count_strangers(self) -> int:
        seen, number = self._sheet.scratch.marks(), 0
        for record in self.refused:
            own = marks(record)
            number += bool(own) and not any(mark in self.people or mark in seen for mark in own)
            for mark in own:
                seen.add(mark, record.line)
        return number

    def of_refused(self) -> Totals:
        """The rows that are not loaded; a customer of whom another row is loaded counts as loaded."""
        return self._refused.plus(Totals(customers=self.strangers))

    def of_file(self) -> Totals:
        """Everything that stands in the file; contracts and balances are counted row by row."""
        return self.to_load.plus(self.of_refused())

    def refuse(self, record: Record) -> None:
        """Keep a row that is not loaded."""
        self.refused.append(record)
        self._refused = self._refused.plus(of_row(record))
        self._strangers = None

    def accept(self, record: Record, new: bool) -> None:
        """Count a row that is to be loaded; `new` where it brings a customer."""
        self.to_load = self.to_load.plus(of_row(record)).plus(Totals(customers=int(new)))
        for mark in marks(record):
            self.people.add(mark, record.line)

    def settle(self, step: Any) -> None:
        """Keep what a comparison with what is here has to say; a customer that cannot be taken is refused."""
        if step.refusal:
            self.take_out(step.wanted, step.refusal)
            return
        for remark in step.remarks:
            self.remarks.append(remark)

    def take_out(self, wanted: WantedCustomer, reason: str) -> None:
        """Refuse a customer after all, with all his rows."""
        services = {one.record.line: one.service for one in wanted.services}
        lines = {record.line: record for record in wanted.records}
        self.taken_out.add(wanted.key, wanted.line)
        self.to_load = self.to_load.minus(Totals(customers=1))
        for row in (row for row in self._sheet.rows if row.line in lines):
            light = lines[row.line]
            record = Record(row, wanted.data, services.get(row.line), light.address, wanted.zone, light.balance,
                            problems=[reason])
            self.to_load = self.to_load.minus(of_row(record))
            for mark in marks(record):
                self.people.remove(mark)
            self.refuse(record)


class Arranger:
    """Takes rows one after the other and remembers by what each customer and service is recognised."""

    def __init__(self, sheet: Sheet) -> None:
        self.found, scratch = Arrangement(sheet), sheet.scratch
        # "code:3", "tax:20111111112", "name:ana@calle 1" -> (customer, line)
        self.people = scratch.marks()
        # "user:ana", "ip:10.0.0.1" -> (customer, line)
        self.network = scratch.marks()

    def take(self, record: Record) -> None:
        """Put a row where it belongs."""
        if record.customer is None or record.problems:
            self._refuse(record)
            return
        index, contradiction = self._find(record.customer, record.address)
        wanted = self.found.customers[index] if index is not None else None
        trouble = contradiction or self._double(wanted, index, record)
        if trouble:
            record.problems.append(trouble)
            self._refuse(record)
        elif wanted is not None and index is not None:
            self._join(wanted, index, record)
        else:
            self._open(record)

    def _refuse(self, record: Record) -> None:
        self.found.refuse(record)
        if record.unreadable_balance:
            self.found.remarks.append((record.line, _("The balance %(text)s could not be read and is in no sum.",
                                                      text=record.unreadable_balance)))

    def _find(self, data: CustomerData, address: AddressData | None) -> tuple[int | None, str]:
        """(the customer of a former row, why this row cannot be his)."""
        code, document = names.fold(data.code), telling(data.tax_id)
        same = self.people.find(f"code:{code}") if code else None
        if same:
            return same[0], self._contradiction(self.found.customers[same[0]], data)
        same = self.people.find(f"tax:{document}") if document else None
        if same is None and not code and not document:
            same = self.people.find(name_mark(data, address))
        return (same[0] if same else None), ""

    @staticmethod
    def _contradiction(same: WantedCustomer, data: CustomerData) -> str:
        """One number, two people?"""
        known, document = telling(same.data.tax_id), telling(data.tax_id)
        alike = known == document if known and document else names.fold(same.data.name) == names.fold(data.name)
        return "" if alike else _(
            "The customer number %(code)s is already that of %(name)s in line %(line)s.", code=data.code,
            name=same.data.name, line=same.line)

    def _double(self, found: WantedCustomer | None, index: int | None, record: Record) -> str:
        """Why the row's service is one that a former row brought already."""
        service = record.service
        if service is None:
            if found is None:
                return ""
            return _("It is the same customer as in line %(line)s.", line=found.line) if not record.balance else ""
        user = self.network.find(f"user:{service.pppoe_user.lower()}") if service.pppoe_user else None
        if user and user[0] == index:
            return _("It is the same service as in line %(line)s (PPPoE user %(user)s).", line=user[1],
                     user=service.pppoe_user)
        if user:
            return _("The PPPoE user %(user)s is already that of %(name)s in line %(line)s.", user=service.pppoe_user,
                     name=self.found.customers[user[0]].data.name, line=user[1])
        if found and not service.pppoe_user:
            for other in found.services:
                if _same_unnamed(other, record):
                    return _("It is the same service as in line %(line)s.", line=other.record.line)
        return ""

    def _open(self, record: Record) -> None:
        assert record.customer is not None
        data = record.customer
        wanted = WantedCustomer(_customer_key(data, record.address), data, [record.light()], record.zone)
        index = len(self.found.customers)
        self._remember(index, wanted.line, data, record.address)
        self._add_service(wanted, index, record)
        self.found.customers.append(wanted)
        self._settle(record, new=True)

    def _remember(self, index: int, line: int, data: CustomerData, address: AddressData | None) -> None:
        """By what else the customer is recognised from now on: a row may bring another number or document."""
        if data.code:
            self.people.add(f"code:{names.fold(data.code)}", index, line)
            self.found.codes.add(data.code, index)
        if telling(data.tax_id):
            self.people.add(f"tax:{data.tax_id}", index, line)
        self.people.add(name_mark(data, address), index, line)

    def _join(self, wanted: WantedCustomer, index: int, record: Record) -> None:
        """A further row of a customer: his first row says who he is, this one fills what was empty."""
        assert record.customer is not None
        data, more = wanted.data, record.customer
        if names.fold(data.name) != names.fold(more.name):
            record.warnings.append(_("The name differs from line %(line)s; that one is kept.", line=wanted.line))
        fill = {name: getattr(more, name) for name in ("tax_id", "tax_id_kind", "tax_condition", "trade_name")
                if not getattr(data, name)}
        wanted.data = replace(
            data, **fill, emails=_merged(data.emails, more.emails), phones=_merged(data.phones, more.phones),
            notes="\n".join(dict.fromkeys(note for note in (data.notes, more.notes) if note)),
            active=data.active or more.active)
        wanted.records.append(record.light())
        wanted.zone = wanted.zone or record.zone
        self._remember(index, wanted.line, more, record.address)
        self._add_service(wanted, index, record)
        self.found.customers.replace(index, wanted)
        self._settle(record, new=False)

    def _settle(self, record: Record, new: bool) -> None:
        self.found.accept(record, new)
        for text in record.warnings:
            self.found.remarks.append((record.line, text))

    def _add_service(self, wanted: WantedCustomer, index: int, record: Record) -> None:
        service = record.service
        if service is None:
            return
        taken = self.network.find(f"ip:{service.ip}") if service.ip else None
        if taken:
            holder = wanted if taken[0] == index else self.found.customers[taken[0]]
            record.warnings.append(_("The address %(ip)s is already that of %(name)s in line %(line)s; left out here.",
                                     ip=service.ip, name=holder.data.name, line=taken[1]))
            service = replace(service, ip="")
        elif service.ip:
            self.network.add(f"ip:{service.ip}", index, record.line)
        if service.pppoe_user:
            self.network.add(f"user:{service.pppoe_user.lower()}", index, record.line)
        wanted.services.append(WantedService(_unique_key(wanted, service, record.address), record.light(), service,
                                             record.address or AddressData()))


def arrange(records: Iterable[Record], sheet: Sheet) -> Arrangement:
    """Customers and refused rows of a file, both in its order."""
    arranger = Arranger(sheet)
    for record in records:
        arranger.take(record)
    return arranger.found


def _same_unnamed(other: WantedService, record: Record) -> bool:
    """Without a user to tell them apart: same plan at the same address, and no two different IPs."""
    assert record.service is not None
    one, two = other.service, record.service
    if one.ip and two.ip and one.ip != two.ip:
        return False
    return names.fold(one.plan) == names.fold(two.plan) and place(other.address) == place(record.address)


def _customer_key(data: CustomerData, address: AddressData | None) -> str:
    """What a customer is recognised by when the file comes again: his number, else document, else name and place."""
    if data.code:
        return f"code:{names.fold(data.code)}"
    if telling(data.tax_id):
        return f"tax:{data.tax_id}"
    return short(name_mark(data, address), 200)


def _unique_key(wanted: WantedCustomer, service: Service, address: AddressData | None) -> str:
    """The service's key; where only an address of the network tells two apart, they are counted."""
    named = f"user:{service.pppoe_user.lower()}" if service.pppoe_user else (
        f"plan:{names.fold(service.plan)}@{place(address)}")
    first = key = short(f"{wanted.key}|{named}", 300)
    taken, number = {one.key for one in wanted.services}, 2
    while key in taken:
        key, number = f"{first}#{number}", number + 1
    return key


def _merged(first: Iterable[str], second: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*first, *second]))
