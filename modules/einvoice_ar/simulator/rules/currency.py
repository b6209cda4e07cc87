"""Currency and rate (reference, 2.3)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from modules.einvoice_ar.simulator.detail import Context
from modules.einvoice_ar.simulator.tables import CURRENCIES

PESOS = "PES"
TOP, PLACES = Decimal(10000), Decimal("0.000001")


def check(document: dict[str, Any], context: Context) -> Iterator[int]:
    """MonId, MonCotiz and CanMisMonExt together."""
    currency, rate, same = document["MonId"], document["MonCotiz"], document["CanMisMonExt"]
    if same not in {None, "", "S", "N"}:
        yield 10239
    if currency not in CURRENCIES:
        yield 10037
        return
    if rate is None and same != "S":
        yield 10038
    if rate is not None and (rate <= 0 and currency != PESOS):
        yield 10038
    if rate is not None and (rate >= TOP or rate != rate.quantize(PLACES)):
        yield 10056
    if currency == PESOS:
        if same == "S":
            yield 10241
        if rate is not None and rate != 1:
            yield 10039
    elif rate is not None and rate > 0:
        yield from _foreign(rate, same, context.config.rates.get(currency))


def _foreign(rate: Decimal, same: str | None, official: Decimal | None) -> Iterator[int]:
    if official is None:
        return
    if same == "S":
        if rate != official:
            yield 10038
        return
    if not official * Decimal("0.02") <= rate <= official * 4:
        yield 10119
    if rate > official + 1:
        yield 10240
