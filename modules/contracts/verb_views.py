"""What one does with a contract's service and plan: each verb shows what it credits and charges before it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core import clock
from core.db import find
from core.errors import DomainError
from core.forms import refused
from core.i18n import _
from core.months import DAY
from core.security import require
from modules.contracts import foresight, forms, services
from modules.contracts.blueprint import bp
from modules.contracts.foresight import Outcome
from modules.contracts.models import Contract, Plan, PlanChange


@dataclass(frozen=True)
class Verb:
    """A page that asks for a day and a reason, shows the consequences, and does it."""

    title: str
    button: str
    do: Callable[[], Any]
    done: str
    # what it credits and charges; None where it never does
    foresee: Callable[[], Outcome] | None = None
    help: str = ""
    danger: bool = False


def _page(contract: Contract, form: forms.DayForm, verb: Verb) -> Any:
    """Ask; show what follows where there is something to settle; do it once that was seen."""
    outcome, status = None, 200
    if form.validate_on_submit():
        try:
            outcome = _unseen(form, verb)
            if outcome is None:
                verb.do()
                flash(verb.done, "ok")
                return _back(contract.id)
        except DomainError as error:
            refused(form, error)
            status = 422
    elif request.method == "POST":
        status = 422
    return render_template("contracts/verb.html", contract=contract, form=form, verb=verb, outcome=outcome), status


def _unseen(form: forms.DayForm, verb: Verb) -> Outcome | None:
    """The consequences, where there are any that were not shown for these very values."""
    if verb.foresee is None or form.seen.data == form.facts:
        return None
    outcome = verb.foresee()
    if not outcome.differences:
        return None
    form.seen.data = form.facts
    return outcome


def _back(contract_id: int) -> Any:
    return redirect(url_for("contracts.contract", contract_id=contract_id))


# --- service -------------------------------------------------------------------------------------------


@bp.route("/contracts/<int:contract_id>/activate", methods=["GET", "POST"])
@require("contracts.edit_contracts")
def activate(contract_id: int) -> Any:
    """Service begins."""
    row = find(Contract, contract_id)
    form = forms.DayForm(day=max(row.billing_from, clock.today()))
    return _page(row, form, Verb(
        _("Begin the service"), _("Begin"), lambda: services.activate(row, form.day.data), _("The service has begun."),
        help=_("The contract is billed from this day on.")))


@bp.route("/contracts/<int:contract_id>/cancel", methods=["GET", "POST"])
@require("contracts.end_contracts")
def cancel(contract_id: int) -> Any:
    """A contract that comes to nothing."""
    row = find(Contract, contract_id)
    form = forms.DayForm(day=clock.today())
    return _page(row, form, Verb(
        _("Cancel the contract"), _("Cancel the contract"), lambda: services.cancel(row, form.reason.data or ""),
        _("The contract was cancelled."), help=_("It never began, so nothing is billed."), danger=True))


@bp.route("/contracts/<int:contract_id>/suspend", methods=["GET", "POST"])
@require("contracts.suspend_contracts")
def suspend(contract_id: int) -> Any:
    """Cut the service."""
    row = find(Contract, contract_id)
    form = forms.SuspendForm(day=clock.today())
    return _page(row, form, Verb(
        _("Cut the service"), _("Cut the service"),
        lambda: services.suspend(row, form.cause.data, form.reason.data or "", form.day.data),
        _("The service is cut."), lambda: foresight.if_suspended(row, form.day.data),
        help=_("What is charged meanwhile follows the billing profile."), danger=True))


@bp.route("/contracts/<int:contract_id>/restore", methods=["GET", "POST"])
@require("contracts.suspend_contracts")
def restore(contract_id: int) -> Any:
    """Service again."""
    row = find(Contract, contract_id)
    form = forms.DayForm(day=clock.today())
    return _page(row, form, Verb(
        _("Restore the service"), _("Restore"), lambda: services.restore(row, form.day.data, form.reason.data or ""),
        _("The service is back."), lambda: foresight.if_restored(row, form.day.data)))


@bp.route("/contracts/<int:contract_id>/end", methods=["GET", "POST"])
@require("contracts.end_contracts")
def end(contract_id: int) -> Any:
    """End the service, today or on a day to come."""
    row = find(Contract, contract_id)
    form = forms.DayForm(day=clock.today())
    form.day.label.text = _("Last day of service")
    return _page(row, form, Verb(
        _("End the contract"), _("End the contract"),
        lambda: services.end(row, form.day.data, form.reason.data or ""), _("The end of the contract is set."),
        lambda: foresight.if_ended(row, form.day.data), danger=True,
        help=_("Instalments that are left come with the last invoice.")))


@bp.post("/contracts/<int:contract_id>/keep")
@require("contracts.end_contracts")
def keep(contract_id: int) -> Any:
    """Take an end back that has not come yet."""
    services.keep(find(Contract, contract_id))
    flash(_("The contract goes on."), "ok")
    return _back(contract_id)


@bp.route("/contracts/<int:contract_id>/courtesy", methods=["GET", "POST"])
@require("contracts.edit_contracts")
def courtesy(contract_id: int) -> Any:
    """Free of charge for some days."""
    row = find(Contract, contract_id)
    form = forms.CourtesyForm(day=clock.today())
    form.day.label.text = _("From")
    return _page(row, form, Verb(
        _("Give a courtesy"), _("Give the courtesy"),
        lambda: services.set_courtesy(row, form.day.data, form.until.data, form.reason.data or ""),
        _("The courtesy is set."), lambda: foresight.if_courtesy(row, form.day.data, form.until.data),
        help=_("The service is free of charge for these days.")))


@bp.post("/contracts/<int:contract_id>/courtesy/end")
@require("contracts.edit_contracts")
def end_courtesy(contract_id: int) -> Any:
    """Charge again from today on."""
    services.end_courtesy(find(Contract, contract_id), clock.today() - DAY)
    flash(_("The courtesy has ended; today is charged."), "ok")
    return _back(contract_id)


# --- plan and price ------------------------------------------------------------------------------------


@bp.route("/contracts/<int:contract_id>/plan", methods=["GET", "POST"])
@require("contracts.edit_contracts")
def change_plan(contract_id: int) -> Any:
    """Another plan, today or on a day to come."""
    row = find(Contract, contract_id)
    form = forms.PlanChangeForm(day=max(clock.today(), row.billing_from))
    form.plan_id.choices = forms.plan_choices()
    form.day.label.text = _("From")

    def plan() -> Any:
        return find(Plan, int(form.plan_id.data))

    def foresee() -> Outcome:
        services.check_change(row, plan(), form.day.data)
        return foresight.if_plan_changed(row, plan(), form.day.data, form.price.data)

    return _page(row, form, Verb(
        _("Change the plan"), _("Change the plan"),
        lambda: services.change_plan(row, plan(), form.day.data, form.reason.data or "", form.price.data),
        _("The change of plan is set."), foresee,
        help=_("With a day to come, the plan changes on that day by itself.")))


@bp.post("/contracts/changes/<int:change_id>/cancel")
@require("contracts.edit_contracts")
def cancel_change(change_id: int) -> Any:
    """Take a change of plan back that has not come yet."""
    change = find(PlanChange, change_id)
    services.cancel_change(change)
    flash(_("The change of plan was taken back."), "ok")
    return _back(change.contract_id)


@bp.route("/contracts/<int:contract_id>/price", methods=["GET", "POST"])
@require("contracts.edit_contracts")
def set_price(contract_id: int) -> Any:
    """A price of the contract's own."""
    row = find(Contract, contract_id)
    form = forms.PriceForm(first=clock.today())
    status = 422 if request.method == "POST" else 200
    if form.validate_on_submit():
        try:
            services.set_price(row, form.price.data, form.first.data, form.last.data, form.promised.data,
                               form.form_key.data or None)
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("The price is set."), "ok")
            return _back(contract_id)
    return render_template("contracts/price.html", contract=row, form=form), status
