"""Who collects for the made-up company: every gateway that serves its country, with the keys of its simulator."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core.db import db
from core.models import Company
from modules.accounting.models import CashAccount
from modules.gateways import accounts, ports
from modules.gateways.models import Account, FilePlan

# tickets that are printed with each invoice
PRINTED = {("MX", "mercadopago"): ["oxxo"]}


def make(company: Company, bank: CashAccount) -> list[Account]:
    """Accounts at the gateways of the country, which pay out into this bank account, and one for its statements."""
    made = [accounts.create(code, str(provider.title), settings) for code, provider in ports.providers.items()
            if (settings := _settings(provider, company.country)) is not None]
    for account in made:
        account.bank_account = bank
        account.printed = PRINTED.get((company.country, account.provider), [])
    # no network sends files to a made-up company: none is missed
    db.session.execute(sa.update(FilePlan).where(FilePlan.account_id.in_([one.id for one in made])).values(
        alarm_days=0))
    return [*made, accounts.create("bank", bank.name, {})]


def _settings(provider: ports.Provider, country: str) -> dict[str, Any] | None:
    """What the provider's simulator takes from a company of this country; None where it has none for it."""
    found: dict[str, Any] | None = provider.extra.get("rehearsal", {}).get(country)
    return found
