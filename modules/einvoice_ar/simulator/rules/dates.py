"""The document's date, the period of the service, when payment is due (reference, 2.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from modules.einvoice_ar.simulator.detail import Context, day, issue_date

PRODUCTS = 1
CONCEPTS = {1, 2, 3}
SERVICE = ("FchServDesde", "FchServHasta", "FchVtoPago")
# code of each of the three where it is missing and another is there
MISSING = (10031, 10033, 10035)


def check(document: dict[str, Any], context: Context) -> Iterator[int]:
    """Concept, window of CbteFch, service dates."""
    if document["Concepto"] not in CONCEPTS:
        yield 10030
    date = issue_date(document, context)
    yield from _window(document, date, context)
    yield from _service(document, date, context)


def _window(document: dict[str, Any], date: dt.date | None, context: Context) -> Iterator[int]:
    if date is None:
        yield 10016
        return
    back, ahead = 10, 10
    if context.kind.fce:
        back, ahead = 5, 0 if context.kind.note else 1
    elif document["Concepto"] == PRODUCTS:
        back, ahead = 5, 5
    if not -back <= (date - context.today).days <= ahead:
        yield 10016
    products = document["Concepto"] == PRODUCTS or context.kind.fce
    if products and date > context.today and (date.year, date.month) != (context.today.year, context.today.month):
        yield 10152


def _service(document: dict[str, Any], date: dt.date | None, context: Context) -> Iterator[int]:
    texts = [document[name] or None for name in SERVICE]
    wanted = _wanted(document, context)
    if any(texts[index] for index in wanted):
        for index in wanted:
            if not texts[index]:
                yield MISSING[index]
    days = [day(text) for text in texts]
    bad = any(text and found is None for text, found in zip(texts, days, strict=True))
    if bad or (document["Concepto"] != PRODUCTS and not all(texts[index] for index in wanted)):
        yield 10049
    if days[0] and days[1] and days[0] > days[1]:
        yield 10032
    if days[2] and date and days[2] < date and not context.kind.fce:
        yield 10036


def _wanted(document: dict[str, Any], context: Context) -> tuple[int, ...]:
    """Which of the three belong together: credit invoices have rules of their own for FchVtoPago."""
    return (0, 1) if context.kind.fce else (0, 1, 2)
