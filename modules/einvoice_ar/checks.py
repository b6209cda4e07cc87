"""Checks of what the company has with ARCA."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from core import clock
from core.checks import Result, Words, check
from core.db import db
from core.i18n import _, format_date, lazy
from modules.einvoice_ar.models import Certificate

# the home page tells from 60 days before on, the doctor complains from here
WARN = dt.timedelta(days=30)


@check("certificates_expiry", words=Words(
    lazy("Certificates at ARCA"), lazy("A certificate with which invoices are authorised has expired or soon will."),
    lazy("Customers and the office: from that day on ARCA refuses every invoice."),
    lazy("Open “Enable electronic invoices”, make a new request there, and upload the certificate that ARCA gives.")))
def certificates_expiry() -> Result:
    """No certificate in use has expired or expires within 30 days; a rehearsal's renews itself."""
    rows = db.session.execute(
        sa.select(Certificate.alias, Certificate.environment, Certificate.valid_until)
        .where(Certificate.active, Certificate.environment != "rehearsal",
               Certificate.valid_until < clock.now() + WARN).order_by(Certificate.valid_until)).all()
    if not rows:
        return True, 0, _("No certificate expires within 30 days.")
    first = rows[0]
    return False, len(rows), _("%(alias)s (%(environment)s) expires on %(date)s: make a new key and request, and "
                               "upload the new certificate.", alias=first.alias, environment=first.environment,
                               date=format_date(first.valid_until.date()))
