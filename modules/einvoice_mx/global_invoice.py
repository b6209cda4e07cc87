"""InformacionGlobal: of which day, week, month or two months a global invoice is (CFDI40130 to 40136). Pure."""

from __future__ import annotations

from collections.abc import Mapping

from core.i18n import _
from modules.einvoice_mx import catalogs
from modules.einvoice_mx.findings import Draft

DAILY, WEEKLY, FORTNIGHTLY, MONTHLY, BIMONTHLY = "01", "02", "03", "04", "05"
# who may issue one for two months
INCORPORATION = "621"


def information(draft: Draft) -> dict[str, str]:
    """The attributes of InformacionGlobal, checked."""
    said = draft.extra.get("InformacionGlobal")
    given: Mapping[str, object] = said if isinstance(said, Mapping) else {}
    period, months = (_code(given.get(name)) for name in ("Periodicidad", "Meses"))
    year = str(given.get("Año") or given.get("Anio") or "").strip()
    where = "extra.InformacionGlobal"
    if period not in catalogs.periods()["c_Periodicidad"]:
        draft.refuse("period", f"{where}.Periodicidad", _(
            "To issue a global invoice you must say its period: 01 day, 02 week, 03 fortnight, 04 month, 05 two "
            "months; found: %(found)s.", found=period or _("nothing")), "CFDI40131")
    elif period == BIMONTHLY and draft.regime != INCORPORATION:
        draft.refuse("period", f"{where}.Periodicidad", _(
            "To issue a global invoice of two months the issuer must have the regime %(regime)s; give 04 (month).",
            regime=INCORPORATION), "CFDI40132")
    _check_months(draft, period, months)
    issued = draft.moment.year
    if year not in (str(issued), str(issued - 1)):
        draft.refuse("year", f"{where}.Año", _(
            "To issue a global invoice you must give this year or the one before (Año), not %(found)s.",
            found=year or _("nothing")), "CFDI40136")
    return {"Periodicidad": period, "Meses": months, "Año": year}


def _code(said: object) -> str:
    """Two digits, also where it was said as a number."""
    return f"{said:02d}" if isinstance(said, int) and not isinstance(said, bool) else str(said or "").strip()


def _check_months(draft: Draft, period: str, months: str) -> None:
    where = "extra.InformacionGlobal.Meses"
    if months not in catalogs.periods()["c_Meses"]:
        draft.refuse("months", where, _(
            "To issue a global invoice you must say its month: 01 to 12, or 13 to 18 for two months; found: %(found)s.",
            found=months or _("nothing")), "CFDI40133")
    elif (int(months) > 12) != (period == BIMONTHLY):
        draft.refuse("months", where, _(
            "To issue this global invoice you must correct its months: 13 to 18 go with two months (05), 01 to 12 with "
            "all others."), "CFDI40135" if period == BIMONTHLY else "CFDI40134")

