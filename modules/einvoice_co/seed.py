"""What a new Colombian company starts with: its fiscal profile."""

from __future__ import annotations

from core.models import Company
from modules.einvoice_co import access


def seed(company: Company) -> None:
    """Idempotent."""
    access.profile()
