"""What a new Argentine company starts with: its profile, and the law's amounts with the day from which they hold."""

from __future__ import annotations

import datetime as dt

from core.db import insert_new
from core.models import Company
from modules.einvoice_ar import access
from modules.einvoice_ar.findings import THRESHOLDS
from modules.einvoice_ar.models import Threshold

# identify: RG 5700/2025, kept by RG 5866/2026; fce: amount of 2026 for credit invoices
SINCE = {"identify": dt.date(2026, 7, 1), "fce": dt.date(2026, 4, 14)}


def seed(company: Company) -> None:
    """Idempotent: an amount that was changed is left alone."""
    access.profile()
    insert_new(Threshold.__table__, [
        {"company_id": company.id, "code": code, "valid_from": since, "amount": THRESHOLDS[code]}
        for code, since in SINCE.items()], ("company_id", "code", "valid_from"))
