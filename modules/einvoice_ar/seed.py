"""What a new Argentine company starts with: its fiscal profile, so that looking at a page writes nothing."""

from __future__ import annotations

from core.models import Company
from modules.einvoice_ar import access


def seed(company: Company) -> None:
    """Idempotent."""
    access.profile(company)
