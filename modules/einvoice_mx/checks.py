"""Checks of what the company issues with."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from core import clock
from core.checks import Result, Words, check
from core.db import db
from core.i18n import _, format_date, lazy
from modules.einvoice_mx.endpoints import PRODUCTION
from modules.einvoice_mx.models import Certificate

# the home page tells from 60 days before on, the doctor complains from here
WARN = dt.timedelta(days=30)


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
