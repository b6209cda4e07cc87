"""The codes of SAT and PAC in our words, with the customer's field to mend: some one by one, all others by class."""

from __future__ import annotations

from typing import Any

from core.i18n import lazy
from modules.einvoice.ports import Explanation
from modules.einvoice_mx.catalogs import refusals

_UNKNOWN = lazy("To send this you must correct the customer's RFC, or ask for a new tax certificate (constancia): the "
                "SAT does not have it.")

# code: (our words, field of the customer or "")
TEXTS: dict[str, tuple[Any, str]] = {
    "CFDI40143": (_UNKNOWN, "tax_id"), "CFDI40144": (_UNKNOWN, "tax_id"), "CFDI40147": (_UNKNOWN, "tax_id"),
    "CFDI40145": (lazy("To send this you must write the customer's name exactly as on the tax certificate "
                       "(constancia): in capitals, without the kind of company."), "name"),
    "CFDI40148": (lazy("To send this you must give the postal code that stands on the customer's tax certificate."),
                  "address.postal_code"),
    "CFDI40157": (lazy("To send this you must give the customer's regime as on the tax certificate."), "tax_condition"),
    "CFDI40158": (lazy("To send this you must correct the customer's regime: persons and companies have different "
                       "ones."), "tax_condition"),
    "CFDI40159": (lazy("To send this you must give a regime that the SAT has for this RFC: it stands on the tax "
                       "certificate."), "tax_condition"),
    "CFDI40160": (lazy("To send this you must correct the use of the CFDI of this customer."), "extra.UsoCFDI"),
    "CFDI40161": (lazy("To send this you must correct the use of the CFDI or the regime: they do not go together. S01 "
                       "goes with all."), "extra.UsoCFDI"),
    "CFDI40139": (lazy("To send you must write your own name exactly as the SAT has it: Fiscal profile."), ""),
    "CFDI40138": (lazy("The SAT does not have your RFC among those that may issue. Your accountant can settle it."),
                  ""),
    "FM501": (lazy("The PAC does not accept user and password: correct the account under Enable electronic invoices."),
              ""),
    "FM402": (lazy("The PAC does not know your RFC: add it on the PAC's site, then let the series go on."), ""),
    "304": (lazy("Your digital seal (CSD) has ended or was revoked: renew it at the SAT and upload it here."), ""),
    "402": (lazy("The SAT does not have your RFC or your digital seal in its list yet: a new seal takes up to 72 "
                 "hours."), ""),
}
# by the class of a code (data/errores_cfdi40.csv)
_OURS = lazy("The request was not accepted as this program made it. Nothing is lost; report it with the code.")
CLASSES: dict[str, Any] = {
    "receptor": lazy("To send this you must correct the customer's data as they stand on the tax certificate."),
    "emisor": lazy("To send you must correct your company's data at the SAT or in the fiscal profile."),
    "sello": lazy("To send you must correct the digital seal (CSD): upload the right one under Enable electronic "
                  "invoices."),
    "pac": lazy("To send you must settle the account at the PAC, then let the series go on."),
    "calculo": _OURS, "estructura": _OURS,
    "catalogo": lazy("To send this you must correct a key of the SAT: of the product, its unit or its tax."),
    "temporal": lazy("It is sent again by itself with a new date."),
}


def explanation(code: str, message: str) -> Explanation:
    """Our words and the customer's field to mend; no words for a code that is nobody's."""
    if code in TEXTS:
        text, field = TEXTS[code]
        return Explanation(str(text), field)
    known = refusals().get(code)
    return Explanation(str(CLASSES.get(known.group, "")) if known else "", "")
