"""Notices in any order, twice, forged and too late, while the server is killed again and again: each payment once.

ABONA_CHAOS_NOTICES says how many payments are told of: 10000 is the real thing, fewer tell the same sooner.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from core import clock
from modules.gateways.access import Access
from modules.gateways.providers.mercadopago.about import PROVIDER
from modules.gateways.providers.mercadopago.checkout import MercadoPagoCheckout
from modules.gateways.providers.mercadopago.webhook import signed
from modules.gateways.shapes import Attempt, Debt, Due
from tests.chaos.conftest import ROUNDS, embedded
from tests.chaos.site import Site, build
from tests.forks import eventually
from tests.installation import free_port

pytestmark = pytest.mark.slow
PAYMENTS, PEOPLE = int(os.environ.get("ABONA_CHAOS_NOTICES", "150")), 20
TWICE, FORGED, LATE, BACK = 0.3, 0.05, 0.05, 0.1
SENDERS = 3
# the real thing takes longer than any test of the suite
LONGEST = 300 + PAYMENTS // 2
NO_LIMITS = Path(__file__).with_name("no_limits.py")
KEYS = PROVIDER.extra["rehearsal"]["AR"]


@dataclass
class Gateway:
    """Sends notices until each was answered: what gets no answer, or an error, is sent again."""

    base: str
    path: str
    letters: list[tuple[str, dict[str, str], bytes]]
    answers: Counter[int] = field(default_factory=Counter)
    lost: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    left: int = 0

    def send_all(self) -> list[threading.Thread]:
        self.left = len(self.letters)
        threads = [threading.Thread(target=self._work, daemon=True) for _number in range(SENDERS)]
        for one in threads:
            one.start()
        return threads

    def _work(self) -> None:
        session = requests.Session()
        while True:
            with self.lock:
                if not self.letters:
                    return
                letter = self.letters.pop()
            query, headers, body = letter
            try:
                status = session.post(f"{self.base}{self.path}?{query}", data=body, headers=headers,
                                      timeout=30).status_code
            except requests.RequestException:
                status = 0
            with self.lock:
                if status in (200, 401):
                    self.answers[status] += 1
                    self.left -= 1
                    continue
                self.lost += 1
                self.letters.insert(0, letter)
            time.sleep(0.2)


def letter(number: str, secret: str, seconds_ago: int = 0) -> tuple[str, dict[str, str], bytes]:
    """A notice about a payment, signed with this secret."""
    request, moment = str(uuid.uuid4()), str(int(clock.now().timestamp()) - seconds_ago)
    body = json.dumps({"id": uuid.uuid4().int % 10**9, "type": "payment", "data": {"id": number}}).encode()
    mark = f"ts={moment},v1={signed(secret, number, request, moment)}"
    return f"data.id={number}&type=payment", {"x-signature": mark, "x-request-id": request,
                                              "Content-Type": "application/json"}, body


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = build(tmp_path_factory.mktemp("money") / "original", "tests.chaos.money:load", PEOPLE)
    yield made
    made.drop()


@pytest.fixture
def shop(loaded: Site, tmp_path: Path) -> Iterator[Site]:
    made = loaded.copy(tmp_path / "site")
    made.settings["RUN_FIRST"] = str(NO_LIMITS)
    made.simulate()
    made.simulator("mercadopago", "config", {"notices": "off"})
    yield made
    made.stop()
    made.drop()


@dataclass
class Expected:
    """What the books must say in the end."""

    balances: dict[str, Decimal]
    held: Decimal = Decimal("0.00")
    reversals: int = 0


def pay(shop: Site, chance: random.Random) -> tuple[list[str], Expected]:
    """So many payments at the gateway, some of them given back in part or whole; their numbers."""
    access = Access("mercadopago", KEYS, address=f"http://127.0.0.1:{shop.port}/mercadopago", country="AR",
                    currency="ARS", zone="America/Argentina/Buenos_Aires")
    pages = {}
    for number in range(1, PEOPLE + 1):
        amount = Decimal(chance.randint(100_000, 3_000_000)) / 100
        debt = Debt(str(number), "Ana", f"F{number}", "Internet", "ARS", (Due(clock.now().date(), amount),))
        attempt = Attempt(f"page-{number}", f"key-{number}", clock.now() + dt.timedelta(days=5))
        pages[str(number)] = (MercadoPagoCheckout().open(access, debt, attempt).provider_ref, amount)
    expected, told = Expected(dict.fromkeys(pages, Decimal("0.00"))), []
    for _number in range(PAYMENTS):
        code = chance.choice(list(pages))
        page, amount = pages[code]
        made = shop.simulator("mercadopago", "pay", {"preference_id": page})
        net = Decimal(str(made["transaction_details"]["net_received_amount"]))
        fee = sum((Decimal(str(one["amount"])) for one in made["fee_details"]), Decimal(0))
        told.append(str(made["id"]))
        expected.balances[code] -= amount
        if chance.random() < BACK:
            back = amount if chance.random() < 0.5 else Decimal("10.00")
            shop.simulator("mercadopago", "refund", {"payment_id": made["id"], "amount": float(back)})
            expected.balances[code] += back
            expected.held += amount - fee - back  # what was withheld is not told of what was given back
            expected.reversals += 1
        else:
            expected.held += net
    return told, expected


@embedded
@pytest.mark.timeout(LONGEST)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_ten_thousand_notices_in_any_order_with_kills_in_between(shop: Site, seed: int) -> None:
    chance = random.Random(seed)
    told, expected = pay(shop, chance)
    letters = [letter(number, KEYS["webhook_secret"]) for number in told]
    letters += [one for one in letters if chance.random() < TWICE]
    letters += [letter(number, KEYS["webhook_secret"]) for number in told if chance.random() < TWICE / 3]
    good = len(letters)
    forged = [letter(number, "guessed") for number in told if chance.random() < FORGED]
    late = [letter(number, KEYS["webhook_secret"], 3 * 86400) for number in told if chance.random() < LATE]
    letters += forged + late
    chance.shuffle(letters)

    port = free_port()
    gateway = Gateway(f"http://127.0.0.1:{port}", shop.call("tests.chaos.money:address"), letters)
    server = shop.start("serve", "--port", str(port))
    threads = gateway.send_all()
    for part in sorted((chance.uniform(0.1, 0.95) for _number in range(3)), reverse=True):
        few = int(part * (good + len(forged)))
        eventually(lambda most=few: gateway.left <= most, LONGEST, 0.01)
        server.kill()
        server = shop.start("serve", "--port", str(port))
    eventually(lambda: gateway.left == 0, LONGEST, 0.05)
    for one in threads:
        one.join(10)
    eventually(lambda: shop.call("tests.chaos.money:waiting") == 0, LONGEST, 1)
    server.kill()

    found: dict[str, Any] = shop.call("tests.chaos.money:collect")
    assert found["wrong"] == []
    assert gateway.answers == {200: good, 401: len(forged) + len(late)} and gateway.lost > 0
    assert {code: Decimal(text) for code, text in found["balances"].items()} == expected.balances
    assert Decimal(found["held"]) == expected.held
    assert found["transactions"] == {"payment booked": PAYMENTS, "reversal booked": expected.reversals}
    assert set(found["refused"]) <= {"signature_mismatch", "timestamp_out_of_tolerance"}
