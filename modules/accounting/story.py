"""What accounting tells of a customer: issued, due, paid, taken back, annulled."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import selectinload

from core import clock
from core.db import db
from core.i18n import _, format_amount, format_date
from modules.accounting import labels, overdue, queries
from modules.accounting.models import Invoice, Payment
from modules.crm.models import Customer
from modules.crm.ports import Happening


class Documents:
    """Invoices and notes: when they were issued, when their day passed unpaid, and what was annulled."""

    permission = "accounting.view_documents"

    def of(self, customer: Customer, limit: int) -> list[Happening]:
        found: list[Happening] = []
        documents = queries.newest_documents(customer.id, limit)
        late = overdue.of_these(documents)
        for one in documents:
            found += _of_document(one, one.id in late)
        return found


def _of_document(one: Invoice, is_overdue: bool) -> list[Happening]:
    url, title = url_for("accounting.invoice", invoice_id=one.id), labels.title_of(one)
    total = format_amount(one.total, one.currency)
    due = one.due_date if one.kind != "credit_note" else None
    until = _("to pay until %(day)s", day=format_date(due)) if due else ""
    found = [Happening(one.created_at, _("Issued: %(document)s", document=title),
                       " · ".join(part for part in (total, until) if part), reason=one.reason or "", url=url)]
    if one.state == "cancelled" and one.cancelled_on:
        found.append(Happening(one.cancelled_on, _("Annulled: %(document)s", document=title), total,
                               reason=one.cancel_reason, url=url, tone="warn"))
    elif one.legal_state == "rejected":
        found.append(Happening(one.created_at + dt.timedelta(seconds=1), _("Refused by the authority: %(document)s",
                                                                          document=title), url=url, tone="bad"))
    elif due and is_overdue:
        found.append(Happening(due, _("Due and not paid: %(document)s", document=title),
                               _("%(amount)s still owed", amount=format_amount(one.open_amount, one.currency)), url=url,
                               tone="bad"))
    return found


class Payments:
    """What came, what it paid, and what was taken back."""

    permission = "accounting.view_payments"

    def of(self, customer: Customer, limit: int) -> list[Happening]:
        rows = list(db.session.scalars(
            sa.select(Payment).where(Payment.customer_id == customer.id).options(selectinload(Payment.media))
            .order_by(Payment.paid_on.desc(), Payment.id.desc()).limit(limit)))
        paid = queries.documents_paid_by([one.id for one in rows])
        return [line for one in rows
                for line in _of_payment(one, [document for document, _amount in paid.get(one.id, [])])]


def is_later(one: Payment) -> bool:
    """Whether it was recorded on another day than it was paid: then both days are told."""
    return one.paid_on != clock.local(one.created_at).date()


def _of_payment(one: Payment, documents: list[Invoice]) -> list[Happening]:
    url, amount = url_for("accounting.payment", payment_id=one.id), format_amount(one.amount, one.currency)
    pays = ", ".join(labels.title_of(document) for document in documents[:3])
    paid_on = _("paid on %(day)s", day=format_date(one.paid_on)) if is_later(one) else ""
    found = [Happening(one.created_at, _("Paid: %(amount)s", amount=amount), " · ".join(part for part in (
        paid_on, labels.how_paid(one)[0], _("receipt %(number)s", number=str(one)),
        _("it paid %(documents)s", documents=pays) if pays else "") if part), url=url, tone="ok")]
    if one.state == "reversed" and one.reversed_on:
        found.append(Happening(one.reversed_on, _("Payment taken back: %(amount)s", amount=amount),
                               _("receipt %(number)s", number=str(one)), reason=one.reversal_reason, url=url,
                               tone="warn"))
    return found
