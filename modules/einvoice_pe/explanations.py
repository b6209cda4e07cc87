"""Codes of SUNAT and Nubefact in our words, with the customer's field to mend: one by one, or by their kind."""

from __future__ import annotations

from typing import Any

from core.i18n import lazy
from modules.einvoice.ports import Explanation
from modules.einvoice_pe.catalogs import is_exception, is_rejection

_RUC = lazy("To send this you must correct the customer's RUC, or give him a boleta.")
_IDENTITY = lazy("To send this you must correct the customer's document: its kind or number is not accepted.")
_WAIT = lazy("SUNAT has not registered it. Nubefact sends it again by itself; nothing is lost.")
_NOTE = lazy("To send this note SUNAT must have accepted the document that it modifies. Look at that one first.")
_LATE = lazy("It came too late for SUNAT. Send it again: it gets today's date and a new number.")
_USED_UP = lazy("SUNAT has rejected it, and its number is used up. Mend what it says and send it again: it gets a new "
                "number.")

# code: (our words, field of the customer or "")
TEXTS: dict[str, tuple[Any, str]] = {
    "10": (lazy("To go on you must enter the present token of Nubefact: Enable electronic invoices."), ""),
    "11": (lazy("To go on you must enter the present route of Nubefact: Enable electronic invoices."), ""),
    "20": (lazy("Nubefact did not understand the request. Nothing is lost; report it with the code."), ""),
    "21": (lazy("Nubefact refused it; its words say why. Mend that and send it again, it keeps its number. If they "
                "speak of the series, enable it in Nubefact under locales y series."), ""),
    "22": (_LATE, ""), "2108": (_LATE, ""), "2329": (_LATE, ""), "2600": (_LATE, ""), "2950": (_LATE, ""),
    "50": (lazy("Nubefact has suspended the account: settle it with Nubefact, then let the series go on."), ""),
    "51": (lazy("Nubefact has suspended the account until it is paid; then let the series go on."), ""),
    "anulado": (lazy("Somebody annulled it in Nubefact's panel. Give it up here, or send it again under a new "
                     "number."), ""),
    "no_series": (lazy("Enter the series under Enable electronic invoices, then send it again."), ""),
    "2017": (_RUC, "tax_id"), "2800": (_RUC, "tax_id"), "ruc": (_RUC, "tax_id"),
    "2801": (_IDENTITY, "tax_id"), "2802": (_IDENTITY, "tax_id"), "2014": (_IDENTITY, "tax_id"),
    "2016": (_IDENTITY, "tax_id_kind"), "2015": (_IDENTITY, "tax_id_kind"),
    "2021": (lazy("To send this you must correct the customer's name."), "name"),
    "2022": (lazy("To send this you must correct the customer's name."), "name"),
    "2396": (lazy("To send this you must give the customer's document: from S/ 700 on a boleta names who buys."),
             "tax_id"),
    "3034": (lazy("To send this your account at Banco de la Nación must be entered in Nubefact's panel."), ""),
    "3262": (lazy("SUNAT does not know this customer as an agent of retención: take the mark away from him and send it "
                  "again."), ""),
    "2119": (_NOTE, ""), "2120": (_NOTE, ""), "2121": (_NOTE, ""), "2209": (_NOTE, ""),
    "4013": (lazy("It is accepted. SUNAT says that the customer's RUC is not active: tell him, the next one may be of "
                  "no use to him."), "tax_id"),
    "4014": (lazy("It is accepted. SUNAT says that the customer is not found at his address (no habido): tell him."),
             "tax_id"),
}
REMARK = lazy("It is accepted; SUNAT only remarks on it. Tell your accountant if it comes again.")


def explanation(code: str, message: str) -> Explanation:
    """Our words and the customer's field to mend; no words for a code that is nobody's."""
    if code in TEXTS:
        text, field = TEXTS[code]
        return Explanation(str(text), field)
    if is_rejection(code):
        return Explanation(str(_USED_UP))
    if is_exception(code):
        return Explanation(str(_WAIT))
    return Explanation(str(REMARK) if code.isdecimal() and int(code) >= 4000 else "")
