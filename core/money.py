"""Small helpers for Decimal amounts. There is no Money class: a document has one currency, its lines have none."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

# Currencies of the served countries that are not written with two decimals (ISO 4217).
_DECIMALS = {"CLP": 0, "PYG": 0}


def decimals(currency: str) -> int:
    """How many decimals the currency is written with."""
    return _DECIMALS.get(currency, 2)


def quantize(value: Decimal, currency: str = "ARS", rounding: str = ROUND_HALF_UP) -> Decimal:
    """The amount rounded to what the currency can be paid in."""
    return value.quantize(Decimal(1).scaleb(-decimals(currency)), rounding=rounding)


def split(total: Decimal, parts: int | Sequence[Decimal], currency: str = "ARS") -> list[Decimal]:
    """Divide `total` into equal parts, or in proportion to weights; the parts always add up to it.

    The remainder goes cent by cent to the first parts.
    """
    weights = [Decimal(1)] * parts if isinstance(parts, int) else list(parts)
    weight, cent = sum(weights, Decimal(0)), Decimal(1).scaleb(-decimals(currency))
    if not weights or weight == 0:
        raise ValueError("an amount cannot be split into no parts")
    shares = [(total * part / weight).quantize(cent, rounding="ROUND_DOWN") for part in weights]
    missing, step = total - sum(shares, Decimal(0)), cent if total >= 0 else -cent
    for index in range(int(missing / step)):
        shares[index % len(shares)] += step
    return shares
