"""Number, receiver, his condition, and whether this issuer may use this point of sale (reference, 2.3, 3.2, 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from modules.einvoice_ar.simulator.detail import Context, in_pesos
from modules.einvoice_ar.simulator.register import CAE_KINDS, NOT_CATEGORISED, Taxpayer, valid_cuit
from modules.einvoice_ar.simulator.tables import ALL_CONDITIONS, CONDITIONS, IDENTITIES

CUIT, FINANCIAL, NOBODY = 80, 31, 99
REGISTERED = {80, 86, 87}
TOP_NUMBER = 99_999_999
UNCATEGORISED_TRIBUTE = 13
INVOICES = {1, 6, 11, 51}


def check(document: dict[str, Any], context: Context) -> Iterator[int]:
    """Everything about numbers and the receiver."""
    yield from _numbers(document, context)
    if context.issuer and context.is_c and context.issuer.condition == "EX" and context.point.kind != CAE_KINDS["EX"]:
        yield 10096
    yield from _identity(document, context)
    yield from _condition(document, context)
    if document["DocTipo"] in REGISTERED and document["DocNro"] > 0:
        yield from _in_register(document, context)
    if document["Compradores"] is not None:
        if context.is_c or context.kind.fce or context.group == "49":
            yield 10134
        if document["Concepto"] != 1:
            yield 10150


def _numbers(document: dict[str, Any], context: Context) -> Iterator[int]:
    first, last = document["CbteDesde"], document["CbteHasta"]
    if not 1 <= first <= TOP_NUMBER:
        yield 10008
    if not 1 <= last <= TOP_NUMBER:
        yield 10010
    if first == last:
        return
    if context.group == "B" and not context.kind.fce:
        if last < first:
            yield 10011
        elif in_pesos(document) / (last - first + 1) >= context.config.threshold:
            yield 10014
        return
    yield 10012
    if context.is_c and not context.kind.fce:
        yield 10011


def _identity(document: dict[str, Any], context: Context) -> Iterator[int]:
    kind, number = document["DocTipo"], document["DocNro"]
    if kind == FINANCIAL:
        yield 10270
        return
    if context.is_a and kind != CUIT:
        yield 10013
        return
    if kind not in IDENTITIES or (context.kind.fce and kind != CUIT):
        yield 10015
    elif kind == NOBODY:
        single = document["CbteDesde"] == document["CbteHasta"]
        if number != 0 or (single and in_pesos(document) > context.config.threshold):
            yield 10015
    elif number <= 0:
        yield 10015
    if kind == CUIT and str(number) == context.cuit:
        yield 10069


def _condition(document: dict[str, Any], context: Context) -> Iterator[int]:
    condition = document["CondicionIVAReceptorId"]
    if not condition:
        required = context.config.testing or context.today >= context.config.condition_required_from
        yield 10246 if required else 10245
    elif condition not in ALL_CONDITIONS:
        yield 10242
    elif condition not in CONDITIONS[context.group]:
        yield 10243


def _in_register(document: dict[str, Any], context: Context) -> Iterator[int]:
    number = str(document["DocNro"])
    if number == NOT_CATEGORISED:
        yield from _not_categorised(document, context)
        return
    if not valid_cuit(number):
        yield 10284
        if context.group == "B":
            yield 10015
        return
    person = context.find(number)
    if person is not None:
        yield from _person(person, document, context)
    elif not context.config.testing:
        if context.group == "B":
            yield 10015
        elif document["DocTipo"] == CUIT:
            yield 10238


def _not_categorised(document: dict[str, Any], context: Context) -> Iterator[int]:
    """The conventional CUIT: B bears tribute 13."""
    if context.group != "B" or context.kind.fce:
        return
    if document["ImpTrib"] == 0:
        yield 10067
    elif all(one["Id"] != UNCATEGORISED_TRIBUTE for one in document["Tributos"] or ()):
        yield 10283


def _person(person: Taxpayer, document: dict[str, Any], context: Context) -> Iterator[int]:
    if not person.active:
        yield 10247
    if person.unreliable:
        yield 10248
    if person.apocryphal:
        yield 10195
    if person.deceased:
        yield 10249
    if context.is_a and person.condition in {"MO", "MS"}:
        yield 10217
    if context.is_a and person.condition in {"NONE", "EX"}:
        yield 10063
    if person.large and context.kind.id in INVOICES:
        yield 10192 if in_pesos(document) >= context.config.fce_minimum else 10188
