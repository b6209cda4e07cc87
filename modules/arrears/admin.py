"""Rules of cut-off that billing profiles do not have, and days without staff."""

from __future__ import annotations

import re
from typing import Any

from wtforms import Field
from wtforms.widgets import TextInput

from core.admin import ModelView
from core.i18n import _, lazy
from modules.arrears.blueprint import EDIT, SEE
from modules.arrears.models import ArrearsPolicy, Day

LABELS = {
    "profile": lazy("Billing profile"), "automatic": lazy("Cut by itself (else somebody approves each cut-off)"),
    "minimum_invoices": lazy("Documents that must be overdue"),
    "new_customer_days": lazy("New customers: no cut, days"),
    "spare_courtesy": lazy("Contracts free of charge are not cut"),
    "counts_other_debt": lazy("Debts of no contract count for all of the customer's"),
    "second_notice_days": lazy("Reminders, days before the second due date"),
    "warn_days": lazy("Warning, days before the cut"), "cut_until_hour": lazy("No cut from this hour on"),
    "free_weekdays": lazy("Days of the week without staff"), "free_holidays": lazy("No cut on holidays"),
    "free_eves": lazy("No cut on the day before a free one"), "promise_hours": lazy("A promise lasts, hours"),
    "promises_most": lazy("Promises at most"), "promises_days": lazy("within so many days"),
    "promises_broken_most": lazy("No more after so many broken ones"),
    "promises_online": lazy("Subscribers can promise by themselves"),
    "proof_hours": lazy("A proof restores while it waits, hours"), "day": lazy("Day"),
    "works": lazy("There is staff on that day"), "zone": lazy("Zone"), "name": lazy("Name")}


class NumbersField(Field):
    """Whole numbers, like “3, -1”."""

    widget = TextInput()

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else ", ".join(str(one) for one in self.data or [])

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        if not re.fullmatch(r"(-?\d{1,3}([,; ]+-?\d{1,3})*)?", text):
            raise ValueError(_("Write the numbers like 3, -1."))
        self.data = [int(one) for one in re.findall(r"-?\d+", text)]


class WeekdaysField(NumbersField):
    """Days of the week, 1 is Monday and 7 Sunday; kept from 0."""

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else ", ".join(str(one + 1) for one in self.data or [])

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if any(not 1 <= one <= 7 for one in self.data):
            raise ValueError(_("Write the days of the week as numbers from 1 (Monday) to 7 (Sunday)."))
        self.data = sorted({one - 1 for one in self.data})


class PolicyAdmin(ModelView):
    """What a billing profile does not say about arrears; a profile without a row has these defaults."""

    permission, edit_permission = SEE, EDIT
    column_list = ("profile", "automatic", "minimum_invoices", "new_customer_days", "promise_hours")
    form_columns = (
        "profile", "automatic", "minimum_invoices", "new_customer_days", "spare_courtesy", "counts_other_debt",
        "second_notice_days", "warn_days", "cut_until_hour", "free_weekdays", "free_holidays", "free_eves",
        "promise_hours", "promises_most", "promises_days", "promises_broken_most", "promises_online", "proof_hours")
    column_labels = LABELS
    form_overrides = {"second_notice_days": NumbersField, "free_weekdays": WeekdaysField}
    column_descriptions = {
        "free_weekdays": lazy("1 is Monday, 7 is Sunday: like 6, 7."),
        "warn_days": lazy("Left empty, nobody is warned."),
        "second_notice_days": lazy("Like 3, -1: three days before, and one day after it.")}


class DayAdmin(ModelView):
    """Days on which nobody is cut although the calendar would let it, or the other way round."""

    permission, edit_permission = SEE, EDIT
    column_list = form_columns = ("day", "name", "zone", "works")
    column_labels = LABELS
    column_default_sort = ("day", True)
    form_args = {"zone": {"blank_text": lazy("everywhere")}}


def views() -> list[Any]:
    """For the frame to add."""
    category = lazy("Arrears")
    return [PolicyAdmin(ArrearsPolicy, name=lazy("Rules of cut-off"), category=category),
            DayAdmin(Day, name=lazy("Days without staff"), category=category)]
