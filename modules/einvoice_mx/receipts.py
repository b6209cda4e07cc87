"""Receipts of payment (complement Pagos 2.0): made by themselves when a payment pays invoices paid later (PPD).

NumParcialidad and ImpSaldoAnt come from the receipts that stand; each allocation stands on one receipt only. An invoice
that is not stamped yet has its receipt when it is. A payment that is taken back has its receipts cancelled at the SAT.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from lxml import etree

from core import audit, clock
from core.db import among, db, find
from core.errors import DomainError
from core.i18n import _
from core.jobs import enqueue
from core.scope import current_company, current_company_id
from modules.accounting.models import Allocation, Invoice, Payment, PaymentMedium
from modules.accounting.totals import ZERO
from modules.einvoice.case import Address, Case, Party, Reference
from modules.einvoice.models import Document
from modules.einvoice.preview import ERROR
from modules.einvoice_mx import access, schema
from modules.einvoice_mx.bridge import told
from modules.einvoice_mx.catalogs import CODES, FORMS
from modules.einvoice_mx.findings import plain
from modules.einvoice_mx.mapping import map_document
from modules.einvoice_mx.models import PaidPart, PaymentReceipt
from modules.einvoice_mx.paying import LATER
from modules.einvoice_mx.schema import CFDI
from modules.einvoice_mx.wire import SKEW

STAMP, CANCEL = "modules.einvoice_mx.jobs.stamp_receipt", "modules.einvoice_mx.jobs.cancel_receipt"
LIVE = ("pending", "sending", "authorized")
# of a gateway's own methods nobody knows more: "intermediario"; of what the customer withheld: compensation
OTHER, COMPENSATION = "31", "17"
WITHHOLDING = "withholding"


@dataclass(frozen=True)
class Paid:
    """An allocation with the stamped invoice that it pays."""

    allocation: Allocation
    document: Document
    root: etree._Element
    total: Decimal


def of_invoices(invoice_ids: Sequence[int]) -> list[int]:
    """The payments that pay these invoices."""
    return list(db.session.scalars(sa.select(Allocation.payment_id).where(
        among(Allocation.invoice_id, invoice_ids), Allocation.payment_id.is_not(None)).distinct()))


def open_receipts(payment_ids: Iterable[int]) -> list[PaymentReceipt]:
    """Make the receipts that are due of these payments, and have them stamped. Repeatable."""
    made = [one for one in (_open(find(Payment, key)) for key in sorted(set(payment_ids))) if one is not None]
    for row in made:
        if row.state == "pending":
            enqueue(STAMP, key=f"einvoice_mx.receipt:{row.id}", receipt_id=row.id)
    return made


def _open(payment: Payment) -> PaymentReceipt | None:
    if payment.state != "recorded" or not (wanted := _uncovered(payment)):
        return None
    # one at a time on the same invoices: what was due before is counted from what stands
    db.session.execute(sa.select(Invoice.id).where(among(Invoice.id, sorted(
        {one.allocation.invoice_id for one in wanted}))).order_by(Invoice.id).with_for_update()).all()
    parts = [_part(one) for one in wanted]
    profile, environment = access.profile(), wanted[0].document.environment
    number = 1 + (db.session.scalar(sa.select(sa.func.max(PaymentReceipt.number)).where(
        PaymentReceipt.environment == environment, PaymentReceipt.series == profile.payment_series)) or 0)
    mapped = map_document(_case(payment, wanted, parts, number, profile.payment_series))
    problems = [told(one) for one in mapped.problems if one.severity == ERROR]
    row = PaymentReceipt(payment_id=payment.id, environment=environment, series=profile.payment_series, number=number,
                         state="rejected" if problems else "pending", problems=problems,
                         xml=schema.text(mapped.document), parts=parts)
    db.session.add(row)
    db.session.flush()
    return row


def _uncovered(payment: Payment) -> list[Paid]:
    """What it pays of stamped PPD invoices and stands on no receipt; what was taken back again is left out."""
    rows = db.session.execute(
        sa.select(Allocation, Document, Invoice.total).join(Document, Document.invoice_id == Allocation.invoice_id)
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .where(Allocation.payment_id == payment.id, Document.state == "authorized", Document.country == "MX",
               Document.environment == access.environment(), Invoice.kind != "credit_note",
               Allocation.id.not_in(sa.select(PaidPart.allocation_id))).order_by(Allocation.id)).all()
    left: dict[int, Decimal] = {}
    for row in rows:
        left[row.Allocation.invoice_id] = left.get(row.Allocation.invoice_id, ZERO) + row.Allocation.amount
    found = []
    for row in rows:
        root = schema.parse(str(row.Document.request["xml"]).encode())
        if row.Allocation.amount > 0 and left[row.Allocation.invoice_id] > 0 and root.get("MetodoPago") == LATER:
            found.append(Paid(row.Allocation, row.Document, root, row.total))
    return found


def _part(one: Paid) -> PaidPart:
    """Which instalment, and what was due before: after the receipts that stand and the credit notes."""
    invoice_id = one.allocation.invoice_id
    count, paid = db.session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(PaidPart.paid), 0)).join(PaymentReceipt)
        .where(PaidPart.invoice_id == invoice_id, PaymentReceipt.state.in_(LIVE))).one()
    credited = db.session.scalar(sa.select(sa.func.coalesce(sa.func.sum(Allocation.amount), 0)).where(
        Allocation.invoice_id == invoice_id, Allocation.credit_note_id.is_not(None)))
    before = one.total - Decimal(paid) - Decimal(credited or 0)
    return PaidPart(allocation_id=one.allocation.id, invoice_id=invoice_id, instalment=count + 1, before=before,
                    paid=one.allocation.amount)


def _case(payment: Payment, wanted: Sequence[Paid], parts: Sequence[PaidPart], number: int, series: str) -> Case:
    """The payment as a case; who gave and who got is named as on the invoice."""
    root, applied = wanted[0].root, sum((part.paid for part in parts), ZERO)
    issuer, receiver = _party(root, "Emisor"), _party(root, "Receptor")
    return Case(
        country="MX", kind="payment", environment=wanted[0].document.environment, number=number,
        currency=payment.currency, issued_at=clock.now() - SKEW, lines=(),
        issuer=Party(issuer["Nombre"], tax_id=issuer["Rfc"], tax_condition=issuer["RegimenFiscal"], series=series,
                     extra={"timezone": current_company().timezone,
                            "LugarExpedicion": str(root.get("LugarExpedicion"))}),
        customer=Party(receiver["Nombre"], tax_id_kind="RFC", tax_id=receiver["Rfc"],
                       tax_condition=receiver["RegimenFiscalReceptor"],
                       address=Address(postal_code=receiver["DomicilioFiscalReceptor"])),
        payment={"method": form_of(payment), "amount": f"{applied:.2f}", "date": payment.paid_on.isoformat()},
        references=tuple(_reference(one, part) for one, part in zip(wanted, parts, strict=True)))


def _party(root: etree._Element, name: str) -> dict[str, str]:
    node = root.find(f"{{{CFDI}}}{name}")
    return {} if node is None else {str(key): str(value) for key, value in node.attrib.items()}


def form_of(payment: Payment) -> str:
    """FormaDePagoP: of the largest part of the payment."""
    media = db.session.scalars(sa.select(PaymentMedium).where(PaymentMedium.payment_id == payment.id)
                               .order_by(PaymentMedium.amount.desc())).all()
    method = next((one.method for one in media if one.method != WITHHOLDING), "")
    return FORMS.get(method, OTHER) if method else COMPENSATION


def _reference(one: Paid, part: PaidPart) -> Reference:
    document, root = one.document, one.root
    entry: dict[str, Any] = {
        "MonedaDR": str(root.get("Moneda")), "Serie": str(root.get("Serie") or ""),
        "Folio": str(root.get("Folio") or ""),
        "NumParcialidad": part.instalment, "ImpSaldoAnt": f"{part.before:.2f}", "ImpPagado": f"{part.paid:.2f}",
        "total": str(root.get("Total")), "taxes": _taxes(root)}
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


# --- taken back ----------------------------------------------------------------------------------------


def cancel_of(payment_id: int) -> None:
    """Take the receipts of a payment back: at the SAT where they are stamped; what is on its way is stamped first."""
    rows = db.session.scalars(sa.select(PaymentReceipt).where(
        PaymentReceipt.payment_id == payment_id, PaymentReceipt.state.in_((*LIVE, "rejected")))
        .order_by(PaymentReceipt.id.desc())).all()
    for row in rows:
        if row.state in ("pending", "rejected"):
            row.state = "cancelled"
        elif row.state == "authorized":
            row.state, row.cancel_asked_at = "cancelling", clock.now()
            enqueue(CANCEL, key=f"einvoice_mx.cancel_receipt:{row.id}", receipt_id=row.id)
    db.session.flush()


def open_ids() -> list[int]:
    """Receipts that are still on their way."""
    return list(db.session.scalars(sa.select(PaymentReceipt.id).where(
        PaymentReceipt.company_id == current_company_id(), PaymentReceipt.state.in_(("pending", "sending")))))


def fresh(document: etree._Element) -> dt.datetime:
    """Put the present moment on a receipt that is about to be sealed; it is returned."""
    local = (clock.now() - SKEW).astimezone(ZoneInfo(current_company().timezone))
    document.set("Fecha", local.strftime("%Y-%m-%dT%H:%M:%S"))
    return local


def retry(row: PaymentReceipt) -> PaymentReceipt | None:
    """Make a refused receipt anew from what stands now; None where nothing is due any more."""
    if row.state != "rejected":
        raise DomainError(_("Making it again is not possible because this receipt is not refused."))
    row.state = "cancelled"
    db.session.execute(sa.delete(PaidPart).where(PaidPart.receipt_id == row.id))
    db.session.flush()
    db.session.expire(row)
    audit.record("einvoice_mx.retry_receipt", row)
    return next(iter(open_receipts([row.payment_id])), None)
