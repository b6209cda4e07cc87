"""Master data of perceptions: what the company must collect, and what single customers have of their own."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import request
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, ValidationError

from core import clock
from core.admin import ModelView, in_words
from core.db import db
from core.i18n import _, lazy
from modules.accounting.totals import ZERO
from modules.crm import countries, names
from modules.crm.models import Customer
from modules.einvoice_ar import catalogs
from modules.einvoice_ar.models import CustomerPerception, Perception

PERMISSION, SEE = "einvoice_ar.edit_settings", "crm.view_customers"
# by our code of the tax
KINDS = [("IIBB", lazy("Gross income tax (IIBB)")), ("VAT_PERCEPTION", lazy("VAT")), ("MUNICIPAL", lazy("Municipal")),
         ("OTHER_PERCEPTION", lazy("Other national perception")),
         ("UNCATEGORISED", lazy("VAT of who is not categorised"))]
BASES = [("net", lazy("the net, with what is exempt or untaxed")), ("taxed", lazy("the taxed net only")),
         ("total", lazy("the total with VAT"))]
WHO = [("listed", lazy("only customers that have it of their own")), ("residents", lazy("those of the province too")),
       ("all", lazy("everybody of these conditions"))]

# how people call the capital
SHORT = {"caba": "901", "capital federal": "901"}


class ConditionsField(SelectMultipleField):
    """VAT conditions, kept as "RI,MO"."""

    def process_data(self, value: str | None) -> None:
        super().process_data((value or "").split(",") if value else [])

    def populate_obj(self, obj: Any, name: str) -> None:
        setattr(obj, name, ",".join(self.data or ()))


def place(code: str, written: str) -> str:
    """The jurisdiction as it is kept: a province's code for IIBB, a municipality as it is, else ""; ValidationError."""
    text = " ".join((written or "").split())
    if code == "MUNICIPAL" and text:
        return text
    if code == "MUNICIPAL":
        raise ValidationError(_("To save this you must name the municipality."))
    if code != "IIBB":
        return ""
    known = {**SHORT, **{names.fold(name): key for key, name in catalogs.jurisdictions().items()}}
    found = text if text in catalogs.jurisdictions() else known.get(names.fold(text), "")
    if not found:
        raise ValidationError(_("To save this you must give the province by its name or its code (901 to 924), not "
                                "“%(found)s”.", found=text))
    return found


def name_of(code: str, jurisdiction: str) -> str:
    """A perception in a few words."""
    words = str(dict(KINDS).get(code, code))
    return f"{words} · {catalogs.jurisdictions().get(jurisdiction, jurisdiction)}" if jurisdiction else words


def check_dates(first: dt.date | None, last: dt.date | None) -> None:
    """The last day does not lie before the first."""
    if first and last and last < first:
        raise ValidationError(_("This date must not lie before %(day)s.", day=first.strftime("%d/%m/%Y")))


def _named(_view: Any, _context: Any, model: Any, _name: str) -> str:
    return name_of(model.code, model.jurisdiction)


class PerceptionAdmin(ModelView):
    """What the company must collect, each with the days for which it holds."""

    permission = PERMISSION
    answer = lazy("Perceptions that the company must collect on its documents. Ask your accountant which these are.")
    help_text = lazy("Only where a province or ARCA has named the company a collecting agent. A new rate is a new row "
                     "with its first day: documents bear that of their date.")
    column_list = ("code", "rate", "base", "applies_to", "conditions", "valid_from", "valid_until")
    column_default_sort = [("code", False), ("jurisdiction", False), ("valid_from", True)]
    column_labels = {
        "code": lazy("Perception"), "jurisdiction": lazy("Province or municipality"), "rate": lazy("Rate, percent"),
        "description": lazy("As it is printed"), "base": lazy("Of"),
        "minimum_base": lazy("From this base on, in pesos"),
        "minimum_amount": lazy("From this amount on, in pesos"), "applies_to": lazy("For whom"),
        "conditions": lazy("VAT conditions"), "valid_from": lazy("Valid from"), "valid_until": lazy("Valid until")}
    column_descriptions = {
        "jurisdiction": lazy("Of gross income tax the province, of municipal ones the municipality."),
        "description": lazy("Empty: ARCA's name of it. Place and rate are added."),
        "applies_to": lazy("A customer's own rate or exclusion comes before this."),
        "conditions": lazy("Of customers without a rate of their own. None chosen: any."),
        "valid_until": lazy("Empty: until a newer row begins.")}
    column_formatters = {"code": _named, "base": in_words(BASES), "applies_to": in_words(WHO)}
    form_columns = ("code", "jurisdiction", "description", "rate", "base", "minimum_base", "minimum_amount",
                    "applies_to", "conditions", "valid_from", "valid_until")
    form_overrides = {"code": SelectField, "base": SelectField, "applies_to": SelectField,
                      "conditions": ConditionsField}
    form_args = {
        "code": {"choices": KINDS, "default": "IIBB", "validators": [InputRequired()]},
        "base": {"choices": BASES, "default": "net", "validators": [InputRequired()]},
        "applies_to": {"choices": WHO, "default": "listed", "validators": [InputRequired()]},
        "valid_from": {"default": clock.today},
        "conditions": {"choices": list(countries.get("AR").TAX_CONDITIONS.items()), "default": "RI,MO",
                       "validators": []}}

    def on_model_change(self, form: Any, model: Perception, is_created: bool) -> None:
        """The place fits the kind, the numbers are what ARCA takes."""
        model.description = " ".join((model.description or "").split())
        model.jurisdiction = place(model.code, model.jurisdiction)
        if not 0 <= (model.rate or 0) < 100:
            raise ValidationError(_("To save this you must give a rate from 0 to 99,99 percent."))
        if min(model.minimum_base or 0, model.minimum_amount or 0) < 0:
            raise ValidationError(_("To save this you must give minimums that are not negative."))
        model.minimum_base, model.minimum_amount = model.minimum_base or ZERO, model.minimum_amount or ZERO
        if model.applies_to == "residents" and model.code != "IIBB":
            raise ValidationError(_("To save this you must choose whom it is for: only the gross income tax goes by "
                                    "province."))
        check_dates(model.valid_from, model.valid_until)


class CustomerPerceptionAdmin(ModelView):
    """What customers have of their own: rates of a province's list, certificates of exclusion."""

    permission, edit_permission = SEE, PERMISSION
    answer = lazy("Customers with a rate of their own, by a province's list, or with a certificate of exclusion.")
    help_text = lazy("An exclusion wins over everything while it lasts. Without a rate, the perception's own holds.")
    column_list = ("customer", "code", "rate", "excluded", "certificate", "valid_from", "valid_until")
    column_searchable_list = ("customer.name", "customer.code")
    column_default_sort = ("valid_from", True)
    column_filters = ("excluded", "valid_until")
    column_labels = {
        "customer": lazy("Customer"), "customer.name": lazy("Name"), "customer.code": lazy("Customer No."),
        "code": lazy("Perception"), "rate": lazy("Rate, percent"), "excluded": lazy("Excluded"),
        "certificate": lazy("Certificate"), "valid_from": lazy("Valid from"), "valid_until": lazy("Valid until")}
    column_formatters = {"code": _named}
    column_details_list = column_export_list = column_list
    form_columns = ("customer_code", "perception", "rate", "excluded", "certificate", "valid_from", "valid_until")
    form_extra_fields = {"customer_code": StringField(lazy("Customer No."), [InputRequired()]),
                         "perception": SelectField(lazy("Perception"), [InputRequired()])}
    column_descriptions = {
        "rate": lazy("Empty: the perception's own. 0: it is on the list with nothing to pay."),
        "certificate": lazy("Of an exclusion its number."), "valid_until": lazy("Empty: no end.")}
    form_args = {"valid_from": {"default": clock.today}}

    def create_form(self, obj: Any = None) -> Any:
        return self._filled(super().create_form(obj), None)

    def edit_form(self, obj: Any = None) -> Any:
        return self._filled(super().edit_form(obj), obj)

    def _filled(self, form: Any, row: CustomerPerception | None) -> Any:
        known = db.session.execute(sa.select(Perception.code, Perception.jurisdiction).distinct()
                                   .order_by(Perception.code, Perception.jurisdiction)).all()
        form.perception.choices = [(f"{one.code}|{one.jurisdiction}", name_of(*one)) for one in known]
        if request.method == "GET":
            form.customer_code.data = row.customer.code if row else request.args.get("customer", "")
            if row:
                form.perception.data = f"{row.code}|{row.jurisdiction}"
        return form

    def on_model_change(self, form: Any, model: CustomerPerception, is_created: bool) -> None:
        """The customer exists; an exclusion has a certificate and no rate."""
        with db.session.no_autoflush:
            found = db.session.scalar(sa.select(Customer).where(Customer.code == form.customer_code.data.strip()))
        if found is None:
            raise ValidationError(_("To save this you must give the number of a customer: there is no %(code)s.",
                                    code=form.customer_code.data))
        model.customer = found
        model.code, _bar, model.jurisdiction = form.perception.data.partition("|")
        model.certificate = " ".join((model.certificate or "").split())
        if model.excluded and not model.certificate:
            raise ValidationError(_("To exclude a customer you must give the number of the certificate."))
        if model.excluded and model.rate is not None:
            raise ValidationError(_("To save this you must give either a rate or an exclusion."))
        if model.rate is not None and not 0 <= model.rate < 100:
            raise ValidationError(_("To save this you must give a rate from 0 to 99,99 percent."))
        check_dates(model.valid_from, model.valid_until)
