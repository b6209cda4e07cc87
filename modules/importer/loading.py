"""Writing what a file brought: chunks of customers with their services and balances, set by set.

Each chunk is one transaction of the caller's; links make a second run go on where the first one stopped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

import sqlalchemy as sa

from core import clock
from core.db import db, find, write_rows
from core.scope import current_company_id
from modules.crm import bulk, queries, services
from modules.crm.drafts import AddressData, CustomerData
from modules.crm.models import Customer
from modules.importer import comparing, targets
from modules.importer.arranging import ZERO, WantedCustomer, place
from modules.importer.comparing import Step
from modules.importer.models import ImportLink

CHUNK = 1000


class Loader:
    """Loads the steps of one file; plans and zones are looked up once."""

    def __init__(self, today: dt.date) -> None:
        self.today = today
        self.zones = {zone.name.lower(): zone.id for zone in queries.zones(active_only=False)}
        self.plans = targets.Plans()
        self.codes: set[str] = set()
        self.doubts: list[tuple[int, str]] = []

    def load(self, steps: Sequence[Step], size: int = CHUNK) -> Iterator[int]:
        """Load chunk after chunk; after each the caller commits. Yields how many customers are done."""
        self.codes = {step.wanted.data.code for step in steps}
        self.plans.know(service for step in steps for service in step.new_services)
        for start in range(0, len(steps), size):
            chunk = steps[start:start + size]
            self._customers(chunk)
            self._services(chunk)
            self._balances(chunk)
            yield start + len(chunk)

    # --- customers ---------------------------------------------------------------------------------------

    def _customers(self, chunk: Sequence[Step]) -> None:
        fresh = [step for step in chunk if step.customer_id is None]
        ids = bulk.create_many([self._data(step.wanted) for step in fresh], self.codes)
        for step, customer_id in zip(fresh, ids, strict=True):
            step.adopted_id = customer_id
        for step in chunk:
            if step.link and step.link.digest != step.digest:
                self._update(step)
        link("customer", [(step.wanted.key, step.adopted_id, step.digest) for step in chunk
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

    def _update(self, step: Step) -> None:
        """The file says something else than last time: what it says is taken, what it leaves empty is kept."""
        assert step.link is not None
        customer, data = find(Customer, step.link.target_id), step.wanted.data
        texts = {name: getattr(data, name) for name in ("name", "trade_name", "tax_condition") if getattr(data, name)}
        if data.tax_id:
            texts |= {"tax_id": data.tax_id, "tax_id_kind": data.tax_id_kind}
        lists = {name: getattr(data, name) for name in ("emails", "phones") if getattr(data, name)}
        zone = {"zone_id": self._zone(step.wanted.zone)} if step.wanted.zone else {}
        services.update_customer(customer, **texts, **lists, **zone)
        address = replace(_address(step.wanted), kind="fiscal")
        if not address.is_empty and str(customer.fiscal_address or "") != _line(address):
            services.add_address(customer, address)
        db.session.execute(sa.update(ImportLink).where(
            ImportLink.kind == "customer", ImportLink.source_key == step.wanted.key).values(digest=step.digest))

    # --- services ----------------------------------------------------------------------------------------

    def _services(self, chunk: Sequence[Step]) -> None:
        pairs = [(step, service) for step in chunk for service in step.new_services]
        elsewhere = [(step, service) for step, service in pairs
                     if not service.address.is_empty and place(service.address) != place(_address(step.wanted))]
        ids = bulk.add_addresses([(_known(step), replace(service.address, kind="service"))
                                  for step, service in elsewhere])
        own = {service.key: address_id for (_step, service), address_id in zip(elsewhere, ids, strict=True)}
        made = targets.create_contracts([(_known(step), service, own.get(service.key)) for step, service in pairs],
                                        self.plans, self.today)
        link("contract", [(service.key, contract_id, "") for (_step, service), contract_id
                          in zip(pairs, made, strict=True)])

    # --- balances ----------------------------------------------------------------------------------------

    def _balances(self, chunk: Sequence[Step]) -> None:
        for kind, sign in (("debt", 1), ("credit", -1)):
            amounts = {step.wanted.key: (step, _sum(step.wanted, sign)) for step in chunk}
            known = comparing.links_of(kind, list(amounts))
            for key, former in known.items():
                self._compare_balance(*amounts[key], former.digest)
            fresh = [(key, step, amount) for key, (step, amount) in amounts.items() if amount and key not in known]
            entries = targets.record_opening_balances(
                [(_known(step), amount * sign, f"import:{kind}:{key}") for key, step, amount in fresh], self.today)
            link(kind, [(key, entry_id, str(amount)) for (key, _step, amount), entry_id
                        in zip(fresh, entries, strict=True)])

    def _compare_balance(self, step: Step, amount: Decimal, loaded: str) -> None:
        if Decimal(loaded) != amount:
            self.doubts.append((step.wanted.line, targets.balance_doubt(Decimal(loaded), amount)))


def link(kind: str, rows: Iterable[tuple[str, int, str]]) -> None:
    """Remember where things went; a key that is taken breaks the transaction, so nothing is loaded twice."""
    company_id, moment = current_company_id(), clock.now()
    write_rows(ImportLink.__table__, [
        {"company_id": company_id, "kind": kind, "source_key": key, "target_id": target_id, "digest": digest,
         "created_at": moment} for key, target_id, digest in rows])


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
