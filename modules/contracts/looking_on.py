"""What a preview names the first of, further on: who cannot be billed, whose price a revision changes.

Nothing of it is stored: a page begins at the customer where the one before ended, and is computed as the preview is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from core.db import reading
from core.exports import xlsx_file
from core.i18n import _, current_locale, use_locale
from core.models import Company
from core.scope import company_scope
from modules.contracts import billing, cures, revisions
from modules.contracts.billing_result import exception_json
from modules.contracts.models import PriceRevision
from modules.contracts.revisions import Effect

# (customer id, contract id) of the last row of a page
Place = tuple[int, int]
START: Place = (0, 0)
MONEY = "#,##0.00"
Row = TypeVar("Row")


@dataclass(frozen=True)
class Part(Generic[Row]):
    """Some rows, and where the next ones begin; None at the end."""

    rows: list[Row]
    next: Place | None


def _part(rows: Iterable[Row], place_of: Callable[[Row], Place], after: Place, size: int) -> Part[Row]:
    """The first rows beyond a place; reads no further than one more."""
    found: list[Row] = []
    for row in rows:
        if place_of(row) <= after:
            continue
        if len(found) == size:
            return Part(found, place_of(found[-1]))
        found.append(row)
    return Part(found, None)


# --- who cannot be billed ------------------------------------------------------------------------------------


def exceptions(company: Company, month: dt.date, result: Mapping[str, Any], cause: str, after: Place,
               size: int) -> Part[Mapping[str, Any]]:
    """Those of one cause ("": of all) in the preview; beyond what it names they are computed."""
    rows = (one for one in _every_exception(company, month, result, after) if cause in ("", one["code"]))
    return _part(rows, _place, after, size)


def _place(one: Mapping[str, Any]) -> Place:
    return one["customer_id"], one["contract_id"]


def _every_exception(company: Company, month: dt.date, result: Mapping[str, Any],
                     after: Place) -> Iterator[Mapping[str, Any]]:
    named = sorted(result["exceptions"], key=_place)
    yield from named
    if result["exceptions_count"] > len(named):
        last = _place(named[-1]) if named else START
        yield from (one for one in _computed(company, month, max(last, after)[0]) if _place(one) > last)


def _computed(company: Company, month: dt.date, beyond: int = 0) -> Iterator[Mapping[str, Any]]:
    for _range, decision in billing.decisions(company, month, beyond=beyond):
        yield from sorted((exception_json(one.contract.number, one.contract.id, one.customer.code, one.customer.id,
                                          one.customer.name, one.problem) for one in decision.refusals), key=_place)


def write_exceptions(path: Path, company: Company, month: dt.date) -> int:
    """All of them as a spreadsheet, as they are now; how many rows."""
    header = (_("Cause"), _("Code"), _("Customer"), _("Contract"), _("What to do"))
    language = current_locale()  # while a preview is computed the company's is spoken

    def row(one: Mapping[str, Any]) -> tuple[Any, ...]:
        with use_locale(language):
            return cures.title(one["code"]), one["customer"], one["name"], one["contract"], one["message"]

    with company_scope(company), reading():
        rows = ([row(one)] for one in _computed(company, month))
        return xlsx_file.write(path, _("Cannot be billed"), header, rows, [_as_it_is] * len(header),
                               [""] * len(header))


def _as_it_is(value: Any) -> Any:
    return value


# --- whose price changes -------------------------------------------------------------------------------------


def effects(revision: PriceRevision, promised: bool, after: Place, size: int) -> Part[Effect]:
    """The contracts that a revision changes, or that it leaves alone."""
    rows = (one for part in revisions.every_effect(revision, after[0]) for one in sorted(part, key=_place_of)
            if one.promised is promised)
    return _part(rows, _place_of, after, size)


def _place_of(one: Effect) -> Place:
    return one.customer_id, one.contract_id


def write_effects(path: Path, company: Company, revision: PriceRevision) -> int:
    """All contracts that a revision means as a spreadsheet; how many rows."""
    header = (_("Customer"), _("Contract"), _("Plan"), _("Currency"), _("Before"), _("After"), _("Difference"),
              _("Promised"))
    formats = ("", "", "", "", MONEY, MONEY, MONEY, "")
    with reading():
        parts = ([(one.customer, one.number, one.plan, one.currency or company.currency, one.before, one.after,
                   one.after - one.before, _("yes") if one.promised else _("no")) for one in part]
                 for part in revisions.every_effect(revision))
        return xlsx_file.write(path, _("Price revision"), header, parts, [_as_it_is] * len(header), formats)
