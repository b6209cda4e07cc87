"""The list of detracciones: what is to be deposited at Banco de la Nación, and what was."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import selectinload

from core import clock
from core.i18n import _, format_date, lazy, ngettext
from core.lists import Choice, Column, Dates, Empty, Line, List, Text, badge, register
from modules.accounting.models import Invoice
from modules.crm.models import Customer
from modules.einvoice_pe import detractions
from modules.einvoice_pe.catalogs import SOLES
from modules.einvoice_pe.models import Detraction

# asked anew in each statement: it moves with the calendar
TODAY: Any = sa.bindparam(None, callable_=clock.today, type_=sa.Date())
WAITING = detractions.waiting()
STATES = {"waiting": lazy("to be deposited"), "late": lazy("late"), "deposited": lazy("deposited")}
CONDITIONS = {
    "waiting": WAITING, "late": sa.and_(WAITING, Detraction.due_date < TODAY),
    "deposited": Detraction.payment.has(state="recorded")}


def _find(text: str) -> Any:
    return sa.or_(Invoice.legal_number.contains(text, autoescape=True), Detraction.constancia == text.strip(),
                  Customer.name.icontains(text, autoescape=True))


def _title(line: Line) -> Any:
    return Markup('<a class="nowrap" href="{}">{}</a>').format(
        url_for("einvoice_pe.detraction", detraction_id=line.id), line.extras.get("document"))


def _state(line: Line) -> Any:
    return badge(state_of(line.row))


def state_of(row: Detraction) -> tuple[str, str]:
    """(words, tone): deposited and when, late, or until when."""
    if row.is_deposited:
        return _("deposited on %(day)s", day=format_date(row.deposited_on)), "ok"
    if row.invoice.state != "issued" or not row.invoice.open_amount:
        return _("not needed any more"), "mute"
    if row.due_date < clock.today():
        return _("late since %(day)s", day=format_date(row.due_date)), "bad"
    return _("to be deposited until %(day)s", day=format_date(row.due_date)), "warn"


DETRACTIONS = register(List(
    "einvoice_pe.detractions", lazy("Detracciones"), Detraction, "accounting.view_documents",
    related=lambda statement: statement.join(Invoice, Invoice.id == Detraction.invoice_id).join(
        Customer, Customer.id == Invoice.customer_id),
    columns=(
        Column("document", lazy("Factura"), Invoice.legal_number, lead=True, show=_title),
        Column("customer", lazy("Customer"), Customer.name, css="name"),
        Column("issued", lazy("Date"), Invoice.issue_date),
        Column("total", lazy("Total"), Invoice.total, currency=lambda row: row.invoice.currency),
        Column("amount", lazy("Detracción"), Detraction.amount, currency=SOLES, total=True),
        Column("due", lazy("Until"), Detraction.due_date, sort=True),
        Column("state", lazy("State"), lambda row: state_of(row)[0], show=_state),
        Column("constancia", lazy("Constancia"), Detraction.constancia),
        Column("deposited", lazy("Deposited"), Detraction.deposited, kind="amount", currency=SOLES, total=True),
        Column("on", lazy("Deposited on"), Detraction.deposited_on, default=False),
        Column("code", lazy("Service"), Detraction.code, default=False),
        Column("rate", lazy("Rate"), Detraction.rate, kind="number", default=False),
    ),
    filters=(
        Text("q", lazy("Factura, constancia or customer"), _find),
        Choice("state", lazy("State"), CONDITIONS, STATES, chips=True),
        Dates("issued", lazy("Issued"), Invoice.issue_date),
        Dates("due", lazy("Until"), Detraction.due_date),
    ),
    options=(selectinload(Detraction.invoice), selectinload(Detraction.payment)), sort="-due",
    count=lambda count: ngettext("%(num)s detracción", "%(num)s detracciones", count),
    empty=Empty(lazy("No detracciones"), lazy("Facturas of taxed services above S/ 700 bear one: the customer pays a "
                                              "part into your account at Banco de la Nación."), "money")))
