"""What WSFEv1 refuses or observes in a document: every rule answers codes of errors.csv."""

from __future__ import annotations

from typing import Any

from modules.einvoice_ar.simulator.detail import Context
from modules.einvoice_ar.simulator.rules import amounts, credit_invoices, currency, dates, notes, optionals, receiver

# Credit invoices last: they look at what the others have passed.
CHECKS = (receiver.check, dates.check, amounts.check_totals, amounts.check_vat, amounts.check_tributes,
          currency.check, notes.check, optionals.check, credit_invoices.check)


def examine(document: dict[str, Any], context: Context) -> list[int]:
    """The codes of every rule that this document breaks, each once, in the order of the rules."""
    codes: list[int] = []
    for check in CHECKS:
        codes.extend(check(document, context))
    return list(dict.fromkeys(codes)) if codes else codes
