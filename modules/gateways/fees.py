"""What a gateway charges for a payment: what it tells, else what the account's rule says. Pure."""

from __future__ import annotations

from decimal import Decimal

from core.money import quantize
from modules.gateways.models import Account, Transaction

ZERO = Decimal("0.00")


def of(account: Account, row: Transaction) -> Decimal:
    """The fee of a payment, with the tax on it."""
    return row.fee if row.fee is not None else by_rule(account, row.amount, row.currency)


def by_rule(account: Account, amount: Decimal, currency: str) -> Decimal:
    """Percent of the amount and a fixed part, at least the minimum, and the tax on all of it."""
    fee = max(amount * account.fee_percent / 100 + account.fee_fixed, account.fee_minimum)
    return quantize(fee * (1 + account.fee_tax_percent / 100), currency)
