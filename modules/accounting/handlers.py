"""What follows when documents are ready and payments are recorded: PDF and notice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from core import jobs, storage
from core.db import among, db
from core.i18n import _, format_date, lazy, use_locale
from core.jobs import job, on
from core.models import Company
from core.scope import current_company
from modules.accounting import documents, labels, notices, queries, receipt_files, services
from modules.accounting.events import InvoiceReady, PaymentReversed, PaymentsRecorded
from modules.accounting.models import Invoice, Payment
from modules.accounting.ports import attachers, before_printing
from modules.accounting.print_data import money
from modules.notifications.services import Notice, notify_many


@on(InvoiceReady, words=lazy("Deliver invoices that are ready"))
def deliver_ready(event: InvoiceReady) -> None:
    """Documents in jobs of fifty: what one job holds in memory, and what a killed one has to repeat."""
    for start in range(0, len(event.invoice_ids), documents.BATCH):
        jobs.enqueue(deliver_documents, invoice_ids=list(event.invoice_ids[start:start + documents.BATCH]))


@job(words=lazy("Draw and send documents"))
def deliver_documents(invoice_ids: list[int]) -> None:
    """Render what is not stored yet, then queue the notices; both may be repeated without effect.

    A document that cannot be rendered stops only itself: the others are committed, then the job fails with its reason.
    """
    failures = _drawn(invoice_ids)
    notify_many(document_notices(invoice_ids))
    _tell_failure(failures)


@job(words=lazy("Draw documents"))
def draw_documents(invoice_ids: list[int]) -> None:
    """The same without any notice: for documents whose PDF is missing."""
    _tell_failure(_drawn(invoice_ids))


def _drawn(invoice_ids: list[int]) -> dict[int, str]:
    for _name, one in before_printing.items():
        one.prepare(invoice_ids)
    return documents.render_missing(invoice_ids)


def _tell_failure(failures: dict[int, str]) -> None:
    if failures:
        jobs.checkpoint()
        invoice_id, reason = next(iter(failures.items()))
        raise documents.not_rendered(str(documents.find_invoice(invoice_id)), reason)


def document_notices(invoice_ids: Sequence[int]) -> list[Notice]:
    """The notices of these documents; those that a spreadsheet brought in are old news."""
    invoices = list(db.session.scalars(
        sa.select(Invoice).where(Invoice.id.in_(list(invoice_ids)), Invoice.pdf_file_id.is_not(None),
                                 Invoice.origin != "import").order_by(Invoice.id)))
    names = storage.names_of([invoice.pdf_file_id for invoice in invoices if invoice.pdf_file_id])
    owed = documents.open_documents(sorted({invoice.customer_id for invoice in invoices}))
    company = current_company()
    ways, more, made = documents.ways_to_pay(invoices), _attached([one.id for one in invoices]), []
    for invoice in invoices:
        title = names[invoice.pdf_file_id or 0].name.removesuffix(".pdf")
        made.append(_notice(company, invoice, {"document": title, "ways_to_pay": ways[invoice.id]},
                            owed.get(invoice.customer_id, []), more.get(invoice.id, [])))
    return made


def _attached(invoice_ids: Sequence[int]) -> dict[int, list[int]]:
    """What goes with the PDFs of these documents, in order."""
    found: dict[int, list[int]] = {}
    for _key, attacher in attachers.items():
        for invoice_id, files in attacher.files(invoice_ids).items():
            found.setdefault(invoice_id, []).extend(files)
    return found


def _notice(company: Company, invoice: Invoice, known: dict[str, str], owed: Sequence[Any],
            more: Sequence[int]) -> Notice:
    kind = notices.CREDIT_NOTE_READY if invoice.kind == "credit_note" else notices.INVOICE_READY
    with use_locale(((invoice.snapshot or {}).get("customer") or {}).get("language") or company.locale):
        context = known | _context(company, invoice, owed)
    return Notice(invoice.customer_id, kind.code, subject_of(invoice), context, [invoice.pdf_file_id or 0, *more])


def subject_of(invoice: Invoice) -> str:
    """What a notice of this document is about; one that replaces a paper that was refused is told of anew."""
    times = len(services.withdrawn(invoice))
    return f"invoice:{invoice.id}" + (f":{times}" if times else "")


def _context(company: Company, invoice: Invoice, owed: Sequence[Any]) -> dict[str, str]:
    def text(value: Any) -> str:
        return money(value, invoice.currency, company.locale)

    due = invoice.open_amount > 0 and invoice.due_date is not None
    everything = sum((row.open_amount for row in owed), invoice.open_amount * 0)
    context = {"total": text(invoice.total), "amount": text(invoice.open_amount),
               "due_date": format_date(invoice.due_date) if due else "", "reason": invoice.reason or "",
               "period": "", "second_due": "", "balance": "", "replaces": ""}
    if invoice.service_from and invoice.service_to:
        context["period"] = _("%(first)s to %(last)s", first=format_date(invoice.service_from),
                              last=format_date(invoice.service_to))
    if due and invoice.second_due_date and invoice.second_due_total is not None:
        applied = invoice.total - invoice.open_amount
        context["second_due"] = f"{format_date(invoice.second_due_date)}: {text(invoice.second_due_total - applied)}"
    if papers := services.withdrawn(invoice):
        context["replaces"] = papers[-1]["number"]
    if everything > invoice.open_amount:
        context["balance"] = money(everything, company.currency, company.locale)
    return context


# --- payments --------------------------------------------------------------------------------------------


@on(PaymentsRecorded, words=lazy("Deliver receipts of payments"))
def deliver_recorded(event: PaymentsRecorded) -> None:
    """The receipt of a few payments at once; those of many in jobs of fifty."""
    if len(event.payment_ids) <= documents.BATCH:
        deliver_receipts(event.payment_ids)
        return
    for start in range(0, len(event.payment_ids), documents.BATCH):
        jobs.enqueue(deliver_receipts, payment_ids=list(event.payment_ids[start:start + documents.BATCH]))


@job(words=lazy("Draw and send receipts"))
def deliver_receipts(payment_ids: list[int]) -> None:
    """Render the receipts that are not stored yet, then queue the notices; both may be repeated without effect.

    A payment that was taken back meanwhile gets neither. A receipt that cannot be rendered stops only itself.
    """
    failures = receipt_files.render_missing(payment_ids)
    notify_many(payment_notices(payment_ids))
    if failures:
        jobs.checkpoint()
        payment_id, reason = next(iter(failures.items()))
        raise documents.not_rendered(f"{_('Receipt')} {payment_id}", reason)


@on(PaymentReversed, words=lazy("Tell that a payment was taken back"))
def tell_reversal(event: PaymentReversed) -> None:
    """Tell the customer, unless he never heard of the payment: it was taken back before its receipt was made."""
    payments = _payments([event.payment_id], Payment.state == "reversed", Payment.receipt_file_id.is_not(None))
    company = current_company()
    notify_many([_reversed(company, payment) for payment in payments])


def _payments(payment_ids: Sequence[int], *conditions: Any) -> list[Payment]:
    return list(db.session.scalars(
        sa.select(Payment).where(among(Payment.id, payment_ids), *conditions).order_by(Payment.id)
        .options(selectinload(Payment.media), joinedload(Payment.customer))))


def payment_notices(payment_ids: Sequence[int]) -> list[Notice]:
    """The notices of these payments, from a constant number of selects."""
    payments = _payments(payment_ids, Payment.state == "recorded", Payment.receipt_file_id.is_not(None))
    paid, after = queries.documents_paid_by(payment_ids), queries.balances_after(payment_ids)
    made, company = [], current_company()
    for payment in payments:
        with use_locale(payment.customer.language or company.locale):
            context = _payment_context(company, payment, [invoice for invoice, _amount in paid.get(payment.id, [])],
                                       after[payment.id])
        made.append(Notice(payment.customer_id, notices.PAYMENT_RECEIVED.code, f"payment:{payment.id}", context,
                           [payment.receipt_file_id or 0]))
    return made


def _payment_context(company: Company, payment: Payment, paid: Sequence[Invoice], balance: Any) -> dict[str, str]:
    text = _money_of(company, payment)
    named = [labels.title_of(invoice) for invoice in paid[:5]]
    if len(paid) > len(named):
        named.append(_("%(count)s more", count=len(paid) - len(named)))
    return {"amount": text(payment.amount), "date": format_date(payment.paid_on), "receipt": str(payment),
            "method": labels.how_paid(payment)[0], "applied": ", ".join(named),
            "balance": text(balance) if balance > 0 else "", "credit": text(-balance) if balance < 0 else ""}


def _reversed(company: Company, payment: Payment) -> Notice:
    with use_locale(payment.customer.language or company.locale):
        text, balance = _money_of(company, payment), queries.balance(payment.customer_id, payment.currency)
        context = {"amount": text(payment.amount), "date": format_date(payment.paid_on),
                   "reason": payment.reversal_reason, "balance": text(balance) if balance > 0 else ""}
    return Notice(payment.customer_id, notices.PAYMENT_REVERSED.code, f"payment:{payment.id}", context)


def _money_of(company: Company, row: Any) -> Callable[[Any], str]:
    """How amounts of this row are written in the company's country."""
    return lambda value: money(value, row.currency, company.locale)
