"""Customers with their contracts, extras and balances, written chunk by chunk with bulk statements."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from core import months
from core.db import db
from modules.accounting import opening
from modules.contracts import bulk, bulk_extras
from modules.contracts.bulk_extras import ChargeData, DiscountData, ItemData
from modules.contracts.drafts import ContractData
from modules.contracts.models import Plan
from modules.crm import bulk as crm
from modules.demo.cast import Cast, Person
from modules.demo.stock import Stock

CHUNK = 1000
DAY = dt.timedelta(days=1)
# how many contracts, with their weights
HOMES = ((1, 2, 3), (88, 10, 2))
BUSINESSES = ((1, 2, 3, 5), (70, 20, 7, 3))
# shares of contracts; of customers for the balances
SHARES = {"new": 0.06, "ended": 0.03, "ending": 0.02, "courtesy": 0.015, "own_price": 0.03, "item": 0.10,
          "discount": 0.08, "charge": 0.07, "debt": 0.12, "credit": 0.02}
DISCOUNTS = (("Promoción de bienvenida", 50, 3), ("Convenio con la municipalidad", 15, None),
             ("Débito automático", 5, None), ("Compensación por cortes", 30, 1))


@dataclass
class Wanted:
    """The contracts of a chunk, and what is added to them; `place` is an index into `contracts`."""

    contracts: list[ContractData] = field(default_factory=list)
    elsewhere: list[tuple[int, int]] = field(default_factory=list)
    items: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    charges: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    discounts: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    balances: list[tuple[int, Decimal, str]] = field(default_factory=list)


class Loader:
    """Writes a company's subscribers. `start` is the day it begins, `until` today: between them some come and go."""

    def __init__(self, stock: Stock, cast: Cast, seed: int, start: dt.date, until: dt.date) -> None:
        self.stock, self.cast, self.start, self.until = stock, cast, start, until
        self.random = random.Random(f"{seed}:{stock.facts.country}:contracts")
        self._serial = 0

    def load(self, count: int) -> Iterator[int]:
        """Write so many customers; after each chunk yields how many are done. The caller commits."""
        done = 0
        while done < count:
            size = min(CHUNK, count - done)
            self._chunk(list(self.cast.people(size)))
            done += size
            yield done

    def _chunk(self, people: Sequence[Person]) -> None:
        ids = crm.create_many([person.data for person in people])
        wanted = Wanted()
        for customer_id, person in zip(ids, people, strict=True):
            self._contracts(wanted, customer_id, person)
            self._balance(wanted, customer_id)
        addresses = crm.add_addresses([(customer_id, self.cast.address(kind="service"))
                                       for _place, customer_id in wanted.elsewhere])
        for (place, _customer_id), address_id in zip(wanted.elsewhere, addresses, strict=True):
            wanted.contracts[place] = replace(wanted.contracts[place], address_id=address_id)
        made = bulk.create_many(wanted.contracts)
        bulk_extras.add_items([ItemData(made[place], **values) for place, values in wanted.items])
        bulk_extras.add_charges([ChargeData(made[place], **values) for place, values in wanted.charges])
        bulk_extras.add_discounts([DiscountData(made[place], **values) for place, values in wanted.discounts])
        if wanted.balances:
            opening.record_opening_balances(wanted.balances, months.add(months.of(self.start), -1))
        db.session.expire_all()

    # --- one customer ------------------------------------------------------------------------------------

    def _happens(self, what: str) -> bool:
        return self.random.random() < SHARES[what]

    def _contracts(self, wanted: Wanted, customer_id: int, person: Person) -> None:
        plans, weights = self.stock.business_plans if person.is_business else self.stock.home_plans
        counts = BUSINESSES if person.is_business else HOMES
        for index in range(self.random.choices(*counts)[0]):
            place = len(wanted.contracts)
            if index:
                wanted.elsewhere.append((place, customer_id))
            contract = self._contract(customer_id, self.random.choices(plans, weights)[0])
            wanted.contracts.append(contract)
            if contract.state == "active":
                self._extras(wanted, place, contract)

    def _contract(self, customer_id: int, plan: Plan) -> ContractData:
        self._serial += 1
        begins = self.start - DAY * self.random.randint(20, 1500)
        if self._happens("new"):
            begins = self.until - DAY * self.random.randint(0, max((self.until - self.start).days, 40))
        mark = f"{self.stock.facts.country.lower()}{self._serial:06d}"
        data = ContractData(customer_id=customer_id, plan_id=plan.id, installed_on=begins, billing_from=begins,
                            ip=f"100.{64 + self._serial // 65_000 % 64}.{self._serial // 254 % 256}."
                               f"{1 + self._serial % 254}", pppoe_user=mark, pppoe_password=f"{mark}-demo")
        return replace(data, **self._fate(plan, begins))

    def _fate(self, plan: Plan, begins: dt.date) -> dict[str, Any]:
        """What is special about a contract, if anything."""
        chance = self.random
        if self._happens("ended"):
            last = self.start - DAY * chance.randint(1, 300)
            if last > begins:
                return {"state": "ended", "ends_on": last, "end_reason": "Se mudó"}
        if self._happens("ending") and begins < self.start:
            return {"ends_on": self.start + DAY * chance.randint(0, max((self.until - self.start).days, 25)),
                    "end_reason": "Pidió la baja"}
        if self._happens("courtesy"):
            return {"courtesy_from": begins, "courtesy_reason": "Cede el techo para la antena"}
        if self._happens("own_price") and plan.prices:
            return {"price": (plan.prices[0].price * chance.choice((80, 85, 90)) / 100).quantize(Decimal("0.01")),
                    "price_until": self.until + DAY * chance.randint(30, 300)}
        return {}

    def _extras(self, wanted: Wanted, place: int, contract: ContractData) -> None:
        chance, facts = self.random, self.stock.facts
        begins = max(contract.billing_from or self.start, months.of(self.start))
        if self._happens("item"):
            item = chance.choice(facts.items)
            wanted.items.append((place, {"description": item["description"], "unit_price": Decimal(item["price"]),
                                         "first_day": contract.billing_from, "taxes": facts.taxes}))
        if self._happens("charge"):
            charge = chance.choice(facts.charges)
            wanted.charges.append((place, {
                "description": charge["description"], "total": Decimal(charge["total"]), "first_month": begins,
                "instalments": charge["instalments"], "taxes": facts.taxes}))
        if self._happens("discount"):
            name, percent, count = chance.choice(DISCOUNTS)
            wanted.discounts.append((place, {
                "description": name, "percent": Decimal(percent), "first_month": begins,
                "last_month": months.add(months.of(begins), count - 1) if count else None}))

    def _balance(self, wanted: Wanted, customer_id: int) -> None:
        smallest, largest = (int(value) for value in self.stock.facts.debt)
        if self._happens("debt"):
            amount = Decimal(self.random.randint(smallest * 100, largest * 100)) / 100
            wanted.balances.append((customer_id, amount, f"demo:{customer_id}"))
        elif self._happens("credit"):
            amount = Decimal(self.random.randint(smallest * 100, smallest * 300)) / 100
            wanted.balances.append((customer_id, -amount, f"demo:{customer_id}"))
