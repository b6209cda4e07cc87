"""The company's own data, as documents print them."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import flash, redirect, render_template, url_for
from wtforms.widgets import ColorInput

from core import audit, companies, scope
from core.errors import DomainError
from core.forms import (
    BooleanField,
    DataRequired,
    EmailAddress,
    EmailField,
    Form,
    Length,
    SelectField,
    StringField,
    refused,
)
from core.i18n import _, lazy
from core.models import Company
from core.security import require
from core.views import bp

FormType = TypeVar("FormType", bound=Form)
NUMBERS = {"": lazy("As the language has it"), "point": "1,234.56", "comma": "1.234,56"}


class CompanyForm(Form):
    name = StringField(lazy("Legal name"), [DataRequired(), Length(max=200)])
    trade_name = StringField(lazy("Trade name"), [Length(max=200)], description=lazy("What subscribers know you by."))
    tax_id = StringField(lazy("Tax number"), [DataRequired(), Length(max=30)])
    tax_condition = SelectField(lazy("Tax condition"), description=lazy(
        "It decides which documents you issue and with which taxes. Change it only when the tax authority has done "
        "so."))
    # asked for where the condition is another one
    sure = BooleanField(lazy("I am sure of the new tax condition"))
    street = StringField(lazy("Street and number"), [Length(max=200)])
    city = StringField(lazy("City"), [Length(max=100)])
    region = StringField(lazy("Province or state"), [Length(max=100)])
    postal_code = StringField(lazy("Postal code"), [Length(max=20)])
    email = EmailField(lazy("E-mail"), [EmailAddress(), Length(max=200)])
    phone = StringField(lazy("Phone"), [Length(max=40)])
    website = StringField(lazy("Website"), [Length(max=200)])
    timezone = SelectField(lazy("Time zone"))
    number_style = SelectField(lazy("Numbers"), choices=list(NUMBERS.items()), description=lazy(
        "How amounts are written on screens, in files and on paper, in every language."))
    color = StringField(lazy("Colour of documents"), [DataRequired(), Length(min=7, max=7)], widget=ColorInput())


PLAIN = ("name", "trade_name", "street", "city", "region", "postal_code", "email", "phone", "website", "timezone",
         "number_style", "color")


@bp.route("/company", methods=["GET", "POST"])
@require("core.edit_company")
def company() -> Any:
    """Name, tax number and condition, address and contact of the company in scope."""
    found = scope.current_company()
    form = _form(found)
    if form.validate_on_submit():
        try:
            changed = _save(found, form)
        except DomainError as error:
            refused(form, error)
        else:
            _tell(changed)
            return redirect(url_for("core.company"))
    return render_template("core/company.html", form=form, company=found, held=companies.number_held(),
                           has_conditions=bool(form.tax_condition.choices)), 422 if form.is_submitted() else 200


def with_regions(kind: type[FormType], country: str, written: str = "") -> type[FormType]:
    """The form with the country's provinces or states to choose from; one that was written otherwise is kept."""
    known = companies.regions.find(country)
    if not known:
        return kind
    other = [(written, written)] if written and written not in known else []
    field = SelectField(lazy("Province or state"), choices=[("", "—"), *known.items(), *other], default="")
    return type(kind.__name__, (kind,), {"region": field})


def _form(found: Company) -> CompanyForm:
    form = with_regions(CompanyForm, found.country, found.region)(obj=found)
    form.timezone.choices = companies.zones(found.country, found.timezone)
    known = companies.conditions.find(found.country) or {}
    unset = [("", _("Choose one"))] if known and found.tax_condition not in known else []
    form.tax_condition.choices = [*unset, *known.items()]
    form.tax_condition.validate_choice = False  # the service says it in words
    form.tax_id.label.text = companies.tax_names.find(found.country) or form.tax_id.label.text
    return form


def _save(found: Company, form: CompanyForm) -> dict[str, list[Any]]:
    """{field: [before, after]} of what is different now, put on record."""
    condition = form.tax_condition.data if form.tax_condition.choices else found.tax_condition
    changed = companies.change_identity(found, form.tax_id.data or "", condition or "", form.sure.data)
    for name in PLAIN:
        before, after = getattr(found, name), form[name].data
        if before != after:
            changed[name] = [before, after]
            setattr(found, name, after)
    if changed:
        audit.record("core.edit_company", found, changed)
    return changed


def _tell(changed: dict[str, list[Any]]) -> None:
    flash(_("Saved."), "ok")
    if "tax_condition" in changed:
        flash(_("Now look at the taxes of your plans and extras, and go through the steps of electronic invoices "
                "again: the tax authority may ask for another point of sale."), "warn")
    if "tax_id" in changed:
        flash(_("Now go through the steps of electronic invoices again: certificates are in the name of the former "
                "number."), "warn")
