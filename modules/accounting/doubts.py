"""What is more often a slip of the hand than meant: a payment of a wrong day, or with figures too many.

Each answers with a question in words, "" where there is nothing to ask; the person decides.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa

from core import clock
from core.db import db
from core.i18n import _, format_amount, format_date
from modules.accounting import allocations, ledger, payments
from modules.accounting.models import Invoice
from modules.accounting.payments import PaymentData

# a payment is written down within two months, or it is asked about
USUAL = dt.timedelta(days=60)
# what stays in favour is usual up to so many of the largest document: ten months in advance
MANY = 10


def about_day(data: PaymentData) -> str:
    """A day long ago, or one on which nothing of what it pays was issued yet."""
    paid_on = data.paid_on or clock.today()
    ledger.check_open(paid_on, field="paid_on")  # what cannot be is not asked about
    if paid_on < clock.today() - USUAL:
        return _("%(day)s is more than %(count)s days ago. If it was paid on that day, tick the box.",
                 day=format_date(paid_on), count=USUAL.days)
    oldest = min((one for one, _amount in payments.plan(data)[0]), key=lambda one: one.issue_date, default=None)
    if oldest is None or paid_on >= oldest.issue_date:
        return ""
    return _("%(document)s was issued on %(issued)s, after the day of the payment, %(day)s. If it was paid before, "
             "tick the box.", document=str(oldest), issued=format_date(oldest.issue_date), day=format_date(paid_on))


def about_amount(data: PaymentData) -> str:
    """More stays in favour than was owed, and more than ten of the customer's largest document."""
    left = payments.plan(data)[1]
    owed = sum((one.open_amount for one in allocations.open_invoices(data.customer_id, data.currency)), Decimal(0))
    largest = db.session.scalar(sa.select(sa.func.max(Invoice.total)).where(
        Invoice.customer_id == data.customer_id, Invoice.currency == data.currency, Invoice.kind != "credit_note"))
    if largest is None or left <= max(owed, MANY * largest):
        return ""
    return _("%(left)s would stay in favour; the largest document of this customer is of %(largest)s. If so much was "
             "paid, tick the box.", left=format_amount(left, data.currency),
             largest=format_amount(largest, data.currency))
