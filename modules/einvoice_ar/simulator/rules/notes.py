"""Associated documents and periods of credit and debit notes (reference, 2.7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from modules.einvoice_ar.simulator.detail import Context, day, issue_date
from modules.einvoice_ar.simulator.register import valid_cuit

ALLOWED: dict[int, frozenset[int]] = {
    **dict.fromkeys((2, 3), frozenset({1, 2, 3, 4, 5, 34, 39, 60, 63})),
    **dict.fromkeys((7, 8), frozenset({6, 7, 8, 9, 10, 35, 40, 61, 64})),
    **dict.fromkeys((12, 13), frozenset({11, 12, 13, 15})),
    **dict.fromkeys((52, 53), frozenset({51, 52, 53, 54})),
    **dict.fromkeys((202, 203), frozenset({201, 202, 203})),
    **dict.fromkeys((207, 208), frozenset({206, 207, 208})),
    **dict.fromkeys((212, 213), frozenset({211, 212, 213})),
}
# delivery notes, which an invoice may name
DELIVERY, MEAT_DELIVERY = frozenset({88, 91, 990, 991, 993, 994}), 995
BEGINNING = dt.date(2006, 1, 1)
# income tax withholding and the like: perceptions among the tributes
PERCEPTIONS = {5, 6, 7, 8, 9, 13}


def check(document: dict[str, Any], context: Context) -> Iterator[int]:
    """References of notes; an invoice has no period."""
    associated, period = document["CbtesAsoc"], document["PeriodoAsoc"]
    if context.kind.note:
        if associated is None and period is None:
            yield 10153 if context.kind.fce else 10197
    elif period is not None:
        yield 10198
    if associated is not None:
        if not associated:
            yield 10062
        keys = {(one["Tipo"], one["PtoVta"], one["Nro"], one["Cuit"]) for one in associated}
        if len(keys) < len(associated):
            yield 10060
        for one in associated:
            yield from _associated(one, document, context)
        yield from _above(associated, document, context)
    if period is not None:
        yield from _period(period, document, context)


def _associated(one: dict[str, Any], document: dict[str, Any], context: Context) -> Iterator[int]:
    if one["Tipo"] <= 0:
        yield 10057
    elif one["Tipo"] == MEAT_DELIVERY and not context.kind.note:
        yield 10120
    elif one["Tipo"] not in ALLOWED.get(context.kind.id, DELIVERY):
        yield 10040
    if not 1 <= one["PtoVta"] <= 99998:
        yield 10058
    if not 1 <= one["Nro"] <= 99_999_999:
        yield 10059
    if one["Cuit"] and not valid_cuit(one["Cuit"]):
        yield 10151
    if one["CbteFch"] and day(one["CbteFch"]) is None:
        yield 10213
    if one["Tipo"] in ALLOWED.get(context.kind.id, frozenset()):
        yield from _registered(one, document, context)


def _registered(one: dict[str, Any], document: dict[str, Any], context: Context) -> Iterator[int]:
    """Electronic ones must be here and not later than the month of the note; others need their date."""
    cuit, date = one["Cuit"] or context.cuit, issue_date(document, context)
    if not context.electronic(cuit, one["PtoVta"]):
        if not one["CbteFch"]:
            yield 10211
        elif (day(one["CbteFch"]) or context.today) > context.today:
            yield 10212
        return
    found = context.registered(cuit, one["PtoVta"], one["Tipo"], one["Nro"])
    if found is None and not context.kind.fce:
        yield 10041
    other = day(found["date"]) if found is not None else day(one["CbteFch"])
    if other and date and other > date and (other.year, other.month) != (date.year, date.month):
        yield 10210


def _above(associated: list[dict[str, Any]], document: dict[str, Any], context: Context) -> Iterator[int]:
    """A credit above what it credits is observed."""
    if not context.kind.credit or context.kind.fce:
        return
    found = [context.registered(one["Cuit"] or context.cuit, one["PtoVta"], one["Tipo"], one["Nro"])
             for one in associated]
    if found and all(found) and document["ImpTotal"] > sum(Decimal(one["total"]) for one in found):
        yield 10237


def _period(period: dict[str, Any], document: dict[str, Any], context: Context) -> Iterator[int]:
    if context.kind.fce:
        yield 10196
    first, last = day(period["FchDesde"]), day(period["FchHasta"])
    for text, found, missing, invalid in ((period["FchDesde"], first, 10199, 10204),
                                          (period["FchHasta"], last, 10203, 10205)):
        if not text:
            yield missing
        elif found is None:
            yield invalid
    if first is None or last is None:
        return
    date = issue_date(document, context)
    if first <= BEGINNING or last <= BEGINNING:
        yield 10206
    if last < first:
        yield 10207
    if date and last > date:
        yield 10208
    perceptions = any(one["Id"] in PERCEPTIONS for one in document["Tributos"] or ())
    if perceptions and (first.year, first.month) != (last.year, last.month):
        yield 10209
