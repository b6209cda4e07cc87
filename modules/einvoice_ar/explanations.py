"""ARCA's refusals in our words, with the customer's field to mend. Codes without a text of ours keep ARCA's."""

from __future__ import annotations

from typing import Any

from core.i18n import _, lazy
from modules.einvoice.ports import Explanation

_NUMBER = lazy("To send this you must correct the customer's document: its kind or number is not accepted.")
_CONDITION = lazy("To send this you must correct the customer's tax condition: it does not go with this class of "
                  "document.")
_AMOUNTS = lazy("The amounts of the document do not add up for ARCA. Correct the lines, or report it with the code.")
_INACTIVE = lazy("To send this you must talk to the customer: ARCA does not let this CUIT receive documents. Correct "
                 "the document number, or the customer settles it with ARCA.")
_POINT = lazy("To send on this point of sale you must have it open for web services at ARCA: Administración de puntos "
              "de venta y domicilios. Then read the points of sale again.")
_NOTE = lazy("To send this note you must refer to an invoice of the same class, or to a period.")

# code: (our words, field of the customer or "")
TEXTS: dict[str, tuple[Any, str]] = {
    "10000": (lazy("Sending is not possible because ARCA does not let this company issue: read its reason. Your "
                   "accountant can settle it at ARCA; nothing is lost meanwhile."), ""),
    "10004": (_POINT, ""), "10005": (_POINT, ""),
    "10007": (lazy("ARCA does not let this company issue this kind of document. Check the company's tax condition."),
              ""),
    "10013": (lazy("To send this you must give the customer a CUIT: documents of class A are for CUIT only."),
              "tax_id"),
    "10015": (_NUMBER, "tax_id"), "10069": (lazy("To send this you must correct the customer's CUIT: it is the "
                                                 "company's own."), "tax_id"),
    "10016": (lazy("ARCA did not accept the date or the number of this document. Send it again: it gets today's "
                   "date."), ""),
    "10018": (_AMOUNTS, ""), "10023": (_AMOUNTS, ""), "10048": (_AMOUNTS, ""), "10051": (_AMOUNTS, ""),
    "10061": (_AMOUNTS, ""), "10070": (_AMOUNTS, ""),
    "10036": (lazy("To send this its due date must not be before its date."), ""),
    "10040": (_NOTE, ""), "10197": (_NOTE, ""),
    "10096": (lazy("To send this the point of sale must be of the kind for exempt issuers."), ""),
    "10192": (lazy("ARCA wants an electronic credit invoice (FCE MiPyME) for this customer and amount."), ""),
    "10195": (_INACTIVE, "tax_id"), "10247": (_INACTIVE, "tax_id"), "10248": (_INACTIVE, "tax_id"),
    "10242": (_CONDITION, "tax_condition"), "10243": (_CONDITION, "tax_condition"),
    "10246": (_CONDITION, "tax_condition"),
}


def explanation(code: str, message: str) -> Explanation:
    """Our words and the field to mend; without our words, none."""
    found = TEXTS.get(code)
    return Explanation(str(found[0]), found[1]) if found else Explanation("")


def explain(code: str, message: str) -> str:
    """Both in one sentence: ours, then ARCA's."""
    ours = explanation(code, message).text
    return _("%(ours)s ARCA said: %(text)s", ours=ours, text=message) if ours else message
