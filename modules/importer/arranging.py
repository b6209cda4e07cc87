"""From rows to customers with their services: who is the same, what is double, what contradicts itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from core.i18n import _
from modules.crm import names
from modules.crm.drafts import AddressData, CustomerData
from modules.importer.rows import NOBODY, Record, Service

ZERO = Decimal("0.00")


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


@dataclass
class Arrangement:
    """What is to be loaded, and the rows that are not."""

    customers: list[WantedCustomer]
    refused: list[Record]
    records: list[Record]


class Arranger:
    """Takes rows one after the other and remembers by what each customer and service is recognised."""

    def __init__(self) -> None:
        self.customers: list[WantedCustomer] = []
        self.refused: list[Record] = []
        self.by_code: dict[str, WantedCustomer] = {}
        self.by_document: dict[str, WantedCustomer] = {}
        self.by_name: dict[tuple[str, str], WantedCustomer] = {}
        self.users: dict[str, tuple[WantedCustomer, Record]] = {}
        self.addresses: dict[str, tuple[WantedCustomer, Record]] = {}

    def take(self, record: Record) -> None:
        """Put a row where it belongs."""
        if record.problems or record.customer is None:
            self.refused.append(record)
            return
        found, contradiction = self._find(record.customer, record.address)
        trouble = contradiction or self._double(found, record)
        if trouble:
            record.problems.append(trouble)
            self.refused.append(record)
        elif found:
            self._join(found, record)
        else:
            self._open(record)

    def _find(self, data: CustomerData, address: AddressData | None) -> tuple[WantedCustomer | None, str]:
        """(the customer of a former row, why this row cannot be his)."""
        code, document = names.fold(data.code), telling(data.tax_id)
        same = self.by_code.get(code) if code else None
        if same:
            return same, self._contradiction(same, data)
        if document and document in self.by_document:
            return self.by_document[document], ""
        if not code and not document:
            return self.by_name.get((names.fold(data.name), place(address))), ""
        return None, ""

    @staticmethod
    def _contradiction(same: WantedCustomer, data: CustomerData) -> str:
        """One number, two people?"""
        known, document = telling(same.data.tax_id), telling(data.tax_id)
        alike = known == document if known and document else names.fold(same.data.name) == names.fold(data.name)
        return "" if alike else _(
            "The customer number %(code)s is already that of %(name)s in line %(line)s.", code=data.code,
            name=same.data.name, line=same.line)

    def _double(self, found: WantedCustomer | None, record: Record) -> str:
        """Why the row's service is one that a former row brought already."""
        service = record.service
        if service is None:
            if found is None:
                return ""
            return _("It is the same customer as in line %(line)s.", line=found.line) if not record.balance else ""
        user = self.users.get(service.pppoe_user.lower()) if service.pppoe_user else None
        if user and user[0] is found:
            return _("It is the same service as in line %(line)s (PPPoE user %(user)s).", line=user[1].line,
                     user=service.pppoe_user)
        if user:
            return _("The PPPoE user %(user)s is already that of %(name)s in line %(line)s.", user=service.pppoe_user,
                     name=user[0].data.name, line=user[1].line)
        if found and not service.pppoe_user:
            for other in found.services:
                if _same_unnamed(other, record):
                    return _("It is the same service as in line %(line)s.", line=other.record.line)
        return ""

    def _open(self, record: Record) -> None:
        assert record.customer is not None
        data = record.customer
        wanted = WantedCustomer(_customer_key(data, record.address), data, [record], record.zone)
        self.customers.append(wanted)
        self._remember(wanted, data, record.address)
        self._add_service(wanted, record)

    def _remember(self, wanted: WantedCustomer, data: CustomerData, address: AddressData | None) -> None:
        """By what else the customer is recognised from now on: a row may bring another number or document."""
        if data.code:
            self.by_code.setdefault(names.fold(data.code), wanted)
        if telling(data.tax_id):
            self.by_document.setdefault(data.tax_id, wanted)
        self.by_name.setdefault((names.fold(data.name), place(address)), wanted)

    def _join(self, wanted: WantedCustomer, record: Record) -> None:
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
        wanted.records.append(record)
        wanted.zone = wanted.zone or record.zone
        self._remember(wanted, more, record.address)
        self._add_service(wanted, record)

    def _add_service(self, wanted: WantedCustomer, record: Record) -> None:
        service = record.service
        if service is None:
            return
        if service.ip and service.ip in self.addresses:
            holder, line = self.addresses[service.ip]
            record.warnings.append(_("The address %(ip)s is already that of %(name)s in line %(line)s; left out here.",
                                     ip=service.ip, name=holder.data.name, line=line.line))
            service = replace(service, ip="")
        elif service.ip:
            self.addresses[service.ip] = (wanted, record)
        if service.pppoe_user:
            self.users[service.pppoe_user.lower()] = (wanted, record)
        key = f"{wanted.key}|{_service_key(service, record.address)}"
        wanted.services.append(WantedService(key[:300], record, service, record.address or AddressData()))


def arrange(records: Sequence[Record]) -> Arrangement:
    """Customers and refused rows, both in the order of the file."""
    arranger = Arranger()
    for record in records:
        arranger.take(record)
    return Arrangement(arranger.customers, arranger.refused, list(records))


def telling(document: str) -> str:
    """The document, if it tells people apart."""
    return "" if document in NOBODY else document


def place(address: AddressData | None) -> str:
    """An address in the form that is compared: without the words that one writes or leaves out."""
    if address is None:
        return ""
    words = names.fold(f"{address.street} {address.number} {address.city}").split()
    return " ".join(word for word in words if word not in {"av", "avenida", "calle", "bv", "pje"})


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
    return f"name:{names.fold(data.name)}@{place(address)}"[:200]


def _service_key(service: Service, address: AddressData | None) -> str:
    if service.pppoe_user:
        return f"user:{service.pppoe_user.lower()}"
    return f"plan:{names.fold(service.plan)}@{place(address)}"


def _merged(first: Iterable[str], second: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*first, *second]))
