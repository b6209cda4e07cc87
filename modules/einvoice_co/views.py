"""Small pages of Colombia's own; the documents and the guide are einvoice's."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from core.db import db, find
from core.errors import DomainError
from core.forms import refused
from core.i18n import _, ngettext
from core.jobs import enqueue
from core.security import require
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.einvoice import queries as documents
from modules.einvoice.models import Document
from modules.einvoice_co import attaching, customers, handmade, jobs
from modules.einvoice_co.forms import customer_form

bp = Blueprint("einvoice_co", __name__, url_prefix="/einvoice-co")
SHOWN = 100


@bp.route("/customers/<int:customer_id>", methods=["GET", "POST"])
@require("crm.edit_customers")
def customer(customer_id: int) -> Any:
    """What the RUT says of a customer."""
    row = find(Customer, customer_id)
    form = customer_form(customers.profile(row))
    if form.validate_on_submit():
        try:
            customers.write(row, person=form.person.data, responsible=form.responsible.data or (),
                            first_names=form.first_names.data or "", surnames=form.surnames.data or "")
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("Saved."), "ok")
            return redirect(url_for("crm.customer", customer_id=row.id))
    return render_template("einvoice_co/customer.html", customer=row, form=form), (
        422 if request.method == "POST" else 200)


@bp.get("/debit-notes/<int:document_id>")
@require("einvoice.view_documents")
def debit_note(document_id: int) -> str:
    """A debit note that is made by hand in Siigo Nube: what it has to say, and where its XML is given."""
    return _debit_note_page(find(Document, document_id))


def _debit_note_page(row: Document, error: str = "") -> str:
    invoice, buyer = documents.with_invoices([row])[row.id]
    original = find(Invoice, invoice.original_id) if invoice.original_id else None
    return render_template("einvoice_co/debit_note.html", document=row, invoice=invoice, customer=buyer, error=error,
                           original=original, lines=handmade.lines_of(invoice), wanted=handmade.is_wanted(row))


@bp.post("/debit-notes/<int:document_id>")
@require("einvoice.send_documents")
def adopt_debit_note(document_id: int) -> Any:
    """Take its XML: the document is authorised, with Siigo's number and its CUDE."""
    row, file = find(Document, document_id), request.files.get("file")
    try:
        handmade.adopt(row, file.read() if file else b"")
    except DomainError as error:
        db.session.rollback()
        return _debit_note_page(find(Document, document_id), str(error)), 422
    flash(_("The debit note is recorded with its CUDE."), "ok")
    return redirect(url_for("accounting.invoice", invoice_id=row.invoice_id))


@bp.get("/attachments")
@require("einvoice.view_documents")
def attachments() -> str:
    """Accepted documents whose PDF did not reach The Factory HKA, with why."""
    rows = attaching.failed(SHOWN)
    return render_template("einvoice_co/attachments.html", rows=rows, total=attaching.count_failed(), limit=SHOWN,
                           invoices=documents.with_invoices([document for _row, document in rows]))


@bp.post("/attachments/again")
@require("einvoice.send_documents")
def attach_again() -> Any:
    """Send the PDF of one document again, or of all that wait."""
    one = request.form.get("document", type=int)
    ids = attaching.again([find(Document, one).id] if one else [row.document_id for row, _doc in attaching.failed()])
    for start in range(0, len(ids), jobs.BATCH):
        enqueue(jobs.attach, document_ids=ids[start:start + jobs.BATCH])
    flash(ngettext("%(num)s PDF is sent again.", "%(num)s PDFs are sent again.", len(ids)), "ok")
    return redirect(url_for("einvoice_co.attachments"))
