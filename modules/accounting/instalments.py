"""A manual invoice in instalments: the first is the invoice itself, the others come with those of the next months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from babel.dates import format_skeleton

from core.errors import DomainError
from core.i18n import _, use_locale
from core.money import quantize, split
from core.scope import current_company
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.accounting.ports import Place, later_parts

ONE = Decimal(1)
LONGEST = 60


@dataclass(frozen=True)
class Rest:
    """What of a line is to come: its line as it was, and the amounts of the parts after the first, in order."""

    line: DraftLine
    amounts: Sequence[Decimal]


def places(customer_id: int) -> list[Place]:
    """Where the later parts of a customer's invoice can come; [] where he gets no monthly invoice."""
    return [place for _key, entry in later_parts.items() for place in entry.places(customer_id)]


def first_part(draft: InvoiceDraft, count: int) -> InvoiceDraft:
    """The invoice of the first instalment."""
    company = current_company()
    with use_locale(company.locale):
        return replace(draft, lines=tuple(
            replace(line, description=_("%(what)s, instalment %(position)s of %(of)s", what=line.description,
                                        position=1, of=count)[:500],
                    quantity=ONE, unit_price=_parts(draft, line, count)[0], discount=Decimal("0.00"))
            for line in draft.lines))


def rest(draft: InvoiceDraft, count: int) -> list[Rest]:
    """The parts that are to come, line by line; with or without tax as each line's price is."""
    return [Rest(line, _parts(draft, line, count)[1:]) for line in draft.lines]


def to_come(draft: InvoiceDraft, count: int, place: Place) -> list[tuple[dt.date, Decimal]]:
    """(month, amount) of the later parts, for a look before."""
    found = rest(draft, count)
    return [(month, sum((one.amounts[at] for one in found), Decimal("0.00")))
            for at, month in enumerate(place.months(count - 1))]


def put(draft: InvoiceDraft, count: int, place: Place) -> None:
    """Write the later parts down, to come by themselves. The same form again writes nothing."""
    currency = draft.currency or current_company().currency
    if currency != place.currency:
        raise DomainError(_("To divide it into instalments it must be in the currency of the contract, %(currency)s.",
                            currency=place.currency), field="currency")
    for at, one in enumerate(rest(draft, count), start=1):
        key = f"{draft.form_key}:{at}" if draft.form_key else None
        later_parts.get(place.owner).put(place, one.line, one.amounts, key)


def _parts(draft: InvoiceDraft, line: DraftLine, count: int) -> list[Decimal]:
    currency = draft.currency or current_company().currency
    return split(quantize(line.quantity * line.unit_price - line.discount, currency), count, currency)


def month_name(month: dt.date, locale: str) -> str:
    """November 2026 in the language."""
    return str(format_skeleton("yMMMM", month, locale=locale))
