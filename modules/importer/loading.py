"""Writing what a file brought: chunks of customers with their services and balances, set by set.

Each chunk is one transaction of the caller's. Who is already here is looked up in the same transaction, so that two
imports, or one that was killed and goes on, make nothing twice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

import psycopg
from sqlalchemy.exc import DataError, IntegrityError

from core.db import db
from core.errors import DomainError
from core.i18n import _
from modules.crm import bulk, queries, services
from modules.crm.drafts import AddressData, CustomerData
from modules.crm.models import Customer
from modules.importer import comparing, links, targets
from modules.importer.arranging import Arrangement, WantedCustomer
from modules.importer.comparing import Step
from modules.importer.links import Link
from modules.importer.proof import ZERO
from modules.importer.sameness import place

CHUNK = 1000
# After so many chunks PostgreSQL looks at its tables anew: one that grew from nothing it takes for small, and reads
# whole for every lookup.
_LOOKED_AT = frozenset({1, 4, 16, 64, 256})
# COPY speaks with the driver itself, so its refusals come without SQLAlchemy's wrapping
_REFUSALS = (IntegrityError, DataError, DomainError, psycopg.IntegrityError, psycopg.DataError)


class Loader:
    """Loads the customers of one file; plans and zones are looked up once."""

    def __init__(self, arrangement: Arrangement, today: dt.date) -> None:
        self.arrangement, self.today = arrangement, today
        self.counts: Counter[str] = Counter()
        self.usual = targets.UsualPrices(arrangement.customers)
        self._look_up()

    def _look_up(self) -> None:
        self.zones = {zone.name.lower(): zone.id for zone in queries.zones(active_only=False)}
        self.plans = targets.Plans()

    def load(self, start: int = 0, size: int = CHUNK) -> Iterator[int]:
        """Load chunk after chunk; after each the caller commits. Yields how many customers are done."""
        customers, number = self.arrangement.customers, 0
        while chunk := customers.chunk(start, size):
            self._load(chunk)
            start, number = start + len(chunk), number + 1
            if number in _LOOKED_AT:
                targets.look_at_tables()
            yield start

    def _load(self, chunk: Sequence[WantedCustomer]) -> None:
        """A chunk that the database refuses is halved until the bad customer stands alone, who is then refused."""
        try:
            with db.session.begin_nested():
                steps = comparing.compare(chunk)
                self._write([step for step in steps if not step.refusal])
        except _REFUSALS as error:
            self._look_up()  # what was made in the refused chunk is gone
            if len(chunk) == 1:
                self.arrangement.take_out(chunk[0], _reason(error))
                return
            middle = len(chunk) // 2
            self._load(chunk[:middle])
            self._load(chunk[middle:])
        else:
            self.counts.update(step.outcome for step in steps if not step.refusal)
            for step in steps:
                self.arrangement.settle(step)

    def _write(self, steps: Sequence[Step]) -> None:
        self.plans.know((service for step in steps for service in step.new_services), self.usual)
        self._customers(steps)
        self._services(steps)
        self._balances(steps)

    # --- customers ---------------------------------------------------------------------------------------

    def _customers(self, steps: Sequence[Step]) -> None:
        fresh = [step for step in steps if step.customer_id is None]
        ids = bulk.create_many([self._data(step.wanted) for step in fresh], self.arrangement.codes)
        for step, customer_id in zip(fresh, ids, strict=True):
            step.adopted_id = customer_id
        self._update([step for step in steps if step.is_changed])
        links.write("customer", [(step.wanted.key, step.adopted_id, step.digest) for step in steps
                                 if step.link is None and step.adopted_id])

    def _data(self, wanted: WantedCustomer) -> CustomerData:
        address = replace(_address(wanted), kind="fiscal")
        return replace(wanted.data, zone_id=self._zone(wanted.zone), addresses=() if address.is_empty else (address,))

    def _zone(self, name: str) -> int | None:
        if not name:
            return None
        if name.lower() not in self.zones:
            self.zones[name.lower()] = services.create_zone(name).id
        return self.zones[name.lower()]

    def _update(self, steps: Sequence[Step]) -> None:
        """The file says something else than last time: what it says is taken, what it leaves empty is kept."""
        found = queries.with_everything([_known(step) for step in steps])
        for step in steps:
            self._update_one(found[_known(step)], step.wanted)
        links.change("customer", [(step.wanted.key, step.digest) for step in steps])

    def _update_one(self, customer: Customer, wanted: WantedCustomer) -> None:
        data = wanted.data
        texts = {name: getattr(data, name) for name in ("name", "trade_name", "tax_condition") if getattr(data, name)}
        if data.tax_id:
            texts |= {"tax_id": data.tax_id, "tax_id_kind": data.tax_id_kind}
        lists = {name: getattr(data, name) for name in ("emails", "phones") if getattr(data, name)}
        zone = {"zone_id": self._zone(wanted.zone)} if wanted.zone else {}
        services.update_customer(customer, **texts, **lists, **zone)
        address = replace(_address(wanted), kind="fiscal")
        if not address.is_empty and str(customer.fiscal_address or "") != _line(address):
            services.add_address(customer, address)

    # --- services ----------------------------------------------------------------------------------------

    def _services(self, steps: Sequence[Step]) -> None:
        pairs = [(step, service) for step in steps for service in step.new_services]
        elsewhere = [(step, service) for step, service in pairs
                     if not service.address.is_empty and place(service.address) != place(_address(step.wanted))]
        ids = bulk.add_addresses([(_known(step), replace(service.address, kind="service"))
                                  for step, service in elsewhere])
        own = {service.key: address_id for (_step, service), address_id in zip(elsewhere, ids, strict=True)}
        made = targets.create_contracts([(_known(step), service, own.get(service.key)) for step, service in pairs],
                                        self.plans, self.today)
        links.write("contract", [(service.key, contract_id, comparing.digest_of_service(service))
                                 for (_step, service), contract_id in zip(pairs, made, strict=True)])
        links.write("contract", [(service.key, link.target_id, _half_known(service, link))
                                 for step in steps for service, link in step.moved_services])
        self._change_services([pair for step in steps for pair in step.changed_services])

    def _change_services(self, pairs: Sequence[tuple[comparing.WantedService, Link]]) -> None:
        for service, link in pairs:
            targets.change_network(link.target_id, service)
        links.change("contract", [(service.key, _half_known(service, link)) for service, link in pairs])

    # --- balances ----------------------------------------------------------------------------------------

    def _balances(self, steps: Sequence[Step]) -> None:
        for kind, sign in (("debt", 1), ("credit", -1)):
            amounts = {step.wanted.key: (step, _sum(step.wanted, sign)) for step in steps}
            known = links.find(kind, amounts)
            for key, former in known.items():
                step, amount = amounts[key]
                if Decimal(former.digest) != amount:
                    step.remark(step.wanted.line, targets.balance_doubt(Decimal(former.digest), amount))
            fresh = [(key, step, amount) for key, (step, amount) in amounts.items() if amount and key not in known]
            entries = targets.record_opening_balances(
                [(_known(step), amount * sign, _entry_key(kind, key)) for key, step, amount in fresh], self.today)
            links.write(kind, [(key, entry_id, str(amount)) for (key, _step, amount), entry_id
                               in zip(fresh, entries, strict=True)])


def _half_known(service: comparing.WantedService, link: Link) -> str:
    """The network data are as the file says now; plan, price and state stay as they were loaded."""
    return comparing.digest_of_service(service)[:32] + link.digest[32:]


def _entry_key(kind: str, key: str) -> str:
    """One opening entry of a kind per customer of a file; of one length, whatever the name is."""
    return f"import:{kind}:{hashlib.sha256(key.encode()).hexdigest()[:40]}"


def _reason(error: Exception) -> str:
    if isinstance(error, DomainError):
        return str(error)
    return _("The database refused this customer: %(reason)s", reason=str(getattr(error, "orig", error)).split("\n")[0])


def _known(step: Step) -> int:
    assert step.customer_id is not None
    return step.customer_id


def _sum(wanted: WantedCustomer, sign: int) -> Decimal:
    """All debts (1) or all credits (-1) of a customer's rows, as a positive amount."""
    return sum((record.balance * sign for record in wanted.records if record.balance * sign > 0), ZERO)


def _address(wanted: WantedCustomer) -> AddressData:
    return wanted.records[0].address or AddressData()


def _line(address: AddressData) -> str:
    line = " ".join(part for part in (address.street, address.number, address.unit) if part)
    city = " ".join(part for part in (address.postal_code, address.city) if part)
    where = ", ".join(part for part in (address.district, city) if part)
    return ", ".join(part for part in (line, where) if part)
