"""Receipts of payment and global invoices as PDF: rendered in processes, stored once, sent with their XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import render_template
from sqlalchemy.orm import joinedload

from core import logs, pdf, storage
from core.db import among, db
from core.errors import DomainError
from core.i18n import _, format_date, use_locale
from core.jobs import outside
from core.models import StoredFile
from core.scope import current_company
from modules.accounting import designs, documents
from modules.accounting.models import Payment
from modules.accounting.print_data import money
from modules.einvoice_mx import notices, paper_sheets
from modules.einvoice_mx.models import PaymentReceipt, Stampable
from modules.einvoice_mx.paper_sheets import PaymentSheet
from modules.notifications.services import Notice, notify_many

log = logs.get(__name__)


@dataclass(frozen=True)
class Prepared:
    """A sheet ready to be rendered; holds no database object."""

    row_id: int
    html: str
    name: str


def pdf_of(row: Stampable) -> StoredFile:
    """The printed sheet: the stored one of a stamped document, else a new one marked as void."""
    if row.pdf_file_id and row.state == "authorized":
        return storage.find_file(row.pdf_file_id)
    (prepared,) = prepare([row])
    data = pdf.render_many([prepared.html])[0]
    if isinstance(data, pdf.PdfError):
        raise documents.not_rendered(prepared.name, str(data))
    file = storage.store(data, prepared.name, "application/pdf")
    if row.state == "authorized":
        row.pdf_file_id = file.id
        db.session.flush()
    return file


def prepare(rows: Sequence[Stampable]) -> list[Prepared]:
    """The HTML of these, in the company's language."""
    company, design = current_company(), designs.current()
    look = paper_sheets.Paper(company, design, documents.logo_of(design.logo_file_id or company.logo_file_id))
    found = []
    with use_locale(company.locale):
        for row in rows:
            sheet = paper_sheets.build(look, row)
            template = "einvoice_mx/print/payment.html" if isinstance(sheet, PaymentSheet) else (
                "accounting/print/invoice.html")
            found.append(Prepared(row.id, render_template(template, sheet=sheet),
                                  documents.file_name(f"{sheet.title} {sheet.number} {row.uuid}".strip())))
    return found


def render_missing(model: type[Stampable], ids: Sequence[int]) -> dict[int, str]:
    """Render and store what is stamped and has no sheet; why some could not be. For jobs: commits first."""
    rows = db.session.scalars(sa.select(model).where(
        among(model.id, ids), model.state == "authorized", model.pdf_file_id.is_(None)).order_by(model.id)).all()
    prepared = prepare(rows)
    if not prepared:
        return {}
    with outside():
        results = pdf.render_many([one.html for one in prepared])
    good = [(one, data) for one, data in zip(prepared, results, strict=True) if isinstance(data, bytes)]
    _keep(model, good)
    bad = {one.row_id: str(data) for one, data in zip(prepared, results, strict=True) if isinstance(data, pdf.PdfError)}
    for row_id, reason in bad.items():
        log.error("paper_not_rendered", table=model.__tablename__, row=row_id, error=reason)
    return bad


def _keep(model: type[Stampable], rendered: Sequence[tuple[Prepared, bytes]]) -> None:
    """Store the files; a row that got its sheet meanwhile keeps that one."""
    if not rendered:
        return
    ids = storage.store_many([(data, one.name, "application/pdf") for one, data in rendered])
    table: Any = model.__table__
    statement = (sa.update(table).where(table.c.id == sa.bindparam("row_id"), table.c.pdf_file_id.is_(None))
                 .values(pdf_file_id=sa.bindparam("new_file")))
    db.session.connection().execute(statement, [{"row_id": one.row_id, "new_file": file_id}
                                                for (one, _data), file_id in zip(rendered, ids, strict=True)])
    db.session.expire_all()


def draw(model: type[Stampable], ids: Sequence[int]) -> None:
    """Draw what is stamped. For jobs: one that cannot be drawn stops only itself."""
    failures = render_missing(model, ids)
    if failures:
        db.session.commit()
        raise DomainError(_("The document %(id)s could not be drawn: %(reason)s", id=next(iter(failures)),
                            reason=next(iter(failures.values()))))


def deliver_receipts(ids: Sequence[int]) -> None:
    """Draw receipts of payment and send them with their XML; both may be repeated without effect. For jobs.

    One that cannot be drawn stops only itself.
    """
    failures = render_missing(PaymentReceipt, ids)
    notify_many(receipt_notices(ids))
    if failures:
        db.session.commit()
        raise DomainError(_("The receipt %(id)s could not be drawn: %(reason)s", id=next(iter(failures)),
                            reason=next(iter(failures.values()))))


def receipt_notices(ids: Sequence[int]) -> list[Notice]:
    """The notices of stamped receipts that have their sheet."""
    rows = db.session.scalars(sa.select(PaymentReceipt).where(
        among(PaymentReceipt.id, ids), PaymentReceipt.state == "authorized", PaymentReceipt.pdf_file_id.is_not(None))
        .order_by(PaymentReceipt.id).options(joinedload(PaymentReceipt.payment).joinedload(Payment.customer))).all()
    return [_notice(row) for row in rows]


def _notice(row: PaymentReceipt) -> Notice:
    payment, company = row.payment, current_company()
    with use_locale(payment.customer.language or company.locale):
        context = {"receipt": str(row), "uuid": row.uuid, "date": format_date(payment.paid_on),
                   "amount": money(payment.amount, payment.currency, company.locale)}
    files = [one for one in (row.pdf_file_id, row.xml_file_id) if one]
    return Notice(payment.customer_id, notices.RECEIPT_STAMPED.code, f"receipt:{row.id}", context, files)
