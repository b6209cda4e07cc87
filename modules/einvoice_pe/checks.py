"""Checks of what the company has sent to SUNAT."""

from __future__ import annotations

import sqlalchemy as sa

from core import clock
from core.checks import Result, Words, check
from core.db import db
from core.i18n import _, lazy
from modules.einvoice.models import Document
from modules.einvoice_pe.desk import TOLD, UNDECIDED


@check("sunat_undecided", words=Words(
    lazy("Documents that SUNAT has not decided"), lazy("Documents were sent more than a day ago, and SUNAT has not "
                                                       "answered."),
    lazy("Customers: a factura that reaches SUNAT after the third day does not exist."),
    lazy("Open the documents that wait and read what Nubefact says; look into its panel.")))
def sunat_undecided() -> Result:
    """Nothing of Peru waits for SUNAT for more than a day."""
    count = db.session.scalar(sa.select(sa.func.count()).select_from(Document).where(
        Document.country == "PE", Document.state.in_(UNDECIDED),
        Document.sent_at < clock.now() - TOLD)) or 0
    return not count, count, _("%(count)s documents have waited for SUNAT for more than a day.", count=count) if (
        count) else ""
