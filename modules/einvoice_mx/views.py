"""Receipts of payment and global invoices, made by themselves and looked at by people; stamped XML by hand."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for

from core import lists, storage
from core.db import db, find
from core.errors import DomainError, NotFound
from core.i18n import _
from core.security import require
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.einvoice.models import Document
from modules.einvoice_mx import (
    corrections,
    gathering,
    global_corrections,
    labels,
    paper_files,
    paper_sheets,
    periods,
    recovering,
)
from modules.einvoice_mx.lists import RECEIPTS
from modules.einvoice_mx.lists_of_globals import GLOBALS
from modules.einvoice_mx.models import GlobalInvoice, PaymentReceipt, Stampable
from modules.einvoice_mx.papers import PAPERS

# sales that the page of a global invoice lists; all are in its PDF
SHOWN = 200
bp = Blueprint("einvoice_mx", __name__, url_prefix="/einvoice-mx")


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"paper_state": labels.STATES}


# --- receipts of payment ---------------------------------------------------------------------------------


@lists.at(bp, "/receipts", RECEIPTS)
def payment_receipts(shown: lists.Shown) -> Any:
    """All receipts of payment."""
    return shown.render("einvoice_mx/receipts.html", answer=_(
        "They are made by themselves when a payment pays stamped invoices that are paid later (PPD)."))


@bp.get("/receipts/<int:receipt_id>")
@require("einvoice.view_documents")
def payment_receipt(receipt_id: int) -> Any:
    """One receipt: what it says, what became of it, and what next."""
    row = find(PaymentReceipt, receipt_id)
    customer = find(Customer, row.payment.customer_id)
    paid, unreadable = _read(paper_sheets.paid_rows, row)
    return render_template("einvoice_mx/receipt.html", row=row, customer=customer, paid=paid, unreadable=unreadable)


def _read(reader: Callable[[Stampable], list[Any]], row: Stampable) -> tuple[list[Any], str]:
    """What the XML of a row says, or why it cannot be read: the rest of its page is of use all the same."""
    try:
        return reader(row), ""
    except DomainError as error:
        return [], str(error)


@bp.post("/receipts/<int:receipt_id>/retry")
@require("einvoice.send_documents")
def retry_receipt(receipt_id: int) -> Any:
    """Make a refused receipt anew."""
    made = corrections.retry(find(PaymentReceipt, receipt_id))
    flash(_("The receipt is made again.") if made else _("Nothing is left to be receipted."), "ok")
    return redirect(url_for("einvoice_mx.payment_receipt", receipt_id=made[0]) if made
                    else url_for("einvoice_mx.payment_receipts"))


@bp.post("/receipts/<int:receipt_id>/cancel")
@require("einvoice.cancel_documents")
def cancel_receipt(receipt_id: int) -> Any:
    """Cancel a wrong receipt; what is still paid is receipted again once the SAT has cancelled it."""
    corrections.cancel(find(PaymentReceipt, receipt_id), request.form.get("reason", ""))
    flash(_("The SAT is asked to cancel the receipt. What the payment still pays is receipted again afterwards."), "ok")
    return redirect(url_for("einvoice_mx.payment_receipt", receipt_id=receipt_id))


# --- global invoices -------------------------------------------------------------------------------------


@lists.at(bp, "/globals", GLOBALS)
def global_invoices(shown: lists.Shown) -> Any:
    """All global invoices, and what waits for one."""
    return shown.render("einvoice_mx/globals.html", waiting=gathering.waiting(), answer=_(
        "The sales to who has no RFC, gathered as the fiscal profile says. They are made by themselves when their days "
        "have ended."))


@bp.post("/globals/make")
@require("einvoice.send_documents")
def make_globals() -> Any:
    """Make those that are due, without waiting for the job."""
    if gathering.is_due():
        gathering.ask_for_all()
        flash(_("The global invoices that are due are being made."), "ok")
    else:
        flash(_("No global invoice is due: no sale waits whose days have ended."), "info")
    return redirect(url_for("einvoice_mx.global_invoices"))


@bp.get("/globals/<int:global_id>")
@require("einvoice.view_documents")
def global_invoice(global_id: int) -> Any:
    """One global invoice: its sales, what became of it, and what next."""
    row = find(GlobalInvoice, global_id)
    return render_template(
        "einvoice_mx/global.html", row=row, period=periods.name(row.period, row.last_day),
        sales=gathering.sold(row, SHOWN), shown=SHOWN, reasons=global_corrections.reasons(),
        notes=global_corrections.notes_on(row) if row.state == "authorized" else (),
        other=db.session.scalar(sa.select(GlobalInvoice).where(GlobalInvoice.replaces_id == row.id)
                                .order_by(GlobalInvoice.id.desc()).limit(1)))


@bp.post("/globals/<int:global_id>/<any(retry, again):what>")
@require("einvoice.send_documents")
def redo_global(global_id: int, what: str) -> Any:
    """Make a refused one anew, or gather anew what one cancelled with motive 03 held."""
    row = find(GlobalInvoice, global_id)
    if what == "again":
        global_corrections.gather_again(row)
        flash(_("Its sales wait for another global invoice."), "ok")
        return redirect(url_for("einvoice_mx.global_invoices"))
    made = global_corrections.retry(row)
    flash(_("The global invoice is made again.") if made else _("Nothing is left to be gathered."), "ok")
    return redirect(url_for("einvoice_mx.global_invoice", global_id=made.id if made else global_id))


@bp.post("/globals/<int:global_id>/cancel")
@require("einvoice.cancel_documents")
def cancel_global(global_id: int) -> Any:
    """Cancel a stamped one with a motive of the SAT."""
    row = find(GlobalInvoice, global_id)
    global_corrections.cancel(row, request.form.get("code", ""), request.form.get("reason", ""))
    flash(_("The SAT is asked to cancel the global invoice."), "ok")
    return redirect(url_for("einvoice_mx.global_invoice", global_id=global_id))


@bp.post("/sales/<int:invoice_id>/own")
@require("einvoice.cancel_documents")
def own_cfdi(invoice_id: int) -> Any:
    """Give the customer of a sale to the general public a CFDI of his own."""
    flash(global_corrections.own_cfdi(find(Invoice, invoice_id)), "ok")
    return redirect(url_for("accounting.invoice", invoice_id=invoice_id))


# --- files -------------------------------------------------------------------------------------------------


def _paper(paper: str, row_id: int) -> Stampable:
    found = PAPERS.get(paper)
    if found is None:
        raise NotFound(_("This record does not exist, or belongs to another company."))
    row: Stampable = find(found.model, row_id)
    return row


@bp.get("/<any(receipt, global):paper>/<int:row_id>/<any(pdf, xml, proof):what>")
@require("einvoice.view_documents")
def paper_file(paper: str, row_id: int, what: str) -> Any:
    """The printed sheet, the XML as the PAC gave it back (before that what is to be stamped), or the acuse."""
    row = _paper(paper, row_id)
    if what == "xml":
        return send_file(io.BytesIO((row.stamped_xml or row.xml).encode()), "application/xml", as_attachment=True,
                         download_name=f"{row.uuid or row}.xml")
    if what == "proof" and row.proof_file_id is None:
        raise NotFound(_("This document has no such file."))
    file = paper_files.pdf_of(row) if what == "pdf" else storage.find_file(row.proof_file_id or 0)
    return send_file(io.BytesIO(storage.read(file)), file.media_type, as_attachment=what == "proof",
                     download_name=file.name)


# --- stamped XML by hand -----------------------------------------------------------------------------------


@bp.get("/recover")
@require("einvoice.send_documents")
def recover() -> Any:
    """What has lost its answer for good, and where its stamped XML is uploaded."""
    return _recover_page()


def _recover_page(done: list[tuple[str, str, str]] | None = None) -> str:
    return render_template("einvoice_mx/recover.html", lost=recovering.lost(), done=done or [],
                           is_document=lambda row: isinstance(row, Document), paper_of=_paper_of)


def _paper_of(row: Any) -> str:
    return next(key for key, paper in PAPERS.items() if isinstance(row, paper.model))


@bp.post("/recover")
@require("einvoice.send_documents")
def upload() -> Any:
    """Take stamped XML or acuses, each file by itself; those refused are told with the reason."""
    done, refused = [], 0
    for file in [one for one in request.files.getlist("files") if one.filename]:
        name = file.filename or ""
        try:
            with db.session.begin_nested():
                done.append((name, "ok", recovering.adopt(file.read()).text))
        except DomainError as error:
            refused += 1
            done.append((name, "bad", str(error)))
    if not done:
        done, refused = [("", "bad", _("To go on you must choose a file."))], 1
    return _recover_page(done), 422 if refused == len(done) else 200


@bp.post("/recover/<any(document, receipt, global):paper>/<int:row_id>")
@require("einvoice.send_documents")
def never_stamped(paper: str, row_id: int) -> Any:
    """A person found that it was never stamped: it is sent anew."""
    row = find(Document, row_id) if paper == "document" else _paper(paper, row_id)
    recovering.never_stamped(row, request.form.get("reason", ""))
    flash(_("It is dated and sealed anew, and sent under its folio."), "ok")
    return redirect(url_for("einvoice_mx.recover"))
