"""Curing in place what cannot be billed: from the preview, and from the list of who was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for

from core import months
from core.db import db, find
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company
from core.security import check, require
from modules.contracts import billing_views, mending, previews
from modules.contracts.blueprint import bp
from modules.contracts.models import Contract
from modules.contracts.ports import place_taxes
from modules.crm import countries


@dataclass(frozen=True)
class Slip:
    """What was typed and refused, so that nothing of it is lost."""

    contract_id: int
    values: dict[str, str]
    field: str
    message: str


@bp.app_context_processor
def _mending() -> dict[str, Any]:
    return {"mend_inputs": mending.INPUTS, "mend_permission": mending.permission, "tax_rules": tax_rules,
            "place_rule": lambda: place_taxes.get(current_company().country)}


def tax_rules() -> Any:
    """The kinds of number and conditions of the company's country."""
    return countries.get(current_company().country)


@bp.post("/billing/mend")
@require("contracts.view_billing")
def mend() -> Any:
    """Write a correction, say whether the contract can be billed now, and go back to the list."""
    company, cure = current_company(), request.form.get("cure", "")
    month = months.parse(request.form.get("month", ""))
    if cure not in mending.INPUTS:
        raise DomainError(_("Correcting this here is not possible; open the contract."))
    check(mending.permission(cure))
    contract = find(Contract, request.form.get("contract", 0, type=int))
    try:
        mending.mend(contract, month, cure, request.form)
        problem = mending.still_wrong(company, month, contract)
    except DomainError as error:
        return _refused(contract.id, error)
    name = contract.customer.name
    if problem is None:
        previews.forget_exception(company, month, contract.id)
        flash(_("%(name)s can be billed now.", name=name), "ok")
    else:
        flash(_("Saved, but %(name)s cannot be billed yet: %(reason)s", name=name, reason=problem.message), "warn")
    page = "contracts.desk" if request.form.get("where") == "desk" else "contracts.exceptions"
    return redirect(url_for(page, month=months.show(month), _anchor="causes"))


def _refused(contract_id: int, error: DomainError) -> Any:
    """The list again, with what was typed and why it cannot be."""
    db.session.rollback()
    company, month = current_company(), months.parse(request.form.get("month", ""))
    slip = Slip(contract_id, dict(request.form), error.field or "", str(error))
    page = billing_views.desk_page if request.form.get("where") == "desk" else billing_views.exceptions_page
    return page(company, month, slip), 422
