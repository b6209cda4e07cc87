"""Master data of billing: billing profiles, the profiles of zones, exchange rates. Plans have pages of their own."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from flask_admin.form import rules
from wtforms import Field, SelectField
from wtforms.widgets import TextInput

from core.admin import ModelView
from core.db import db
from core.errors import DomainError
from core.i18n import _, lazy
from modules.contracts.models import BillingProfile, ExchangeRate, ZoneProfile

EDIT, SEE = "contracts.edit_plans", "contracts.view_contracts"


class DaysField(Field):
    """Days before the due date, like “3, -1”; negative ones lie after it."""

    widget = TextInput()

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else ", ".join(str(day) for day in self.data or [])

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        if not re.fullmatch(r"(-?\d{1,3}([,; ]+-?\d{1,3})*)?", text):
            raise ValueError(_("Write the days like 3, -1: three days before the due date, and one day after it."))
        self.data = [int(day) for day in re.findall(r"-?\d+", text)]


LABELS = {
    "name": lazy("Name"), "is_default": lazy("General: used where neither contract nor zone names another"),
    "billing_day": lazy("Billing day"), "automatic": lazy("Bill by itself on that day"),
    "run_hour": lazy("At this hour"), "needs_approval": lazy("Make drafts that somebody approves"),
    "in_advance": lazy("Bill in advance (else in arrears)"), "group_by": lazy("One invoice per"),
    "due_days": lazy("Due so many days after issue"), "due_day": lazy("or on this day of the month"),
    "second_due_days": lazy("Second due date, days after the first"), "surcharge_percent": lazy("Surcharge, percent"),
    "surcharge_amount": lazy("and amount"), "day_count": lazy("Days are counted"),
    "first_period": lazy("An incomplete first period costs"), "last_period": lazy("An incomplete last period costs"),
    "first_with_next": lazy("What begins after its month was billed comes with the next invoice"),
    "while_suspended": lazy("While the service is cut"), "notice_days": lazy("Reminders, days before the due date"),
    "cut_after_days": lazy("Cut so many days after the due date"), "cut_minimum_debt": lazy("from this debt on"),
    "cut_hour": lazy("at this hour"), "reconnection_charge": lazy("Charge for reconnection"),
    "active": lazy("In use"), "zone": lazy("Zone"), "profile": lazy("Billing profile"), "currency": lazy("Currency"),
    "day": lazy("From"), "rate": lazy("What one is worth in the company's currency")}
CHOICES = {
    "day_count": [("actual", lazy("as the calendar has them")), ("thirty", lazy("every month as thirty"))],
    "first_period": [("days", lazy("its days")), ("full", lazy("all of it")), ("free", lazy("nothing"))],
    "last_period": [("days", lazy("its days")), ("full", lazy("all of it")), ("free", lazy("nothing"))],
    "while_suspended": [("charge", lazy("charge as always")), ("skip", lazy("skip periods wholly cut")),
                        ("prorate", lazy("charge only the days in service"))],
    "group_by": [("contract", lazy("contract")), ("customer", lazy("customer"))]}
DEFAULTS = {"first_period": "days", "last_period": "days", "day_count": "actual", "while_suspended": "charge",
            "group_by": "contract"}


class ProfileAdmin(ModelView):
    """By which rules contracts are billed; one of them is the general one."""

    permission, edit_permission = SEE, EDIT
    can_delete = False
    column_list = ("name", "is_default", "billing_day", "automatic", "due_days", "needs_approval", "active")
    column_labels = LABELS
    form_overrides = {"notice_days": DaysField, **dict.fromkeys(CHOICES, SelectField)}
    form_args = {name: {"choices": choices, "default": DEFAULTS[name]} for name, choices in CHOICES.items()}
    column_descriptions = {
        "billing_day": lazy("1 to 28; contracts may have a day of their own."),
        "due_day": lazy("Left empty, the days after issue count."),
        "second_due_days": lazy("Left empty, there is no second due date."),
        "notice_days": lazy("Like 3, -1: three days before, and one day after it."),
        "cut_after_days": lazy("Left empty, nobody is cut for debt.")}
    form_rules = (
        "name", "is_default", "active",
        rules.Header(lazy("When")), "billing_day", "automatic", "run_hour", "needs_approval", "in_advance", "group_by",
        rules.Header(lazy("Due")), "due_days", "due_day", "second_due_days", "surcharge_percent", "surcharge_amount",
        rules.Header(lazy("Parts of a period")), "day_count", "first_period", "last_period", "first_with_next",
        "while_suspended",
        rules.Header(lazy("Reminders and cut-off")), "notice_days", "cut_after_days", "cut_minimum_debt", "cut_hour",
        "reconnection_charge")

    def on_model_change(self, form: Any, model: Any, is_created: bool) -> None:
        """There is always exactly one general profile, and it is in use."""
        with db.session.no_autoflush:
            other = sa.select(BillingProfile.id).where(BillingProfile.is_default)
            others = db.session.scalar(other if is_created else other.where(BillingProfile.id != model.id))
            if not model.is_default and others is None:
                raise DomainError(_("To do this you must first make another profile the general one."),
                                  field="is_default")
            if model.is_default and not model.active:
                raise DomainError(_("To put this profile out of use you must first make another one general."),
                                  field="active")
            if model.is_default and others is not None:
                db.session.execute(sa.update(BillingProfile).where(BillingProfile.id == others)
                                   .values(is_default=False).execution_options(synchronize_session=False))


class ZoneProfileAdmin(ModelView):
    """Which profile the contracts of a zone's customers have."""

    permission, edit_permission = SEE, EDIT
    title_columns = ("zone", "profile")
    column_list = form_columns = ("zone", "profile")
    column_labels = LABELS


class ExchangeRateAdmin(ModelView):
    """For plans that are priced in another currency: invoices take the newest rate up to their date."""

    permission, edit_permission = SEE, EDIT
    title_columns = ("currency", "day")
    column_list = form_columns = ("currency", "day", "rate")
    column_labels = LABELS
    column_default_sort = ("day", True)
    form_overrides = {"currency": SelectField}
    form_args = {"currency": {"choices": [("USD", "USD"), ("EUR", "EUR"), ("ARS", "ARS"), ("COP", "COP"),
                                          ("MXN", "MXN"), ("PEN", "PEN")]}}


def views() -> list[Any]:
    """For the frame to add."""
    category = lazy("Billing")
    return [ProfileAdmin(BillingProfile, name=lazy("Billing profiles"), category=category),
            ZoneProfileAdmin(ZoneProfile, name=lazy("Profiles of zones"), category=category),
            ExchangeRateAdmin(ExchangeRate, name=lazy("Exchange rates"), category=category)]
