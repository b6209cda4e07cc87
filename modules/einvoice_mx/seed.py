"""What a new Mexican company starts with: its profile."""

from __future__ import annotations

from core.models import Company
from modules.einvoice_mx import access
from modules.einvoice_mx.global_invoice import BIMONTHLY, INCORPORATION, MONTHLY


def seed(company: Company) -> None:
    """Idempotent."""
    access.profile()


def follow_change(company: Company) -> None:
    """Two months in one global invoice are for one regime only; any other gathers a month."""
    if company.country == "MX" and company.tax_condition != INCORPORATION:
        profile = access.profile()
        profile.global_period = MONTHLY if profile.global_period == BIMONTHLY else profile.global_period
