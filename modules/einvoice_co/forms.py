"""What the RUT says of a customer, as a form."""

from __future__ import annotations

from typing import Any

from core.forms import Form, Length, SelectField, SelectMultipleField, StringField
from core.i18n import lazy
from modules.einvoice_co import customers
from modules.einvoice_co.catalogs import COMPANY, PERSON
from modules.einvoice_co.models import CustomerProfile


class CustomerForm(Form):
    """Person, responsibilities, and a person's names apart."""

    person = SelectField(lazy("Person in the RUT"), default="", choices=[
        ("", lazy("By the number")), (COMPANY, lazy("Company (jurídica)")), (PERSON, lazy("Person (natural)"))])
    responsible = SelectMultipleField(lazy("Responsibilities in the RUT"), description=lazy(
        "Those of box 53 of the customer's RUT; none of them where nothing is chosen (R-99-PN)."))
    first_names = StringField(lazy("First names"), [Length(max=100)], description=lazy(
        "Siigo wants a person's names apart; left empty, the name is cut by itself."))
    surnames = StringField(lazy("Surnames"), [Length(max=100)])


def customer_form(row: CustomerProfile | None) -> CustomerForm:
    """With what was written down."""
    values: dict[str, Any] = {} if row is None else {
        "person": row.person, "responsible": row.responsibilities.split(), "first_names": row.first_names,
        "surnames": row.surnames}
    form = CustomerForm(data=values)
    form.responsible.choices = [(code, f"{code} {words}") for code, words in customers.known_responsibilities().items()]
    return form
