"""Checks of what the company has with the SRI."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from core import clock
from core.checks import Result, Words, check
from core.db import db
from core.i18n import _, format_date, lazy
from modules.einvoice_ec.models import Certificate

# the home page tells from 60 days before on, the doctor complains from here
WARN = dt.timedelta(days=30)


@check("sri_certificates_expiry", words=Words(
    lazy("Certificates for the SRI"), lazy("The certificate with which vouchers are signed has expired or soon will."),
    lazy("Customers and the office: from that day on the SRI refuses every voucher (39)."),
    lazy("Get a new .p12 from an accredited authority, and give it under “Enable electronic invoices”.")))
def sri_certificates_expiry() -> Result:
    """No certificate in use has expired or expires within 30 days; a rehearsal's renews itself."""
    rows = db.session.execute(
        sa.select(Certificate.holder, Certificate.valid_until)
        .where(Certificate.active, Certificate.use == "sri", Certificate.valid_until < clock.now() + WARN)
        .order_by(Certificate.valid_until)).all()
    if not rows:
        return True, 0, _("No certificate expires within 30 days.")
    return False, len(rows), _("The certificate of %(holder)s expires on %(date)s: give a new one.",
                               holder=rows[0].holder, date=format_date(rows[0].valid_until.date()))
