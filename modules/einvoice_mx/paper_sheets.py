"""Receipts of payment and global invoices as sheets: the printed representation (Anexo 20), read out of their XML.

The fiscal words are the SAT's and not translated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from lxml import etree

from core.errors import DomainError
from core.i18n import _
from core.models import Company
from core.scope import current_company
from modules.accounting import sheets
from modules.accounting.models.design import InvoiceDesign
from modules.accounting.print_data import Note, Row, Sheet, Total, page_size
from modules.accounting.print_data import money as shown
from modules.accounting.print_data import number as plain_number
from modules.einvoice_mx import catalogs, proofs, schema
from modules.einvoice_mx.legends import PRINTED
from modules.einvoice_mx.models import Stampable
from modules.einvoice_mx.proofs import attributes, named
from modules.einvoice_mx.schema import CFDI, PAGO

TITLES = {"P": "Recibo de pago", "I": "Factura global", "E": "Nota de crédito"}
TAXES = {"001": "ISR", "002": "IVA", "003": "IEPS"}
# attributes of Totales: how they are called on paper
TOTALS = {
    "TotalTrasladosBaseIVA16": "Base IVA 16 %", "TotalTrasladosImpuestoIVA16": "IVA 16 %",
    "TotalTrasladosBaseIVA8": "Base IVA 8 %", "TotalTrasladosImpuestoIVA8": "IVA 8 %",
    "TotalTrasladosBaseIVA0": "Base IVA 0 %", "TotalTrasladosImpuestoIVA0": "IVA 0 %",
    "TotalTrasladosBaseIVAExento": "Base IVA exento", "TotalRetencionesIVA": "IVA retenido",
    "TotalRetencionesISR": "ISR retenido", "TotalRetencionesIEPS": "IEPS retenido"}
ACCOUNTS = {"NumOperacion": "Número de operación:", "RfcEmisorCtaOrd": "RFC del banco ordenante:",
            "NomBancoOrdExt": "Banco ordenante:", "CtaOrdenante": "Cuenta ordenante:",
            "RfcEmisorCtaBen": "RFC del banco beneficiario:", "CtaBeneficiario": "Cuenta beneficiaria:"}


@dataclass(frozen=True)
class PaidRow:
    """An invoice that a payment pays, as it is printed."""

    folio: str
    uuid: str
    currency: str
    instalment: str
    before: str
    paid: str
    after: str
    tax_object: str
    # (tax, base, amount)
    taxes: list[tuple[str, str, str]]


@dataclass
class PaymentSheet(Sheet):
    """A receipt of payment: beside what every sheet has, the invoices that are paid and the taxes of the payment."""

    paid: list[PaidRow] = field(default_factory=list)
    # (tax, base, amount)
    payment_taxes: list[tuple[str, str, str]] = field(default_factory=list)
    payment_totals: list[Total] = field(default_factory=list)


@dataclass(frozen=True)
class Paper:
    """What all sheets of a company look like."""

    company: Company
    design: InvoiceDesign
    logo: str


def build(paper: Paper, row: Stampable) -> Sheet:
    """The sheet of one such document, in the language in use."""
    root = read(row)
    timbre = proofs.timbre_of(row.stamped_xml.encode()) if row.uuid else {}
    sheet = _payment(paper, root) if root.get("TipoDeComprobante") == "P" else _invoice(paper, root)
    sheet.legends, sheet.legal_title = [Note(PRINTED)] if row.uuid else [], proofs.legal_title(root)
    if row.uuid:
        sheet.legal = proofs.legal(row.uuid, timbre)
        sheet.qr = sheets.qr_image(proofs.qr_text(root, row.uuid))
        sheet.seals += proofs.seals(root, timbre)
    sheet.watermark = _watermark(row)
    return sheet


def read(row: Stampable) -> etree._Element:
    """The document as the PAC gave it back, before that as it is sent. DomainError where what is stored is no XML."""
    try:
        return schema.parse((row.stamped_xml or row.xml).encode())
    except ValueError as error:
        raise DomainError(_(
            "The stored XML of %(number)s cannot be read (%(reason)s). Restore it from a backup; the stamped document "
            "is also at the PAC and at the SAT.", number=row, reason=error)) from None


def _watermark(row: Stampable) -> str:
    if row.state == "cancelled" or not row.uuid:
        return proofs.CANCELLED if row.uuid else proofs.VOID
    return _("Rehearsal: not legally valid") if row.environment != "production" else ""


def _head(kind: type[Sheet], paper: Paper, root: etree._Element, title: str) -> Sheet:
    """Who, whom, when, which: what every sheet has."""
    company, moment = paper.company, str(root.get("Fecha"))
    color = sheets.readable(paper.design.color or company.color)
    return kind(
        language=company.locale.split("_")[0], title=title, number=proofs.number(root), date=moment.replace("T", " "),
        issuer_name=str(company), customer_name=attributes(root, "Receptor").get("Nombre", ""), logo=paper.logo,
        issuer_lines=sheets.issuer_lines({}, company), issuer_facts=proofs.issuer(root),
        customer_facts=[one for one in proofs.receiver(root) if one.label], color=color, tint=sheets.tint(color),
        size=page_size(company.country), footer=(paper.design.texts or {}).get("footer", ""),
        pages=_("Page %(page)s of %(pages)s"),
        made_at=f"{moment}+00:00")


# --- receipts of payment ---------------------------------------------------------------------------------


def _payment(paper: Paper, root: etree._Element) -> PaymentSheet:
    locale = paper.company.locale
    payment = root.find(f".//{{{PAGO}}}Pago")
    totals = root.find(f".//{{{PAGO}}}Totales")
    sheet = _head(PaymentSheet, paper, root, TITLES["P"])
    assert isinstance(sheet, PaymentSheet) and payment is not None and totals is not None
    currency, amount = str(payment.get("MonedaP")), Decimal(str(payment.get("Monto")))
    sheet.amount_label, sheet.amount = "Monto del pago", shown(amount, currency, locale)
    form = named(catalogs.forms(), str(payment.get("FormaDePagoP")))
    sheet.amount_notes = [f"Fecha de pago: {str(payment.get('FechaPago')).replace('T', ' ')}",
                          f"Forma de pago: {form}",
                          f"Moneda: {currency} · Tipo de cambio: {payment.get('TipoCambioP')}",
                          *[f"{label} {payment.get(name)}" for name, label in ACCOUNTS.items() if payment.get(name)]]
    sheet.paid = [_paid(one, locale) for one in payment.findall(f"{{{PAGO}}}DoctoRelacionado")]
    sheet.payment_taxes = [_tax(one, "P", locale) for one in _taxes(payment, "P")]
    sheet.payment_totals = [Total(label, plain_number(Decimal(str(totals.get(name))), locale))
                            for name, label in TOTALS.items() if totals.get(name)]
    total = Decimal(str(totals.get("MontoTotalPagos")))
    sheet.payment_totals.append(Total("Monto total de pagos", shown(total, "MXN", locale), strong=True))
    sheet.seals = [proofs.words(total, "MXN"), Note(
        f"{named(catalogs.uses(), attributes(root, 'Receptor').get('UsoCFDI', ''))} · Exportación: "
        f"{root.get('Exportacion')} No aplica · Concepto: 84111506 ACT Pago, cantidad 1, valor unitario 0, importe 0, "
        "objeto de impuesto 01", "Condiciones"), *proofs.relations(root)]
    return sheet


def paid_rows(row: Stampable) -> list[PaidRow]:
    """The invoices that a receipt of payment pays, as its XML says it. DomainError where it cannot be read."""
    return [_paid(one, current_company().locale) for one in read(row).iter(f"{{{PAGO}}}DoctoRelacionado")]


def _paid(node: etree._Element, locale: str) -> PaidRow:
    def value(name: str) -> str:
        return plain_number(Decimal(str(node.get(name))), locale)

    rate = str(node.get("EquivalenciaDR") or "1")
    return PaidRow(
        f"{node.get('Serie') or ''} {node.get('Folio') or ''}".strip() or "—", str(node.get("IdDocumento")),
        str(node.get("MonedaDR")) + (f" ({rate})" if rate != "1" else ""), str(node.get("NumParcialidad")),
        value("ImpSaldoAnt"), value("ImpPagado"), value("ImpSaldoInsoluto"),
        str(node.get("ObjetoImpDR")), [_tax(one, "DR", locale) for one in _taxes(node, "DR")])


def _taxes(node: etree._Element, end: str) -> list[etree._Element]:
    """What an invoice or the payment has of taxes, withheld ones first as the SAT writes them."""
    return [one for group in node.iterfind(f"{{{PAGO}}}Impuestos{end}/*") for one in group]


def _tax(node: etree._Element, end: str, locale: str) -> tuple[str, str, str]:
    """(tax with its rate, base, amount); what is withheld has no base in a payment."""
    name, rate = TAXES.get(str(node.get(f"Impuesto{end}")), ""), node.get(f"TasaOCuota{end}")
    kind = " retenido" if etree.QName(node).localname.startswith("Retencion") else ""
    text = f" {(Decimal(str(rate)) * 100).normalize():f} %" if rate else "" if kind else " exento"
    base, amount = node.get(f"Base{end}"), node.get(f"Importe{end}")
    return (name + kind + text, plain_number(Decimal(str(base)), locale) if base else "",
            plain_number(Decimal(str(amount)), locale) if amount else "—")


# --- invoices --------------------------------------------------------------------------------------------


def _invoice(paper: Paper, root: etree._Element) -> Sheet:
    locale, currency = paper.company.locale, str(root.get("Moneda"))
    sheet = _head(Sheet, paper, root, TITLES[str(root.get("TipoDeComprobante"))])
    total = Decimal(str(root.get("Total")))
    sheet.amount_label, sheet.amount = "Total", shown(total, currency, locale)
    sheet.amount_notes = _period(root)
    sheet.blocks = ["lines"]
    lines = root.findall(f"{{{CFDI}}}Conceptos/{{{CFDI}}}Concepto")
    sheet.rows = [_line(one, locale) for one in lines]
    sheet.totals = _totals(root, currency, locale, total)
    terms = [f"Método de pago: {named(catalogs.methods(), str(root.get('MetodoPago') or ''))}",
             f"Forma de pago: {named(catalogs.forms(), str(root.get('FormaPago') or ''))}", f"Moneda: {currency}",
             f"Exportación: {root.get('Exportacion')} No aplica"]
    sheet.seals = [proofs.words(total, currency), Note(" · ".join(terms), "Condiciones"),
                   *proofs.relations(root)]
    return sheet


def _period(root: etree._Element) -> list[str]:
    """InformacionGlobal in words."""
    said = attributes(root, "InformacionGlobal")
    if not said:
        return []
    known = catalogs.periods()
    return [f"Periodicidad: {named(known['c_Periodicidad'], said.get('Periodicidad', ''))}",
            f"Meses: {named(known['c_Meses'], said.get('Meses', ''))} de {said.get('Año', '')}"]


def _line(node: etree._Element, locale: str) -> Row:
    """A Concepto with its keys and taxes."""
    taxes = [_line_tax(one, locale) for one in node.iter(f"{{{CFDI}}}Traslado", f"{{{CFDI}}}Retencion")]
    discount = node.get("Descuento")
    keys = f"{node.get('ClaveProdServ')} · {node.get('ClaveUnidad')} · objeto de impuesto {node.get('ObjetoImp')}"
    details = [keys, *([f"Descuento: {plain_number(Decimal(discount), locale)}"] if discount else []), *taxes]
    number, text = str(node.get("NoIdentificacion") or ""), str(node.get("Descripcion"))
    return Row(f"{number} · {text}" if number else text, str(node.get("Cantidad")),
               plain_number(Decimal(str(node.get("ValorUnitario"))), locale),
               plain_number(Decimal(str(node.get("Importe"))), locale), (" · ".join(details),))


def _line_tax(node: etree._Element, locale: str) -> str:
    name, base, amount = _tax(node, "", locale)
    return f"{name}: base {base}, importe {amount}"


def _totals(root: etree._Element, currency: str, locale: str, total: Decimal) -> list[Total]:
    def row(label: str, value: str | None) -> list[Total]:
        return [Total(label, shown(Decimal(value), currency, locale))] if value else []

    taxes = root.iterfind(f"{{{CFDI}}}Impuestos/*/*")
    return [*row("Subtotal", root.get("SubTotal")), *row("Descuento", root.get("Descuento")),
            *[one for node in taxes for one in row(_tax(node, "", locale)[0], node.get("Importe"))],
            Total("Total", shown(total, currency, locale), strong=True)]
