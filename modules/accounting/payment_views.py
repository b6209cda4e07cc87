"""Staff pages of payments: recording one, its page and receipt, taking it back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from core import storage
from core.db import db, find
from core.errors import DomainError, NotFound
from core.forms import amount_sample, amount_text, parse_decimal, refused
from core.i18n import _, format_amount
from core.money import quantize
from core.security import require
from modules.accounting import (
    allocations,
    documents,
    doubts,
    forms,
    payments,
    queries,
    receipt_files,
    receipts,
    sending,
)
from modules.accounting.blueprint import bp, live_part
from modules.accounting.errors import NotPossible
from modules.accounting.invoice_views import choose_customer, pdf_answer
from modules.accounting.models import Invoice, Payment
from modules.crm.models import Customer

ZERO = Decimal("0.00")
PAY = "pay-"


@bp.route("/payments/new", methods=["GET", "POST"])
@require("accounting.record_payments")
def new_payment() -> Any:
    """Who pays, then how much and how; it pays the oldest documents where nothing else is said."""
    customer_id = request.values.get("customer", type=int)
    if customer_id is None:
        return choose_customer("accounting.new_payment", _("Record a payment"))
    customer, form = find(Customer, customer_id), forms.PaymentForm()
    if request.method == "GET":
        return _page(form, customer, first=_begin(form, customer))
    if request.form.get("step") == "more":
        form.media.append_entry()
        form.choose_accounts(form.media[-1])
        return _page(form, customer)
    if not form.validate_on_submit():
        return _page(form, customer)
    try:
        data = form.data_of(customer, _pays(form))
        if live_part():
            return _page(form, customer, payments.plan(data))
        if _is_meant(form, data):
            return _recorded(payments.record_payment(data))
    except DomainError as error:
        refused(form, error)
    return _page(form, customer)


def _begin(form: forms.PaymentForm, customer: Customer) -> Invoice | None:
    """?pays= names a document: it is filled in with its currency. Without it ?amount= and ?currency= do that."""
    first = _named(customer)
    form.begin(first.currency if first else request.args.get("currency", "").upper()[:3])
    wanted = first.open_amount if first else parse_decimal(request.args.get("amount", ""))
    if wanted is not None and wanted > 0:
        form.media[0].form.amount.data = quantize(wanted, form.currency.data)
    return first


def _named(customer: Customer) -> Invoice | None:
    """The document that ?pays= names; NotPossible where the customer owes nothing on it (any more)."""
    if (wanted := request.args.get("pays", type=int)) is None:
        return None
    document = find(Invoice, wanted)
    if document not in queries.open_documents(customer.id):
        raise NotPossible(_("Paying %(document)s is not possible because nothing is owed on it.",
                            document=str(document)))
    return document


def _pays(form: forms.PaymentForm) -> list[tuple[int, Decimal]]:
    """What a person wrote beside the documents; the one that the page began with takes no more than there is."""
    found, named = [], request.args.get("pays", type=int)
    for name, text in request.form.items():
        key = name.removeprefix(PAY)
        if not name.startswith(PAY) or not key.isdecimal() or not text.strip():
            continue
        amount = parse_decimal(text)
        if amount is None or amount < 0:
            raise DomainError(_("To pay a document you must write the amount like %(sample)s; “%(text)s” is not one.",
                                sample=amount_sample(), text=text[:40]), field="media")
        if int(key) == named:
            amount = min(amount, sum((one.amount for one in form.parts()), ZERO))
        if amount:
            found.append((int(key), amount))
    return found


def _is_meant(form: forms.PaymentForm, data: payments.PaymentData) -> bool:
    """Ask once about what is more often a slip than meant: recorded twice, a wrong day, a figure too many."""
    if not form.again.data:
        form.again.errors = [text for text in (_twin(data), doubts.about_day(data), doubts.about_amount(data)) if text]
    return not form.again.errors


def _twin(data: payments.PaymentData) -> str:
    """The same amount was recorded for that day: it may be the same money. A double click is none."""
    total = sum((one.amount for one in data.media), ZERO)
    twin = db.session.scalar(sa.select(Payment).where(
        Payment.customer_id == data.customer_id, Payment.paid_on == data.paid_on, Payment.amount == total,
        Payment.state == "recorded", Payment.currency == data.currency).limit(1))
    if twin is None or twin.form_key == data.form_key:
        return ""
    return _("Receipt %(number)s of the same day says %(amount)s too. If this is other money, tick the box.",
             number=str(twin), amount=format_amount(total, data.currency))


def _recorded(payment: Payment) -> Any:
    flash(_("%(amount)s are recorded; receipt %(number)s.", number=str(payment),
            amount=format_amount(payment.amount, payment.currency)), "ok")
    return redirect(url_for("accounting.payment", payment_id=payment.id))


def _page(form: forms.PaymentForm, customer: Customer, planned: Any = None, first: Invoice | None = None) -> Any:
    if live_part():
        return render_template("accounting/_payment_plan.html", planned=planned, currency=form.currency.data)
    payable, typed = dict(form.currency.choices), request.form.to_dict()
    waiting = [one for one in queries.open_documents(customer.id) if one.currency in payable]
    if first:
        typed[f"{PAY}{first.id}"] = amount_text(first.open_amount)
        planned = payments.plan(form.data_of(customer, [(first.id, first.open_amount)]))
    page = render_template(
        "accounting/payment_form.html", form=form, customer=customer, planned=planned, typed=typed, pay=PAY,
        chosen=any(name.startswith(PAY) and text.strip() for name, text in typed.items()),
        open_documents=waiting, elsewhere=queries.paid_elsewhere([one.id for one in waiting]),
        balances=queries.currencies(customer.id),
        favour=queries.in_favour(customer.id))
    return page, 422 if form.errors or form.form_errors or form.again.errors else 200


# --- one payment -----------------------------------------------------------------------------------------


@bp.get("/payments/<int:payment_id>")
@require("accounting.view_payments")
def payment(payment_id: int) -> Any:
    """One payment: how it came, what it paid, its receipt."""
    return _payment_page(find(Payment, payment_id))


def _payment_page(row: Payment, form: forms.ReasonForm | None = None, status: int = 200) -> Any:
    return render_template(
        "accounting/payment.html", payment=row, customer=row.customer, paid=queries.documents_paid(row.id),
        message=sending.message_about(row), reason_form=form or forms.ReasonForm(formdata=None),
        owed=queries.open_documents(row.customer_id) if row.open_amount else []), status


@bp.get("/payments/<int:payment_id>/receipt")
@require("accounting.view_payments")
def receipt(payment_id: int) -> Any:
    """The receipt as PDF: half a page, or (?size=80mm, 58mm) for a roll."""
    row, size = find(Payment, payment_id), request.args.get("size", "a4")
    if size not in receipts.SIZES:
        raise NotFound(_("There is no receipt of this size."))
    name = documents.file_name(f"{_('Receipt')} {row}")
    if size == "a4" and row.receipt_file_id and row.state == "recorded":
        return pdf_answer(storage.read(row.receipt_file_id), name)
    return pdf_answer(receipt_files.preview(row, size), name)


@bp.post("/payments/<int:payment_id>/send")
@require("accounting.send_documents")
def send_receipt(payment_id: int) -> Any:
    """Send the receipt by e-mail, for the first time or again."""
    message = sending.send_receipt(find(Payment, payment_id))
    flash(_("It is being sent to %(address)s.", address=message.address), "ok")
    return redirect(url_for("accounting.payment", payment_id=payment_id))


@bp.post("/payments/<int:payment_id>/reverse")
@require("accounting.reverse_payments")
def reverse_payment(payment_id: int) -> Any:
    """Take a payment back, with a reason."""
    row, form = find(Payment, payment_id), forms.ReasonForm()
    try:
        payments.reverse_payment(row, form.reason.data or "")
    except DomainError as error:
        refused(form, error)
        return _payment_page(find(Payment, payment_id), form, 422)
    flash(_("The payment is taken back; what it had paid is open again."), "ok")
    return redirect(url_for("accounting.payment", payment_id=payment_id))


@bp.post("/payments/<int:payment_id>/take-off/<int:invoice_id>")
@require("accounting.record_payments")
def take_off(payment_id: int, invoice_id: int) -> Any:
    """Take the payment off one document, to be used for another."""
    row, document = find(Payment, payment_id), find(Invoice, invoice_id)
    amount = allocations.take_off(row, document)
    flash(_("%(amount)s are taken off %(document)s and in favour again.", document=str(document),
            amount=format_amount(amount, row.currency)), "ok")
    return redirect(url_for("accounting.payment", payment_id=payment_id))


@bp.post("/payments/<int:payment_id>/apply/<int:invoice_id>")
@require("accounting.record_payments")
def apply(payment_id: int, invoice_id: int) -> Any:
    """Pay one document with what is left of the payment."""
    row, document = find(Payment, payment_id), find(Invoice, invoice_id)
    amount = allocations.use_on(row, document)
    flash(_("%(amount)s of it pay %(document)s now.", document=str(document),
            amount=format_amount(amount, row.currency)), "ok")
    return redirect(url_for("accounting.payment", payment_id=payment_id))


