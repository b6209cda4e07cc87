"""What a new Ecuadorian company starts with: its fiscal profile."""

from __future__ import annotations

from core.models import Company
from modules.einvoice_ec import access


def seed(company: Company) -> None:
    """Idempotent; the regime follows from the company's tax condition."""
    profile = access.profile()
    if not profile.rimpe and company.tax_condition in ("RIMPE_E", "RIMPE_NP"):
        profile.rimpe = company.tax_condition
