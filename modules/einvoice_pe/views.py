"""Small pages of Peru's own; the documents and the guide are einvoice's."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from core import lists
from core.db import find
from core.errors import DomainError
from core.forms import refused
from core.i18n import _
from core.security import require
from modules.crm.models import Customer
from modules.einvoice_pe import customers, detractions
from modules.einvoice_pe.forms import DepositForm
from modules.einvoice_pe.lists import DETRACTIONS, state_of
from modules.einvoice_pe.models import Detraction

bp = Blueprint("einvoice_pe", __name__, url_prefix="/einvoice-pe")


@bp.post("/customers/<int:customer_id>/document")
@require("crm.edit_customers")
def wants(customer_id: int) -> Any:
    """Say whether the customer gets facturas or boletas."""
    said = request.form.get("factura", "")
    customers.choose_document(find(Customer, customer_id), None if said == "" else said == "1")
    return _back(customer_id)


@bp.post("/customers/<int:customer_id>/agent")
@require("crm.edit_customers")
def agent(customer_id: int) -> Any:
    """Say whether the customer keeps back a retención."""
    customers.mark_agent(find(Customer, customer_id), request.form.get("agent") == "1")
    return _back(customer_id)


def _back(customer_id: int) -> Any:
    flash(_("Saved."), "ok")
    return redirect(url_for("crm.customer", customer_id=customer_id))


# --- detracciones ----------------------------------------------------------------------------------------


@lists.at(bp, "/detracciones", DETRACTIONS)
def detracciones(shown: lists.Shown) -> Any:
    """What is to be deposited at Banco de la Nación, and what was."""
    return shown.render()


@bp.get("/detracciones/<int:detraction_id>")
@require("accounting.view_documents")
def detraction(detraction_id: int) -> Any:
    """One detracción, and where its constancia is recorded."""
    row = find(Detraction, detraction_id)
    return _page(row, DepositForm.of(row))


@bp.post("/detracciones/<int:detraction_id>")
@require("accounting.record_payments")
def record_constancia(detraction_id: int) -> Any:
    """Record the constancia of a deposit."""
    row = find(Detraction, detraction_id)
    form = DepositForm.of(row)
    if form.validate_on_submit():
        try:
            payment = detractions.record(row, form.deposit())
        except DomainError as error:
            refused(form, error)
            row = find(Detraction, detraction_id)
        else:
            flash(_("Constancia %(number)s is recorded; receipt %(receipt)s.", number=row.constancia,
                    receipt=str(payment)), "ok")
            return redirect(url_for("accounting.invoice", invoice_id=row.invoice_id))
    return _page(row, form), 422


def _page(row: Detraction, form: DepositForm) -> str:
    return render_template("einvoice_pe/detraction.html", row=row, form=form, state=state_of(row),
                           service=detractions.service_of(row), expected=detractions.to_deposit(row))
