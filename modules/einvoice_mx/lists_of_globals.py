"""The list of global invoices."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup

from core.db import find
from core.errors import DomainError
from core.i18n import lazy, ngettext
from core.lists import Action, Choice, Column, Dates, Empty, Line, List, Text, register
from modules.einvoice_mx import global_corrections, labels
from modules.einvoice_mx.lists import CHOICES, bundle_of, conditions, state
from modules.einvoice_mx.models import GlobalInvoice, PublicSale


def _find(text: str) -> Any:
    """By folio, by UUID, or by the number of a sale that is in it."""
    found: list[Any] = [GlobalInvoice.uuid == text.strip().upper()]
    number = text.split()[-1] if text.split() else ""
    if number.isdecimal() and len(number) < 16:
        found += [GlobalInvoice.number == int(number), GlobalInvoice.id.in_(
            sa.select(PublicSale.global_id).where(PublicSale.number == int(number)))]
    return sa.or_(*found)


def _title(line: Line) -> Any:
    return Markup('<a class="nowrap" href="{}">{}</a>').format(
        url_for("einvoice_mx.global_invoice", global_id=line.id), line.row)


def make_again(global_id: int, _values: dict[str, Any]) -> None:
    """Make one refused global invoice anew."""
    if global_corrections.retry(find(GlobalInvoice, global_id)) is None:
        raise DomainError(lazy("Nothing is left to be gathered."))


GLOBALS = register(List(
    "einvoice_mx.globals", lazy("Global invoices"), GlobalInvoice, "einvoice.view_documents",
    columns=(
        Column("global", lazy("Global invoice"), GlobalInvoice.number, lead=True, show=_title, kind="paper"),
        Column("period", lazy("Gathered by"), GlobalInvoice.period, words=labels.PERIODS),
        Column("first", lazy("From"), GlobalInvoice.first_day),
        Column("last", lazy("To"), GlobalInvoice.last_day),
        Column("sales", lazy("Sales"), GlobalInvoice.sales, kind="number"),
        Column("total", lazy("Total"), GlobalInvoice.total, currency="MXN"),
        Column("state", lazy("State"), GlobalInvoice.state, words=labels.STATES, show=state, css="long"),
        Column("uuid", "UUID", GlobalInvoice.uuid, css="nowrap"),
        Column("series", lazy("Series"), GlobalInvoice.series, default=False),
        Column("environment", lazy("Environment"), GlobalInvoice.environment, words=labels.ENVIRONMENTS,
               default=False),
        Column("made", lazy("Made"), GlobalInvoice.created_at, default=False),
    ),
    filters=(
        Text("q", lazy("Number, UUID, or number of a sale"), _find),
        Choice("state", lazy("State"), conditions(GlobalInvoice), CHOICES, chips=True),
        Dates("days", lazy("Last day"), GlobalInvoice.last_day),
        Choice("period", lazy("Gathered by"), GlobalInvoice.period, labels.PERIODS),
        Choice("environment", lazy("Environment"), GlobalInvoice.environment, labels.ENVIRONMENTS),
    ),
    actions=(Action("again", lazy("Make it again"), "einvoice.send_documents", each=make_again,
                    only=GlobalInvoice.state == "rejected"),),
    sort="-id", file=GlobalInvoice.pdf_file_id, bundle=bundle_of(GlobalInvoice),
    count=lambda count: ngettext("%(num)s global invoice", "%(num)s global invoices", count),
    empty=Empty(lazy("No global invoices"), lazy(
        "Say in the fiscal profile by which period the sales to who has no RFC are gathered; the first one is made "
        "when it has ended."), "check"),
    template="einvoice_mx/globals.html"))
