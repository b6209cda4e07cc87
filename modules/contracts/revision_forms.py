"""The form of a price revision."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core import clock, months
from core.forms import (
    AmountField,
    DateField,
    InputRequired,
    IntegerField,
    Length,
    NumberRange,
    OnceForm,
    Optional,
    SelectField,
    SelectMultipleField,
    StringField,
)
from core.i18n import lazy
from modules.contracts import queries
from modules.contracts.revisions import RevisionData
from modules.crm import queries as crm

STEPS = ("0.01", "0.10", "1", "5", "10", "50", "100", "500", "1000")


class RevisionForm(OnceForm):
    """Which contracts, by how much, from when."""

    name = StringField(lazy("Name"), [InputRequired(), Length(max=150)],
                       description=lazy("So that you find it again, like “January 2027, zone North”."))
    valid_from = DateField(lazy("From"), [InputRequired()])
    percent = AmountField(lazy("By percent"), [Optional(), NumberRange(-99, 1000)], places=4, fine=True,
                          description=lazy("Negative to lower prices."))
    amount = AmountField(lazy("or by an amount"), [Optional()])
    rounding = SelectField(lazy("Rounded to"), choices=[(step, step.replace(".", ",")) for step in STEPS])
    notice_days = IntegerField(
        lazy("Tell subscribers so many days before"), [Optional(), NumberRange(0, 365)], default=30,
        description=lazy("They are told by itself on that day, once the prices are set. Left empty, only when you "
                         "press the button."))
    plans = SelectMultipleField(lazy("Plans"), description=lazy("None chosen: all plans."))
    zones = SelectMultipleField(lazy("Zones"), description=lazy("None chosen: all zones."))
    tags = SelectMultipleField(lazy("Tags"), description=lazy("None chosen: with and without tags."))

    def revision(self) -> RevisionData:
        """What was typed, as the service takes it."""
        chosen = {f"{name}_ids": [int(one) for one in self[f"{name}s"].data or []] for name in ("plan", "zone", "tag")}
        return RevisionData(
            name=self.name.data or "", valid_from=self.valid_from.data, percent=self.percent.data,
            amount=self.amount.data, rounding=Decimal(self.rounding.data), notice_days=self.notice_days.data,
            form_key=self.form_key.data or None, **chosen)


def revision_form() -> RevisionForm:
    """Empty; from the month after the next, which leaves time to tell subscribers."""
    form: Any = RevisionForm(valid_from=months.add(months.of(clock.today()), 2))
    form.plans.choices = [(str(plan.id), plan.name) for plan in queries.plans()]
    form.zones.choices = [(str(zone.id), zone.name) for zone in crm.zones()]
    form.tags.choices = [(str(tag.id), tag.name) for tag in crm.tags()]
    return form
