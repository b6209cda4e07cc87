"""What networks want of the days and amounts of a debt. Pure."""

from __future__ import annotations

from decimal import Decimal

from core.i18n import _
from modules.gateways.errors import BadDebt
from modules.gateways.shapes import Debt, Due

CENT = Decimal("0.01")


def check(debt: Debt, most: int, currency: str = "ARS") -> None:
    """BadDebt where the days or amounts of a debt fall, are too many, of another currency, or not payable."""
    if debt.currency != currency:
        raise BadDebt(_("This gateway collects %(currency)s; the debt is in %(found)s.", currency=currency,
                        found=debt.currency), field="currency")
    if not 1 <= len(debt.due) <= most:
        raise BadDebt(_("This gateway takes one to %(most)s due dates; found: %(found)s.", most=most,
                        found=len(debt.due)), field="due")
    for one in debt.due:
        if one.amount <= 0 or one.amount != one.amount.quantize(CENT):
            raise BadDebt(_("An amount must be more than zero, in whole cents; found: %(found)s.",
                            found=f"{one.amount:f}"), field="due")
    for before, after in zip(debt.due, debt.due[1:], strict=False):
        _must_not_fall(before, after)


def _must_not_fall(before: Due, after: Due) -> None:
    if after.date < before.date:
        raise BadDebt(_("A later due date must not lie before the one before it; found: %(after)s after %(before)s.",
                        after=after.date.isoformat(), before=before.date.isoformat()), field="due")
    if after.amount < before.amount:
        raise BadDebt(_("A later due date must not ask for less than the one before it; found: %(after)s after "
                        "%(before)s.", after=f"{after.amount:f}", before=f"{before.amount:f}"), field="due")
