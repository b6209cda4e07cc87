"""What a new Ecuadorian company starts with: its fiscal profile."""

from __future__ import annotations

from core.models import Company
from modules.einvoice_ec import access

RIMPE = ("RIMPE_E", "RIMPE_NP")


def seed(company: Company) -> None:
    """Idempotent; the regime follows from the company's tax condition."""
    if not access.profile().rimpe:
        follow(company)


def follow(company: Company) -> None:
    """The regime of the company's tax condition, without the last day of another one."""
    profile, regime = access.profile(), company.tax_condition if company.tax_condition in RIMPE else ""
    if profile.rimpe != regime:
        profile.rimpe, profile.rimpe_until = regime, None


def follow_change(company: Company) -> None:
    """The same when the condition changes, for companies of this country."""
    if company.country == "EC":
        follow(company)
