"""Staff pages of contracts: the list, a contract, a new one, its terms. The other pages are in files of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core import clock, lists
from core.db import find
from core.errors import DomainError
from core.forms import refused
from core.i18n import _, format_date
from core.scope import current_company
from core.security import can, require
from modules.contracts import (
    billing_views,
    cures,
    draft_views,
    equipment,
    equipment_views,
    extra_views,
    foresight,
    forms,
    history,
    looking_on_views,
    mend_views,
    plan_views,
    queries,
    revision_views,
    services,
    states,
    taxes,
    verb_views,
)
from modules.contracts.blueprint import bp, form_page
from modules.contracts.lists import CONTRACTS
from modules.contracts.models import Contract
from modules.contracts.ports import Remark, strip_parts
from modules.crm import finding
from modules.crm.models import Customer

__all__ = ["billing_views", "bp", "draft_views", "equipment_views", "extra_views", "looking_on_views", "mend_views",
           "plan_views", "revision_views", "verb_views"]


@lists.at(bp, "/contracts/", CONTRACTS)
def contracts(shown: Any) -> Any:
    """All contracts, by number."""
    return shown.render()


@bp.get("/contracts/<int:contract_id>")
@require("contracts.view_contracts")
def contract(contract_id: int) -> Any:
    """One contract: its state and what can be done, what it costs, what was and will be billed, what happened."""
    row = find(Contract, contract_id)
    today = clock.today()
    own, ahead = queries.own_price(row, today), foresight.next_bill(row)
    return render_template(
        "contracts/contract.html", contract=row, today=today, own_price=own, price=queries.price_on(row, today),
        profile=queries.effective_profile(row), actions=states.possible(row.state), next=ahead,
        periods=queries.billed_periods(row.id), history=history.of_contract(row),
        lent=equipment.of_contract(row.id), equipment_states=equipment.STATES,
        page_url=cures.other_page,
        decided=taxes.decided(current_company().country, ahead and ahead.bill),
        suspension=next((one for one in row.suspensions if one.ended_at is None), None),
        planned=[one for one in row.changes if one.state == "planned"])


@bp.route("/contracts/new", methods=["GET", "POST"])
@require("contracts.edit_contracts")
def new_contract() -> Any:
    """A new contract of the customer that the address names; without one it asks for whom."""
    customer_id = request.args.get("customer", type=int)
    if customer_id is None:
        text = request.args.get("q", "").strip()[:200]
        return render_template("contracts/choose_customer.html", text=text,
                               found=finding.people(text, 20, active=True) if text else [])
    customer = find(Customer, customer_id)
    form = forms.contract_form(customer)
    if form.validate_on_submit():
        try:
            made = services.create_contract(form.contract(customer))
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("Contract %(number)s was made.", number=made.number), "ok")
            return redirect(url_for("contracts.contract", contract_id=made.id))
    return form_page("contracts/contract_form.html", form, customer=customer, has_plans=len(form.plan_id.choices) > 1)


@bp.route("/contracts/<int:contract_id>/edit", methods=["GET", "POST"])
@require("contracts.edit_contracts")
def edit_contract(contract_id: int) -> Any:
    """Address, profile, days, notes, network data."""
    row = find(Contract, contract_id)
    form = forms.terms_form(row)
    if form.validate_on_submit():
        services.update_contract(row, **form.terms())
        flash(_("The changes are saved."), "ok")
        return redirect(url_for("contracts.contract", contract_id=row.id))
    return form_page("contracts/terms_form.html", form, contract=row)


def customer_tab(customer: Customer) -> str:
    """The contracts of a customer, on the customer's page."""
    rows = queries.contracts_of(customer.id)
    today = clock.today()
    return render_template("contracts/customer_tab.html", customer=customer, rows=rows, today=today,
                           price_on=queries.price_on, may_edit=can("contracts.edit_contracts"))


def customer_summary(customer: Customer) -> str:
    """A strip per contract in use, above the tabs of the customer's page."""
    rows = [one for one in queries.contracts_of(customer.id) if one.state in (states.ACTIVE, states.SUSPENDED)]
    if not rows:
        return ""
    shown = rows[:6]
    return render_template("contracts/customer_summary.html", rows=shown, more=len(rows) - 6,
                           remarks=_remarks([one.id for one in shown]))


def _remarks(contract_ids: Sequence[int]) -> dict[int, list[Remark]]:
    """By contract what other modules say of it, and up to when it is paid."""
    found: dict[int, list[Remark]] = defaultdict(list)
    for _module, part in strip_parts.items():
        if can(part.permission):
            for key, remark in part.of(contract_ids).items():
                found[key].append(remark)
    paid = queries.paid_up_to(contract_ids) if can("accounting.view_documents") else {}
    for key, day in paid.items():
        found[key].append(Remark(_("paid up to %(date)s", date=format_date(day))))
    return found


def customer_action(customer: Customer) -> str:
    """The button of a new contract on the customer's page."""
    return render_template("contracts/customer_action.html", customer=customer) if customer.active else ""

