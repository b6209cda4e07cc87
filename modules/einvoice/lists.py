"""The list of legal documents."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import selectinload

from core.db import find
from core.i18n import lazy, ngettext
from core.lists import Action, Choice, Column, Dates, Empty, Line, List, Text, badge, register
from modules.accounting.models import Invoice
from modules.crm import queries as crm
from modules.crm.models import Customer
from modules.einvoice import labels, services, states
from modules.einvoice.models import Document

# JSON of a document without remarks
NONE: Any = []
SHORT = 140
REMARKED = sa.and_(Document.state == states.AUTHORIZED, Document.observations != NONE)
CHOICES = {
    "pending": lazy("waiting"), "unknown": lazy("without answer"), "rejected": lazy("refused"),
    "authorized": lazy("authorised"), "remarked": lazy("with remarks"), "cancelled": lazy("given up")}
CONDITIONS = {
    "pending": Document.state.in_((states.PENDING, states.SENDING)), "unknown": Document.state == states.UNKNOWN,
    "rejected": Document.state == states.REJECTED, "authorized": Document.state == states.AUTHORIZED,
    "remarked": REMARKED, "cancelled": Document.state.in_((states.CANCELLING, states.CANCELLED))}


def _find(text: str) -> Any:
    """By number, by the authority's code, or by what the customer is found by."""
    people = Document.invoice_id.in_(sa.select(Invoice.id).where(Invoice.customer_id.in_(
        sa.select(Customer.id).where(crm.matches(text)))))
    found = [people, Document.authorization_code == text]
    if text.isdecimal() and len(text) < 16:
        found.append(Document.number == int(text))
    return sa.or_(*found)


def _state(line: Line) -> Any:
    """The state, and of a refusal or a remark its words."""
    shown = badge(labels.of_state(line.row.state))
    said = _says(line.row)
    short = said if len(said) <= SHORT else said[:SHORT].rstrip() + "…"
    return Markup('{}<div class="small muted">{}</div>').format(shown, short) if said else shown


def _title(line: Line) -> Any:
    number = line.extras.get("document") or f"#{line.row.invoice_id}"
    return Markup('<a class="nowrap" href="{}">{}</a>').format(
        url_for("einvoice.document", document_id=line.id), number)


def _says(row: Document) -> str:
    """What the authority says: why it was refused, or what it remarks."""
    said = row.problems if row.state == states.REJECTED else row.observations
    return " ".join(f"{one['message']} ({one['code']})" for one in said or ())


def send_again(document_id: int, _values: dict[str, Any]) -> None:
    """Send a refused document again with the customer's present data; ask sooner about one that waits."""
    services.retry(find(Document, document_id))


DOCUMENTS = register(List(
    "einvoice.documents", lazy("Electronic documents"), Document, "einvoice.view_documents",
    related=lambda statement: statement.join(Invoice, Invoice.id == Document.invoice_id).join(
        Customer, Customer.id == Invoice.customer_id),
    columns=(
        Column("document", lazy("Issued document"), Invoice.legal_number, lead=True, show=_title),
        Column("customer", lazy("Customer"), Customer.name, css="name"),
        Column("date", lazy("Date"), Document.issue_date, sort=True),
        Column("total", lazy("Total"), Invoice.total, currency=Invoice.currency, total=True),
        Column("state", lazy("State"), Document.state, words=labels.STATES, show=_state, css="long"),
        Column("code", lazy("Authorisation code"), Document.authorization_code, css="nowrap"),
        Column("until", lazy("Authorised until"), Document.valid_until, default=False),
        Column("says", lazy("The authority says"), _says, css="long", default=False),
        Column("series", lazy("Series"), Document.series, default=False),
        Column("kind", lazy("Kind"), Document.kind, default=False),
        Column("number", lazy("Number"), Document.number, default=False),
        Column("environment", lazy("Environment"), Document.environment, words=labels.ENVIRONMENTS, default=False),
        Column("sent", lazy("Sent"), Document.sent_at, default=False),
        Column("decided", lazy("Decided"), Document.decided_at, default=False),
    ),
    filters=(
        Text("q", lazy("Number, code, or customer"), _find),
        Choice("state", lazy("State"), CONDITIONS, CHOICES, chips=True),
        Dates("date", lazy("Date"), Document.issue_date),
        Choice("environment", lazy("Environment"), Document.environment, labels.ENVIRONMENTS),
    ),
    actions=(
        Action("retry", lazy("Send again"), "einvoice.send_documents", each=send_again, only=sa.or_(
            Document.state == states.REJECTED, CONDITIONS["pending"], CONDITIONS["unknown"])),),
    options=(selectinload(Document.invoice),), sort="-id",
    count=lambda count: ngettext("%(num)s document", "%(num)s documents", count),
    empty=Empty(lazy("No electronic documents yet"), lazy("An electronic document makes an invoice legally valid. It "
                                                          "is made by itself when an invoice is issued."), "documents"),
    template="einvoice/documents.html"))
