"""Rules of the taxes of the whole document against those of its lines (CFDI40201 to 40221)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from modules.einvoice_mx.simulator.rules.reading import CFDI, cents, number, total, written

Key = tuple[str, str, Decimal | None]


def broken(document: etree._Element) -> Iterator[str]:
    """The codes of the rules that its sums break."""
    node = document.find(f"{CFDI}Impuestos")
    if node is None:
        return
    if document.get("TipoDeComprobante") in ("T", "P"):
        yield "CFDI40201"
    yield from _withheld(document, node)
    yield from _charged(document, node)


def _withheld(document: etree._Element, node: etree._Element) -> Iterator[str]:
    said, entries = node.get("TotalImpuestosRetenidos"), node.findall(f"{CFDI}Retenciones/{CFDI}Retencion")
    if written(said) > 2:
        yield "CFDI40202"
    if entries and said is None:
        yield "CFDI40206"
    if said is not None and number(node, "TotalImpuestosRetenidos") != total(
            number(one, "Importe") for one in entries):
        yield "CFDI40203"
    kinds = [str(one.get("Impuesto")) for one in entries]
    if len(set(kinds)) < len(kinds):
        yield "CFDI40208"
    lines = document.findall(f"{CFDI}Conceptos//{CFDI}Retencion")
    for one in entries:
        if written(one.get("Importe")) > 2:
            yield "CFDI40210"
        if number(one, "Importe") != cents(total(number(line, "Importe") for line in lines
                                                 if line.get("Impuesto") == one.get("Impuesto"))):
            yield "CFDI40211"
    if {str(line.get("Impuesto")) for line in lines} != set(kinds):
        yield "CFDI40211"


def _key(node: etree._Element) -> Key:
    rate = node.get("TasaOCuota")
    return str(node.get("Impuesto")), str(node.get("TipoFactor")), None if rate is None else Decimal(rate)


def _charged(document: etree._Element, node: etree._Element) -> Iterator[str]:
    said, entries = node.get("TotalImpuestosTrasladados"), node.findall(f"{CFDI}Traslados/{CFDI}Traslado")
    taxed = [one for one in entries if one.get("TipoFactor") != "Exento"]
    if written(said) > 2:
        yield "CFDI40204"
    if taxed and said is None:
        yield "CFDI40212"
    if said is not None and number(node, "TotalImpuestosTrasladados") != total(
            number(one, "Importe") for one in taxed):
        yield "CFDI40205"
    keys = [_key(one) for one in entries]
    if len(set(keys)) < len(keys):
        yield "CFDI40218"
    lines = document.findall(f"{CFDI}Conceptos//{CFDI}Traslado")
    if {_key(line) for line in lines} != set(keys):
        yield "CFDI40221"
    for one in entries:
        yield from _entry(one, [line for line in lines if _key(line) == _key(one)])


def _entry(one: etree._Element, lines: list[etree._Element]) -> Iterator[str]:
    exempt = one.get("TipoFactor") == "Exento"
    if exempt and (one.get("TasaOCuota") is not None or one.get("Importe") is not None):
        yield "CFDI40213"
    if written(one.get("Base")) > 2:
        yield "CFDI40214"
    if number(one, "Base") != cents(total(number(line, "Base") for line in lines)):
        yield "CFDI40216" if exempt else "CFDI40215"
    if written(one.get("Importe")) > 2:
        yield "CFDI40220"
    if not exempt and number(one, "Importe") != cents(total(number(line, "Importe") for line in lines)):
        yield "CFDI40221"
