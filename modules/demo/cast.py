"""The people: made up from lists of names, always the same for the same seed. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from modules.crm import names as spelling
from modules.crm.drafts import AddressData, CustomerData
from modules.demo.facts import Facts, names
from modules.demo.identities import BUSINESS, EXEMPT, NOBODY, PERSON, TRADER, Identities

# of a hundred customers
SORTS = {PERSON: 84, TRADER: 7, BUSINESS: 6, EXEMPT: 3}
SOMETIMES = {"no_email": 0.04, "two_emails": 0.06, "no_document": 0.03, "no_rfc": 0.2, "no_phone": 0.05}


@dataclass(frozen=True)
class Person:
    """A customer to be, with what decides about contracts."""

    data: CustomerData
    sort: str

    @property
    def is_business(self) -> bool:
        return self.sort in (BUSINESS, EXEMPT)


class Cast:
    """Makes customers of one company, one after the other."""

    def __init__(self, facts: Facts, seed: int, zone_ids: Mapping[str, int]) -> None:
        self.facts, self.zone_ids = facts, zone_ids
        self.random = random.Random(f"{seed}:{facts.country}:people")
        self.identities = Identities(facts.country)
        self._count = 0

    def people(self, count: int) -> Iterator[Person]:
        """The next ones."""
        for _index in range(count):
            yield self.person(self.random.choices(list(SORTS), list(SORTS.values()))[0])

    def person(self, sort: str, **given: Any) -> Person:
        """One of this sort; `given` replaces fields of CustomerData."""
        self._count += 1
        name, trade = self._name(sort)
        kind, number, condition = self.identities.next(sort)
        if sort == PERSON and self._happens("no_rfc" if self.facts.country in NOBODY else "no_document"):
            kind, number = NOBODY.get(self.facts.country, ("", ""))
        zone = self.random.choices(self.facts.zones, [one["weight"] for one in self.facts.zones])[0]
        values: dict[str, Any] = {
            "name": name, "trade_name": trade, "kind": "person" if sort in (PERSON, TRADER) else "business",
            "tax_id_kind": kind, "tax_id": number, "tax_condition": condition,
            "zone_id": self.zone_ids[zone["name"]], "emails": self._emails(name), "phones": self._phones(),
            "addresses": (self.address(zone),)}
        return Person(CustomerData(**{**values, **given}), sort)

    def address(self, zone: Mapping[str, Any] | None = None, kind: str = "fiscal") -> AddressData:
        """A house in a zone."""
        chance = self.random
        zone = zone or chance.choices(self.facts.zones, [one["weight"] for one in self.facts.zones])[0]
        unit = f"{chance.randint(1, 9)}° {chance.choice('ABCD')}" if chance.random() < 0.12 else ""
        return AddressData(
            kind=kind, street=chance.choice(self.facts.streets), number=str(chance.randint(10, 2990)), unit=unit,
            district=chance.choice(zone["districts"]), city=zone["city"], region=zone["region"],
            postal_code=zone["postal_code"], country=self.facts.country, latitude=self._near(self.facts.latitude),
            longitude=self._near(self.facts.longitude))

    # --- parts -------------------------------------------------------------------------------------------

    def _happens(self, what: str) -> bool:
        return self.random.random() < SOMETIMES[what]

    def _near(self, value: str) -> Decimal:
        return Decimal(value) + Decimal(self.random.randint(-60_000, 60_000)).scaleb(-6)

    def _name(self, sort: str) -> tuple[str, str]:
        """(name, trade name)."""
        words, chance = names(), self.random
        if sort in (PERSON, TRADER):
            first = chance.sample(words[chance.choice(("women", "men"))], 2 if chance.random() < 0.3 else 1)
            last = chance.sample(words["last_names"], 2 if chance.random() < 0.35 else 1)
            person = " ".join([*first, *last])
            shop = f"{chance.choice(words['trades'])} {chance.choice(words['trade_names'])}"
            return person, shop if sort == TRADER and chance.random() < 0.4 else ""
        if sort == EXEMPT:
            return f"{chance.choice(words['associations'])} {chance.choice(words['trade_names'])}", ""
        shop = f"{chance.choice(words['trades'])} {chance.choice(words['trade_names'])}"
        return f"{shop} {chance.choice(self.facts.business_form)}", shop

    def _emails(self, name: str) -> tuple[str, ...]:
        if self._happens("no_email"):
            return ()
        plain = ".".join(spelling.fold(name).replace(".", " ").split()[:3])[:40]
        main = f"{plain}.{self._count}@correo.example"
        return (main, f"pagos.{self._count}@correo.example") if self._happens("two_emails") else (main,)

    def _phones(self) -> tuple[str, ...]:
        if self._happens("no_phone"):
            return ()
        return (self.facts.phone.format(self._count % 10_000),)
