"""What is typed about a detracción."""

from __future__ import annotations

from decimal import Decimal

from core import clock
from core.forms import AmountField, DateField, Form, InputRequired, Length, SelectField, StringField
from core.i18n import lazy
from modules.einvoice_pe import detractions
from modules.einvoice_pe.detractions import Deposit
from modules.einvoice_pe.models import Detraction

ZERO = Decimal("0.00")


class DepositForm(Form):
    """A constancia of Banco de la Nación."""

    constancia = StringField(lazy("Number of the constancia"), [InputRequired(), Length(max=20)],
                             render_kw={"inputmode": "numeric"})
    deposited_on = DateField(lazy("Day of the deposit"), [InputRequired()], default=clock.today)
    amount = AmountField(lazy("Deposited, in soles"), [InputRequired()])
    cash_account_id = SelectField(lazy("Where it lies"), coerce=int)

    @classmethod
    def of(cls, row: Detraction) -> DepositForm:
        """Filled with what is expected; the account is where the last one went."""
        currency = row.invoice.currency
        form = cls(data={"amount": detractions.to_deposit(row),
                         "cash_account_id": detractions.last_account(currency)})
        form.cash_account_id.choices = [(one.id, one.name) for one in detractions.cash_accounts(currency)]
        return form

    def deposit(self) -> Deposit:
        """What `detractions.record` takes."""
        return Deposit(self.constancia.data or "", self.deposited_on.data, self.amount.data or ZERO,
                       self.cash_account_id.data)
