"""Totals, VAT and tributes (reference, 2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from modules.einvoice_ar.simulator.detail import CENT, RELAXED, Context, close
from modules.einvoice_ar.simulator.tables import RATES, TRIBUTES

TOP = Decimal(10) ** 13
ZERO_RATE = 3
# amounts with the code of a negative one
PARTS = (("ImpTotConc", 10043), ("ImpOpEx", 10044), ("ImpNeto", 10045), ("ImpTrib", 10046), ("ImpIVA", 10047),
         ("ImpTotal", 10065))
NONE_IN_C = (("ImpTotConc", 10043), ("ImpOpEx", 10044), ("ImpIVA", 10047))


def check_totals(document: dict[str, Any], context: Context) -> Iterator[int]:
    """Size and sign of each amount, what class C must not have, and the sum."""
    for name, negative in PARTS:
        amount = document[name]
        if amount < 0:
            yield negative
        if _too_long(amount):
            yield 10056
    if context.is_c:
        for name, code in NONE_IN_C:
            if document[name] != 0:
                yield code
        total = document["ImpNeto"] + document["ImpTrib"]
    else:
        total = (document["ImpTotConc"] + document["ImpNeto"] + document["ImpOpEx"] + document["ImpTrib"]
                 + document["ImpIVA"])
    if not close(document["ImpTotal"], total):
        yield 10048


def _too_long(amount: Decimal, top: Decimal = TOP, places: Decimal = CENT) -> bool:
    """More than 13 digits before the point or 2 after it."""
    return abs(amount) >= top or amount != amount.quantize(places)


def check_vat(document: dict[str, Any], context: Context) -> Iterator[int]:
    """The array of rates against net and VAT."""
    rates = document["Iva"]
    if context.is_c:
        if rates is not None:
            yield 10071
        return
    if rates is None:
        if document["ImpNeto"] > 0:
            yield 10070
        if document["ImpIVA"] > 0:
            yield 10018
        return
    if not rates:
        yield 10018
        return
    yield from _each_rate(rates, document, context)
    if not close(document["ImpIVA"], sum(one["Importe"] for one in rates), len(rates)):
        yield 10023
    relaxed = context.kind.id in RELAXED
    if not relaxed and not close(document["ImpNeto"], sum(one["BaseImp"] for one in rates), len(rates)):
        yield 10061


def _each_rate(rates: list[dict[str, Any]], document: dict[str, Any], context: Context) -> Iterator[int]:
    relaxed = context.kind.id in RELAXED
    if document["ImpIVA"] == 0 and any(one["Id"] != ZERO_RATE for one in rates):
        yield 10018
    if len({one["Id"] for one in rates}) < len(rates):
        yield 10022
    for one in rates:
        rate, base, amount = RATES.get(one["Id"]), one["BaseImp"], one["Importe"]
        if _too_long(base) or _too_long(amount):
            yield 10056
            continue
        if rate is None and not (relaxed and one["Id"] == 0):
            yield 10019
        if base <= 0 and not relaxed:
            yield 10020
        if amount < 0 and not relaxed:
            yield 10021
        if rate is not None and not relaxed and not close(amount, (base * rate).quantize(CENT, ROUND_HALF_EVEN)):
            yield 10051


def check_tributes(document: dict[str, Any], context: Context) -> Iterator[int]:
    """The array of tributes against their sum."""
    tributes = document["Tributos"]
    if tributes is None:
        if document["ImpTrib"] > 0:
            yield 10024
        return
    if not tributes or document["ImpTrib"] == 0:
        yield 10024
        return
    for one in tributes:
        yield from _tribute(one, context)
    if not close(document["ImpTrib"], sum(one["Importe"] for one in tributes), len(tributes)):
        yield 10029


def _tribute(one: dict[str, Any], context: Context) -> Iterator[int]:
    if one["Id"] not in TRIBUTES:
        yield 10025
    if one["BaseImp"] < 0:
        yield 10026
    if one["Alic"] < 0:
        yield 10027
    if one["Importe"] < 0:
        yield 10028
    if not (one["Desc"] or "").strip() and (one["Id"] == 99 or context.kind.fce):
        yield 10042
    if _too_long(one["BaseImp"]) or _too_long(one["Importe"]) or _too_long(one["Alic"], Decimal(1000)):
        yield 10056
