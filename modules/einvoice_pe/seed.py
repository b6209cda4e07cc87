"""What a new Peruvian company starts with: its profile, and the law's amounts with the day from which they hold."""

from __future__ import annotations

import datetime as dt

from core.db import insert_new
from core.models import Company
from modules.einvoice_pe import access
from modules.einvoice_pe.findings import Terms
from modules.einvoice_pe.models import LegalAmount

CODES = ("igv", "identify", "detraction_above", "detraction_rate", "retention_above", "retention_rate")
# long before any document of ours; a change gets a row of its own
SINCE = dt.date(2021, 1, 1)


def seed(company: Company) -> None:
    """Idempotent: an amount that was changed is left alone."""
    if company.country != "PE":
        return
    access.profile()
    usual = Terms()
    insert_new(LegalAmount.__table__, [
        {"company_id": company.id, "code": code, "valid_from": SINCE, "amount": getattr(usual, code)}
        for code in CODES], ("company_id", "code", "valid_from"))
