"""The DIAN's rules and the providers' codes in our words, with the customer's field to mend (reference 1.9, 2.5)."""

from __future__ import annotations

import csv
from functools import lru_cache
from typing import Any

from core.i18n import lazy
from modules.einvoice.ports import Explanation
from modules.einvoice_co.catalogs import FOLDER

_CUSTOMER = lazy("To send this you must correct the customer's number: its kind, its digits, or the check digit of the "
                 "NIT. Then send it again; the document's number stays.")
_NAME = lazy("To send this you must give the customer's name as the RUT has it, then send it again.")
_RANGE = lazy("To send this the numbering resolution must be right here and at the provider: prefix, range, dates. "
              "Compare both, mend what differs, and send it again; the number stays.")
_SUMS = lazy("The DIAN adds it up otherwise: read what it expected. Nothing is lost; send it again, and report it with "
             "the code if it is refused again.")
_KEY = lazy("The technical key of the range is wrong at the provider: copy it again from the DIAN's portal, all 40 "
            "characters. Then send it again; the number stays.")
_SETTINGS = lazy("To send this you must correct the company's settings: DIAN, Fiscal profile, and at Siigo the "
                 "document type, the taxes or the payment type. Fetch Siigo's lists again under Enable electronic "
                 "invoices.")
_WAIT = lazy("The provider is out of order for the moment. It is sent again by itself.")
_MEND = lazy("Read which field is meant, correct it at the customer, the plan or the invoice, and send it again; the "
             "number stays.")

TEXTS: dict[str, tuple[Any, str]] = {
    "FAD06": (_KEY, ""), "FAK24": (_CUSTOMER, "tax_id"), "FAK43b": (_CUSTOMER, "tax_id"), "FAJ43b": (
        lazy("It is accepted. The company's name here differs from the RUT: correct it at the provider."), ""),
    "FAJ44a": (lazy("To send this you must correct the company's NIT."), ""),
    "90": (lazy("The DIAN has this document already. Compare it with what the provider has; nothing is sent twice."),
           ""),
    "101": (lazy("The provider does not know the tokens: give those of this environment under Enable electronic "
                 "invoices, in small letters."), ""),
    "111": (lazy("The tokens are not whole: 40 small letters and digits each. Give them again under Enable electronic "
                 "invoices."), ""),
    "109": (_MEND, ""), "110": (_SUMS, ""), "112": (_SUMS, ""),
    "114": (lazy("The number was issued before, here or elsewhere. Give this program a prefix that no other uses."),
            ""),
    "invalid_identification": (_CUSTOMER, "tax_id"), "invalid_email": (
        lazy("To send this you must correct the customer's e-mail address."), "email"),
    "customer_settings": (lazy("To send this the customer must have a contact in Siigo: send it again, and it is "
                               "written there by itself."), ""),
    "invalid_name": (_NAME, "name"), "invalid_total_payments": (_SUMS, ""),
    "invalid_date": (lazy("An electronic document is not dated before today. Send it again: it gets today's date."),
                     ""),
}
# by the beginning of the DIAN's rule
FAMILIES = (("FAB", _RANGE, ""), ("FAD05", _RANGE, ""), ("FAK", _CUSTOMER, "tax_id"), ("FAU", _SUMS, ""),
            ("FAX", _SUMS, ""), ("FAS", _SUMS, ""), ("FAR", _SUMS, ""), ("FAV", _SUMS, ""), ("CA", _SUMS, ""),
            ("DA", _SUMS, ""))
# by the class of a provider's code
CLASSES: dict[str, Any] = {"configuracion": _SETTINGS, "corregible": _MEND, "reintentar": _WAIT, "incierto": _WAIT}


@lru_cache(maxsize=1)
def classes() -> dict[str, str]:
    """Whose matter a code of the providers is."""
    found: dict[str, str] = {}
    for name, column in (("hka_codigos", "codigo"), ("siigo_codigos", "code")):
        with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            found |= {row[column]: row["clase_para_el_producto"] for row in csv.DictReader(file)}
    return found


def explanation(code: str, message: str) -> Explanation:
    """Our words and the customer's field to mend; no words for a code that is nobody's."""
    for one in (_of_invoice(code), code):
        if one in TEXTS:
            text, field = TEXTS[one]
            return Explanation(str(text), field)
        for start, text, field in FAMILIES:
            if one.startswith(start):
                return Explanation(str(text), field)
    return Explanation(str(CLASSES.get(classes().get(code, ""), "")))


def _of_invoice(code: str) -> str:
    """The same rule of an invoice: CAK24 and DAK24 of notes are FAK24 (reference 1.9)."""
    return f"FA{code[2:]}" if code[:2] in ("CA", "DA") else code
