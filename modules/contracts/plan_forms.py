"""Forms on plans; what is offered follows the country of the company in scope."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from core import clock
from core.forms import (
    AmountField,
    BooleanField,
    DateField,
    Form,
    InputRequired,
    Length,
    NumberRange,
    OnceForm,
    Optional,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from core.i18n import _, lazy
from core.scope import current_company
from modules.contracts import taxes
from modules.contracts.models import Plan

PERIODS = ((1, lazy("1 month")), (2, lazy("2 months")), (3, lazy("3 months")), (6, lazy("6 months")),
           (12, lazy("12 months")))
# the usual code of internet access where the authority wants one (mexico.md, ClaveProdServ)
PRODUCT_CODES = {"MX": "81112101"}


class PlanForm(Form):
    """A plan's own data."""

    name = StringField(lazy("Name"), [InputRequired(), Length(max=150)], description=lazy("It stands on the invoice."))
    code = StringField(lazy("Code"), [InputRequired(), Length(max=40)])
    down = AmountField(lazy("Download, Mb per second"), [Optional(), NumberRange(0, 1_000_000)], places=3, fine=True)
    up = AmountField(lazy("Upload, Mb per second"), [Optional(), NumberRange(0, 1_000_000)], places=3, fine=True)
    period_months = SelectField(lazy("The price is for"), coerce=int, choices=PERIODS, default=1)
    includes_tax = SelectField(lazy("The price is"), default="1",
                               choices=[("1", lazy("With tax")), ("0", lazy("Without tax"))])
    taxes = SelectField(lazy("Tax"))
    currency = SelectField(lazy("Currency"), default="",
                           description=lazy("In another currency, it is invoiced at the exchange rate of the day."))
    product_code = StringField(lazy("Product code of the authority"), [Length(max=40)])
    valid_from = DateField(lazy("Sold from"), [Optional()])
    valid_to = DateField(lazy("Sold until"), [Optional()], description=lazy("Contracts that have it keep it."))
    notes = TextAreaField(lazy("Notes"), [Length(max=5000)])
    active = BooleanField(lazy("Sold"), default=True)

    def plan(self) -> dict[str, Any]:
        """What was typed, as the services take it."""
        country, code = current_company().country, (self.product_code.data or "").strip()
        return {
            "code": (self.code.data or "").strip(), "name": (self.name.data or "").strip(),
            "speed_down_kbps": _kbps(self.down.data), "speed_up_kbps": _kbps(self.up.data),
            "period_months": self.period_months.data, "includes_tax": self.includes_tax.data == "1",
            "taxes": taxes.parse(self.taxes.data), "currency": self.currency.data or "",
            "product_codes": {**self._codes, **({country: code} if code else {})},
            "valid_from": self.valid_from.data, "valid_to": self.valid_to.data, "notes": self.notes.data or "",
            "active": self.active.data}

    _codes: dict[str, str] = {}  # the codes of other countries, kept

    def validate_code(self, field: Any) -> None:
        if not re.fullmatch(r"[\w.\-+/ ]+", field.data or ""):
            raise ValidationError(_("Write the code with letters, digits, points and dashes."))


class NewPlanForm(PlanForm):
    """A plan with its first price."""

    price = AmountField(lazy("Price"), [InputRequired(), NumberRange(0)], places=6)
    price_from = DateField(lazy("Price valid from"), [InputRequired()])


class PlanPriceForm(OnceForm):
    """A price from a day on."""

    new_price = AmountField(lazy("Price"), [InputRequired(), NumberRange(0)], places=6)
    valid_from = DateField(lazy("From"), [InputRequired()])


def _kbps(megabits: Decimal | None) -> int | None:
    return int(megabits * 1000) if megabits else None


def new_plan_form() -> NewPlanForm:
    """Empty, with the country's usual values."""
    first = clock.today().replace(day=1)
    form = NewPlanForm(price_from=first, product_code=PRODUCT_CODES.get(current_company().country, ""))
    return _fill(form)


def plan_form(plan: Plan) -> PlanForm:
    """Of a plan that exists."""
    country = current_company().country
    names = ("name", "code", "period_months", "currency", "valid_from", "valid_to", "notes", "active")
    form = PlanForm(data={name: getattr(plan, name) for name in names} | {
        "down": _megabits(plan.speed_down_kbps), "up": _megabits(plan.speed_up_kbps),
        "includes_tax": "1" if plan.includes_tax else "0", "taxes": taxes.value(plan.taxes),
        "product_code": (plan.product_codes or {}).get(country, "")})
    form._codes = {key: code for key, code in (plan.product_codes or {}).items() if key != country}
    return _fill(form, plan)


def _megabits(kbps: int | None) -> Decimal | None:
    return Decimal(kbps) / 1000 if kbps else None


def _fill(form: Any, plan: Plan | None = None) -> Any:
    company = current_company()
    form.taxes.choices = taxes.choices(company.country, plan.taxes if plan else None)
    other = {"USD", "EUR", *([plan.currency] if plan and plan.currency else [])} - {company.currency}
    form.currency.choices = [("", company.currency), *((code, code) for code in sorted(other))]
    return form
