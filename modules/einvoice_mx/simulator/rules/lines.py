"""Rules of the lines and of their taxes (CFDI40166 to 40186)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from modules.einvoice_mx import catalogs
from modules.einvoice_mx.simulator.rules.reading import CFDI, in_product, in_tax, number, written


def broken(document: etree._Element) -> Iterator[str]:
    """The codes of the rules that its lines break."""
    kind = document.get("TipoDeComprobante")
    for line in document.findall(f"{CFDI}Conceptos/{CFDI}Concepto"):
        yield from _line(line, str(kind))
        for node in line.findall(f"{CFDI}Impuestos/{CFDI}Traslados/{CFDI}Traslado"):
            yield from _traslado(node)
        for node in line.findall(f"{CFDI}Impuestos/{CFDI}Retenciones/{CFDI}Retencion"):
            yield from _retencion(node)


def _line(line: etree._Element, kind: str) -> Iterator[str]:
    importe = number(line, "Importe")
    if kind in ("I", "E", "N") and number(line, "ValorUnitario") <= 0:
        yield "CFDI40166"
    if kind != "P" and not in_product(importe, str(line.get("Cantidad")), str(line.get("ValorUnitario"))):
        yield "CFDI40167"
    if line.get("Descuento") is not None:
        if written(line.get("Descuento")) > written(line.get("Importe")):
            yield "CFDI40168"
        if number(line, "Descuento") > importe:
            yield "CFDI40169"
    taxes, subject = line.find(f"{CFDI}Impuestos"), line.get("ObjetoImp")
    if subject == "02" and taxes is None:
        yield "CFDI40171"
    if subject in ("01", "03", "04", "05") and taxes is not None:
        yield "CFDI40172"
    if taxes is not None and not len(taxes):
        yield "CFDI40173"


def _traslado(node: etree._Element) -> Iterator[str]:
    if number(node, "Base") <= 0:
        yield "CFDI40174"
    rate, importe = node.get("TasaOCuota"), node.get("Importe")
    if node.get("TipoFactor") == "Exento":
        if rate is not None or importe is not None:
            yield "CFDI40177"
        return
    if rate is None or importe is None:
        yield "CFDI40178"
        return
    if not catalogs.rate_exists(str(node.get("Impuesto")), Decimal(rate), False):
        yield "CFDI40179"
    if not in_tax(number(node, "Importe"), str(node.get("Base")), rate):
        yield "CFDI40180"


def _retencion(node: etree._Element) -> Iterator[str]:
    if number(node, "Base") <= 0:
        yield "CFDI40181"
    if node.get("TipoFactor") == "Exento":
        yield "CFDI40184"
        return
    rate = str(node.get("TasaOCuota"))
    if not catalogs.rate_exists(str(node.get("Impuesto")), Decimal(rate), True):
        yield "CFDI40185"
    if not in_tax(number(node, "Importe"), str(node.get("Base")), rate):
        yield "CFDI40186"
