"""What happens at a bank's counters in a day, drawn from the debts that it knows. Repeatable by its seed. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

CHEQUE = "02"
# means of payment with the network that brings each
MEANS = (("01", "01"), ("01", "15"), ("03", "15"), ("01", "12"), ("07", "25"), ("01", "14"))
RETURN_REASON = "R01"
UNKNOWN = "99999901"


@dataclass(frozen=True)
class Entry:
    """A line of a day: whose, how much (cents), how; `returned` is the reason of a payment that came back."""

    reference: str
    cents: int
    origin: str = "01"
    means: str = "01"
    branch: str = "0977"
    returned: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def draw(debts: Iterable[Mapping[str, Any]], before: list[Entry], seed: str) -> list[Entry]:
    """The entries of a day: 70 % pay what they owe, some less, some twice; and what else a bank's file holds.

    `before` is the day before: one of it is paid once more, one comes back.
    """
    dice = random.Random(seed)
    found: list[Entry] = []
    for debt in debts:
        found += _paid(debt, dice)
    if found:
        # there always is a cheque
        found[-1] = Entry(found[-1].reference, found[-1].cents, "01", CHEQUE)
    if before:
        found.append(before[0])
        found.append(Entry(before[-1].reference, before[-1].cents, "03", "14", returned=RETURN_REASON))
    found.append(Entry(UNKNOWN, dice.randrange(100, 900) * 10000))
    return found


def _paid(debt: Mapping[str, Any], dice: random.Random) -> list[Entry]:
    luck = dice.random()
    origin, means = dice.choice(MEANS)
    exact = Entry(debt["reference"], debt["cents"], origin, means, f"{dice.randrange(1, 999):04}")
    if luck < 0.70:
        return [exact]
    if luck < 0.80:
        return [Entry(debt["reference"], max(debt["cents"] // 200 * 100, 100), origin, means)]
    return [exact, exact] if luck < 0.86 else []
