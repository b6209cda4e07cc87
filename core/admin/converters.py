"""How our column types look in admin forms, filters, lists and exports."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from flask_admin.contrib.sqla import filters as sqla_filters
from flask_admin.contrib.sqla.form import AdminModelConverter
from flask_admin.model import filters as base_filters
from flask_admin.model.form import converts
from flask_admin.model.typefmt import DETAIL_FORMATTERS
from markupsafe import Markup
from wtforms import DateField, DateTimeLocalField, PasswordField

from core import clock, scope
from core.forms import AmountField, parse_decimal
from core.i18n import _, format_date, format_number, lazy
from core.templating import icon, moment

# --- forms ---------------------------------------------------------------------------------------------


class LocalMoment(DateTimeLocalField):
    """A moment, written in the company's zone and kept in UTC."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **options)

    def process_data(self, value: dt.datetime | None) -> None:
        self.data = _local(value).replace(tzinfo=None) if value else None

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data:
            zone = _local(clock.now()).tzinfo
            self.data = self.data.replace(tzinfo=zone).astimezone(dt.UTC)


class SecretField(PasswordField):
    """Shows nothing of a secret; left empty it keeps the one there is."""

    def populate_obj(self, obj: Any, name: str) -> None:
        if self.data:
            setattr(obj, name, self.data)


def _local(value: dt.datetime) -> dt.datetime:
    return clock.local(value) if scope.company_id_or_none() else value.astimezone(dt.UTC)


class Converter(AdminModelConverter):
    """Form fields of our column types; without it Flask-Admin would leave them out."""

    @converts("Amount", "Scaled")
    def conv_scaled(self, column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
        return AmountField(places=column.type.places, fine=column.type.places > 2, **field_args)

    @converts("UTCDateTime")
    def conv_moment(self, column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
        return LocalMoment(**field_args)

    @converts("Date")
    def conv_date(self, column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
        return DateField(**field_args)

    @converts("Encrypted")
    def conv_secret(self, column: Any, field_args: dict[str, Any], **extra: Any) -> Any:
        field_args["description"] = lazy("Leave it empty to keep the one there is.")
        field_args["validators"] = []
        return SecretField(**field_args)


# --- filters -------------------------------------------------------------------------------------------


class _Decimal(base_filters.BaseFilter):
    """Reads 1.234,50 as people write it."""

    def clean(self, value: str) -> Decimal:
        found = parse_decimal(value)
        if found is None:
            raise ValueError(value)
        return found


class _Moment(base_filters.BaseDateFilter):
    """A day in the company's zone."""

    def clean(self, value: str) -> Any:
        day = dt.datetime.strptime(value, "%Y-%m-%d")
        return day.replace(tzinfo=_local(clock.now()).tzinfo).astimezone(dt.UTC)


class DecimalEqual(sqla_filters.FilterEqual, _Decimal):
    pass


class DecimalNotEqual(sqla_filters.FilterNotEqual, _Decimal):
    pass


class DecimalGreater(sqla_filters.FilterGreater, _Decimal):
    pass


class DecimalSmaller(sqla_filters.FilterSmaller, _Decimal):
    pass


class MomentSince(sqla_filters.FilterGreater, _Moment):
    def operation(self) -> Any:
        return lazy("since")


class MomentBefore(sqla_filters.FilterSmaller, _Moment):
    def operation(self) -> Any:
        return lazy("before")


class Filters(sqla_filters.FilterConverter):
    """Filters of our column types; without it Flask-Admin refuses them."""

    numbers = (DecimalEqual, DecimalNotEqual, DecimalGreater, DecimalSmaller, sqla_filters.FilterEmpty)
    moments = (MomentSince, MomentBefore, sqla_filters.FilterEmpty)

    @base_filters.convert("amount", "scaled")
    def conv_scaled(self, column: Any, name: str, **options: Any) -> list[Any]:
        return [kind(column, name, **options) for kind in self.numbers]

    @base_filters.convert("utcdatetime")
    def conv_moment(self, column: Any, name: str, **options: Any) -> list[Any]:
        return [kind(column, name, **options) for kind in self.moments]


# --- lists and exports ---------------------------------------------------------------------------------


def _decimal(view: Any, value: Decimal, name: str) -> Markup:
    return Markup('<span class="num">{}</span>').format(format_number(value, "#,##0.00####"))


def _yes_no(view: Any, value: bool, name: str) -> Markup:
    return Markup("{} {}").format(icon("check"), _("yes")) if value else Markup('<span class="muted">{}</span>').format(
        _("no"))


def _moment(view: Any, value: dt.datetime, name: str) -> str:
    return moment(value)


def _date(view: Any, value: dt.date, name: str) -> str:
    return format_date(value)


def _nothing(view: Any, value: None, name: str) -> str:
    return ""


# bool before int, datetime before date: the first that fits is taken
SHOWN: dict[type, Any] = {type(None): _nothing, bool: _yes_no, Decimal: _decimal, dt.datetime: _moment, dt.date: _date,
                          **{kind: form for kind, form in DETAIL_FORMATTERS.items() if kind not in {type(None), bool}}}
EXPORTED: dict[type, Any] = {
    type(None): _nothing, dt.datetime: lambda view, value, name: value.isoformat(),
    dt.date: lambda view, value, name: value.isoformat(), Decimal: lambda view, value, name: f"{value:f}",
}
