"""Rules of the Comprobante, its global information, its issuer and its receiver (CFDI40101 to 40161)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from modules.einvoice_mx import catalogs
from modules.einvoice_mx.catalogs import FOREIGN, NATIONAL, NO_OBLIGATIONS
from modules.einvoice_mx.simulator.rules.reading import CFDI, cents, number, total, written

EVERYBODY = "PUBLICO EN GENERAL"


def broken(document: etree._Element) -> Iterator[str]:
    """The codes of the rules that a document breaks."""
    yield from _payment(document)
    yield from _amounts(document)
    yield from _currency(document)
    yield from _global(document)
    yield from _parties(document)


def _payment(document: etree._Element) -> Iterator[str]:
    kind, form, method = (document.get(name) for name in ("TipoDeComprobante", "FormaPago", "MetodoPago"))
    if form is not None and kind in ("T", "N", "P"):
        yield "CFDI40103"
    if form is not None and form not in catalogs.forms():
        yield "CFDI40104"
    if method == "PPD" and form != "99":
        yield "CFDI40105"
    if method is not None and kind in ("T", "P"):
        yield "CFDI40125"
    if document.get("Exportacion") == "02":
        yield "CFDI40122"
    for node in document.findall(f"{CFDI}CfdiRelacionados"):
        if node.get("TipoRelacion") not in catalogs.relations():
            yield "CFDI40137"


def _amounts(document: etree._Element) -> Iterator[str]:
    kind = document.get("TipoDeComprobante")
    subtotal, discount = number(document, "SubTotal"), number(document, "Descuento")
    lines = document.findall(f"{CFDI}Conceptos/{CFDI}Concepto")
    if kind in ("T", "P"):
        if subtotal != 0:
            yield "CFDI40109"
    else:
        if written(document.get("SubTotal")) > 2:
            yield "CFDI40107"
        if subtotal != cents(total(number(line, "Importe") for line in lines)):
            yield "CFDI40108"
    if discount > subtotal:
        yield "CFDI40110"
    has = document.get("Descuento") is not None
    if has != any(line.get("Descuento") is not None for line in lines) or (has and kind in ("T", "P")):
        yield "CFDI40111"
    if written(document.get("Descuento")) > 2:
        yield "CFDI40112"
    taxes = document.find(f"{CFDI}Impuestos")
    added = number(taxes, "TotalImpuestosTrasladados") if taxes is not None else 0
    withheld = number(taxes, "TotalImpuestosRetenidos") if taxes is not None else 0
    if number(document, "Total") != subtotal - discount + added - withheld:
        yield "CFDI40119"


def _currency(document: etree._Element) -> Iterator[str]:
    currency, rate = document.get("Moneda"), document.get("TipoCambio")
    if currency == "MXN" and rate is not None and number(document, "TipoCambio") != 1:
        yield "CFDI40114"
    if currency not in ("MXN", "XXX") and rate is None:
        yield "CFDI40115"
    if currency == "XXX" and rate is not None:
        yield "CFDI40116"


def _global(document: etree._Element) -> Iterator[str]:
    node, receiver = document.find(f"{CFDI}InformacionGlobal"), document.find(f"{CFDI}Receptor")
    is_everybody = receiver is not None and receiver.get("Nombre") == EVERYBODY
    rfc = receiver.get("Rfc") if receiver is not None else ""
    if is_everybody and rfc != NATIONAL:
        yield "CFDI40146"
    # the SAT's code of a global invoice without its node is not known for sure; this one is the nearest
    if (node is None) == (is_everybody and rfc == NATIONAL and document.get("TipoDeComprobante") == "I"):
        yield "CFDI40130"
    if node is None:
        return
    period, months = node.get("Periodicidad"), node.get("Meses") or ""
    issuer = document.find(f"{CFDI}Emisor")
    if period == "05" and (issuer is None or issuer.get("RegimenFiscal") != "621"):
        yield "CFDI40132"
    if period != "05" and months > "12":
        yield "CFDI40134"
    if period == "05" and months < "13":
        yield "CFDI40135"
    year = int(str(document.get("Fecha"))[:4])
    if node.get("Año") not in (str(year), str(year - 1)):
        yield "CFDI40136"


def _parties(document: etree._Element) -> Iterator[str]:
    issuer, receiver = document.find(f"{CFDI}Emisor"), document.find(f"{CFDI}Receptor")
    if issuer is None or receiver is None:
        return
    regime = catalogs.regimes().get(str(issuer.get("RegimenFiscal")))
    if regime is None:
        yield "CFDI40140"
    elif not regime.fits(str(issuer.get("Rfc"))):
        yield "CFDI40141"
    yield from _receiver(document, receiver)


def _receiver(document: etree._Element, receiver: etree._Element) -> Iterator[str]:
    rfc, said = str(receiver.get("Rfc")), str(receiver.get("RegimenFiscalReceptor"))
    generic = rfc in (NATIONAL, FOREIGN)
    if generic and receiver.get("DomicilioFiscalReceptor") != document.get("LugarExpedicion"):
        yield "CFDI40149"
    if rfc != FOREIGN and receiver.get("ResidenciaFiscal") is not None:
        yield "CFDI40151"
    regime = catalogs.regimes().get(said)
    if regime is None:
        yield "CFDI40157"
        return
    if generic and said != NO_OBLIGATIONS:
        yield "CFDI40159"
    if not regime.fits(rfc):
        yield "CFDI40158"
    use = catalogs.uses().get(str(receiver.get("UsoCFDI")))
    if use is None:
        yield "CFDI40160"
    elif not use.fits(rfc, said):
        yield "CFDI40161"
