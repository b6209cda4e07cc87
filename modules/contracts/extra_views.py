"""Recurring extras, charges in instalments and discounts of a contract."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core import clock
from core.db import find
from core.errors import DomainError
from core.forms import refused
from core.i18n import _, ngettext
from core.security import require
from modules.contracts import extras, forms
from modules.contracts.blueprint import bp
from modules.contracts.models import Charge, Contract, ContractItem, Discount


def add_page(contract: Contract, form: Any, title: str, button: str, do: Callable[[], Any], done: str) -> Any:
    """A page with one form that adds something to the contract."""
    form.fill()
    if form.validate_on_submit():
        try:
            do()
        except DomainError as error:
            refused(form, error)
        else:
            flash(done, "ok")
            return _back(contract.id)
    return render_template("contracts/extra.html", contract=contract, form=form, title=title,
                           button=button), 422 if request.method == "POST" else 200


def _back(contract_id: int) -> Any:
    return redirect(url_for("contracts.contract", contract_id=contract_id))


def _month(value: str | None) -> dt.date | None:
    return dt.date.fromisoformat(value) if value else None


@bp.route("/contracts/<int:contract_id>/items/new", methods=["GET", "POST"])
@require("contracts.edit_contracts")
def add_item(contract_id: int) -> Any:
    """A recurring extra."""
    row = find(Contract, contract_id)
    form = forms.ItemForm(first_day=clock.today(), quantity=1)
    return add_page(row, form, _("Add a recurring extra"), _("Add"), lambda: extras.add_item(
        row, form.description.data, form.unit_price.data, quantity=form.quantity.data, first_day=form.first_day.data,
        last_day=form.last_day.data, form_key=form.form_key.data or None, **form.taxed()),
        _("The extra is added; days that are billed already come with the next invoice."))


@bp.post("/contracts/items/<int:item_id>/end")
@require("contracts.edit_contracts")
def end_item(item_id: int) -> Any:
    """The extra ends; today is not charged any more."""
    item = find(ContractItem, item_id)
    extras.end_item(find(Contract, item.contract_id), item)
    flash(_("The extra has ended; days billed beyond are credited with the next invoice."), "ok")
    return _back(item.contract_id)


@bp.route("/contracts/<int:contract_id>/charges/new", methods=["GET", "POST"])
@require("contracts.edit_contracts")
def add_charge(contract_id: int) -> Any:
    """Something to be paid once, perhaps in instalments."""
    row = find(Contract, contract_id)
    form = forms.ChargeForm()
    return add_page(row, form, _("Charge once or in instalments"), _("Add the charge"), lambda: extras.add_charge(
        row, form.description.data, form.total.data, instalments=form.instalments.data,
        first_month=_month(form.first_month.data), form_key=form.form_key.data or None, **form.taxed()),
        _("The charge comes with the next invoices."))


@bp.post("/contracts/charges/<int:charge_id>/cancel")
@require("contracts.edit_contracts")
def cancel_charge(charge_id: int) -> Any:
    """Take back the instalments that are not billed yet."""
    charge = find(Charge, charge_id)
    count = extras.cancel_charge(find(Contract, charge.contract_id), charge, request.form.get("reason", ""))
    flash(ngettext("%(num)s instalment was taken back.", "%(num)s instalments were taken back.", count), "ok")
    return _back(charge.contract_id)


@bp.route("/contracts/<int:contract_id>/discounts/new", methods=["GET", "POST"])
@require("contracts.edit_contracts")
def add_discount(contract_id: int) -> Any:
    """A discount for some months."""
    row = find(Contract, contract_id)
    form = forms.DiscountForm()
    return add_page(row, form, _("Give a discount"), _("Give the discount"), lambda: extras.add_discount(
        row, form.description.data, percent=form.percent.data, amount=form.amount.data,
        first_month=_month(form.first_month.data), last_month=_month(form.last_month.data),
        on_items=form.on_items.data, form_key=form.form_key.data or None), _("The discount is given."))


@bp.post("/contracts/discounts/<int:discount_id>/end")
@require("contracts.edit_contracts")
def end_discount(discount_id: int) -> Any:
    """The discount ends with the month before this one."""
    discount = find(Discount, discount_id)
    extras.end_discount(find(Contract, discount.contract_id), discount)
    flash(_("The discount has ended."), "ok")
    return _back(discount.contract_id)
