"""Checks of what the company has with the DIAN and its provider."""

from __future__ import annotations

import sqlalchemy as sa

from core.checks import Result, Words, check
from core.db import db
from core.i18n import _, lazy
from core.models import Company
from core.scope import company_scope
from modules.einvoice_co.endings import endings
from modules.einvoice_co.models import Resolution


@check("dian_numbering", words=Words(
    lazy("Numbering resolutions of the DIAN"),
    lazy("A resolution, its range or the provider's folios have run out or soon will."),
    lazy("Customers and the office: without numbers no invoice can be issued."),
    lazy("Ask the DIAN for a new resolution, register it at the provider, and give it under “Enable electronic "
         "invoices”.")))
def dian_numbering() -> Result:
    """Nothing that numbers invoices runs out within 60 days or a tenth of its range."""
    ids = db.session.scalars(sa.select(Resolution.company_id).where(Resolution.environment == "production").distinct())
    found = []
    for company_id in list(ids):
        with company_scope(db.session.get_one(Company, company_id)):
            found += [one.text for one in endings()]
    if not found:
        return True, 0, _("No resolution, range or stock of folios runs out soon.")
    return False, len(found), found[0]


