"""From a case to what ARCA gets: type, request, and all that it would refuse, found before sending. Pure.

The rules and their codes are those of WSFEv1 (data/errors.csv).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.accounting.totals import Totals
from modules.einvoice.case import Case
from modules.einvoice.preview import Problem, ordered
from modules.einvoice_ar import amounts as amounts_part
from modules.einvoice_ar import dates, receiver
from modules.einvoice_ar.catalogs import PESOS, DocumentKind, currencies
from modules.einvoice_ar.findings import THRESHOLDS, Draft, day, decimals, whole
from modules.einvoice_ar.optionals import cancels, optional_data
from modules.einvoice_ar.references import references

PRODUCTS, SERVICES, BOTH = 1, 2, 3
YES, NO = "S", "N"


@dataclass(frozen=True)
class Mapped:
    """The document as ARCA gets it; `detail` is one FECAEDetRequest under the WSDL's names, in its order."""

    kind: DocumentKind
    point_of_sale: int
    detail: dict[str, Any]
    totals: Totals
    problems: tuple[Problem, ...]
    condition: int | None
    date: dt.date

    @property
    def payload(self) -> dict[str, Any]:
        """The arguments of FECAESolicitar."""
        return {"FeCAEReq": {
            "FeCabReq": {"CantReg": 1, "PtoVta": self.point_of_sale, "CbteTipo": self.kind.id},
            "FeDetReq": {"FECAEDetRequest": [self.detail]}}}


def map_document(case: Case, thresholds: Mapping[str, Decimal] | None = None, today: dt.date | None = None) -> Mapped:
    """Map a case. `thresholds` are the amounts in force (identify); with `today` the window of dates is checked."""
    draft = Draft(case, {**THRESHOLDS, **(thresholds or {})}, today)
    receiver.choose_kind(draft)
    receiver.check_issuer(draft)
    receiver.check_condition(draft)
    doc_kind, doc_number = receiver.identity(draft)
    found = amounts_part.amounts(draft)
    receiver.check_threshold(draft, doc_kind, found.totals.total)
    draft.concept = _concept(draft)
    detail: dict[str, Any] = {
        "Concepto": draft.concept, "DocTipo": doc_kind, "DocNro": doc_number, "CbteDesde": case.number or 0,
        "CbteHasta": case.number or 0, "CbteFch": day(draft.date), **found.fields, **_dates(draft),
        **_currency(draft)}
    if draft.condition is not None:
        detail["CondicionIVAReceptorId"] = draft.condition
    linked = references(draft, found.totals.total)
    detail |= {name: linked[name] for name in ("CbtesAsoc",) if name in linked}
    detail |= found.arrays | optional_data(draft)
    detail |= {name: linked[name] for name in ("PeriodoAsoc",) if name in linked}
    _check_window(draft)
    return Mapped(draft.kind, whole(case.issuer.series) or 0, detail, found.totals, ordered(draft.problems),
                  draft.condition, draft.date)


def _concept(draft: Draft) -> int:
    said = draft.extra.get("Concepto")
    if said is None:
        return BOTH if any(line.extra.get("goods") for line in draft.case.lines) else SERVICES
    concept = whole(said)
    if concept not in (PRODUCTS, SERVICES, BOTH):
        draft.refuse("concept", "extra.Concepto", _(
            "To send this you must choose the concept 1 (products), 2 (services) or 3 (both), not %(found)s.",
            found=said), 10030)
        return SERVICES
    return concept


# --- dates ---------------------------------------------------------------------------------------------


def _dates(draft: Draft) -> dict[str, str]:
    """FchServDesde, FchServHasta, FchVtoPago, where the concept wants them."""
    first, last, due = draft.case.service_from, draft.case.service_to, _due(draft)
    found: dict[str, dt.date | None] = {}
    if draft.concept != PRODUCTS or first or last:
        found = {"FchServDesde": first, "FchServHasta": last, "FchVtoPago": due}
        _check_dates_given(draft, found)
    elif draft.kind.is_credit_invoice:
        found = {"FchVtoPago": due}
    if draft.kind.is_credit_invoice and not _bears_due_date(draft):
        found.pop("FchVtoPago", None)
    _check_order(draft, first, last, found.get("FchVtoPago"))
    return {name: day(date) for name, date in found.items() if date}


def _due(draft: Draft) -> dt.date | None:
    """The due date; a credit is due to nobody, so one without has its own date."""
    if draft.case.due_date is None and draft.kind.is_credit_note:
        return draft.date
    return draft.case.due_date


def _bears_due_date(draft: Draft) -> bool:
    """Notes of credit invoices have no due date, unless they cancel them (10175)."""
    return not draft.kind.is_note or cancels(draft)


def _check_dates_given(draft: Draft, found: Mapping[str, dt.date | None]) -> None:
    names = {"FchServDesde": ("service_from", 10031), "FchServHasta": ("service_to", 10033),
             "FchVtoPago": ("due_date", 10035)}
    for name, date in found.items():
        field, code = names[name]
        if date is None and not (name == "FchVtoPago" and not _bears_due_date(draft)):
            draft.refuse("dates_missing", field, _(
                "To send services you must give first and last day of the service and the due date; %(field)s is "
                "missing.", field=field), 10049 if draft.concept != PRODUCTS else code)


def _check_order(draft: Draft, first: dt.date | None, last: dt.date | None, due: dt.date | None) -> None:
    if first and last and first > last:
        draft.refuse("service_reversed", "service_from", _(
            "To send this the service must not begin after it ends."), 10032)
    credit_invoice = draft.kind.is_credit_invoice and not draft.kind.is_note
    if credit_invoice and due is None:
        draft.refuse("fce_due_date", "due_date", _(
            "To issue a credit invoice (FCE) you must give its due date."), 10163)
    earliest = max(draft.date, draft.today or draft.date) if credit_invoice else draft.date
    if due and due < earliest:
        draft.refuse("due_too_early", "due_date", _(
            "To send this its due date (%(due)s) must not be before its date (%(date)s).", due=due.isoformat(),
            date=earliest.isoformat()), 10164 if credit_invoice else 10036)


def _check_window(draft: Draft) -> None:
    """The days around the day of sending in which a document may be dated."""
    if draft.today is None:
        return
    before, after = dates.window(draft.kind.id, draft.concept)
    if not draft.today - dt.timedelta(days=before) <= draft.date <= draft.today + dt.timedelta(days=after):
        draft.refuse("date_out_of_window", "issued_at", _(
            "To send this you must date it between %(first)s and %(last)s, not %(date)s.",
            first=(draft.today - dt.timedelta(days=before)).isoformat(),
            last=(draft.today + dt.timedelta(days=after)).isoformat(), date=draft.date.isoformat()), 10016)
    elif ((draft.concept == PRODUCTS or draft.kind.is_credit_invoice)
          and (draft.date.year, draft.date.month) > (draft.today.year, draft.today.month)):
        draft.refuse("date_in_next_month", "issued_at", _(
            "To send this you must date it in this month."), 10152)


# --- currency ------------------------------------------------------------------------------------------


def _currency(draft: Draft) -> dict[str, str]:
    """MonId, MonCotiz, CanMisMonExt."""
    code = currencies().get(draft.case.currency.upper())
    if code is None:
        draft.refuse("currency_unknown", "currency", _(
            "To send this you must choose a currency that ARCA has; %(found)s is none.", found=draft.case.currency),
            10037)
        code = PESOS
    same = str(draft.extra.get("CanMisMonExt") or "").upper()
    if same not in (YES, NO, ""):
        draft.refuse("same_currency", "extra.CanMisMonExt", _(
            "To send this you must give CanMisMonExt as S or N, not %(found)s.", found=same), 10239)
    return _pesos(draft, same) if code == PESOS else _foreign(draft, code, same)


def _pesos(draft: Draft, same: str) -> dict[str, str]:
    rate = draft.case.exchange_rate
    if rate is not None and rate != 1 and draft.case.currency.upper() in ("ARS", PESOS):
        draft.refuse("rate_of_pesos", "exchange_rate", _(
            "To send a document in pesos you must give the exchange rate 1, not %(rate)s.", rate=f"{rate:f}"), 10039)
    if same == YES:
        draft.refuse("pesos_in_foreign_currency", "extra.CanMisMonExt", _(
            "Sending is not possible because a document in pesos is not paid in foreign currency (CanMisMonExt)."),
            10241)
    return {"MonId": PESOS, "MonCotiz": "1"}


def _foreign(draft: Draft, code: str, same: str) -> dict[str, str]:
    rate, found = draft.case.exchange_rate, {"MonId": code}
    if (rate is None and same != YES) or (rate is not None and rate <= 0):
        draft.refuse("rate_missing", "exchange_rate", _(
            "To send a document in %(currency)s you must give the exchange rate of its day.",
            currency=draft.case.currency), 10038)
    elif rate is not None and (decimals(rate) > 6 or rate >= 10000):
        draft.refuse("rate_too_long", "exchange_rate", _(
            "To send this you must give an exchange rate below 10000 with six decimals at most, not %(rate)s.",
            rate=f"{rate:f}"), 10056)
    if rate is not None:
        found["MonCotiz"] = f"{rate.normalize():f}"
    return found | ({"CanMisMonExt": same} if same in (YES, NO) else {})
