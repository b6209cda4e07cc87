"""What a document asks for on a day: until when, and how much. Pure."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Protocol

from core import months
from modules.gateways.shapes import Due

# how a person's name is told apart where a network wants its parts: given names, then two surnames
PARTS = ("first_name", "second_name", "first_surname", "second_surname")


class Document(Protocol):
    """What of a document is needed, whether it is a row of a select or the document itself."""

    issue_date: dt.date
    due_date: dt.date | None
    second_due_date: dt.date | None
    second_due_total: Decimal | None
    total: Decimal
    open_amount: Decimal


def dues(one: Document, day: dt.date, *, elsewhere: Decimal = Decimal("0.00"), second: bool = True,
         overdue_days: int = 0, third: bool = False) -> tuple[Due, ...]:
    """The days on which it can still be paid from `day` on, with what is asked then; () where there is none.

    What is paid in another way (`elsewhere`) is not asked for. Until its second date a document asks for its
    surcharge; with `third` also after it, until the end of that month, as the surcharge comes with the next invoice
    (which is not there yet);
    after its last date for what is open of it, for `overdue_days` more from `day` on.
    """
    left = one.open_amount - elsewhere
    if left <= 0:
        return ()
    found = [Due(one.due_date or one.issue_date, left)]
    if second and (later := _second(one, found[0], elsewhere)):
        found.append(later)
        if third and overdue_days and later.amount > left:
            last = min(months.last_day(later.date), later.date + dt.timedelta(days=overdue_days))
            found += [Due(last, later.amount)] if last > later.date else []
    living = tuple(due for due in found if due.date >= day)
    if living or not overdue_days:
        return living
    return (Due(day + dt.timedelta(days=overdue_days), left),)


def _second(one: Document, first: Due, elsewhere: Decimal) -> Due | None:
    """The second date with its surcharge, where it lies later and asks for no less."""
    if one.second_due_date is None or one.second_due_total is None or one.second_due_date <= first.date:
        return None
    left = one.second_due_total - (one.total - one.open_amount) - elsewhere
    return Due(one.second_due_date, left) if left >= first.amount else None


def parts_of(name: str) -> dict[str, str]:
    """A name in given names and surnames: the last two words of three or more are the surnames."""
    words = name.split()
    given, family = (words[:-2], words[-2:]) if len(words) > 2 else (words[:1], words[1:])
    return dict(zip(PARTS, (*(given[:1] or [""]), " ".join(given[1:]), *(family[:1] or [""]), *(family[1:] or [""])),
                    strict=True))
