"""Devices lent with a contract, and the list of those that are to be returned."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for

from core import clock, lists
from core.db import find
from core.i18n import _
from core.security import require
from modules.contracts import equipment, forms
from modules.contracts.blueprint import bp
from modules.contracts.equipment_list import EQUIPMENT
from modules.contracts.extra_views import add_page
from modules.contracts.models import Contract, Equipment


@lists.at(bp, "/contracts/equipment", EQUIPMENT)
def equipment_list(shown: Any) -> Any:
    """What is lent, and what of it is to be returned."""
    return shown.render()


@bp.route("/contracts/<int:contract_id>/equipment/new", methods=["GET", "POST"])
@require("contracts.edit_contracts")
def lend(contract_id: int) -> Any:
    """Something of ours is at the subscriber's."""
    row = find(Contract, contract_id)
    form = forms.EquipmentForm(given_on=clock.today())
    return add_page(row, form, _("Lend equipment"), _("Lend it"), lambda: equipment.lend(
        row, form.description.data, form.serial.data or "", form.given_on.data, form.value.data,
        form.form_key.data or None), _("It is written down as lent."))


@bp.post("/contracts/equipment/<int:equipment_id>/back")
@require("contracts.edit_contracts")
def take_back(equipment_id: int) -> Any:
    """It is back."""
    row = find(Equipment, equipment_id)
    equipment.take_back(row)
    flash(_("%(what)s is back.", what=row.what), "ok")
    return redirect(url_for("contracts.contract", contract_id=row.contract_id))


@bp.route("/contracts/equipment/<int:equipment_id>/lost", methods=["GET", "POST"])
@require("contracts.edit_contracts")
def give_up(equipment_id: int) -> Any:
    """It does not come back: how much of it is charged."""
    row = find(Equipment, equipment_id)
    form = forms.LostForm(amount=row.value)
    return add_page(row.contract, form, _("It does not come back"), _("Write it down"),
                    lambda: equipment.give_up(row, form.amount.data), _("It is written down as not returned."))
