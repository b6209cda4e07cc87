"""A payment and what it pays as a case of kind P. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree

from core import clock
from core.models import Company
from modules.accounting.models import Payment, PaymentMedium
from modules.accounting.models.payments import WITHHOLDING
from modules.accounting.totals import ZERO
from modules.einvoice.case import Address, Case, Party, Reference
from modules.einvoice.models import Document
from modules.einvoice_mx import schema
from modules.einvoice_mx.catalogs import CODES, FORMS
from modules.einvoice_mx.findings import plain
from modules.einvoice_mx.paying import LATER
from modules.einvoice_mx.proofs import attributes
from modules.einvoice_mx.schema import CFDI
from modules.einvoice_mx.wire import SKEW

# of a gateway's own methods nobody knows more: "intermediario"; of what the customer withheld: compensation
OTHER, COMPENSATION = "31", "17"
_LATER = re.compile(rf'^<[^>]*\sMetodoPago="{LATER}"', re.MULTILINE)


@dataclass(frozen=True)
class Paid:
    """What a payment pays of one stamped invoice: which instalment it is, and what was due before."""

    payment_id: int
    allocation_id: int
    document: Document
    root: etree._Element
    instalment: int
    before: Decimal
    amount: Decimal

    @property
    def receiver(self) -> str:
        return schema.rfc_of(self.root, "Receptor")


def is_paid_later(xml: str) -> bool:
    """Whether an invoice has MetodoPago PPD, read off its first element."""
    return _LATER.search(xml[:20000]) is not None


def form_of(media: Sequence[PaymentMedium]) -> str:
    """FormaDePagoP: of the largest part of the payment."""
    largest = _largest(media)
    return FORMS.get(largest.method, OTHER) if largest else COMPENSATION


def _largest(media: Sequence[PaymentMedium]) -> PaymentMedium | None:
    return max((one for one in media if one.method != WITHHOLDING), key=lambda one: one.amount, default=None)


def case(company: Company, payment: Payment, media: Sequence[PaymentMedium], paid: Sequence[Paid], number: int,
         series: str) -> Case:
    """The payment as a case; who gave and who got is named as on the invoices, which have one receiver."""
    root, applied, largest = paid[0].root, sum((one.amount for one in paid), ZERO), _largest(media)
    issuer, receiver = attributes(root, "Emisor"), attributes(root, "Receptor")
    said = {"method": form_of(media), "amount": f"{applied:.2f}", "date": payment.paid_on.isoformat()}
    return Case(
        country="MX", kind="payment", environment=paid[0].document.environment, number=number,
        currency=payment.currency, issued_at=clock.now() - SKEW, lines=(),
        issuer=Party(issuer["Nombre"], tax_id=issuer["Rfc"], tax_condition=issuer["RegimenFiscal"], series=series,
                     extra={"timezone": company.timezone, "LugarExpedicion": str(root.get("LugarExpedicion"))}),
        customer=Party(receiver["Nombre"], tax_id_kind="RFC", tax_id=receiver["Rfc"],
                       tax_condition=receiver["RegimenFiscalReceptor"],
                       address=Address(postal_code=receiver["DomicilioFiscalReceptor"])),
        payment=said | ({"reference": largest.reference} if largest and largest.reference else {}),
        references=tuple(_reference(one) for one in paid))


def _reference(one: Paid) -> Reference:
    document, root = one.document, one.root
    entry: dict[str, Any] = {
        "MonedaDR": str(root.get("Moneda")), "Serie": str(root.get("Serie") or ""),
        "Folio": str(root.get("Folio") or ""), "NumParcialidad": one.instalment,
        "ImpSaldoAnt": f"{one.before:.2f}", "ImpPagado": f"{one.amount:.2f}", "total": str(root.get("Total")),
        "taxes": _taxes(root)}
    return Reference("invoice", document.series, document.number, document.issue_date, document.authorization_code,
                     entry=entry)


def _taxes(root: etree._Element) -> list[dict[str, Any]]:
    """The taxes of an invoice with their bases, summed over its lines."""
    found: dict[tuple[bool, str, str], Decimal] = {}
    for tag, withheld in (("Traslado", False), ("Retencion", True)):
        for node in root.findall(f"{{{CFDI}}}Conceptos//{{{CFDI}}}{tag}"):
            key = (withheld, str(node.get("Impuesto")), str(node.get("TasaOCuota") or ""))
            found[key] = found.get(key, ZERO) + Decimal(str(node.get("Base")))
    return [{"code": CODES[number], "base": f"{base:.2f}", "withheld": withheld,
             **({"rate": plain(Decimal(rate) * 100)} if rate else {"category": "exempt"})}
            for (withheld, number, rate), base in found.items()]
