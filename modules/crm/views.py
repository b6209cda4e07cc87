"""Staff pages: the list of customers, a customer's page, and the forms."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from core import lists, slots
from core.db import find
from core.errors import DomainError
from core.forms import refused
from core.i18n import _
from core.scope import current_company
from core.security import can, require
from modules.crm import countries, forms, history, identity, ports, queries, reach, regions, services
from modules.crm.lists import CUSTOMERS
from modules.crm.models import Address, Contact, Customer

bp = Blueprint("crm", __name__, url_prefix="/customers")


@bp.app_template_filter("tax_id")
def tax_id_filter(customer: Customer) -> str:
    """The document of a customer as people write it."""
    return identity.formatted(current_company().country, customer.tax_id_kind, customer.tax_id)


@bp.app_template_filter("phone")
def phone_filter(number: str) -> str:
    """A number in E.164 as people of the company's country write it."""
    return reach.readable(number, current_company().country)


@bp.app_template_filter("region")
def region_filter(address: Address) -> str:
    """The name of an address's province, department or state."""
    return regions.name(address.country or current_company().country, address.region)


@lists.at(bp, "/", CUSTOMERS)
def customers(shown: Any) -> Any:
    """The customers, in order of their names without accents."""
    return shown.render(nobody=not queries.has_customers())


@bp.get("/<int:customer_id>")
@require("crm.view_customers")
def customer(customer_id: int) -> Any:
    """One customer: who it is above, one tab below."""
    row = find(Customer, customer_id)
    tabs = slots.entries("customer.tabs")
    wanted = request.args.get("tab") or _first_tab()
    current = next((tab for tab in tabs if tab.key == wanted), tabs[0] if tabs else None)
    return render_template("crm/customer.html", customer=row, tabs=tabs, current=current,
                           body=current.render(row) if current else "")


def _first_tab() -> str:
    """Who only attends customers begins with what happened; who keeps them, with their data."""
    return "data" if can("crm.deactivate_customers") else "history"


def data_tab(row: Customer) -> str:
    """The customer's own data, as the first tab."""
    rules = countries.get(current_company().country)
    return render_template("crm/data_tab.html", customer=row, extra_parts=dict(
        forms.EXTRA_PARTS.get(current_company().country, ())), conditions=rules.TAX_CONDITIONS,
        bonds=ports.bonds_of(row.id) if row.active and can("crm.deactivate_customers") else ())


def history_tab(row: Customer) -> str:
    """What happened to a customer, as a tab."""
    return render_template("crm/history_tab.html", customer=row, happenings=history.of_customer(row),
                           most=history.SHOWN)


@bp.app_template_test("moment_value")
def is_moment(value: Any) -> bool:
    """Whether it has an hour."""
    return isinstance(value, dt.datetime)


@bp.route("/new", methods=["GET", "POST"])
@require("crm.edit_customers")
def new_customer() -> Any:
    """Make a customer."""
    form = forms.customer_form()
    if form.validate_on_submit() and form["address"].form.is_sound() and _is_meant(form):
        try:
            made = services.create_customer(form.customer(), addresses=[form["address"].form.address("fiscal")])
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("%(name)s was created with code %(code)s.", name=made.name, code=made.code), "ok")
            return redirect(url_for("crm.customer", customer_id=made.id))
    return _form_page("crm/customer_form.html", form, customer=None)


@bp.route("/<int:customer_id>/edit", methods=["GET", "POST"])
@require("crm.edit_customers")
def edit_customer(customer_id: int) -> Any:
    """Change a customer's own data."""
    row = find(Customer, customer_id)
    form = forms.customer_form(row)
    if form.validate_on_submit() and _is_meant(form, row):
        try:
            services.update_customer(row, **_changed(form, row))
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("The changes are saved."), "ok")
            return redirect(url_for("crm.customer", customer_id=row.id))
    return _form_page("crm/customer_form.html", form, customer=row)


def _changed(form: forms.CustomerForm, row: Customer) -> dict[str, Any]:
    data = form.customer()
    fields = ("name", "trade_name", "code", "tax_id_kind", "tax_id", "tax_condition", "emails", "phones", "language",
              "notes", "zone_id", "tag_ids")
    return {name: getattr(data, name) for name in fields} | ({"kind": data.kind} if data.kind else {})


def _is_meant(form: forms.CustomerForm, row: Customer | None = None) -> bool:
    """Ask once when another customer has the same document."""
    compact = countries.get(current_company().country).compact(form.tax_id.data or "")
    others = queries.with_tax_id(compact, row.id if row else None)
    if not others or form.same_document.data or (row and row.tax_id == compact):
        return True
    form.tax_id.errors = [*form.tax_id.errors, _(
        "%(name)s has this document already. If this is somebody else, tick the box below.", name=str(others[0]))]
    form.ask_same_document = True  # type: ignore[attr-defined]
    return False


def _form_page(template: str, form: Any, **context: Any) -> Any:
    """The form again; 422 after a refused POST, so that the request's transaction is rolled back."""
    return render_template(template, form=form, **context), 422 if request.method == "POST" else 200


@bp.post("/<int:customer_id>/deactivate")
@require("crm.deactivate_customers")
def deactivate(customer_id: int) -> Any:
    """Take a customer out of the lists."""
    row = find(Customer, customer_id)
    services.deactivate_customer(row, request.form.get("reason", ""))
    flash(_("%(name)s is a former customer now; nothing was deleted.", name=row.name), "ok")
    return redirect(url_for("crm.customer", customer_id=row.id))


@bp.post("/<int:customer_id>/reactivate")
@require("crm.deactivate_customers")
def reactivate(customer_id: int) -> Any:
    """Put a former customer back into the lists."""
    row = find(Customer, customer_id)
    services.reactivate_customer(row)
    flash(_("%(name)s is a customer again.", name=row.name), "ok")
    return redirect(url_for("crm.customer", customer_id=row.id))


@bp.route("/<int:customer_id>/addresses/new", methods=["GET", "POST"])
@require("crm.edit_customers")
def new_address(customer_id: int) -> Any:
    """Add an address; ?kind=fiscal takes the place of the former one."""
    row = find(Customer, customer_id)
    kind = "fiscal" if request.args.get("kind") == "fiscal" else "service"
    form = forms.address_form()
    if form.validate_on_submit() and form.is_sound():
        data = form.address(kind)
        if data.is_empty:
            form.form_errors.append(_("To save an address you must fill in something."))
        else:
            services.add_address(row, data)
            return redirect(url_for("crm.customer", customer_id=row.id, tab="data"))
    return _form_page("crm/address_form.html", form, customer=row, kind=kind, address=None)


@bp.route("/addresses/<int:address_id>/edit", methods=["GET", "POST"])
@require("crm.edit_customers")
def edit_address(address_id: int) -> Any:
    """Correct an address."""
    row = find(Address, address_id)
    form = forms.address_form(row)
    if form.validate_on_submit() and form.is_sound():
        services.change_address(row, form.address(row.kind))
        return redirect(url_for("crm.customer", customer_id=row.customer_id, tab="data"))
    return _form_page("crm/address_form.html", form, customer=row.customer, kind=row.kind, address=row)


@bp.post("/addresses/<int:address_id>/remove")
@require("crm.edit_customers")
def remove_address(address_id: int) -> Any:
    """Take an address out of use."""
    row = find(Address, address_id)
    services.remove_address(row)
    return redirect(url_for("crm.customer", customer_id=row.customer_id, tab="data"))


@bp.route("/<int:customer_id>/contacts/new", methods=["GET", "POST"])
@require("crm.edit_customers")
def new_contact(customer_id: int) -> Any:
    """Add somebody to talk to."""
    row = find(Customer, customer_id)
    return _contact_page(row, None, forms.contact_form())


@bp.route("/contacts/<int:contact_id>/edit", methods=["GET", "POST"])
@require("crm.edit_customers")
def edit_contact(contact_id: int) -> Any:
    """Correct a contact."""
    row = find(Contact, contact_id)
    return _contact_page(row.customer, row, forms.contact_form(row))


def _contact_page(row: Customer, contact: Contact | None, form: forms.ContactForm) -> Any:
    if form.validate_on_submit():
        typed = {name: form[name].data or "" for name in ("name", "role", "notes", "emails", "phones")}
        try:
            if contact:
                services.update_contact(contact, **typed)
            else:
                services.add_contact(row, **typed)
        except DomainError as error:
            refused(form, error)
        else:
            return redirect(url_for("crm.customer", customer_id=row.id, tab="data"))
    return _form_page("crm/contact_form.html", form, customer=row, contact=contact)


@bp.post("/contacts/<int:contact_id>/remove")
@require("crm.edit_customers")
def remove_contact(contact_id: int) -> Any:
    """Forget a contact."""
    row = find(Contact, contact_id)
    services.remove_contact(row)
    return redirect(url_for("crm.customer", customer_id=row.customer_id, tab="data"))
