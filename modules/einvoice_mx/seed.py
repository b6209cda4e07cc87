"""What a new Mexican company starts with: its profile."""

from __future__ import annotations

from core.models import Company
from modules.einvoice_mx import access


def seed(company: Company) -> None:
    """Idempotent."""
    access.profile()
