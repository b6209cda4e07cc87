"""Plans: the list, one plan with its dated prices, and the form."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for

from core import clock, lists
from core.db import db, find
from core.errors import DomainError
from core.forms import refused
from core.i18n import _
from core.scope import current_company
from core.security import require
from modules.contracts import plan_forms, plans, taxes
from modules.contracts.blueprint import bp, form_page
from modules.contracts.lists_of_billing import PLANS
from modules.contracts.models import Plan


@bp.app_template_filter("taxes")
def taxes_filter(value: Any) -> str:
    """Taxes in a few words."""
    return taxes.text(value or [], current_company().country)


@bp.app_template_filter("speed")
def speed_filter(kbps: int | None) -> str:
    """Megabits per second."""
    return plans.speed(kbps)


# what is sold, with today's price and how many have it
lists.attach(bp, "/plans/", PLANS)


@bp.get("/plans/<int:plan_id>")
@require("contracts.view_contracts")
def plan(plan_id: int) -> Any:
    """One plan: its prices, past, valid and to come."""
    row = find(Plan, plan_id)
    return render_template("contracts/plan.html", plan=row, today=clock.today(), form=plan_forms.PlanPriceForm(
        formdata=None, valid_from=clock.today()), count=plans.contracts_of([row.id]).get(row.id, 0))


@bp.route("/plans/new", methods=["GET", "POST"])
@require("contracts.edit_plans")
def new_plan() -> Any:
    """A new plan with its first price."""
    form = plan_forms.new_plan_form()
    if form.validate_on_submit():
        try:
            row = plans.create_plan(form.plan(), form.price.data, form.price_from.data)
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("Plan %(name)s is ready to be sold.", name=row.name), "ok")
            return redirect(url_for("contracts.plan", plan_id=row.id))
    return form_page("contracts/plan_form.html", form, plan=None)


@bp.route("/plans/<int:plan_id>/edit", methods=["GET", "POST"])
@require("contracts.edit_plans")
def edit_plan(plan_id: int) -> Any:
    """Change a plan; what was issued with it stays as it was."""
    row = find(Plan, plan_id)
    form = plan_forms.plan_form(row)
    if form.validate_on_submit():
        try:
            plans.update_plan(row, form.plan())
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("The changes are saved; they are valid from the next billing on."), "ok")
            return redirect(url_for("contracts.plan", plan_id=row.id))
    return form_page("contracts/plan_form.html", form, plan=row)


@bp.post("/plans/<int:plan_id>/prices")
@require("contracts.edit_plans")
def set_plan_price(plan_id: int) -> Any:
    """A price from a day on."""
    row = find(Plan, plan_id)
    form = plan_forms.PlanPriceForm()
    if form.validate_on_submit():
        try:
            plans.set_plan_price(row, form.new_price.data, form.valid_from.data)
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("The price is set."), "ok")
            return redirect(url_for("contracts.plan", plan_id=row.id))
    return render_template("contracts/plan.html", plan=row, today=clock.today(), form=form,
                           count=plans.contracts_of([row.id]).get(row.id, 0)), 422


@bp.post("/plans/prices/<int:price_id>/remove")
@require("contracts.edit_plans")
def remove_plan_price(price_id: int) -> Any:
    """Take a price back that is not valid yet."""
    plan_id = plans.remove_plan_price(price_id)
    db.session.flush()
    flash(_("The price was taken back."), "ok")
    return redirect(url_for("contracts.plan", plan_id=plan_id))
