"""Forms: a base with a form key, fields that read amounts as people write them, and refusals beside their field."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    Field,
    FileField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    StopValidation,
    ValidationError,
)
from wtforms.widgets import TextInput

from core.errors import DomainError
from core.i18n import _, decimal_sign

__all__ = ["AmountField", "BooleanField", "DataRequired", "DateField", "EmailAddress", "EmailField", "FileField",
           "Form", "HiddenField", "InputRequired", "IntegerField", "Length", "NumberRange", "OnceForm", "Optional",
           "PasswordField", "RadioField", "SelectField", "SelectMultipleField", "StringField", "TextAreaField",
           "ValidationError", "amount_sample", "amount_text", "parse_decimal", "refused"]


class Form(FlaskForm):
    """Base of all forms; CSRF comes along."""

    def refuse(self, error: DomainError) -> None:
        """Show a refusal beside its field, or above the form where it names none; what was typed stays."""
        target = self._fields.get(error.field) if error.field else None
        if target is None:
            self.form_errors.append(str(error))
        else:
            target.errors = [*target.errors, str(error)]


class OnceForm(Form):
    """A form that carries a key, so that a double click or a second sending does its work once."""

    form_key = HiddenField(default=lambda: uuid.uuid4().hex, validators=[Length(max=64)])


def refused(form: Form, error: DomainError) -> None:
    """The same as `form.refuse(error)`, after undoing what the service had begun."""
    from core.db import db

    db.session.rollback()
    form.refuse(error)


def amount_text(value: Decimal, places: int = 2, fine: bool = False) -> str:
    """An amount as a field shows it, with the sign of decimals that the company writes: 1234,50."""
    whole, dot, decimals = f"{value:f}".partition(".")
    kept = decimals.rstrip("0").ljust(min(2, places), "0")
    if len(kept) == 3 < places and not fine:
        kept += "0"  # with three it would be read as thousands
    return f"{whole}{decimal_sign()}{kept}" if dot and kept else whole


class AmountField(Field):
    """A Decimal as people write it: 1.234,50 · 1,234.50 · 1234.5 · 1234,5. More decimals than `places` are refused.

    `fine`: of rates and quantities, where 3,756 is less than four if the company writes decimals with a comma; in a
    price it is thousands.
    """

    widget = TextInput()

    def __init__(self, label: Any = None, validators: Iterable[Any] | None = None, places: int = 2,
                 fine: bool = False, **options: Any) -> None:
        super().__init__(label, list(validators or ()), **options)
        self.places, self.fine = places, fine
        self.render_kw: dict[str, Any] = {"inputmode": "decimal", "autocomplete": "off",
                                          **(options.get("render_kw") or {})}

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else amount_text(self.data, self.places, self.fine)

    def pre_validate(self, form: Any) -> None:
        """What is no amount is said once: its range is not the trouble."""
        if self.process_errors:
            raise StopValidation

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = (valuelist[0] if valuelist else "").strip()
        self.data = None
        if not text:
            return
        value = parse_decimal(text, decimal_sign() if self.fine else "")
        if value is None:
            raise ValueError(_("This is not an amount: write it like %(sample)s.", sample=amount_sample()))
        if -value.as_tuple().exponent > self.places:  # type: ignore[operator]
            raise ValueError(_("At most %(count)s decimals are possible here.", count=self.places))
        self.data = value


def amount_sample() -> str:
    """An amount as the company writes it, for the sentences that say how: 1234,50 or 1234.50."""
    return amount_text(Decimal("1234.50"))


def parse_decimal(text: str, sign: str = "") -> Decimal | None:
    """A number with comma or point as decimals, thousands allowed; None where it could mean two things or nothing.

    One separator followed by exactly three digits is read as thousands ("1.234"), unless a leading zero or
    four digits before it show that it is not ("0.123", "1234.567"), or it is the `sign` of decimals: that is given
    where three decimals are usual, as in rates and quantities.
    """
    plain = re.sub(r"[\s\u00a0$]", "", text)
    if sign and re.fullmatch(rf"[-+]?\d{{1,3}}{re.escape(sign)}\d{{3}}", plain):
        return Decimal(plain.replace(",", "."))
    both = re.fullmatch(r"([-+]?\d{1,3}(?:\.\d{3})+),(\d+)|([-+]?\d{1,3}(?:,\d{3})+)\.(\d+)", plain)
    if both:
        whole, decimals = (both[1], both[2]) if both[1] else (both[3], both[4])
        return Decimal(re.sub(r"[.,]", "", whole) + "." + decimals)
    if re.fullmatch(r"[-+]?[1-9]\d{0,2}(?:(?:\.\d{3})+|(?:,\d{3})+)", plain):
        return Decimal(re.sub(r"[.,]", "", plain))
    if re.fullmatch(r"[-+]?\d+(?:[.,]\d+)?", plain):
        return Decimal(plain.replace(",", "."))
    return None


class EmailAddress:
    """Validator: something that can be an e-mail address."""

    def __call__(self, form: Any, field: Any) -> None:
        if field.data and not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+", field.data.strip()):
            raise ValidationError(_("This is not an e-mail address: write it like ana@example.com."))
