"""Prices with IVA inside, split so that each tax is its rate of its base and the document is the invoice to the cent.

One amount in nine has no split in whole cents: 59900 with 19 % inside is 50336.13 + 9563.86, a cent too little, or
50336.14 + 9563.87, a cent too much. No tolerance of the DIAN is documented (reference 5), so none is used: the tax
stays exact, and the cent that is left over is the document's rounding (redondeoAplicado, PayableRoundingAmount). Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

HUNDRED = Decimal(100)
CENT = Decimal("0.01")
Rounder = Callable[[Decimal], Decimal]


@dataclass(frozen=True)
class Split:
    """net + taxes + odd is the amount; each tax is the rounded rate of `net`, and `odd` nothing, a cent, or two."""

    net: Decimal
    taxes: tuple[Decimal, ...]
    odd: Decimal


def split(amount: Decimal, rates: Sequence[Decimal], rounded: Rounder) -> Split:
    """The split of an amount with its taxes inside that leaves least over; what is over has the sign of the amount."""
    if amount < 0:
        found = split(-amount, rates, rounded)
        return Split(-found.net, tuple(-tax for tax in found.taxes), -found.odd)
    first = rounded(amount / (1 + sum(rates, Decimal(0)) / HUNDRED))
    tried = [_of(amount, net, rates, rounded) for net in (first, first - CENT, first + CENT, first - 2 * CENT)]
    return min((one for one in tried if one.odd >= 0 and one.net >= 0), key=lambda one: one.odd)


def _of(amount: Decimal, net: Decimal, rates: Sequence[Decimal], rounded: Rounder) -> Split:
    taxes = tuple(rounded(net * rate / HUNDRED) for rate in rates)
    return Split(net, taxes, amount - net - sum(taxes, Decimal(0)))
