"""Compare our documents with what the authority has: last numbers, and every document of a period.

What only the authority or the provider has is told, and never taken over: it may be another program's, or a person's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from core import jobs
from core.db import among, db
from core.models import Company
from core.scope import company_scope
from modules.accounting.models import Invoice
from modules.einvoice import queries, services, states
from modules.einvoice.models import Document, Sequence
from modules.einvoice.ports import AtAuthority, Issuer, Listed, listings

# numbers after our last one that are asked about where the authority does not tell its own last one
BEYOND = 3


def reconcile(company: Company, period: str, progress: Callable[[int], None] = lambda done: None) -> dict[str, Any]:
    """Ask the authority about every document of a period; Unavailable where it cannot be asked.

    {"company", "period", "sequences": [{"series", "kind", "last_ours", "last_authority"}], "checked",
    "differences": [{"series", "kind", "number", "code", "message", ...}]}
    """
    with company_scope(company):
        issuer, code = services.issuer_of(company.country), company.code
        found: list[dict[str, Any]] = []
        tops, checked = [], 0
        for sequence in _sequences():
            top = _compare_last(issuer, sequence, found)
            tops.append(top)
            last = sequence.last_number if top["last_authority"] is None else top["last_authority"]
            checked += _compare_documents(issuer, sequence, period, last, found, progress)
            if top["last_authority"] is None and _is_used(sequence.id):
                checked += _look_beyond(issuer, sequence, found)
        _compare_listed(company.country, period, found)
        return {"company": code, "period": period, "sequences": tops, "checked": checked, "differences": found}


def _sequences() -> list[Any]:
    rows = db.session.execute(
        sa.select(Sequence.id, Sequence.environment, Sequence.series, Sequence.kind, Sequence.last_number)
        .order_by(Sequence.environment, Sequence.series, Sequence.kind)).all()
    db.session.rollback()
    return list(rows)


def _compare_last(issuer: Issuer, sequence: Any, found: list[dict[str, Any]]) -> dict[str, Any]:
    with jobs.outside():
        last = issuer.last_number(sequence.environment, sequence.series, sequence.kind)
    if last is not None and last != sequence.last_number:
        found.append(_difference(sequence, max(last, sequence.last_number), "last_number",
                                 f"{sequence.last_number} / {last}"))
    return {"environment": sequence.environment, "series": sequence.series, "kind": sequence.kind,
            "last_ours": sequence.last_number, "last_authority": last}


def _compare_documents(issuer: Issuer, sequence: Any, period: str, last: int, found: list[dict[str, Any]],
                       progress: Callable[[int], None]) -> int:
    ours = _ours(sequence.id, period)
    numbers = set(ours)
    # what lies between our own numbers of the period, and after our last one, is the authority's alone
    if numbers:
        numbers |= set(range(min(numbers), max(numbers) + 1))
    numbers |= set(range(sequence.last_number + 1, min(last, sequence.last_number + 1000) + 1))
    for done, number in enumerate(sorted(numbers), start=1):
        with jobs.outside():
            theirs = issuer.find(sequence.environment, sequence.series, sequence.kind, number)
        _compare_one(sequence, number, ours.get(number), theirs, found)
        progress(done)
    return len(numbers)


def _is_used(sequence_id: int) -> bool:
    """Whether we ever numbered something on it: others may belong to a provider that the company has left."""
    row = db.session.execute(sa.select(Document.id).where(
        Document.sequence_id == sequence_id, Document.number.is_not(None)).limit(1)).first()
    db.session.rollback()
    return row is not None


def _look_beyond(issuer: Issuer, sequence: Any, found: list[dict[str, Any]]) -> int:
    """Ask on after our last number, until so many in a row are nobody's; how many are somebody's."""
    number, free, taken = sequence.last_number, 0, 0
    while free < BEYOND:
        number += 1
        with jobs.outside():
            theirs = issuer.find(sequence.environment, sequence.series, sequence.kind, number)
        free, taken = (0, taken + 1) if theirs else (free + 1, taken)
        _compare_one(sequence, number, None, theirs, found)
    return taken


def _compare_listed(country: str, period: str, found: list[dict[str, Any]]) -> None:
    """What the provider lists and we do not know, by its code: made there by hand, or by another program."""
    listing = listings.find(country)
    theirs = listing.listed(*queries.month(period)) if listing else ()
    known = set(db.session.scalars(sa.select(Document.authorization_code).where(
        among(Document.authorization_code, [one.authorization_code for one in theirs]))))
    db.session.rollback()
    found += [_unknown(one) for one in theirs if one.authorization_code not in known]


def _unknown(one: Listed) -> dict[str, Any]:
    return {"environment": one.environment, "series": "", "kind": one.kind, "number": one.number,
            "code": "missing_here", "message": _said(one)}


def _said(theirs: AtAuthority | Listed) -> str:
    return f"{theirs.date.isoformat()} {theirs.total:.2f} {theirs.receiver}"


def _ours(sequence_id: int, period: str) -> dict[int, Any]:
    rows = db.session.execute(
        sa.select(Document.number, Document.invoice_id, Document.state, Document.authorization_code,
                  Document.issue_date, Invoice.total)
        .join(Invoice, Invoice.id == Document.invoice_id)
        .where(Document.sequence_id == sequence_id, Document.number.is_not(None),
               Document.issue_date.between(*queries.month(period)))).all()
    db.session.rollback()
    return {row.number: row for row in rows}


def _compare_one(sequence: Any, number: int, ours: Any, theirs: AtAuthority | None,
                 found: list[dict[str, Any]]) -> None:
    if theirs is None:
        if ours is not None and ours.state in (states.SIGNED, states.AUTHORIZED):
            found.append(_difference(sequence, number, "missing_at_authority", ours.authorization_code))
        return
    if ours is None:
        if not _known(sequence.id, number):
            found.append(_difference(sequence, number, "missing_here", _said(theirs)))
        return
    pairs = (("authorization_code", ours.authorization_code, theirs.authorization_code),
             ("total", f"{ours.total:.2f}", f"{theirs.total:.2f}"),
             ("date", ours.issue_date.isoformat(), theirs.date.isoformat()))
    for name, here, there in pairs:
        if here != there:
            found.append(_difference(sequence, number, name, f"{here} / {there}"))


def _known(sequence_id: int, number: int) -> bool:
    """Whether we have it under a date of another month."""
    row = db.session.execute(sa.select(Document.id).where(
        Document.sequence_id == sequence_id, Document.number == number)).first()
    db.session.rollback()
    return row is not None


def _difference(sequence: Any, number: int, code: str, message: str) -> dict[str, Any]:
    return {"environment": sequence.environment, "series": sequence.series, "kind": sequence.kind, "number": number,
            "code": code, "message": message}
