"""The SRI on the home page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup

from core import clock
from core.db import db
from core.i18n import _, format_date
from core.outside import Standing
from core.scope import current_company
from core.slots import NOTICE
from modules.einvoice_ec import access
from modules.einvoice_ec.models import Certificate

# days before its end from which a certificate is told, in yellow and in red
TOLD, URGENT = 60, 7


def certificates(_company: Any) -> Markup:
    """The certificate in use where it ends soon or has ended; a rehearsal's renews itself."""
    rows = db.session.scalars(sa.select(Certificate).where(
        Certificate.active, Certificate.use == "sri",
        Certificate.valid_until < clock.now() + dt.timedelta(days=TOLD)).order_by(Certificate.valid_until))
    return Markup("").join(NOTICE.format(*_ending(row)) for row in rows)


def _ending(row: Certificate) -> tuple[str, str, str]:
    left, day = (row.valid_until - clock.now()).days, format_date(clock.local(row.valid_until).date())
    text = (_("The certificate of %(holder)s has ended on %(day)s: give a new one to go on issuing.",
              holder=row.holder, day=day) if left < 0 else
            _("The certificate of %(holder)s ends on %(day)s, in %(left)s days: get a new one.", holder=row.holder,
              day=day, left=left))
    return "bad" if left < URGENT else "warn", url_for("einvoice.enable", step="certificate"), text


def standing() -> Standing | None:
    """The SRI among the outside services of an Ecuadorian company."""
    if current_company().country != "EC":
        return None
    live = access.environment() == "production"
    text = _("Vouchers go to the SRI and are legally valid.") if live else _(
        "Vouchers are authorised by the simulator, by the SRI's rules, and bear a watermark. None is legally valid.")
    return Standing("SRI", live, text, url_for("einvoice.enable", step="live"), "einvoice.enable")
