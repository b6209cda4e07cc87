"""What a new company starts with: its customer numbering."""

from __future__ import annotations

from core.db import insert_new
from core.models import Company
from modules.crm.models import Numbering


def seed(company: Company) -> None:
    """Idempotent."""
    insert_new(Numbering.__table__, [{"company_id": company.id, "next_code": 1}], ("company_id",))
