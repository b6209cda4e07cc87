"""Receipts of payment: what was made by itself, and what a person must look at."""

from __future__ import annotations

import io
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, send_file, url_for

from core.db import db, find
from core.i18n import _
from core.security import require
from modules.crm.models import Customer
from modules.einvoice_mx import receipts
from modules.einvoice_mx.labels import STATES
from modules.einvoice_mx.models import PaymentReceipt

bp = Blueprint("einvoice_mx", __name__, url_prefix="/einvoice-mx")
SHOWN = 100


@bp.get("/receipts")
@require("einvoice.view_documents")
def payment_receipts() -> str:
    """The newest, refused ones first."""
    refused = sa.case((PaymentReceipt.state == "rejected", 0), else_=1)
    rows = db.session.scalars(sa.select(PaymentReceipt).order_by(refused, PaymentReceipt.id.desc()).limit(SHOWN)).all()
    people = {row.payment.customer_id for row in rows}
    found = db.session.execute(sa.select(Customer.id, Customer.name).where(Customer.id.in_(people))).all()
    names = {row.id: row.name for row in found}
    return render_template("einvoice_mx/receipts.html", rows=rows, names=names, states=STATES, limit=SHOWN)


@bp.get("/receipts/<int:receipt_id>.xml")
@require("einvoice.view_documents")
def receipt_xml(receipt_id: int) -> Any:
    """The stamped receipt as the PAC gave it back; before that what is to be stamped."""
    row = find(PaymentReceipt, receipt_id)
    return send_file(io.BytesIO((row.stamped_xml or row.xml).encode()), "application/xml", as_attachment=True,
                     download_name=f"{row.uuid or row.id}.xml")


@bp.post("/receipts/<int:receipt_id>/retry")
@require("einvoice.send_documents")
def retry_receipt(receipt_id: int) -> Any:
    """Make a refused receipt anew."""
    made = receipts.retry(find(PaymentReceipt, receipt_id))
    flash(_("The receipt is made again.") if made else _("Nothing is left to be receipted."), "ok")
    return redirect(url_for("einvoice_mx.payment_receipts"))
