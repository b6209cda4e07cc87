"""Forms of documents, payments and periods."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cached_property
from typing import Any

from wtforms import FieldList, FormField
from wtforms import Form as PlainForm

from core import clock
from core.errors import DomainError
from core.forms import (
    AmountField,
    BooleanField,
    DataRequired,
    DateField,
    Form,
    IntegerField,
    Length,
    NumberRange,
    OnceForm,
    Optional,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from core.i18n import _, lazy
from core.scope import current_company
from modules.accounting import instalments, labels, queries, taxes
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.errors import WrongCurrency
from modules.accounting.models import WITHHOLDING, Invoice, InvoiceLine
from modules.accounting.models.payments import METHODS
from modules.accounting.payments import Medium, PaymentData
from modules.accounting.ports import Pad, Place, Rate, first_on_paper, rate_on
from modules.crm.models import Customer

# empty rows offered at once, and how many more a press on the button brings
ROWS, MORE = 3, 3
DUE_AFTER = dt.timedelta(days=10)
ZERO = Decimal("0.00")


class LineForm(PlainForm):
    """One line of a document; without description and price it counts as not there."""

    description = StringField(lazy("Description"), [Length(max=500)])
    quantity = AmountField(lazy("Quantity"), [Optional()], places=6, fine=True, default=Decimal(1))
    price = AmountField(lazy("Unit price"), [Optional()], places=6)
    taxes = SelectField(lazy("Tax"), validate_choice=True)

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        company = current_company()
        self.taxes.choices = taxes.choices(company.country)
        if not self.taxes.data:
            self.taxes.data = usual_tax(company)

    @property
    def is_empty(self) -> bool:
        return not (self.description.data or "").strip() and self.price.data is None and not self.price.errors

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if not good or self.is_empty:
            return good
        if not (self.description.data or "").strip():
            self.description.errors = [_("To bill this line you must say what it is for.")]
        if self.price.data is None:
            self.price.errors = [_("To bill this line you must write its price.")]
        if self.quantity.data is not None and self.quantity.data <= 0:
            self.quantity.errors = [_("The quantity must be above zero.")]
        return not (self.description.errors or self.price.errors or self.quantity.errors)

    def line(self, includes_tax: bool) -> DraftLine:
        quantity = Decimal(1) if self.quantity.data is None else self.quantity.data
        return DraftLine((self.description.data or "").strip(), quantity, self.price.data or ZERO,
                         price_includes_tax=includes_tax, taxes=tuple(taxes.parse(self.taxes.data)))


def usual_tax(company: Any) -> str:
    """The tax that a new line begins with: none where the issuer charges none."""
    choices = taxes.choices(company.country)
    charges = company.country != "AR" or company.tax_condition in ("", "RI")
    return choices[0][0] if charges else choices[-1][0]


class PaperForm(OnceForm):
    """A document that may have been written on paper first, where the country and the company have such paper."""

    KIND = "invoice"
    paper = SelectField(lazy("Series of the paper"), description=lazy(
        "While nothing could be sent. It is reported under the number that is printed on the paper."))
    paper_number = IntegerField(lazy("Number on the paper"), [Optional(), NumberRange(1, 99_999_999)])

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        entry = first_on_paper.find(current_company().country)
        self.pads = list(entry.pads(self.KIND)) if entry else []
        self.paper.choices = [("", _("No, it goes out now")), *((pad.value, pad.words) for pad in self.pads)]
        self.paper.data = self.paper.data or ""

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.paper_number.errors or bool(self.paper.data) == bool(self.paper_number.data):
            return good
        if self.paper.data:
            self.paper_number.errors = [_("To report a paper you must write the number that is printed on it.")]
        else:
            self.paper.errors = [_("To report a paper you must choose its series.")]
        return False

    @property
    def written(self) -> tuple[Pad, int] | None:
        """The pad and the number, where it was on paper."""
        pad = next((one for one in self.pads if one.value == self.paper.data), None)
        return (pad, self.paper_number.data) if pad and self.paper_number.data else None


class NoteForm(PaperForm):
    """A note, of today unless a paper of another day says otherwise."""

    paper_date = DateField(lazy("Date on the paper"), [Optional()])

    @property
    def issue_date(self) -> dt.date | None:
        """That of the paper; None: today."""
        return self.paper_date.data if self.written else None

    def refuse(self, error: DomainError) -> None:
        """What is wrong with the date stands beside the paper's."""
        super().refuse(error if error.field != "issue_date" else DomainError(str(error), field="paper_date"))


class LinesForm(PaperForm):
    """Lines of a document by hand."""

    includes_tax = SelectField(lazy("The prices are"), default="1",
                               choices=[("1", lazy("With tax")), ("0", lazy("Without tax"))])
    due_date = DateField(lazy("Due date"), [Optional()])
    lines = FieldList(FormField(LineForm), min_entries=ROWS)

    def draft_lines(self) -> tuple[DraftLine, ...]:
        return tuple(one.form.line(self.includes_tax.data == "1") for one in self.lines if not one.form.is_empty)

    def more(self) -> None:
        """Offer more empty lines."""
        for _number in range(MORE):
            self.lines.append_entry()


class InvoiceForm(LinesForm):
    """A manual invoice."""

    issue_date = DateField(lazy("Date"), [DataRequired()], default=clock.today)
    service_from = DateField(lazy("Service from"), [Optional()])
    service_to = DateField(lazy("Service to"), [Optional()])
    currency = SelectField(lazy("Currency"))
    exchange_rate = AmountField(lazy("Rate of exchange"), [Optional()], places=6, fine=True)
    instalments = IntegerField(lazy("Instalments"), [Optional(), NumberRange(1, instalments.LONGEST)], default=1,
                               description=lazy("The first is this invoice; the others come by themselves with the "
                                                "invoices of the months that follow."))
    place = SelectField(lazy("With the invoices of"), validate_choice=False)

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        home = current_company().currency
        self.currency.choices = [(code, code) for code in dict.fromkeys((home, "USD"))]
        self.currency.data = self.currency.data or home
        self.known_rates = [(code, found) for code, _code in self.currency.choices[1:]
                            if (found := rate_on(code, clock.today()))]

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.is_foreign and not self.rate:
            self.exchange_rate.errors = [_("To invoice in another currency you must give its rate of exchange.")]
            good = False
        for field, first, last in ((self.due_date, self.issue_date.data, self.due_date.data),
                                   (self.service_to, self.service_from.data, self.service_to.data)):
            if first and last and last < first:
                field.errors = [_("This date must not lie before %(day)s.", day=first.strftime("%d/%m/%Y"))]
                good = False
        return good

    @property
    def is_foreign(self) -> bool:
        return bool(self.currency.data != current_company().currency)

    @property
    def rate(self) -> Decimal | None:
        """What was typed, else the company's rate of the day of the invoice; None where there is neither."""
        known = self._own_rate
        return known.rate if known else self.exchange_rate.data or None

    @property
    def rate_day(self) -> dt.date | None:
        """The day of the company's rate that is taken; None where one was typed, or there is none."""
        return self._own_rate.day if self._own_rate else None

    @cached_property
    def _own_rate(self) -> Rate | None:
        if self.exchange_rate.data or not self.issue_date.data or self.currency.data == current_company().currency:
            return None
        return rate_on(self.currency.data, self.issue_date.data)

    def offer(self, places: list[Place]) -> None:
        """Instalments where they can come."""
        self.places = places
        self.place.choices = [(str(one.id), one.label) for one in places]

    @property
    def parts(self) -> tuple[int, Place | None]:
        """(how many instalments, where the later ones come): one and none where it is not divided."""
        count = self.instalments.data or 1
        chosen = next((one for one in self.places if str(one.id) == self.place.data), None)
        place = chosen or (self.places[0] if self.places else None)
        return (count, place) if count > 1 and place else (1, None)

    def draft(self, customer: Customer) -> InvoiceDraft:
        return InvoiceDraft(
            customer_id=customer.id, issue_date=self.issue_date.data, lines=self.draft_lines(),
            due_date=self.due_date.data, service_from=self.service_from.data, service_to=self.service_to.data,
            currency=self.currency.data, exchange_rate=(self.is_foreign and self.rate) or Decimal(1),
            form_key=self.form_key.data or None, paper=self.written)


class DebitForm(NoteForm, LinesForm):
    """A debit note."""

    KIND = "debit_note"

    reason = StringField(lazy("Reason"), [Length(max=300)])


class CreditForm(NoteForm):
    """A credit note: the whole document, some of its lines, or an amount."""

    KIND = "credit_note"

    what = RadioField(lazy("What to credit"), default="whole")
    lines = SelectMultipleField(lazy("Lines"), coerce=int)
    amount = AmountField(lazy("Amount with tax"), [Optional()])
    reason = StringField(lazy("Reason"), [Length(max=300)])

    def wanted(self) -> dict[str, Any]:
        """What `notes.Wanted` takes."""
        if self.what.data == "amount":
            return {"amount": self.amount.data if self.amount.data is not None else ZERO}
        return {"lines": tuple(self.lines.data or ())} if self.what.data == "lines" else {}

    def validate(self, extra_validators: Any = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.what.data == "amount" and self.amount.data is None and not self.amount.errors:
            self.amount.errors = [_("To credit an amount you must write it.")]
            good = False
        if self.what.data == "lines" and not self.lines.data:
            self.lines.errors = [*self.lines.errors, _("To credit lines you must tick at least one.")]
            good = False
        return good


def credit_form(invoice: Invoice, lines: list[InvoiceLine], credited: set[int], left: Decimal) -> CreditForm:
    """The form with what can still be credited."""
    form = CreditForm()
    form.what.choices = [("lines", lazy("Some lines")), ("amount", lazy("An amount"))]
    if left == invoice.total:
        form.what.choices.insert(0, ("whole", lazy("The whole document")))
    elif form.what.data == "whole":
        form.what.data = "amount"
    form.lines.choices = [(line.position, line.description) for line in lines if line.position not in credited]
    return form


# --- payments --------------------------------------------------------------------------------------------


class MediumForm(PlainForm):
    """A part of a payment; without an amount it counts as not there."""

    amount = AmountField(lazy("Amount"), [Optional()])
    method = SelectField(lazy("Payment method"))
    cash_account_id = SelectField(lazy("Into"), coerce=int)
    reference = StringField(lazy("Transfer or cheque No."), [Length(max=100)])

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.method.choices = [(code, labels.method_of(code)) for code in METHODS]
        self.cash_account_id.choices = [(one.id, str(one)) for one in queries.cash_accounts()]

    def medium(self) -> Medium:
        method = self.method.data
        return Medium(self.amount.data, method, None if method == WITHHOLDING else self.cash_account_id.data,
                      (self.reference.data or "").strip())


class PaymentForm(OnceForm):
    """A payment of a customer; the fields of what it pays are drawn by hand (`pay-<invoice id>`)."""

    paid_on = DateField(lazy("Date of the payment"), [DataRequired()], default=clock.today)
    currency = SelectField(lazy("Currency"))
    media = FieldList(FormField(MediumForm), min_entries=1)
    only_these = BooleanField(lazy("Leave the rest in favour instead of paying the oldest documents"))
    notes = TextAreaField(lazy("Notes"), [Length(max=300)])
    # ticked where something was asked about (doubts.py, and the same amount on the same day)
    again = BooleanField(lazy("It is right as it is written"))

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        home = current_company().currency
        held = [one.currency for one in queries.cash_accounts() if one.currency]
        self.currency.choices = [(code, code) for code in dict.fromkeys((home, *held))]
        self.currency.data = self.currency.data or home

    def begin(self, currency: str) -> None:
        """A new payment in this currency, the company's where it is empty; refused where no money box holds it."""
        if currency and currency not in dict(self.currency.choices):
            raise WrongCurrency(_("To record a payment in %(currency)s you must first have a cash or bank account in "
                                  "%(currency)s: make one under “%(menu)s”.", currency=currency,
                                  menu=_("Cash and bank accounts")), code="no_account_in_currency")
        self.currency.data = currency or self.currency.data
        for one in self.media:
            self.choose_accounts(one)

    def choose_accounts(self, part: Any) -> None:
        """Offer the first account that holds the currency of the payment."""
        home = current_company().currency
        fitting = [one.id for one in queries.cash_accounts() if (one.currency or home) == self.currency.data]
        part.form.cash_account_id.data = fitting[0] if fitting else part.form.cash_account_id.data

    def parts(self) -> list[Medium]:
        return [one.form.medium() for one in self.media if one.form.amount.data is not None]

    def data_of(self, customer: Customer, pays: list[tuple[int, Decimal]]) -> PaymentData:
        return PaymentData(customer.id, self.parts(), self.paid_on.data, self.currency.data, pays,
                           self.only_these.data, notes=(self.notes.data or "").strip(),
                           form_key=self.form_key.data or None)


class ReasonForm(Form):
    """Why something is taken back."""

    reason = StringField(lazy("Reason"), [Length(max=300)])


class LockForm(Form):
    """The last day that is closed."""

    until = DateField(lazy("Closed until"), [Optional()])
    reason = StringField(lazy("Reason"), [Length(max=300)])
