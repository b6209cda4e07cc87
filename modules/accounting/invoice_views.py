"""Staff pages of one document: what it is, its PDF, sending, annulling; and a new invoice by hand."""

from __future__ import annotations

import io
from typing import Any

import sqlalchemy as sa
from flask import flash, jsonify, redirect, render_template, request, send_file, url_for

from core import clock, storage
from core.db import db, find
from core.errors import DomainError
from core.forms import refused
from core.i18n import _, current_locale
from core.scope import current_company
from core.security import require
from core.security.access import wants_json
from modules.accounting import (
    collected,
    documents,
    forms,
    instalments,
    notes,
    overdue,
    queries,
    reissuing,
    sending,
    services,
    taxes,
)
from modules.accounting.blueprint import bp, form_page, live_part
from modules.accounting.drafts import InvoiceDraft
from modules.accounting.instalments import month_name
from modules.accounting.models import Invoice, InvoiceLine
from modules.accounting.totals import Totals, of_draft
from modules.crm import finding
from modules.crm.models import Customer

FOUND = 20
# suggestions below the field
SUGGESTED = 8


@bp.get("/invoices/<int:invoice_id>")
@require("accounting.view_documents")
def invoice(invoice_id: int) -> Any:
    """One document: what it is, what paid it, its notes, its legal part."""
    return invoice_page(find(Invoice, invoice_id))


def invoice_page(row: Invoice, reason_form: forms.ReasonForm | None = None, status: int = 200) -> Any:
    """The page; with a form where annulling was refused."""
    corrected = find(Invoice, row.original_id) if row.original_id else None
    creditable, on_it = _creditable(row), queries.notes_of(row.id)
    return render_template(
        "accounting/invoice.html", invoice=row, customer=row.customer, original=corrected,
        paid_by=queries.paid_by([row.id]).get(row.id, []), pays=queries.paid_with_note(row.id),
        notes=on_it, late=overdue.of_these([row, *on_it]), creditable=creditable,
        debitable=not notes.refusal(row, "debit_note"),
        tax_text=taxes.text, replacement=reissuing.of_invoice(row.id),
        can_reissue=creditable == row.total and not reissuing.refusal(row),
        message=sending.message_about(row), reason_form=reason_form or forms.ReasonForm(formdata=None)), status


def _creditable(row: Invoice) -> Any:
    return None if notes.refusal(row) else notes.creditable(row)


@bp.get("/invoices/<int:invoice_id>/pdf")
@require("accounting.view_documents")
def invoice_pdf(invoice_id: int) -> Any:
    """The document as PDF, in the browser or (?download=1) as a file. What is not final is drawn, not kept."""
    row = find(Invoice, invoice_id)
    if row.pdf_file_id:
        file = storage.find_file(row.pdf_file_id)
        return pdf_answer(storage.read(file), file.name)
    return pdf_answer(documents.preview(row), documents.file_name(str(row)))


def pdf_answer(data: bytes, name: str) -> Any:
    """A PDF to look at, or to keep where ?download=1 says so."""
    return send_file(io.BytesIO(data), mimetype="application/pdf", download_name=name,
                     as_attachment=request.args.get("download") == "1", max_age=0)


@bp.post("/invoices/<int:invoice_id>/send")
@require("accounting.send_documents")
def send_invoice(invoice_id: int) -> Any:
    """Send the document by e-mail, for the first time or again."""
    row = find(Invoice, invoice_id)
    message = sending.send_document(row)
    flash(_("It is being sent to %(address)s.", address=message.address), "ok")
    return redirect(url_for("accounting.invoice", invoice_id=row.id))


@bp.post("/invoices/<int:invoice_id>/cancel")
@require("accounting.cancel_documents")
def cancel_invoice(invoice_id: int) -> Any:
    """Annul a document that no authority has."""
    row, form = find(Invoice, invoice_id), forms.ReasonForm()
    try:
        services.cancel_invoice(row, form.reason.data or "")
    except DomainError as error:
        refused(form, error)
        return invoice_page(find(Invoice, invoice_id), form, 422)
    flash(_("%(document)s is annulled; what had paid it is in favour again.", document=str(row)), "ok")
    return redirect(url_for("accounting.invoice", invoice_id=row.id))


# --- a new invoice ---------------------------------------------------------------------------------------


@bp.route("/invoices/new", methods=["GET", "POST"])
@require("accounting.issue_documents")
def new_invoice() -> Any:
    """Whom to bill, then what."""
    customer_id = request.values.get("customer", type=int)
    if customer_id is None:
        return choose_customer("accounting.new_invoice", _("New invoice"))
    customer, form = find(Customer, customer_id), forms.InvoiceForm()
    form.offer(instalments.places(customer.id))
    if request.method == "GET":
        _begin(form, customer)
    step = request.form.get("step", "")
    if step == "more":
        form.more()
    elif form.validate_on_submit():
        if step == "issue" and not live_part():
            return _issue(form, customer)
        return _invoice_form(form, customer, planned=_planned(form, customer))
    elif live_part():
        return render_template("accounting/_totals.html", planned=None)
    return _invoice_form(form, customer)


def _begin(form: forms.InvoiceForm, customer: Customer) -> None:
    form.due_date.data = form.issue_date.data + forms.DUE_AFTER
    form.includes_tax.data = "0" if customer.tax_condition == "RI" else "1"


def _issue(form: forms.InvoiceForm, customer: Customer) -> Any:
    try:
        draft, (count, place) = form.draft(customer), form.parts
        made = services.issue_invoice(_first(draft, count))
        if place:
            instalments.put(draft, count, place)
    except DomainError as error:
        refused(form, error)
        return _invoice_form(form, customer)
    flash(_("%(document)s is issued.", document=str(made)), "ok")
    return redirect(url_for("accounting.invoice", invoice_id=made.id))


def _first(draft: InvoiceDraft, count: int) -> InvoiceDraft:
    """The document that is issued now, with what must be collected on it."""
    return collected.completed(instalments.first_part(draft, count) if count > 1 else draft)


def _planned(form: Any, customer: Customer) -> dict[str, Any] | None:
    """What the invoice would add up to, what the customer's credit would pay of it, and what is to come later."""
    whole, (count, place) = form.draft(customer), form.parts
    if not whole.lines:
        return None
    draft = _first(whole, count)
    totals = of_draft(draft, current_company().country)
    favour = queries.in_favour(draft.customer_id, draft.currency) if draft.kind != "credit_note" else 0
    later = [(month_name(month, current_locale()), amount)
             for month, amount in (instalments.to_come(whole, count, place) if place else ())]
    return planned(draft, totals, max(min(favour, totals.total), totals.total * 0)) | {"later": later}


def planned(draft: InvoiceDraft, totals: Totals, applied: Any = 0) -> dict[str, Any]:
    """What the part of a page with the totals shows."""
    return {"draft": draft, "lines": list(zip(draft.lines, totals.lines, strict=True)), "totals": totals,
            "currency": draft.currency or current_company().currency, "applied": applied,
            "tax_text": taxes.text}


def _invoice_form(form: forms.InvoiceForm, customer: Customer, planned: Any = None) -> Any:
    if live_part():
        return render_template("accounting/_totals.html", planned=planned, form=form)
    page = render_template("accounting/invoice_form.html", form=form, customer=customer, planned=planned,
                           favour=queries.in_favour(customer.id), today=clock.today())
    return page, 422 if form.errors or form.form_errors else 200


def choose_customer(endpoint: str, title: str, **values: Any) -> Any:
    """Find the customer whom something is for; a single hit is taken at once. `values` are the endpoint's own.

    Former customers are looked for with ?former=1. The field asks the same address for suggestions, as JSON.
    """
    text, former = request.args.get("q", "").strip()[:100], "former" in request.args
    found = finding.people(text, FOUND, active=None if former else True) if text else []
    if wants_json():
        return jsonify([{"id": one.id, "label": str(one)} for one in found[:SUGGESTED]])
    if len(found) == 1:
        return redirect(url_for(endpoint, customer=found[0].id, **values))
    owed = queries.balances([one.id for one in found]) if found else {}
    return render_template("accounting/choose_customer.html", title=title, endpoint=endpoint, text=text, found=found,
                           owed=owed, limit=FOUND, values=values, former=former,
                           is_empty=not found and db.session.scalar(sa.select(Customer.id).limit(1)) is None)


def lines_of(invoice: Invoice) -> list[Any]:
    """The document's lines in order."""
    return list(db.session.scalars(sa.select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)
                                   .order_by(InvoiceLine.position)))


__all__ = ["choose_customer", "form_page", "invoice_page", "lines_of", "pdf_answer", "planned"]
