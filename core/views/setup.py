"""The guided set-up: the first company, its steps, and which services are in rehearsal."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, flash, g, redirect, render_template, request, session, url_for

from core import companies, modules, outside, scope, setup
from core.db import db
from core.errors import DomainError
from core.forms import DataRequired, EmailAddress, EmailField, Form, Length, SelectField, StringField, refused
from core.i18n import _, lazy
from core.security import choose_company, is_admin, require
from core.views import bp
from core.views.company import with_regions

COUNTRIES = {"AR": lazy("Argentina"), "EC": lazy("Ecuador"), "CO": lazy("Colombia"), "MX": lazy("Mexico"),
             "PE": lazy("Peru")}
# where the layout shows the way back; left by going home
FLAG = "in_setup"


class NewCompanyForm(Form):
    name = StringField(lazy("Legal name"), [DataRequired(), Length(max=200)])
    trade_name = StringField(lazy("Trade name"), [Length(max=200)], description=lazy("What subscribers know you by."))
    tax_id = StringField(lazy("Tax number"), [DataRequired(), Length(max=30)])
    tax_condition = SelectField(lazy("Tax condition"))
    street = StringField(lazy("Street and number"), [Length(max=200)])
    city = StringField(lazy("City"), [Length(max=100)])
    region = StringField(lazy("Province or state"), [Length(max=100)])
    postal_code = StringField(lazy("Postal code"), [Length(max=20)])
    email = EmailField(lazy("E-mail"), [EmailAddress(), Length(max=200)])
    phone = StringField(lazy("Phone"), [Length(max=40)])


@bp.get("/setup", endpoint="setup")
@require("core.edit_company")
def guided_setup() -> Any:
    """The steps with what is done, and the one to do now; without a company the way to the first one."""
    if not scope.company_id_or_none():
        return redirect(url_for("core.new_company"))
    found = setup.steps(scope.current_company())
    if not found:
        abort(403)
    session[FLAG] = any(step.needed and not step.done for step in found)  # who is ready needs no way back
    return render_template("core/setup.html", steps=found, now=setup.next_step(found, request.args.get("step")),
                           may_create=is_admin())


@bp.route("/setup/company", methods=["GET", "POST"])
@require("core.edit_company")
def new_company() -> Any:
    """Create a company: first its country, then what the country asks for. Administrators only."""
    if not is_admin():
        abort(403)
    country = request.args.get("country", "").upper()
    if country not in companies.COUNTRIES:
        return render_template("core/setup_country.html", countries=_countries())
    form = with_regions(NewCompanyForm, country)()
    conditions = companies.conditions.find(country)
    form.tax_condition.choices = [("", _("Choose one")), *(conditions or {}).items()]
    form.tax_id.label.text = companies.tax_names.find(country) or form.tax_id.label.text
    if form.validate_on_submit():
        try:
            return _create(country, form)
        except DomainError as error:
            db.session.rollback()
            refused(form, error)
    return render_template("core/setup_company.html", form=form, country=COUNTRIES[country],
                           has_conditions=bool(conditions)), 422 if form.is_submitted() else 200


def _create(country: str, form: NewCompanyForm) -> Any:
    values = {name: value for name, value in form.data.items() if name != "csrf_token" and value}
    if companies.conditions.find(country) and not values.get("tax_condition"):
        raise DomainError(_("To create a company you must choose its tax condition: it decides which documents it "
                            "issues."), field="tax_condition")
    made = companies.create_company(country, values.pop("name"), values.pop("tax_id"), **values)
    g.pop("companies", None)
    choose_company(made.id)
    flash(_("%(company)s is created, in rehearsal: nothing that you try reaches anybody outside.", company=made), "ok")
    return redirect(url_for("core.setup"))


def _countries() -> list[tuple[str, Any, bool]]:
    """(code, name, whether a module issues electronic documents there)."""
    manifests = modules.available()
    known = {manifests[name].country for name in current_app.extensions["abona_modules"]}
    return [(code, COUNTRIES[code], code in known) for code in companies.COUNTRIES]


@bp.get("/setup/services")
@require("core.edit_company")
def services() -> Any:
    """Each outside service: rehearsal or production, and the guarded step between them."""
    if not scope.company_id_or_none():
        return redirect(url_for("core.setup"))
    return render_template("core/services.html", services=outside.standings(), company=scope.current_company())
