"""The list of legal documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import selectinload

from core.db import db
from core.i18n import _, lazy, ngettext
from core.lists import Action, Bundle, Choice, Choices, Column, Dates, Empty, Line, List, Text, badge, register
from core.scope import current_company
from modules.accounting.models import Invoice
from modules.crm import queries as crm
from modules.crm.models import Customer
from modules.einvoice import explaining, files, labels, mending, queries, services, states
from modules.einvoice.models import Document
from modules.einvoice.ports import papers_of, signed_first

# JSON of a document without remarks
NONE: Any = []
SHORT = 140
# in an address: refused without a code
NO_CAUSE = "-"
REMARKED = sa.and_(Document.state == states.AUTHORIZED, Document.observations != NONE)
CHOICES = {
    "pending": lazy("waiting"), "unknown": lazy("without answer"), "rejected": lazy("refused"),
    "authorized": lazy("authorised"), "remarked": lazy("with remarks"), "cancelled": lazy("given up")}
# only where a provider signs before the authority decides
LATER = {"signed": lazy("decided later"), "withdrawn": lazy("refused after they were handed over")}
CONDITIONS = {
    "pending": Document.state.in_((states.PENDING, states.SENDING)), "unknown": Document.state == states.UNKNOWN,
    "signed": Document.state == states.SIGNED, "rejected": Document.state == states.REJECTED,
    "withdrawn": sa.and_(Document.state == states.REJECTED, Document.signed_at.is_not(None)),
    "authorized": Document.state == states.AUTHORIZED,
    "remarked": REMARKED, "cancelled": Document.state.in_((states.CANCELLING, states.CANCELLED))}


def _choices() -> dict[str, Any]:
    return {**CHOICES, **(LATER if current_company().country in signed_first else {})}


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


def _sequences() -> dict[int, str]:
    """Each run of numbers by its series and kind, the environment where it is not that of now."""
    now = current_company().environment
    return {row.id: " · ".join([f"{row.series} {explaining.kind_name(row)}", *(
        [str(labels.ENVIRONMENTS.get(row.environment, row.environment))] if row.environment != now else [])])
        for row in queries.sequences()}


def _says(row: Document) -> str:
    """What the authority says: why it was refused, or what it remarks."""
    said = row.problems if row.state == states.REJECTED else row.observations
    return " ".join(f"{one['message']} ({one['code']})" for one in said or ())


def _of_cause(code: str) -> Any:
    return Document.cause == ("" if code == NO_CAUSE else code)


def send_again(ids: Sequence[int], values: dict[str, Any]) -> dict[int, str]:
    """Send refused documents again with the customers' present data; ask sooner about those that wait.

    What was chosen for all of them is written to their customers before, of each what its cause asks for and many can
    share (`mending.shared`). What would be refused again is told.
    """
    rows = list(db.session.scalars(sa.select(Document).where(Document.id.in_(ids)).order_by(Document.id)))
    chosen = {name: value for name, value in values.items() if value}
    if chosen:
        _mend(rows, chosen)
    _sent, wrong = services.retry_all(rows)
    said = _("What you corrected is saved, but it would be refused again: %(reason)s") if chosen else "%(reason)s"
    return {row.id: said % {"reason": reason} for row, reason in wrong}


def _mend(rows: Sequence[Document], chosen: dict[str, str]) -> None:
    found = queries.with_invoices(rows)
    inputs = mending.of_documents([(row, found[row.id][1]) for row in rows])
    for row in rows:
        mending.write(found[row.id][1], chosen, mending.shared(inputs[row.id]))


def _kinds() -> dict[str, Any]:
    return dict(papers_of(current_company().country).kinds)


def _files(session: Any, ids: Sequence[int], kinds: Sequence[str]) -> Any:
    """What is kept of documents, in a folder each."""
    return files.of_many(session, papers_of(current_company().country), ids, kinds, _folder)


def _folder(document: Document) -> str:
    return f"{explaining.kind_name(document)} {document.invoice.legal_number or f'#{document.invoice_id}'}"


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
        Choice("state", lazy("State"), CONDITIONS, _choices, chips=True),
        Dates("date", lazy("Date"), Document.issue_date),
        Choices("sequence", lazy("Series"), Document.sequence_id, _sequences),
        Choice("environment", lazy("Environment"), Document.environment, labels.ENVIRONMENTS),
        Text("cause", lazy("Cause"), _of_cause, panel=False),
    ),
    actions=(
        Action("retry", lazy("Send again"), "einvoice.send_documents", apply=send_again, only=sa.or_(
            Document.state.in_((states.REJECTED, states.SIGNED)), CONDITIONS["pending"], CONDITIONS["unknown"])),),
    options=(selectinload(Document.invoice),), sort="-id",
    bundle=Bundle(lazy("What is kept of each document"), _kinds, _files, usual=(files.XML, files.PRINTED)),
    count=lambda count: ngettext("%(num)s document", "%(num)s documents", count),
    empty=Empty(lazy("No electronic documents yet"), lazy("An electronic document makes an invoice legally valid. It "
                                                          "is made by itself when an invoice is issued."), "documents"),
    template="einvoice/documents.html"))
