"""What a new company starts with: its contract numbering and a default billing profile."""

from __future__ import annotations

import sqlalchemy as sa

from core.db import db, insert_new
from core.i18n import _, use_locale
from core.models import Company
from modules.contracts.models import BillingProfile, ContractNumbering


def seed(company: Company) -> None:
    """Idempotent."""
    insert_new(ContractNumbering.__table__, [{"company_id": company.id, "next_number": 1}], ("company_id",))
    if db.session.scalar(sa.select(BillingProfile.id).where(BillingProfile.is_default)):
        return
    with use_locale(company.locale):
        db.session.add(BillingProfile(name=_("General"), is_default=True))
    db.session.flush()
