"""Forms on contracts: made and changed, charged and discounted, and the verbs with their day and reason."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core import clock, months
from core.forms import (
    AmountField,
    BooleanField,
    DateField,
    Form,
    HiddenField,
    InputRequired,
    IntegerField,
    Length,
    NumberRange,
    OnceForm,
    Optional,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from core.i18n import _, lazy
from core.scope import current_company
from modules.contracts import queries, taxes
from modules.contracts.drafts import ContractData
from modules.contracts.models import Contract
from modules.contracts.wording import month_name
from modules.crm.models import Customer

ONE_TO_28 = [NumberRange(1, 28, message=lazy("Choose a day from 1 to 28, which every month has."))]
CAUSES = (("request", lazy("The subscriber asked for it")), ("arrears", lazy("Unpaid invoices")),
          ("other", lazy("Other")))


class TermsForm(OnceForm):
    """What may be changed at any time, since it does not touch what is billed."""

    address_id = SelectField(lazy("Where the service is"), default="")
    profile_id = SelectField(lazy("Billing profile"), default="")
    installed_on = DateField(lazy("Installed on"), [Optional()])
    in_advance = SelectField(lazy("Billed"), default="", choices=[
        ("", lazy("As the profile says")), ("1", lazy("In advance")), ("0", lazy("In arrears"))])
    billing_day = IntegerField(lazy("Billing day"), [Optional(), *ONE_TO_28],
                               description=lazy("Day of the automatic billing, where it is not the profile's."))
    due_day = IntegerField(lazy("Due day"), [Optional(), NumberRange(1, 31)],
                           description=lazy("Day of the month on which invoices are due, where not the profile's."))
    ip = StringField(lazy("IP address"), [Length(max=60)])
    pppoe_user = StringField(lazy("PPPoE user"), [Length(max=100)])
    pppoe_password = PasswordField(lazy("PPPoE password"), [Length(max=100)],
                                   description=lazy("Left empty, the one there is stays."))
    notes = TextAreaField(lazy("Notes"), [Length(max=5000)])

    def fill(self, customer: Customer, contract: Contract | None = None) -> None:
        """The choices, and on a first look the values of the contract."""
        addresses = [one for one in customer.addresses if one.active or (contract and one.id == contract.address_id)]
        self.address_id.choices = [("", lazy("At the customer's address")),
                                   *((str(one.id), str(one)) for one in addresses if one.kind == "service")]
        self.profile_id.choices = [("", lazy("The zone's, or the general one")),
                                   *((str(one.id), one.name) for one in queries.profiles())]

    def terms(self) -> dict[str, Any]:
        """The values as services take them; an empty password is left out."""
        flags = {"": None, "1": True, "0": False}
        values = {name: self[name].data for name in ("installed_on", "billing_day", "due_day")}
        values |= {name: (self[name].data or "").strip() for name in ("ip", "pppoe_user", "notes")}
        values |= {name: int(self[name].data) if self[name].data else None for name in ("address_id", "profile_id")}
        values["in_advance"] = flags[self.in_advance.data]
        return values | ({"pppoe_password": self.pppoe_password.data} if self.pppoe_password.data else {})


class ContractForm(TermsForm):
    """A new contract."""

    plan_id = SelectField(lazy("Plan"), [InputRequired()])
    number = StringField(lazy("Number"), [Length(max=30)], description=lazy("Left empty, the next number is taken."))
    billing_from = DateField(lazy("Billed from"), [InputRequired()],
                             description=lazy("May be another day than the installation."))
    price = AmountField(lazy("Price of its own"), [Optional(), NumberRange(0)], places=6,
                        description=lazy("Left empty, the plan's price is valid."))
    price_until = DateField(lazy("Promised until"), [Optional()],
                            description=lazy("No price revision touches the price of its own until this day."))
    start = SelectField(lazy("Service"), default="active", choices=[
        ("active", lazy("Begins now")), ("draft", lazy("Begins later, when it is installed"))])

    def contract(self, customer: Customer) -> ContractData:
        values = self.terms()
        return ContractData(
            customer_id=customer.id, plan_id=int(self.plan_id.data), number=self.number.data or "",
            billing_from=self.billing_from.data, price=self.price.data, price_until=self.price_until.data,
            state=self.start.data, form_key=self.form_key.data, **values)

    def validate_price_until(self, field: Any) -> None:
        if field.data and self.price.data is None:
            raise ValidationError(_("To promise a price you must write which one."))


def contract_form(customer: Customer) -> ContractForm:
    """The form of a new contract of a customer; billed from today unless said otherwise."""
    form = ContractForm(billing_from=clock.today())
    form.fill(customer)
    form.plan_id.choices = plan_choices()
    return form


def terms_form(contract: Contract) -> TermsForm:
    """The form of what may be changed."""
    flag = {None: "", True: "1", False: "0"}[contract.in_advance]
    names = ("installed_on", "billing_day", "due_day", "ip", "pppoe_user", "notes")
    form = TermsForm(data={name: getattr(contract, name) for name in names} | {
        "in_advance": flag, "address_id": str(contract.address_id or ""), "profile_id": str(contract.profile_id or "")})
    form.fill(contract.customer, contract)
    return form


def plan_choices(without: int | None = None) -> list[tuple[str, str]]:
    """The plans that are sold, with their price."""
    today = clock.today()
    return [("", "—"), *((str(plan.id), plan_label(plan, today)) for plan in queries.plans() if plan.id != without)]


def plan_label(plan: Any, day: dt.date) -> str:
    """Name and price of a plan."""
    from core.templating import amount

    price = plan.price_on(day)
    return f"{plan.name} · {amount(price, plan.currency or None)}" if price is not None else plan.name


# --- verbs ---------------------------------------------------------------------------------------------


class DayForm(Form):
    """A verb with a day and a reason. `seen` says of which values the consequences were shown."""

    day = DateField(lazy("Day"), [InputRequired()])
    reason = StringField(lazy("Reason"), [Length(max=300)])
    seen = HiddenField()

    FACTS: tuple[str, ...] = ("day",)
    ORDER: tuple[str, ...] = ("day", "reason")

    @property
    def shown(self) -> list[Any]:
        """The fields that are asked for, the main one first."""
        return [self[name] for name in self.ORDER]

    @property
    def facts(self) -> str:
        """What the consequences depend on, as text."""
        return "|".join(str(self[name].data or "") for name in self.FACTS)


class SuspendForm(DayForm):
    """Cut the service."""

    cause = SelectField(lazy("Cause"), choices=CAUSES)
    ORDER = ("day", "cause", "reason")


class PlanChangeForm(DayForm):
    """Another plan from a day on."""

    plan_id = SelectField(lazy("New plan"), [InputRequired()])
    price = AmountField(lazy("Price of its own"), [Optional(), NumberRange(0)], places=6,
                        description=lazy("Left empty, the plan's price is valid."))
    FACTS = ("plan_id", "day", "price")
    ORDER = ("plan_id", "day", "price", "reason")


class CourtesyForm(DayForm):
    """Free of charge for some days."""

    until = DateField(lazy("Until"), [Optional()], description=lazy("Left empty, it has no end."))
    FACTS = ("day", "until")
    ORDER = ("day", "until", "reason")


class PriceForm(OnceForm):
    """A price of the contract's own."""

    price = AmountField(lazy("Price"), [InputRequired(), NumberRange(0)], places=6)
    first = DateField(lazy("From"), [InputRequired()])
    last = DateField(lazy("Until"), [Optional()], description=lazy("Left empty, it has no end."))
    promised = BooleanField(lazy("Promised: no price revision touches it"))


# --- what is added to invoices ---------------------------------------------------------------------------


class AddedForm(OnceForm):
    """Something that is added to invoices; `shown` are its fields beside the description, the main one first."""

    ORDER: tuple[str, ...] = ()

    @property
    def shown(self) -> list[Any]:
        return [self[name] for name in self.ORDER]


class TaxedForm(AddedForm):
    """Something with a price; tax as the plan has it unless said otherwise."""

    description = StringField(lazy("What it is"), [InputRequired(), Length(max=200)],
                              description=lazy("It stands on the invoice."))
    taxes = SelectField(lazy("Tax"), default="")
    includes_tax = SelectField(lazy("The amount is"), default="", choices=[
        ("", lazy("As the plan's prices")), ("1", lazy("With tax")), ("0", lazy("Without tax"))])

    def fill(self) -> None:
        self.taxes.choices = [("", lazy("As the plan")), *taxes.choices(current_company().country)]

    def taxed(self) -> dict[str, Any]:
        """Tax as services take it."""
        return {"includes_tax": {"": None, "1": True, "0": False}[self.includes_tax.data],
                "taxes": taxes.parse(self.taxes.data) if self.taxes.data else None}


class ItemForm(TaxedForm):
    """A recurring extra."""

    unit_price = AmountField(lazy("Price per month"), [InputRequired()], places=6)
    quantity = AmountField(lazy("Quantity"), [InputRequired(), NumberRange(0)], places=6, fine=True)
    first_day = DateField(lazy("From"), [InputRequired()])
    last_day = DateField(lazy("Until"), [Optional()], description=lazy("Left empty, it has no end."))
    ORDER = ("unit_price", "quantity", "first_day", "last_day", "taxes", "includes_tax")


class ChargeForm(TaxedForm):
    """A charge in instalments; negative: a credit."""

    total = AmountField(lazy("Amount"), [InputRequired()], description=lazy("Negative for a credit."))
    instalments = IntegerField(lazy("Instalments"), [InputRequired(), NumberRange(1, 120)], default=1)
    first_month = SelectField(lazy("First with the invoice of"))
    ORDER = ("total", "instalments", "first_month", "taxes", "includes_tax")

    def fill(self) -> None:
        super().fill()
        if taxes.may_follow(current_company().country):
            self.taxes.choices[0] = ("", lazy("As the plan; the general rate where its tax follows the place"))
        self.first_month.choices = month_choices(12)


class EquipmentForm(AddedForm):
    """Something of ours that is lent."""

    description = StringField(lazy("What it is"), [InputRequired(), Length(max=100)],
                              description=lazy("Like: ONU, router, antenna."))
    serial = StringField(lazy("Serial number"), [Length(max=60)])
    given_on = DateField(lazy("Since"), [InputRequired()])
    value = AmountField(lazy("Value"), [Optional(), NumberRange(0)],
                        description=lazy("What is charged where it does not come back."))
    ORDER = ("serial", "given_on", "value")

    def fill(self) -> None:
        """Nothing to choose from."""


class LostForm(AddedForm):
    """How much is charged for what does not come back."""

    amount = AmountField(lazy("Amount"), [Optional(), NumberRange(0)],
                         description=lazy("It comes with the next invoice of this contract, also where it is over. "
                                          "Left empty, nothing is charged."))
    ORDER = ("amount",)

    def fill(self) -> None:
        """Nothing to choose from."""


class DiscountForm(AddedForm):
    """A discount by percent or by amount."""

    description = StringField(lazy("Why"), [InputRequired(), Length(max=200)],
                              description=lazy("It stands on the invoice."))
    percent = AmountField(lazy("Percent"), [Optional(), NumberRange(0, 100)], places=4, fine=True)
    amount = AmountField(lazy("or amount per month"), [Optional(), NumberRange(0)])
    first_month = SelectField(lazy("From"))
    last_month = SelectField(lazy("Until"), default="")
    on_items = BooleanField(lazy("Also on recurring extras"))
    ORDER = ("percent", "amount", "first_month", "last_month", "on_items")

    def fill(self) -> None:
        self.first_month.choices = month_choices(12)
        self.last_month.choices = [("", lazy("no end")), *month_choices(36)]


def month_choices(count: int) -> list[tuple[str, str]]:
    """This month and those that follow, as (2026-11-01, November 2026)."""
    from core.i18n import current_locale

    this = months.of(clock.today())
    found = [months.add(this, step) for step in range(count)]
    return [(month.isoformat(), month_name(month, current_locale())) for month in found]
