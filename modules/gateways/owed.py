"""What is asked of a customer for some of his documents, as gateways and payers are told of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from core.i18n import _
from modules.accounting import labels, queries
from modules.accounting.models import Invoice
from modules.gateways import asked
from modules.gateways.shapes import ZERO, Debt, Due


def dues_of(invoice: Invoice, day: dt.date, elsewhere: Decimal = ZERO) -> tuple[Due, ...]:
    """What a document asks for on `day` and later; after its last date what is open of it. () where nothing is."""
    if invoice.state != "issued" or invoice.kind == "credit_note":
        return ()
    left = invoice.open_amount - elsewhere
    return asked.dues(invoice, day, elsewhere=elsewhere) or ((Due(day, left),) if left > 0 else ())


def amount_on(invoice: Invoice, day: dt.date, elsewhere: Decimal = ZERO) -> Decimal:
    """What is to be paid for it on that day."""
    found = dues_of(invoice, day, elsewhere)
    return found[0].amount if found else ZERO


def elsewhere_of(invoices: Sequence[Invoice]) -> dict[int, Decimal]:
    """What of these documents is paid in another way, by their ids."""
    found = queries.paid_elsewhere([one.id for one in invoices])
    return {key: sum((part.amount for part in parts), ZERO) for key, parts in found.items()}


def together(invoices: Sequence[Invoice], day: dt.date, elsewhere: dict[int, Decimal]) -> tuple[Due, ...]:
    """The dues of several documents of one customer: of one its own; of more what they come to on that day.

    Their sum holds until the first of them asks for another amount.
    """
    if len(invoices) == 1:
        return dues_of(invoices[0], day, elsewhere.get(invoices[0].id, ZERO))
    parts = [found for one in invoices if (found := dues_of(one, day, elsewhere.get(one.id, ZERO)))]
    if not parts:
        return ()
    return (Due(min(found[0].date for found in parts), sum((found[0].amount for found in parts), ZERO)),)


def debt(code: str, name: str, invoices: Sequence[Invoice], due: tuple[Due, ...]) -> Debt:
    """The debt of these documents, the oldest first, under the customer's code at the gateway."""
    first = invoices[0]
    concept = labels.short_of(first) if len(invoices) == 1 else _(
        "%(count)s documents, from %(first)s on", count=len(invoices), first=labels.short_of(first))
    return Debt(code, name, str(first.id), concept, first.currency, due)
