"""Rules of the payment's envelope and complement (CRP20101 to 20277)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lxml import etree

from modules.einvoice_mx import catalogs
from modules.einvoice_mx.simulator.rules.reading import CFDI, PAGO, cents, in_tax, number, total, written

ENVELOPE = {"Exportacion": ("01", "CRP20102"), "SubTotal": ("0", "CRP20103"), "Moneda": ("XXX", "CRP20104"),
            "Total": ("0", "CRP20110")}
FORBIDDEN = {"FormaPago": "CRP20105", "MetodoPago": "CRP20106", "CondicionesDePago": "CRP20107",
             "Descuento": "CRP20108", "TipoCambio": "CRP20109"}
CONCEPT = {"ClaveProdServ": ("84111506", "CRP20113"), "Cantidad": ("1", "CRP20115"),
           "ClaveUnidad": ("ACT", "CRP20116"), "Descripcion": ("Pago", "CRP20118"),
           "ValorUnitario": ("0", "CRP20119"), "Importe": ("0", "CRP20120"), "ObjetoImp": ("01", "CRP20122")}
CONCEPT_FORBIDDEN = {"NoIdentificacion": "CRP20114", "Unidad": "CRP20117", "Descuento": "CRP20121"}
UNBANKED = {"RfcEmisorCtaOrd": "CRP20221", "CtaOrdenante": "CRP20224", "RfcEmisorCtaBen": "CRP20227",
            "CtaBeneficiario": "CRP20228"}
WITHHELD = {"002": ("TotalRetencionesIVA", "CRP20201"), "001": ("TotalRetencionesISR", "CRP20202"),
            "003": ("TotalRetencionesIEPS", "CRP20203")}
CHARGED = {Decimal("0.16"): ("IVA16", "CRP20204", "CRP20205"), Decimal("0.08"): ("IVA8", "CRP20206", "CRP20207"),
           Decimal(0): ("IVA0", "CRP20208", "CRP20209")}


def broken(document: etree._Element) -> Iterator[str]:
    """The codes of the rules that a payment breaks."""
    yield from _fixed(document, ENVELOPE, FORBIDDEN)
    concepts = document.findall(f"{CFDI}Conceptos/{CFDI}Concepto")
    if len(concepts) != 1:
        yield "CRP20111"
    for concept in concepts[:1]:
        yield from _fixed(concept, CONCEPT, CONCEPT_FORBIDDEN)
        if len(concept):
            yield "CRP20112"
    root = document.find(f"{CFDI}Complemento/{PAGO}Pagos")
    if root is None:
        yield "CRP20999"
        return
    payments = root.findall(f"{PAGO}Pago")
    for payment in payments:
        yield from _payment(payment)
    yield from _totals(root, payments)


def _fixed(node: etree._Element, values: dict[str, tuple[str, str]], forbidden: dict[str, str]) -> Iterator[str]:
    for name, (value, code) in values.items():
        if node.get(name) != value:
            yield code
    for name, code in forbidden.items():
        if node.get(name) is not None:
            yield code


def _payment(payment: etree._Element) -> Iterator[str]:
    form, currency, rate = (payment.get(name) for name in ("FormaDePagoP", "MonedaP", "TipoCambioP"))
    if form == "99":
        yield "CRP20212"
    if currency == "XXX":
        yield "CRP20213"
    if currency != "MXN" and rate is None:
        yield "CRP20214"
    if currency == "MXN" and (rate is None or number(payment, "TipoCambioP") != 1):
        yield "CRP20215"
    amount = number(payment, "Monto")
    doctos = payment.findall(f"{PAGO}DoctoRelacionado")
    if amount < cents(total(number(one, "ImpPagado") / number(one, "EquivalenciaDR") for one in doctos
                            if one.get("EquivalenciaDR"))):
        yield "CRP20217"
    if amount <= 0:
        yield "CRP20218"
    if written(payment.get("Monto")) > 2:
        yield "CRP20219"
    known = catalogs.forms().get(str(form))
    if known is not None and not known.banked:
        yield from (code for name, code in UNBANKED.items() if payment.get(name) is not None)
    for docto in doctos:
        yield from _docto(docto, str(currency))
    yield from _shares(payment, doctos)


def _docto(docto: etree._Element, currency: str) -> Iterator[str]:
    before, paid, after = (number(docto, name) for name in ("ImpSaldoAnt", "ImpPagado", "ImpSaldoInsoluto"))
    if docto.get("MonedaDR") == "XXX":
        yield "CRP20236"
    if docto.get("EquivalenciaDR") is None:
        yield "CRP20237"
    elif docto.get("MonedaDR") == currency and number(docto, "EquivalenciaDR") != 1:
        yield "CRP20238"
    for name, value, missing, too_long in (("ImpSaldoAnt", before, "CRP20239", "CRP20240"),
                                           ("ImpPagado", paid, "CRP20241", "CRP20242")):
        if value <= 0:
            yield missing
        if written(docto.get(name)) > 2:
            yield too_long
    if written(docto.get("ImpSaldoInsoluto")) > 2:
        yield "CRP20243"
    if after < 0 or after != before - paid:
        yield "CRP20244"
    taxes = docto.find(f"{PAGO}ImpuestosDR")
    if docto.get("ObjetoImpDR") == "02" and taxes is None:
        yield "CRP20246"
    if docto.get("ObjetoImpDR") != "02" and taxes is not None:
        yield "CRP20247"
    if taxes is not None:
        yield from _taxes(taxes)


def _taxes(taxes: etree._Element) -> Iterator[str]:
    if not len(taxes):
        yield "CRP20248"
    for one in taxes.iter(f"{PAGO}RetencionDR"):
        if number(one, "BaseDR") <= 0:
            yield "CRP20249"
        if not catalogs.rate_exists(str(one.get("ImpuestoDR")), number(one, "TasaOCuotaDR"), True):
            yield "CRP20253"
        if not in_tax(number(one, "ImporteDR"), str(one.get("BaseDR")), str(one.get("TasaOCuotaDR"))):
            yield "CRP20254"
    for one in taxes.iter(f"{PAGO}TrasladoDR"):
        yield from _charged(one)


def _charged(one: etree._Element) -> Iterator[str]:
    if number(one, "BaseDR") <= 0:
        yield "CRP20255"
    rate, importe = one.get("TasaOCuotaDR"), one.get("ImporteDR")
    if one.get("TipoFactorDR") == "Exento":
        if rate is not None or importe is not None:
            yield "CRP20258"
    elif rate is None or importe is None:
        yield "CRP20259"
    else:
        if not catalogs.rate_exists(str(one.get("ImpuestoDR")), Decimal(rate), False):
            yield "CRP20260"
        if not in_tax(number(one, "ImporteDR"), str(one.get("BaseDR")), rate):
            yield "CRP20261"


def _key(node: etree._Element, end: str) -> tuple[str, str, str]:
    return str(node.get(f"Impuesto{end}")), str(node.get(f"TipoFactor{end}")), str(node.get(f"TasaOCuota{end}"))


def _shares(payment: etree._Element, doctos: list[etree._Element]) -> Iterator[str]:
    """The taxes of the payment are the sums of its invoices', to the last decimal but rounding."""
    withheld = payment.findall(f".//{PAGO}RetencionP")
    kinds = [one.get("ImpuestoP") for one in withheld]
    if len(set(kinds)) < len(kinds):
        yield "CRP20263"
    for one in withheld:
        parts = _parts(doctos, "RetencionDR", lambda node, one=one: node.get("ImpuestoDR") == one.get("ImpuestoP"))
        if not _close(number(one, "ImporteP"), total(number(part, "ImporteDR") / rate for part, rate in parts)):
            yield "CRP20265"
    charged = payment.findall(f".//{PAGO}TrasladoP")
    keys = [_key(one, "P") for one in charged]
    if len(set(keys)) < len(keys):
        yield "CRP20271"
    for one in charged:
        parts = _parts(doctos, "TrasladoDR", lambda node, one=one: _key(node, "DR") == _key(one, "P"))
        if not _close(number(one, "BaseP"), total(number(part, "BaseDR") / rate for part, rate in parts)):
            yield "CRP20268"
        if not _close(number(one, "ImporteP"), total(number(part, "ImporteDR") / rate for part, rate in parts)):
            yield "CRP20274"
    if any(docto.find(f"{PAGO}ImpuestosDR") is not None for docto in doctos) and not (withheld or charged):
        yield "CRP20268"


def _parts(doctos: list[etree._Element], name: str, wanted) -> list[tuple[etree._Element, Decimal]]:  # type: ignore[no-untyped-def]
    return [(node, number(docto, "EquivalenciaDR") or Decimal(1)) for docto in doctos
            for node in docto.iter(f"{PAGO}{name}") if wanted(node)]


def _close(given: Decimal, computed: Decimal) -> bool:
    return abs(given - computed) <= Decimal("0.000002")


def _totals(root: etree._Element, payments: list[etree._Element]) -> Iterator[str]:
    totals = root.find(f"{PAGO}Totales")
    if totals is None:
        yield "CRP20999"
        return

    def in_pesos(path: str, name: str, wanted) -> tuple[bool, Decimal]:  # type: ignore[no-untyped-def]
        found = [(node, number(payment, "TipoCambioP")) for payment in payments
                 for node in payment.iter(f"{PAGO}{path}") if wanted(node)]
        return bool(found), cents(total(number(node, name) * rate for node, rate in found))

    for kind, (name, code) in WITHHELD.items():
        there, value = in_pesos("RetencionP", "ImporteP", lambda node, kind=kind: node.get("ImpuestoP") == kind)
        yield from _agrees(totals, name, code, there, value, "CRP20264")
    for rate, (name, base_code, tax_code) in CHARGED.items():
        def wanted(node: etree._Element, rate: Decimal = rate) -> bool:
            return node.get("ImpuestoP") == "002" and node.get("TasaOCuotaP") is not None and number(
                node, "TasaOCuotaP") == rate
        for prefix, attribute, code, missing in (("TotalTrasladosBase", "BaseP", base_code, "CRP20267"),
                                                 ("TotalTrasladosImpuesto", "ImporteP", tax_code, "CRP20273")):
            yield from _agrees(totals, prefix + name, code, *in_pesos("TrasladoP", attribute, wanted), missing)
    there, value = in_pesos("TrasladoP", "BaseP", lambda node: (node.get("ImpuestoP"), node.get("TipoFactorP"))
                            == ("002", "Exento"))
    yield from _agrees(totals, "TotalTrasladosBaseIVAExento", "CRP20210", there, value, "CRP20267")
    if number(totals, "MontoTotalPagos") != cents(total(number(one, "Monto") * number(one, "TipoCambioP")
                                                        for one in payments)):
        yield "CRP20211"


def _agrees(totals: etree._Element, name: str, code: str, there: bool, value: Decimal, missing: str) -> Iterator[str]:
    if there and totals.get(name) is None:
        yield missing
    elif number(totals, name) != value:
        yield code
