"""The company's own data, as documents print them."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask import flash, redirect, render_template, url_for
from wtforms.widgets import ColorInput

from core import audit, scope
from core.forms import (
    DataRequired,
    EmailAddress,
    EmailField,
    Form,
    Length,
    SelectField,
    StringField,
)
from core.i18n import _, lazy
from core.security import require
from core.views import bp


class CompanyForm(Form):
    name = StringField(lazy("Legal name"), [DataRequired(), Length(max=200)])
    trade_name = StringField(lazy("Trade name"), [Length(max=200)], description=lazy("What subscribers know you by."))
    street = StringField(lazy("Street and number"), [Length(max=200)])
    city = StringField(lazy("City"), [Length(max=100)])
    region = StringField(lazy("Province or state"), [Length(max=100)])
    postal_code = StringField(lazy("Postal code"), [Length(max=20)])
    email = EmailField(lazy("E-mail"), [EmailAddress(), Length(max=200)])
    phone = StringField(lazy("Phone"), [Length(max=40)])
    website = StringField(lazy("Website"), [Length(max=200)])
    timezone = SelectField(lazy("Time zone"), choices=sorted(
        zone for zone in available_timezones() if zone.startswith("America/")))
    color = StringField(lazy("Colour of documents"), [DataRequired(), Length(min=7, max=7)], widget=ColorInput())


@bp.route("/company", methods=["GET", "POST"])
@require("core.edit_company")
def company() -> Any:
    """Name, address and contact of the company in scope."""
    found = scope.current_company()
    form = CompanyForm(obj=found)
    if not form.validate_on_submit():
        return render_template("core/company.html", form=form, company=found), 422 if form.is_submitted() else 200
    before = {name: getattr(found, name) for name in form.data if hasattr(found, name)}
    form.populate_obj(found)
    changed = {name: [old, getattr(found, name)] for name, old in before.items() if getattr(found, name) != old}
    if changed:
        audit.record("core.edit_company", found, changed)
    flash(_("Saved."), "ok")
    return redirect(url_for("core.company"))
