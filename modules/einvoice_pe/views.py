"""Small pages of Peru's own; the documents and the guide are einvoice's."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for

from core.db import find
from core.i18n import _
from core.security import require
from modules.crm.models import Customer
from modules.einvoice_pe import customers

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
