"""Reading a CFDI: attributes as numbers with the decimals in which they are written."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from lxml import etree

CFDI, PAGO = "{http://www.sat.gob.mx/cfd/4}", "{http://www.sat.gob.mx/Pagos20}"
CENT, ZERO, NEARLY = Decimal("0.01"), Decimal(0), Decimal("1E-12")


def number(node: etree._Element, name: str) -> Decimal:
    """An attribute as a number; absent is nothing."""
    return Decimal(str(node.get(name) or 0))


def written(text: str | None) -> int:
    """How many decimals are written."""
    return len((text or "").partition(".")[2])


def half(places: int) -> Decimal:
    return Decimal(1).scaleb(-places) / 2


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def total(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)


def in_product(value: Decimal, first: str, second: str) -> bool:
    """Whether an Importe lies between the limits of Cantidad × ValorUnitario, as these are written."""
    one, two = Decimal(first), Decimal(second)
    n, m = half(written(first)), half(written(second))
    lowest = ((one - n) * (two - m)).quantize(CENT, ROUND_FLOOR)
    highest = ((one + n - NEARLY) * (two + m - NEARLY)).quantize(CENT, ROUND_CEILING)
    return lowest <= value <= highest


def in_tax(value: Decimal, base: str, rate: str) -> bool:
    """Whether a tax lies between the limits of Base × TasaOCuota, as the base is written."""
    given, margin = Decimal(base), half(written(base))
    lowest = ((given - margin) * Decimal(rate)).quantize(CENT, ROUND_FLOOR)
    highest = ((given + margin - NEARLY) * Decimal(rate)).quantize(CENT, ROUND_CEILING)
    return lowest <= value <= highest
