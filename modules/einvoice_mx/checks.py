"""Checks of what the company issues with."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import clock
from core.checks import Result, Words, check
from core.db import db
from core.i18n import _, format_date, lazy
from modules.accounting.models import Payment
from modules.einvoice_mx import gathering
from modules.einvoice_mx.endpoints import PRODUCTION
from modules.einvoice_mx.models import Certificate, GlobalInvoice, PaymentReceipt, PublicSale
from modules.einvoice_mx.periods import TERM

# the home page tells from 60 days before on, the doctor complains from here
WARN = dt.timedelta(days=30)
# of receipts of payment the doctor tells from this day of the next month on; they are due on the 5th
RECEIPTS_TOLD = 3
# where in Mexico a day ends last: nothing is late before it is so for every company
LAST_TO_END = ZoneInfo("America/Tijuana")


def _today() -> dt.date:
    return clock.now().astimezone(LAST_TO_END).date()


@check("csd_expiry", words=Words(
    lazy("Digital seals (CSD)"), lazy("A digital seal with which invoices are issued has ended or soon will."),
    lazy("Customers and the office: from that day on no invoice is stamped."),
    lazy("Renew the CSD at the SAT, then open “Enable electronic invoices” and upload it there.")))
def csd_expiry() -> Result:
    """No digital seal in use has ended or ends within 30 days; a rehearsal's renews itself."""
    rows = db.session.execute(
        sa.select(Certificate.number, Certificate.valid_until)
        .where(Certificate.active, Certificate.environment == PRODUCTION, Certificate.valid_until < clock.now() + WARN)
        .order_by(Certificate.valid_until)).all()
    if not rows:
        return True, 0, _("No digital seal ends within 30 days.")
    return False, len(rows), _("%(number)s ends on %(date)s: renew it at the SAT, and upload it.",
                               number=rows[0].number, date=format_date(rows[0].valid_until.date()))


@check("public_sales_gathered", words=Words(
    lazy("Sales to the general public"),
    lazy("Sales that have no CFDI of their own are in no global invoice though its term is over, or in one too many."),
    lazy("The office: the SAT does not know of this income."),
    lazy("Open “Global invoices”, mend what was refused, and press “Make what is due”.")))
def public_sales_gathered() -> Result:
    """A day after its days ended, each sale is in a stamped global invoice; what was replaced is cancelled."""
    late = _today() - dt.timedelta(days=1) - TERM
    missing = db.session.scalar(sa.select(sa.func.count()).select_from(PublicSale).outerjoin(
        GlobalInvoice, GlobalInvoice.id == PublicSale.global_id).where(
        PublicSale.environment == PRODUCTION, PublicSale.last_day < late, PublicSale.asked_at.is_(None),
        sa.or_(GlobalInvoice.id.is_(None), GlobalInvoice.state.not_in(("authorized", "cancelling"))),
        gathering.stands())) or 0
    old: Any = sa.orm.aliased(GlobalInvoice)
    double = db.session.scalar(sa.select(sa.func.count()).select_from(GlobalInvoice).join(
        old, old.id == GlobalInvoice.replaces_id).where(
        GlobalInvoice.state == "authorized", old.state == "authorized")) or 0
    if not missing and not double:
        return True, 0, _("Each sale to the general public whose term is over is in one global invoice.")
    if double:
        return False, double, _("%(count)s global invoices were issued again and the SAT did not cancel the first one.",
                                count=double)
    return False, missing, _("%(count)s sales to the general public are in no stamped global invoice, though the 24 "
                             "hours after their days are over.", count=missing)


@check("receipts_in_time", words=Words(
    lazy("Receipts of payment in time"),
    lazy("Payments of a month have no stamped receipt, and the 5th of the next month is near or past."),
    lazy("Customers: they cannot deduct what they paid."),
    lazy("Open “Receipts of payment (CFDI)”, mend what was refused, and make it again.")))
def receipts_in_time() -> Result:
    """Receipts of last month's payments and of those before are stamped by the 5th (reference: Mexico, 0)."""
    today = _today()
    if today.day < RECEIPTS_TOLD:
        today = today.replace(day=1) - dt.timedelta(days=1)
    count = db.session.scalar(sa.select(sa.func.count()).select_from(PaymentReceipt).join(
        Payment, Payment.id == PaymentReceipt.payment_id).where(
        PaymentReceipt.environment == PRODUCTION, PaymentReceipt.state.in_(("pending", "sending", "rejected")),
        Payment.paid_on < today.replace(day=1))) or 0
    if not count:
        return True, 0, _("The receipts of last month's payments are stamped.")
    return False, count, _("%(count)s receipts of payments of an ended month are not stamped; they must be by the 5th.",
                           count=count)
