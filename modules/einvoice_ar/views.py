"""Small pages of ARCA's own; the documents and the guide are einvoice's."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for

from core import clock
from core.db import db, find
from core.errors import DomainError, OutsideError
from core.i18n import _
from core.security import require
from modules.crm.models import Customer
from modules.einvoice_ar import customers, register
from modules.einvoice_ar.models import Notice

bp = Blueprint("einvoice_ar", __name__, url_prefix="/einvoice-ar")


@bp.post("/announcements/<int:notice_id>/seen")
@require("einvoice.view_documents")
def seen(notice_id: int) -> Any:
    """Take an announcement off the home page."""
    find(Notice, notice_id).seen_at = clock.now()
    return redirect(url_for("core.home"))


@bp.post("/customers/<int:customer_id>/ask")
@require("crm.edit_customers")
def ask_register(customer_id: int) -> Any:
    """Ask ARCA's register who the customer is, and keep the answer."""
    cuit = customers.number_of(find(Customer, customer_id))
    if not cuit:
        raise DomainError(_("To ask ARCA you must first give the customer's CUIT, CUIL or CDI."))
    db.session.commit()
    try:
        found = register.look_up(cuit)
    except OutsideError as error:
        db.session.rollback()
        flash(_("ARCA's register could not be asked: %(reason)s", reason=error), "bad")
        return _back(customer_id)
    customers.keep(find(Customer, customer_id), cuit, found)
    flash(_("ARCA's register has answered.") if found else _("ARCA's register does not know this number."),
          "ok" if found else "bad")
    return _back(customer_id)


@bp.post("/customers/<int:customer_id>/take-over")
@require("crm.edit_customers")
def take_over(customer_id: int) -> Any:
    """Make the register's condition the customer's."""
    customers.take_over(find(Customer, customer_id))
    flash(_("Saved."), "ok")
    return _back(customer_id)


@bp.post("/customers/<int:customer_id>/credit-invoices")
@require("crm.edit_customers")
def credit_invoices(customer_id: int) -> Any:
    """Say whether the customer gets credit invoices."""
    customers.mark_credit_invoices(find(Customer, customer_id), request.form.get("gets") == "1")
    flash(_("Saved."), "ok")
    return _back(customer_id)


def _back(customer_id: int) -> Any:
    return redirect(url_for("crm.customer", customer_id=customer_id))
