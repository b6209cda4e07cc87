"""The SRI's messages in our words, with the customer's field to mend (ficha técnica, section 11)."""

from __future__ import annotations

from typing import Any

from core.i18n import lazy
from modules.einvoice.ports import Explanation
from modules.einvoice_ec.catalogs import messages

_SITUATION = lazy("The SRI does not let this company issue: read its reason. Settle it at the SRI in its portal, then "
                  "let the series go on; nothing is lost meanwhile.")
_PLACE = lazy("The establishment is closed at the SRI. Choose another point of emission under SRI, Fiscal profile, or "
              "open it again in the RUC, then let the series go on.")
_PERMISSION = lazy("The company has not asked the SRI for leave to issue this kind of voucher in this ambiente. Ask "
                   "for it in the portal (Facturación electrónica, Producción or Pruebas), then send it again.")
_SIGNATURE = lazy("The SRI did not accept the signature: read its reason. Mostly the certificate has expired, is of "
                  "another RUC, or this machine's clock is wrong. Mend that and send it again; the number stays.")
_PROGRAM = lazy("The SRI did not accept the voucher as this program made it. Nothing is lost. Send it again; if it is "
                "refused again, report it with the code.")
_SUMS = lazy("The SRI adds it up otherwise: read what it expected. Correct the price or the tax of what is sold, and "
             "send it again; the number stays.")
_CUSTOMER = lazy("To send this you must correct the customer's identification: the SRI does not know it.")

TEXTS: dict[str, tuple[Any, str]] = {
    **dict.fromkeys(("2", "27", "46", "57", "63"), (_SITUATION, "")),
    **dict.fromkeys(("10", "56"), (_PLACE, "")), **dict.fromkeys(("28", "34", "37"), (_PERMISSION, "")),
    "26": (lazy("The voucher is larger than 320 KB. Divide it into several."), ""),
    **dict.fromkeys(("35", "36", "47", "48", "67", "58"), (_PROGRAM, "")),
    "39": (_SIGNATURE, ""), "40": (_SIGNATURE, ""),
    "42": (lazy("The certificate has expired or was revoked. Give a new one under Enable electronic invoices, and send "
                "it again."), ""),
    "43": (lazy("The SRI has another voucher under this key. Compare both; then send it again under the next "
                "number."), ""),
    "45": (lazy("Another program has used this number at this point of emission. Give this program a point of its own "
                "under SRI, Fiscal profile; then send it again: it gets the next number."), ""),
    "52": (_SUMS, ""), "69": (_CUSTOMER, "tax_id"),
    "62": (lazy("To send this you must correct the customer's cédula: its check digit does not agree."), "tax_id"),
    "59": (lazy("It is authorised. The SRI does not know the customer's identification: correct it before the next "
                "one."), "tax_id"),
    "60": (lazy("It is authorised in the ambiente of tests, without legal value."), ""),
    "64": (lazy("A note can only change a factura, and not one of a later day."), ""),
    "65": (lazy("The SRI no longer takes a voucher of this date. Send it again: it gets today's date and the next "
                "number."), ""),
    "68": (lazy("It is authorised. The SRI does not know the factura that this note changes as an electronic one."),
           ""),
}


def explanation(code: str, message: str) -> Explanation:
    """Our words and the customer's field to mend; of a message that has no words of its own what the ficha says."""
    if code in TEXTS:
        text, field = TEXTS[code]
        return Explanation(str(text), field)
    return Explanation(str(_PROGRAM) if code in messages() else "")
