"""The lists of receipts of payment and of global invoices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import Session, joinedload

from core import storage
from core.db import among, find
from core.errors import DomainError
from core.i18n import lazy, ngettext
from core.lists import Action, Bundle, Choice, Column, Dates, Empty, Line, List, Text, badge, register
from core.models import StoredFile
from modules.accounting.models import Payment
from modules.crm import queries as crm
from modules.crm.models import Customer
from modules.einvoice_mx import corrections, labels
from modules.einvoice_mx.models import PaidPart, PaymentReceipt, Stampable


def conditions(model: type[Stampable]) -> dict[str, Any]:
    """By what a list of such documents is narrowed."""
    return {"waiting": model.state.in_(("pending", "sending")), "authorized": model.state == "authorized",
            "rejected": model.state == "rejected", "cancelled": model.state.in_(("cancelling", "cancelled"))}


CHOICES = {"waiting": lazy("waiting"), "authorized": lazy("stamped"), "rejected": lazy("refused"),
           "cancelled": lazy("cancelled")}


def state(line: Line) -> Any:
    """The state, and of what is not as it should be why."""
    words, tone = labels.STATES[line.row.state]
    said = " ".join(f"{one['message']} ({one['code']})" if one.get("code") else one["message"]
                    for one in line.row.problems or ())
    shown = badge((words, tone))
    return Markup('{}<div class="small muted">{}</div>').format(shown, said) if said else shown


PDF, XML, PROOF = "pdf", "xml", "proof"


def bundle_of(model: type[Stampable]) -> Bundle:
    """All that the law wants kept of rows: sheet, stamped XML, the proof of a cancelling."""
    def files(session: Session, ids: Sequence[int], parts: Sequence[str]) -> Iterator[tuple[int, str, bytes]]:
        places = [getattr(model, f"{part}_file_id") for part in (PDF, XML, PROOF) if part in parts]
        rows = session.execute(sa.select(model.id, *places).where(among(model.id, ids)).order_by(model.id)).all()
        wanted = {file_id: row.id for row in rows for file_id in row[1:] if file_id}
        kept = {file.id: file for file in session.scalars(sa.select(StoredFile).where(
            among(StoredFile.id, list(wanted))))}
        for file_id, row_id in wanted.items():
            yield row_id, kept[file_id].name, storage.backend().get(kept[file_id].sha256)

    return Bundle(lazy("What is kept of each document"), lambda: {
        PDF: lazy("Printed document (PDF)"), XML: lazy("XML of the document"), PROOF: lazy("Acuse of the cancelling")},
        files, usual=(PDF, XML))


# --- receipts of payment ---------------------------------------------------------------------------------


def _find(text: str) -> Any:
    """By folio, by UUID (its own or an invoice's document), or by what the customer is found by."""
    people = PaymentReceipt.payment_id.in_(sa.select(Payment.id).where(Payment.customer_id.in_(
        sa.select(Customer.id).where(crm.matches(text)))))
    found = [people, PaymentReceipt.uuid == text.strip().upper()]
    number = text.split()[-1] if text.split() else ""
    if number.isdecimal() and len(number) < 16:
        found.append(PaymentReceipt.number == int(number))
    return sa.or_(*found)


def _paid_in(days: Any) -> Any:
    limits = [*([Payment.paid_on >= days.first] if days.first else []),
              *([Payment.paid_on <= days.last] if days.last else [])]
    return PaymentReceipt.payment_id.in_(sa.select(Payment.id).where(*limits))


def _title(line: Line) -> Any:
    return Markup('<a class="nowrap" href="{}">{}</a>').format(
        url_for("einvoice_mx.payment_receipt", receipt_id=line.id), line.row)


def make_again(receipt_id: int, _values: dict[str, Any]) -> None:
    """Make one refused receipt anew."""
    if not corrections.retry(find(PaymentReceipt, receipt_id)):
        raise DomainError(lazy("Nothing is left to be receipted."))


PAID = (sa.select(sa.func.sum(PaidPart.paid)).where(PaidPart.receipt_id == PaymentReceipt.id)
        .correlate(PaymentReceipt).scalar_subquery())

RECEIPTS = register(List(
    "einvoice_mx.receipts", lazy("Receipts of payment (CFDI)"), PaymentReceipt, "einvoice.view_documents",
    related=lambda statement: statement.join(Payment, Payment.id == PaymentReceipt.payment_id).join(
        Customer, Customer.id == Payment.customer_id),
    columns=(
        Column("receipt", lazy("Receipt"), PaymentReceipt.number, lead=True, show=_title, kind="paper"),
        Column("customer", lazy("Customer"), Customer.name, css="name"),
        Column("date", lazy("Date"), Payment.paid_on),
        Column("paid", lazy("Amount"), PAID, kind="amount", currency=lambda row: row.payment.currency),
        Column("state", lazy("State"), PaymentReceipt.state, words=labels.STATES, show=state, css="long"),
        Column("uuid", "UUID", PaymentReceipt.uuid, css="nowrap"),
        Column("series", lazy("Series"), PaymentReceipt.series, default=False),
        Column("environment", lazy("Environment"), PaymentReceipt.environment, words=labels.ENVIRONMENTS,
               default=False),
        Column("made", lazy("Made"), PaymentReceipt.created_at, default=False),
    ),
    filters=(
        Text("q", lazy("Number, UUID, or customer"), _find),
        Choice("state", lazy("State"), conditions(PaymentReceipt), CHOICES, chips=True),
        Dates("date", lazy("Date"), _paid_in),
        Choice("environment", lazy("Environment"), PaymentReceipt.environment, labels.ENVIRONMENTS),
    ),
    actions=(Action("again", lazy("Make it again"), "einvoice.send_documents", each=make_again,
                    only=PaymentReceipt.state == "rejected"),),
    options=(joinedload(PaymentReceipt.payment),), sort="-id", file=PaymentReceipt.pdf_file_id,
    bundle=bundle_of(PaymentReceipt),
    count=lambda count: ngettext("%(num)s receipt", "%(num)s receipts", count),
    empty=Empty(lazy("No receipts of payment"), lazy("The first one is made with the first payment of a stamped PPD "
                                                     "invoice."), "check"),
    template="einvoice_mx/receipts.html"))
