"""One account at one moment: what all parts of the simulator work with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from core.simulators import Faults
from modules.gateways.providers.mercadopago.simulator.catalog import COUNTRIES, Country
from modules.gateways.providers.mercadopago.simulator.errors import Refused
from modules.gateways.providers.mercadopago.simulator.reading import written
from modules.gateways.providers.mercadopago.simulator.settings import Config
from modules.gateways.providers.mercadopago.simulator.store import Book


@dataclass(frozen=True)
class Event:
    """Something to tell the account: topic, number of what changed, where to ("" where nobody is told)."""

    topic: str
    number: str
    action: str
    address: str
    live: bool


@dataclass
class Desk:
    """An account with its country, its moment and the simulator's address. `events` are told when all is kept."""

    book: Book
    faults: Faults
    config: Config
    account: dict[str, Any]
    live: bool
    base: str
    events: list[Event] = field(default_factory=list)

    @property
    def owner(self) -> str:
        return str(self.account["id"])

    @property
    def country(self) -> Country:
        return COUNTRIES[self.account["site_id"]]

    @property
    def now(self) -> dt.datetime:
        return self.config.now()

    def date(self, moment: dt.datetime | None = None) -> str:
        """A moment, or now, as the service writes it."""
        return written(moment or self.now, self.country)

    def payment(self, number: str) -> dict[str, Any]:
        """A payment of this account; 404 where it is another's."""
        found = self.book.payment(self.owner, number)
        if found is None:
            raise Refused("Payment not found", 404, 2000)
        return found

    def keep(self, payment: dict[str, Any], action: str = "payment.updated") -> dict[str, Any]:
        """A payment that changed now; the account is told."""
        payment["date_last_updated"] = self.date()
        self.book.keep_payment(self.owner, payment)
        self.tell("payment", str(payment["id"]), action, payment)
        return payment

    def tell(self, topic: str, number: str, action: str, payment: dict[str, Any]) -> None:
        """The payment's own address wins over the account's."""
        address = payment.get("notification_url") or self.account.get("webhook_url") or ""
        self.events.append(Event(topic, number, action, address, bool(payment.get("live_mode"))))
