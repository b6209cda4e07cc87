"""Complemento para recepción de pagos 2.0: one payment and the invoices that it pays, as the SAT wants it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lxml import etree

from modules.accounting.totals import EXEMPT, VAT, ZERO, TaxTotal, Totals
from modules.einvoice_mx.amounts import EXENTO, TASA, Tributo
from modules.einvoice_mx.catalogs import ACTIVITY, BILLING, CODES
from modules.einvoice_mx.findings import cents, for_xml, money, plain, precise, six
from modules.einvoice_mx.schema import PAGO

CONCEPT = {"ClaveProdServ": BILLING, "Cantidad": "1", "ClaveUnidad": ACTIVITY, "Descripcion": "Pago",
           "ValorUnitario": "0", "Importe": "0", "ObjetoImp": "01"}
# attributes of Pago that name accounts, only of banked forms; the SAT's codes where they are not (of a name: none)
ACCOUNTS = {"RfcEmisorCtaOrd": "CRP20221", "NomBancoOrdExt": "", "CtaOrdenante": "CRP20224",
            "RfcEmisorCtaBen": "CRP20227", "CtaBeneficiario": "CRP20228"}
# IVA of these rates has totals of its own; transferred IEPS has none
IVA_TOTALS = {Decimal(16): "IVA16", Decimal(8): "IVA8", Decimal(0): "IVA0"}
_TOTALS = ("TotalRetencionesIVA", "TotalRetencionesISR", "TotalRetencionesIEPS", "TotalTrasladosBaseIVA16",
           "TotalTrasladosImpuestoIVA16", "TotalTrasladosBaseIVA8", "TotalTrasladosImpuestoIVA8",
           "TotalTrasladosBaseIVA0", "TotalTrasladosImpuestoIVA0", "TotalTrasladosBaseIVAExento")


# EquivalenciaDR of an invoice in the payment's currency, beside those in others
ONE_OF_MANY = "1.0000000000"


@dataclass(frozen=True)
class Docto:
    """An invoice that is paid: amounts of its own currency; `tributos` are of the part that is paid."""

    uuid: str
    series: str
    folio: str
    currency: str
    # units of its currency for one of the payment's
    equivalence: Decimal
    instalment: int
    before: Decimal
    paid: Decimal
    tributos: tuple[Tributo, ...]
    # ObjetoImpDR; "" where its taxes say it
    tax_object: str = ""

    @property
    def after(self) -> Decimal:
        return self.before - self.paid


@dataclass(frozen=True)
class Payment:
    """A payment as it was received."""

    date: dt.datetime
    form: str
    currency: str
    # pesos for one of its currency
    rate: Decimal
    amount: Decimal
    doctos: tuple[Docto, ...]
    accounts: Mapping[str, str] = field(default_factory=dict)

    def tributos(self) -> list[Tributo]:
        """The taxes of all its invoices, one per kind and rate, in the payment's currency."""
        found: dict[tuple[Any, ...], Tributo] = {}
        for docto in self.doctos:
            for one in docto.tributos:
                base, importe = one.base / docto.equivalence, (one.importe or ZERO) / docto.equivalence
                before = found.get((one.tax.withheld, *one.key))
                if before is not None:
                    base, importe = base + before.base, importe + (before.importe or ZERO)
                found[(one.tax.withheld, *one.key)] = Tributo(
                    one.tax, six(base), None if one.importe is None else six(importe))
        return list(found.values())


def totals_attributes(payment: Payment) -> dict[str, str]:
    """Totales, in pesos; rounded only here."""
    found: dict[str, Decimal] = {}
    for one in payment.tributos():
        base, importe = one.base * payment.rate, (one.importe or ZERO) * payment.rate
        if one.tax.withheld:
            name = {"VAT": "IVA", "ISR": "ISR", "IEPS": "IEPS"}[one.tax.code]
            found[f"TotalRetenciones{name}"] = importe
        elif one.tax.code == VAT and one.importe is None:
            found["TotalTrasladosBaseIVAExento"] = base
        elif one.tax.code == VAT and one.tax.rate in IVA_TOTALS:
            found[f"TotalTrasladosBase{IVA_TOTALS[one.tax.rate]}"] = base
            found[f"TotalTrasladosImpuesto{IVA_TOTALS[one.tax.rate]}"] = importe
    ordered = {name: money(cents(found[name])) for name in _TOTALS if name in found}
    return ordered | {"MontoTotalPagos": money(cents(payment.amount * payment.rate))}


def element(payment: Payment) -> etree._Element:
    """pago20:Pagos."""
    root = etree.Element(f"{{{PAGO}}}Pagos", nsmap={"pago20": PAGO})
    root.set("Version", "2.0")
    _add(root, "Totales", totals_attributes(payment))
    node = _add(root, "Pago", {
        "FechaPago": payment.date.strftime("%Y-%m-%dT%H:%M:%S"), "FormaDePagoP": payment.form,
        "MonedaP": payment.currency, "TipoCambioP": plain(payment.rate), "Monto": money(payment.amount),
        **{name: payment.accounts[name] for name in ("NumOperacion", *ACCOUNTS) if name in payment.accounts}})
    mixed = len({docto.currency for docto in payment.doctos}) > 1
    for docto in payment.doctos:
        _docto_element(node, docto, mixed)
    _taxes(node, "P", payment.tributos())
    return root


def _docto_element(node: etree._Element, docto: Docto, mixed: bool) -> None:
    """An invoice; where there are some in other currencies too, a one has ten decimals (CRP20277)."""
    equivalence = ONE_OF_MANY if mixed and docto.equivalence == 1 else plain(docto.equivalence)
    made = _add(node, "DoctoRelacionado", {
        "IdDocumento": docto.uuid, "Serie": docto.series, "Folio": docto.folio, "MonedaDR": docto.currency,
        "EquivalenciaDR": equivalence, "NumParcialidad": str(docto.instalment),
        "ImpSaldoAnt": money(docto.before), "ImpPagado": money(docto.paid), "ImpSaldoInsoluto": money(docto.after),
        "ObjetoImpDR": docto.tax_object or ("02" if docto.tributos else "01")})
    _taxes(made, "DR", docto.tributos)


def _taxes(node: etree._Element, end: str, tributos: Iterable[Tributo]) -> None:
    """ImpuestosDR or ImpuestosP: Retenciones first; those of a Pago have no base."""
    wanted = list(tributos)
    if not wanted:
        return
    parent = _add(node, f"Impuestos{end}")
    for names, withheld in ((("Retenciones", "Retencion"), True), (("Traslados", "Traslado"), False)):
        group = [one for one in wanted if one.tax.withheld == withheld]
        place = _add(parent, names[0] + end) if group else parent
        for one in group:
            _add(place, names[1] + end, _tax(one, end))


def _tax(one: Tributo, end: str) -> dict[str, str]:
    importe = {f"Importe{end}": precise(one.importe)} if one.importe is not None else {}
    if one.tax.withheld and end == "P":
        return {"ImpuestoP": one.impuesto} | importe
    rate = {f"TasaOCuota{end}": f"{one.rate:.6f}"} if one.rate is not None else {}
    return {f"Base{end}": precise(one.base), f"Impuesto{end}": one.impuesto,
            f"TipoFactor{end}": EXENTO if one.rate is None else TASA} | rate | importe


def _add(parent: etree._Element, name: str, attributes: Mapping[str, str] | None = None) -> etree._Element:
    node = etree.SubElement(parent, f"{{{PAGO}}}{name}")
    for key, value in (attributes or {}).items():
        if value:
            node.set(key, for_xml(value))
    return node


def totals(payment: Payment) -> Totals:
    """The payment as accounting shows documents: what was received, and the taxes of what it pays."""
    taxes = [TaxTotal(CODES[one.impuesto], one.tax.rate, cents(one.base), cents(one.importe), withheld=one.tax.withheld)
             for one in payment.tributos() if one.importe is not None]
    exempt = cents(sum((one.base for one in payment.tributos() if one.tax.category == EXEMPT), ZERO))
    withheld = sum((tax.amount for tax in taxes if tax.withheld), ZERO)
    added = sum((tax.amount for tax in taxes if not tax.withheld), ZERO)
    net = payment.amount + withheld - added - exempt
    return Totals(net, ZERO, exempt, ZERO, taxes, withheld, payment.amount, [])
