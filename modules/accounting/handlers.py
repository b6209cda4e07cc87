"""What follows when documents are ready: PDF and notice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core import jobs, storage
from core.db import db
from core.i18n import _, format_date, use_locale
from core.jobs import job, on
from core.models import Company
from core.scope import current_company
from modules.accounting import documents, notices
from modules.accounting.events import InvoiceReady
from modules.accounting.models import Invoice
from modules.accounting.print_data import money
from modules.notifications.services import Notice, notify_many


@on(InvoiceReady)
def deliver_ready(event: InvoiceReady) -> None:
    """Documents in jobs of fifty: what one job holds in memory, and what a killed one has to repeat."""
    for start in range(0, len(event.invoice_ids), documents.BATCH):
        jobs.enqueue(deliver_documents, invoice_ids=list(event.invoice_ids[start:start + documents.BATCH]))


@job()
def deliver_documents(invoice_ids: list[int]) -> None:
    """Render what is not stored yet, then queue the notices; both may be repeated without effect.

    A document that cannot be rendered stops only itself: the others are committed, then the job fails with its reason.
    """
    failures = documents.render_missing(invoice_ids)
    notify_many(document_notices(invoice_ids))
    if failures:
        jobs.checkpoint()
        invoice_id, reason = next(iter(failures.items()))
        raise documents.not_rendered(f"#{invoice_id}", reason)


def document_notices(invoice_ids: Sequence[int]) -> list[Notice]:
    """The notices of these documents; those that a spreadsheet brought in are old news."""
    invoices = list(db.session.scalars(
        sa.select(Invoice).where(Invoice.id.in_(list(invoice_ids)), Invoice.pdf_file_id.is_not(None),
                                 Invoice.origin != "import").order_by(Invoice.id)))
    names = storage.names_of([invoice.pdf_file_id for invoice in invoices if invoice.pdf_file_id])
    owed = documents.open_documents(sorted({invoice.customer_id for invoice in invoices}))
    company = current_company()
    ways = documents.ways_to_pay(invoices)
    made = []
    for invoice in invoices:
        title = names[invoice.pdf_file_id].name.removesuffix(".pdf")
        made.append(_notice(company, invoice, {"document": title, "ways_to_pay": ways[invoice.id]},
                            owed.get(invoice.customer_id, [])))
    return made


def _notice(company: Company, invoice: Invoice, known: dict[str, str], owed: Sequence[tuple[str, Any, Any]]) -> Notice:
    kind = notices.CREDIT_NOTE_READY if invoice.kind == "credit_note" else notices.INVOICE_READY
    with use_locale(((invoice.snapshot or {}).get("customer") or {}).get("language") or company.locale):
        context = known | _context(company, invoice, owed)
    return Notice(invoice.customer_id, kind.code, f"invoice:{invoice.id}", context, [invoice.pdf_file_id or 0])


def _context(company: Company, invoice: Invoice, owed: Sequence[tuple[str, Any, Any]]) -> dict[str, str]:
    def text(value: Any) -> str:
        return money(value, invoice.currency, company.locale)

    due = invoice.open_amount > 0 and invoice.due_date is not None
    everything = sum((amount for _name, _due, amount in owed), invoice.open_amount * 0)
    second = invoice.second_due_date and invoice.second_due_total
    context = {"total": text(invoice.total), "amount": text(invoice.open_amount),
               "due_date": format_date(invoice.due_date) if due else "", "reason": invoice.reason or "",
               "period": "", "second_due": "", "balance": ""}
    if invoice.service_from and invoice.service_to:
        context["period"] = _("%(first)s to %(last)s", first=format_date(invoice.service_from),
                              last=format_date(invoice.service_to))
    if due and second:
        applied = invoice.total - invoice.open_amount
        context["second_due"] = f"{format_date(invoice.second_due_date)}: {text(invoice.second_due_total - applied)}"
    if everything > invoice.open_amount:
        context["balance"] = money(everything, company.currency, company.locale)
    return context
