"""Files that an accountant compares with the authority's own register of sales, month by month.

A country's entry in `ports.exports` says which there are (RVIE of Peru, ATS of Ecuador). Only reads.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core.db import db
from core.errors import DomainError, NotFound
from core.i18n import _
from core.models import Company
from modules.accounting.models import Invoice
from modules.einvoice import queries, states
from modules.einvoice.models import Document
from modules.einvoice.ports import Export, ExportFile, exports

CHUNK = 500
# what the authority has, or is about to have: the customer holds it
STANDING = (states.SIGNED, states.AUTHORIZED, states.CANCELLING)


def exports_of(company: Company) -> Mapping[str, Export]:
    """By its code, what the company's country has; {} where that is nothing."""
    return {one.code: one for one in exports.find(company.country) or ()}


def make(company: Company, code: str, period: str, form: str = "") -> ExportFile:
    """The file of a month (2026-11) in one of its forms, the first where none is named.

    Raises NotFound where the country has no such file, DomainError where it has no such form.
    """
    found = exports_of(company).get(code)
    if found is None:
        raise NotFound(_("%(code)s is no file of this company's country.", code=code))
    form = form or next(iter(found.forms), "")
    if form not in found.forms and found.forms:
        raise DomainError(_("To make this file you must choose one of its forms: %(known)s. Found: %(found)s.",
                            known=", ".join(found.forms), found=form), field="form")
    return found.make(*queries.month(period), form)


@dataclass(frozen=True)
class Handed:
    """A document as it was handed over."""

    series: str
    kind: str
    number: int
    issue_date: dt.date
    request: Mapping[str, Any]
    is_annulled: bool
    exchange_rate: Decimal
    currency: str
    # series, kind, number and date of what a note corrects
    original: tuple[Any, ...] | None


def documents(country: str, environment: str, first: dt.date, last: dt.date) -> Iterator[Handed]:
    """What was handed over in these days, in order of series, kind and number, chunk by chunk.

    What was refused or given up is none of it.
    """
    order, place = (Document.series, Document.kind, Document.number), None
    while True:
        wanted = _select(country, environment, first, last).order_by(*order).limit(CHUNK)
        if place is not None:
            wanted = wanted.where(sa.tuple_(*order) > sa.tuple_(*(sa.literal(one) for one in place)))
        rows = db.session.execute(wanted).all()
        for row in rows:
            annulled = row.state == states.CANCELLED
            if not annulled or "cancellation" in (row.data or {}):
                yield Handed(row.series, row.kind, row.number, row.issue_date, row.request, annulled, row.exchange_rate,
                             row.currency, tuple(row[-4:]) if row.first_number else None)
        if len(rows) < CHUNK:
            return
        place = (rows[-1].series, rows[-1].kind, rows[-1].number)


def _select(country: str, environment: str, first: dt.date, last: dt.date) -> sa.Select[Any]:
    own: Any = sa.orm.aliased(Document)
    return (sa.select(Document.series, Document.kind, Document.number, Document.issue_date, Document.request,
                      Document.state, Document.data, Invoice.exchange_rate, Invoice.currency,
                      own.series.label("first_series"), own.kind.label("first_kind"), own.number.label("first_number"),
                      own.issue_date.label("first_date"))
            .join(Invoice, Invoice.id == Document.invoice_id)
            .outerjoin(own, own.invoice_id == Invoice.original_id)
            .where(Document.country == country, Document.environment == environment, Document.number.is_not(None),
                   Document.issue_date.between(first, last), Document.state.in_((*STANDING, states.CANCELLED))))
