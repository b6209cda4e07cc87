"""Receipts of recorded payments: read for a batch with a handful of selects, rendered, stored once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from core import logs, pdf, storage
from core.db import among, db
from core.i18n import _, use_locale
from core.jobs import outside
from core.models import Company, StoredFile
from core.scope import current_company
from modules.accounting import designs, documents, labels, ledger, queries, receipts
from modules.accounting.models import Payment
from modules.accounting.print_data import ReceiptSheet
from modules.accounting.receipts import ReceiptSource
from modules.crm import countries

log = logs.get(__name__)


@dataclass(frozen=True)
class Prepared:
    """A receipt ready to be rendered; holds no database object."""

    payment_id: int
    sheet: ReceiptSheet
    language: str
    name: str

    @property
    def html(self) -> str:
        with use_locale(self.language):
            return receipts.html(self.sheet)


def receipt_of(payment: Payment) -> StoredFile:
    """The stored receipt; rendered now where it never was. Of a payment taken back it is a new one marked as void."""
    if payment.receipt_file_id and payment.state == "recorded":
        return storage.find_file(payment.receipt_file_id)
    (prepared,) = prepare([payment.id])
    file = storage.store(_rendered(prepared), prepared.name, "application/pdf")
    if payment.state == "recorded":
        payment.receipt_file_id = file.id
        db.session.flush()
    return file


def preview(payment: Payment, size: str = "a4") -> bytes:
    """The receipt as PDF without storing anything; `size` is one of receipts.SIZES."""
    (prepared,) = prepare([payment.id])
    return _rendered(prepared, size)


def _rendered(prepared: Prepared, size: str = "a4") -> bytes:
    try:
        with use_locale(prepared.language):
            return receipts.render(prepared.sheet, size)
    except pdf.PdfError as error:
        raise documents.not_rendered(prepared.name, str(error)) from error


def render_missing(payment_ids: Sequence[int]) -> dict[int, str]:
    """Render and store what has no receipt yet; why some could not be rendered, by payment. For jobs: commits first."""
    wanted = list(db.session.scalars(sa.select(Payment.id).where(
        among(Payment.id, payment_ids), Payment.receipt_file_id.is_(None), Payment.state == "recorded")))
    prepared = prepare(wanted) if wanted else []
    if not prepared:
        return {}
    pages = [one.html for one in prepared]
    with outside():
        results = pdf.render_many(pages)
    keep([(one, data) for one, data in zip(prepared, results, strict=True) if isinstance(data, bytes)])
    failures = {one.payment_id: str(error) for one, error in zip(prepared, results, strict=True)
                if isinstance(error, pdf.PdfError)}
    for payment_id, reason in failures.items():
        log.error("receipt_not_rendered", payment=payment_id, error=reason)
    return failures


def keep(rendered: Sequence[tuple[Prepared, bytes]]) -> None:
    """Store the files and point the payments to them; a payment that got its receipt meanwhile keeps that one."""
    if not rendered:
        return
    ids = storage.store_many([(data, one.name, "application/pdf") for one, data in rendered])
    numbers = [one.payment_id for one, _data in rendered]
    # held in the order of everybody else: who takes payments back holds customers, then their payments
    ledger.lock_customers(db.session.scalars(sa.select(Payment.customer_id).where(among(Payment.id, numbers))).all())
    table: Any = Payment.__table__
    statement = (sa.update(table).where(table.c.id == sa.bindparam("row_id"), table.c.receipt_file_id.is_(None))
                 .values(receipt_file_id=sa.bindparam("new_file")))
    db.session.connection().execute(statement, [{"row_id": one.payment_id, "new_file": file_id}
                                                for (one, _data), file_id in zip(rendered, ids, strict=True)])
    db.session.expire_all()


def prepare(payment_ids: Sequence[int]) -> list[Prepared]:
    """The sheets of these payments in order of id, from a constant number of selects."""
    payments = list(db.session.scalars(
        sa.select(Payment).where(among(Payment.id, payment_ids)).order_by(Payment.id)
        .options(selectinload(Payment.media), joinedload(Payment.customer))))
    paid, after = queries.documents_paid_by(payment_ids), queries.balances_after(payment_ids)
    company, design = current_company(), designs.current()
    logo = documents.logo_of(design.logo_file_id or company.logo_file_id)
    found = []
    for payment in payments:
        language = payment.customer.language or company.locale
        with use_locale(language):
            source = _source(company, payment, paid.get(payment.id, []))
            source.balance, source.logo, source.color = after.get(payment.id, source.balance), logo, design.color
            source.text = (design.texts or {}).get("receipt", "")
            sheet = receipts.build(source)
            if payment.state == "reversed":
                sheet.watermark, sheet.credit, sheet.balance = _("Void"), "", ""
            found.append(Prepared(payment.id, sheet, language, documents.file_name(f"{_('Receipt')} {payment}")))
    return found


def _source(company: Company, payment: Payment, paid: Sequence[tuple[Any, Any]]) -> ReceiptSource:
    customer = payment.customer
    method, reference = labels.how_paid(payment)
    rules = countries.get(company.country)
    document = rules.format(customer.tax_id_kind or None, customer.tax_id) if customer.tax_id else ""
    return ReceiptSource(
        number=str(payment), date=payment.paid_on, made_at=payment.created_at, amount=payment.amount,
        currency=payment.currency, method=method, reference=reference, customer_name=customer.name,
        customer_code=customer.code, customer_document=f"{customer.tax_id_kind} {document}".strip(), company=company,
        paid=[(labels.title_of(invoice), invoice.issue_date, amount) for invoice, amount in paid])
