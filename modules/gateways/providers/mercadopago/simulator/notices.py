"""Notices to the accounts: signed, repeated, and wrong in the ways that faults want (reference 1.6, 1.7)."""

from __future__ import annotations

import hashlib
import hmac
import threading
import uuid
from collections import deque
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from core.exact_json import as_json
from core.simulators import Faults
from core.simulators.couriers import Courier, Letter
from modules.gateways.providers.mercadopago.simulator.desk import Desk, Event
from modules.gateways.providers.mercadopago.simulator.settings import Config

QUARTER, LONGEST = 900.0, 96 * 3600.0
REMEMBERED = 1000


def again(tries: int) -> float:
    """Every 15 minutes, after the third try at growing intervals, without end."""
    return QUARTER if tries <= 3 else min(QUARTER * 2.0 ** (tries - 3), LONGEST)


class Notices:
    """What was told, and what is on its way."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.courier = Courier(again, taken=lambda status: status in (200, 201))
        self.told: deque[Letter] = deque(maxlen=REMEMBERED)
        self._held: list[Letter] = []
        self._lock = threading.Lock()

    def follow(self, config: Config) -> None:
        """As the settings say: by themselves, or when they are told to."""
        self.courier.manual = config.notices == "manual"

    def send(self, desk: Desk, events: Iterable[Event]) -> None:
        """Tell the account. Payments with test credentials send no notices."""
        if desk.config.notices == "off":
            return
        for event in events:
            if event.address and event.live:
                self._send(desk, event)

    def simulate(self, desk: Desk, number: str, address: str) -> None:
        """The panel's button “Simular”: a notice of this number, also in test mode."""
        self._post(_signed(desk, Event("payment", number, "payment.updated", address, desk.live), desk.account), 0.0)

    def deliver(self) -> list[dict[str, Any]]:
        """Send what waits, now; what became of it."""
        with self._lock:
            held, self._held = self._held, []
        for letter in held:
            self._post(letter, 0.0)
        return [one.as_json() for one in self.courier.deliver()]

    def forget(self) -> None:
        with self._lock:
            self._held.clear()
        self.courier.clear()
        self.told.clear()

    def _send(self, desk: Desk, event: Event) -> None:
        if self.faults.strikes("lost_notice"):
            return
        if self.faults.strikes("unsigned_ipn"):
            self._post(_ipn(event), 0.0)
            return
        letter = _signed(desk, event, {"secret": uuid.uuid4().hex} if self.faults.strikes("forged_notice")
                         else desk.account)
        late = self.faults.strikes("late_notice")
        if self.faults.strikes("out_of_order"):
            with self._lock:
                self._held.append(letter)
            return
        self._post(letter, (late.seconds or 60.0) if late else 0.0)
        if self.faults.strikes("duplicate_notice"):
            self._post(Letter(letter.url, letter.body, letter.headers, tag=letter.tag), 0.0)
        if event.topic == "payment" and not _only_webhooks(event.address):
            self._post(_ipn(event), 0.0)
        with self._lock:
            held, self._held = self._held, []
        for one in held:  # what was held comes after what happened later
            self._post(one, 0.0)

    def _post(self, letter: Letter, after: float) -> None:
        self.told.append(letter)
        self.courier.send(letter, after)


def _signed(desk: Desk, event: Event, signer: dict[str, Any]) -> Letter:
    """A webhook: the number in the query, the hash of number, request and time in a header."""
    request, ts = str(uuid.uuid4()), int(desk.now.timestamp())
    manifest = f"id:{event.number};request-id:{request};ts:{ts};"
    v1 = hmac.new(signer["secret"].encode(), manifest.encode(), hashlib.sha256).hexdigest()
    body = {"id": desk.book.number(), "live_mode": event.live, "type": event.topic, "date_created": desk.date(),
            "user_id": desk.account["id"], "api_version": "v1", "action": event.action, "data": {"id": event.number}}
    return Letter(_with(event.address, {"data.id": event.number, "type": event.topic}), as_json(body).encode(),
                  {"x-signature": f"ts={ts},v1={v1}", "x-request-id": request, "Content-Type": "application/json"},
                  tag={"topic": event.topic, "number": event.number, "action": event.action})


def _ipn(event: Event) -> Letter:
    """The old kind: unsigned."""
    topic = {"topic_chargebacks_wh": "chargebacks"}.get(event.topic, event.topic)
    body = {"resource": f"https://api.mercadopago.com/v1/payments/{event.number}", "topic": topic}
    return Letter(_with(event.address, {"topic": topic, "id": event.number}), as_json(body).encode(),
                  {"Content-Type": "application/json"}, tag={"topic": topic, "number": event.number, "action": "ipn"})


def _only_webhooks(address: str) -> bool:
    return "webhooks" in parse_qs(urlsplit(address).query).get("source_news", [])


def _with(address: str, query: dict[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"
