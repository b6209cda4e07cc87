"""Factura de Crédito Electrónica MiPyMEs (reference, 3.6): only what differs from an ordinary document."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from modules.einvoice_ar.simulator.detail import Context, day, issue_date
from modules.einvoice_ar.simulator.register import NOT_CATEGORISED

CBU, ALIAS, CANCELS, TRANSFER = "2101", "2102", "22", "27"
TAXED = {"A": {"RI", "MO", "MS"}, "B": {"EX", "NONE"}, "C": {"RI", "MO", "MS", "EX", "NONE"}}


def check(document: dict[str, Any], context: Context) -> Iterator[int]:
    """Nothing for other types."""
    if not context.kind.fce:
        return
    values = {one["Id"]: one["Valor"] or "" for one in document["Opcionales"] or ()}
    yield from _optionals(document, values, context)
    yield from _receiver(document, context)
    if context.kind.note:
        yield from _note(document, values, context)
    else:
        yield from _due(document, context)


def _optionals(document: dict[str, Any], values: dict[str, str], context: Context) -> Iterator[int]:
    if document["Opcionales"] is None:
        yield 10162
        return
    if not {CBU, CANCELS, TRANSFER} & set(values):
        yield 10170
    if CBU in values and not (len(values[CBU]) == 22 and values[CBU].isdecimal()):
        yield 10165
    if CANCELS in values and values[CANCELS] not in {"S", "N"}:
        yield 10167
    if TRANSFER in values:
        if len(values[TRANSFER]) != 3:
            yield 10214
        if values[TRANSFER] not in {"SCA", "ADC"}:
            yield 10215
    if context.kind.note:
        if {CBU, ALIAS, TRANSFER} & set(values):
            yield 10172
        if CANCELS not in values:
            yield 10173
        return
    if CBU not in values:
        yield 10168
    if CANCELS in values:
        yield 10171
    if TRANSFER not in values:
        yield 10216


def _receiver(document: dict[str, Any], context: Context) -> Iterator[int]:
    if str(document["DocNro"]) == NOT_CATEGORISED:
        yield 10178
        return
    person = context.find(str(document["DocNro"]))
    if person is None:
        return
    if not person.active:
        yield 10176
    if person.condition not in TAXED[context.group]:
        yield 10177
    if not person.electronic_domicile:
        yield 10161
    if not person.large:
        yield 10180


def _due(document: dict[str, Any], context: Context) -> Iterator[int]:
    due, date = day(document["FchVtoPago"]), issue_date(document, context)
    if not document["FchVtoPago"]:
        yield 10163
    elif due and (due < context.today or (date and due < date)):
        yield 10164


def _note(document: dict[str, Any], values: dict[str, str], context: Context) -> Iterator[int]:
    cancels, associated = values.get(CANCELS) == "S", document["CbtesAsoc"] or []
    if document["FchVtoPago"] and not cancels:
        yield 10175
    if not cancels and len(associated) != 1:
        yield 10156
    for one in associated:
        yield from _original(one, document, cancels, context)


def _original(one: dict[str, Any], document: dict[str, Any], cancels: bool, context: Context) -> Iterator[int]:
    date, given = issue_date(document, context), day(one["CbteFch"])
    if not one["Cuit"]:
        yield 10151
    elif one["Cuit"] != context.cuit:
        yield 10155
    if not one["CbteFch"]:
        yield 10158
    elif given and date and given > date:
        yield 10159
    found = context.registered(context.cuit, one["PtoVta"], one["Tipo"], one["Nro"])
    if found is None or found["date"] != one["CbteFch"]:
        yield 10160
        return
    if found["doc_number"] != document["DocNro"]:
        yield 10183
    if context.kind.credit and not cancels and document["ImpTotal"] >= Decimal(found["total"]):
        yield 10184
