"""What notes refer to: associated documents or a period (WSFEv1 2.7). Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.einvoice.case import Reference
from modules.einvoice_ar.catalogs import KINDS, POSITIONS, credit_invoice_kind
from modules.einvoice_ar.findings import Draft, day, money, whole

_A = frozenset((1, 2, 3, 4, 5, 34, 39, 60, 63))
_B = frozenset((6, 7, 8, 9, 10, 35, 40, 61, 64))
_C = frozenset((11, 12, 13, 15))
_A_LEGEND = frozenset((51, 52, 53, 54))
# note: types that it may refer to (10040)
ALLOWED: dict[int, frozenset[int]] = {
    2: _A, 3: _A, 7: _B, 8: _B, 12: _C, 13: _C, 52: _A_LEGEND, 53: _A_LEGEND,
    **dict.fromkeys((202, 203), frozenset((201, 202, 203))), **dict.fromkeys((207, 208), frozenset((206, 207, 208))),
    **dict.fromkeys((212, 213), frozenset((211, 212, 213)))}
FIRST_DAY = dt.date(2006, 1, 1)


def references(draft: Draft, total: Decimal) -> dict[str, Any]:
    """CbtesAsoc and PeriodoAsoc, absent where there are none."""
    found: dict[str, Any] = {}
    documents = [_document(draft, index, one) for index, one in enumerate(draft.case.references)]
    if documents:
        found["CbtesAsoc"] = {"CbteAsoc": documents}
        _check_repeated(draft, documents)
    period = draft.extra.get("PeriodoAsoc")
    if period is not None:
        found |= _period(draft, period)
    if draft.kind.is_note and not documents and period is None:
        draft.refuse("reference_missing", "references", _(
            "To issue a note you must refer to the document that it corrects, or to a period (PeriodoAsoc)."),
            10153 if draft.kind.is_credit_invoice else 10197)
    _check_amount(draft, total)
    return found


def _document(draft: Draft, index: int, one: Reference) -> dict[str, Any]:
    where = f"references[{index}]"
    kind, point, number = _kind(draft, where, one), whole(one.series), one.number
    if point is None or not 1 <= point <= 99998:
        draft.refuse("reference_series", f"{where}.series", _(
            "To send this you must give the point of sale of the document referred to, not %(found)s.",
            found=one.series or _("nothing")), 10058)
    if number is None or not 1 <= number <= 99_999_999:
        draft.refuse("reference_number", f"{where}.number", _(
            "To send this you must give the number of the document referred to, not %(found)s.",
            found=_("nothing") if number is None else number), 10059)
    made: dict[str, Any] = {"Tipo": kind, "PtoVta": point or 0, "Nro": number or 0}
    _check_date(draft, where, one)
    if draft.kind.is_credit_invoice:
        made["Cuit"] = draft.case.issuer.tax_id.replace("-", "")
    if one.date:
        made["CbteFch"] = day(one.date)
    return made


def _kind(draft: Draft, where: str, one: Reference) -> int:
    """The type by ARCA's number, or by our kinds (invoice, ...) in the note's own class."""
    if one.kind in POSITIONS:
        return _own_class(draft, one.kind)
    kind = whole(one.kind)
    if not kind:
        draft.refuse("reference_kind", f"{where}.kind", _(
            "To send this you must give the type of the document referred to by ARCA's number, not %(found)s.",
            found=one.kind or _("nothing")), 10057)
        return 0
    if kind not in ALLOWED.get(draft.kind.id, frozenset()):
        draft.refuse("reference_not_allowed", f"{where}.kind", _(
            "To send this you must refer to a document of the same class: a %(name)s does not refer to type %(kind)s.",
            name=draft.kind.name, kind=kind), 10040)
    return kind


def _own_class(draft: Draft, kind: str) -> int:
    if draft.kind.is_credit_invoice:
        return credit_invoice_kind(draft.kind.group, POSITIONS[kind])
    return KINDS[draft.kind.group][POSITIONS[kind]]


def _check_date(draft: Draft, where: str, one: Reference) -> None:
    if draft.kind.is_credit_invoice and draft.kind.is_note:
        if one.date is None:
            draft.refuse("reference_date", f"{where}.date", _(
                "To issue a note of a credit invoice (FCE) you must give the date of the invoice."), 10158)
        elif one.date > draft.date:
            draft.refuse("reference_later", f"{where}.date", _(
                "Sending is not possible because the invoice referred to is dated after the note."), 10159)
    elif one.date and one.date > draft.date and (one.date.year, one.date.month) != (draft.date.year, draft.date.month):
        draft.refuse("reference_later", f"{where}.date", _(
            "Sending is not possible because the document referred to is of a later month than the note."), 10210)


def _check_repeated(draft: Draft, documents: list[dict[str, Any]]) -> None:
    """No document twice; a note of a credit invoice refers to exactly one; an invoice to none."""
    if not draft.kind.is_note:
        if not any(problem.authority_code == "10040" for problem in draft.problems):
            draft.refuse("reference_not_allowed", "references", _(
                "To send this invoice you must take its references away: only notes refer to documents."), 10040)
        return
    keys = [(one["Tipo"], one["PtoVta"], one["Nro"]) for one in documents]
    if len(set(keys)) < len(keys):
        draft.refuse("reference_repeated", "references", _(
            "To send this you must refer to each document only once."), 10060)
    elif len(keys) > 1 and draft.kind.is_credit_invoice:
        draft.refuse("reference_several", "references", _(
            "To issue a note of a credit invoice (FCE) you must refer to exactly one invoice."), 10156)


def _check_amount(draft: Draft, total: Decimal) -> None:
    """A credit above what it corrects passes with a remark (10237); it is refused before."""
    amounts = [one.amount for one in draft.case.references]
    if not draft.kind.is_credit_note or not amounts or None in amounts:
        return
    known = sum((amount for amount in amounts if amount is not None), Decimal(0))
    if total > known:
        draft.refuse("credit_too_high", "references", _(
            "Sending is not possible because the credit (%(total)s) is above what it corrects (%(known)s).",
            total=money(total), known=money(known)), 10237)


# --- periods -------------------------------------------------------------------------------------------


def _period(draft: Draft, period: Any) -> dict[str, Any]:
    where = "extra.PeriodoAsoc"
    if draft.kind.is_credit_invoice:
        draft.refuse("period_in_fce", where, _(
            "To send this you must take the period away: credit invoices (FCE) and their notes have none."), 10196)
    elif not draft.kind.is_note:
        draft.refuse("period_in_invoice", where, _(
            "To send this invoice you must take the period (PeriodoAsoc) away: only notes have one."), 10198)
    given = period if isinstance(period, Mapping) else {}
    first = _day(draft, where, given, "FchDesde", 10199, 10204)
    last = _day(draft, where, given, "FchHasta", 10203, 10205)
    if first and last:
        _check_period(draft, where, first, last)
    return {"PeriodoAsoc": {name: day(date) for name, date in (("FchDesde", first), ("FchHasta", last)) if date}}


def _day(draft: Draft, where: str, period: Mapping[str, Any], name: str, missing: int, wrong: int) -> dt.date | None:
    """yyyymmdd as ARCA writes it, or ISO."""
    said = str(period.get(name) or "")
    if not said:
        draft.refuse("period_date_missing", f"{where}.{name}", _(
            "To send this you must give both dates of the period."), missing)
        return None
    try:
        return dt.datetime.strptime(said.replace("-", ""), "%Y%m%d").date()
    except ValueError:
        draft.refuse("period_date", f"{where}.{name}", _(
            "To send this you must give the date as yyyymmdd, not %(found)s.", found=said), wrong)
        return None


def _check_period(draft: Draft, where: str, first: dt.date, last: dt.date) -> None:
    if first <= FIRST_DAY or last <= FIRST_DAY:
        draft.refuse("period_too_old", where, _("To send this you must give a period after 1 January 2006."), 10206)
    if last < first:
        draft.refuse("period_reversed", where, _(
            "To send this you must give a period that ends after it begins."), 10207)
    if last > draft.date:
        draft.refuse("period_after_note", f"{where}.FchHasta", _(
            "To send this you must give a period that ends with the date of the note or before."), 10208)
    if draft.case.taxes and (first.year, first.month) != (last.year, last.month):
        draft.remark("period_of_months", where, _(
            "With perceptions the period should lie in one month; make one note per month."), 10209)
