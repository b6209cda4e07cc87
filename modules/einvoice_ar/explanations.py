"""ARCA's codes in our words, with the customer's field to mend: some one by one, all others by their class."""

from __future__ import annotations

from typing import Any

from core.i18n import _, lazy
from modules.einvoice.ports import Explanation
from modules.einvoice_ar.catalogs import code_class

_NUMBER = lazy("To send this you must correct the customer's document: its kind or number is not accepted.")
_CONDITION = lazy("To send this you must correct the customer's tax condition: it does not go with this class of "
                  "document.")
_INACTIVE = lazy("To send this you must talk to the customer: ARCA does not let this CUIT receive documents. Correct "
                 "the document number, or the customer settles it with ARCA.")
_POINT = lazy("To send on this point of sale you must have it open for web services at ARCA: Administración de puntos "
              "de venta y domicilios. Then read the points of sale again, or choose another one.")
_NOTE = lazy("To send this note you must refer to an invoice of the same class, or to a period.")
_RATE = lazy("To send this you must correct the exchange rate: ARCA compares it with its own of the working day before "
             "the document's date.")
_CBU = lazy("To issue credit invoices (FCE) you must register your account (CBU) and how they circulate under ARCA, "
            "Fiscal profile, and at ARCA.")
_ORDINARY = lazy("This customer does not get credit invoices (FCE). Take the mark away from the customer and send it "
                 "again as an ordinary invoice.")
_TOP = lazy("It is authorised. Tell your accountant now: the year's invoices have passed the top of your category in "
            "the monotributo.")
_REVIEW = lazy("It is authorised. Correct the customer's data, so that the next documents go without a remark.")

# code: (our words, field of the customer or "")
TEXTS: dict[str, tuple[Any, str]] = {
    "600": (lazy("ARCA did not accept our access ticket; a new one is asked for by itself. If it says that the CUIT is "
                 "not among the relations, authorise the certificate for the company's CUIT: Enable electronic "
                 "invoices, access to the service."), ""),
    "10000": (lazy("Sending is not possible because ARCA does not let this company issue: read its reason. Your "
                   "accountant can settle it at ARCA; nothing is lost meanwhile."), ""),
    **dict.fromkeys(("10004", "10005", "10104", "11000", "11002"), (_POINT, "")),
    "10007": (lazy("ARCA does not let this company issue this kind of document. Check the company's tax condition."),
              ""),
    "10013": (lazy("To send this you must give the customer a CUIT: documents of class A are for CUIT only."),
              "tax_id"),
    "10015": (_NUMBER, "tax_id"), "10284": (_NUMBER, "tax_id"),
    "10069": (lazy("To send this you must correct the customer's CUIT: it is the company's own."), "tax_id"),
    "10016": (lazy("ARCA did not accept the date or the number of this document. Send it again: it gets today's "
                   "date."), ""),
    "10036": (lazy("To send this its due date must not be before its date."), ""),
    **dict.fromkeys(("10037", "10038", "10119", "10240"), (_RATE, "")),
    "10040": (_NOTE, ""), "10197": (_NOTE, ""),
    "10041": (lazy("It is authorised. ARCA does not know the document that this note refers to: tell your "
                   "accountant."), ""),
    "10063": (_REVIEW, "tax_condition"), "10238": (_REVIEW, "tax_id"), "10245": (_REVIEW, "tax_condition"),
    "10096": (lazy("To send this the point of sale must be of the kind for exempt issuers."), ""),
    **dict.fromkeys(("10161", "10176", "10177", "10178", "10180"), (_ORDINARY, "")),
    **dict.fromkeys(("10162", "10165", "10168", "10174", "10216"), (_CBU, "")),
    "10188": (lazy("It is authorised. For a customer of this size ARCA expects credit invoices (FCE) from an amount "
                   "on: tell your accountant, and mark the customer if so."), ""),
    "10192": (lazy("ARCA wants an electronic credit invoice (FCE MiPyME) for this customer and amount: switch them on "
                   "under ARCA, Fiscal profile, mark the customer, and send it again."), ""),
    "10195": (_INACTIVE, "tax_id"), "10247": (_INACTIVE, "tax_id"), "10248": (_INACTIVE, "tax_id"),
    "10217": (lazy("It is authorised. The legend for customers in the monotributo is printed on it."), ""),
    "10234": (lazy("It is authorised, but ARCA expects a form about class A from you first. Tell your accountant now: "
                   "the document may have to be taken back by a credit note."), ""),
    "10235": (_TOP, ""), "10236": (_TOP, ""),
    **dict.fromkeys(("10242", "10243", "10246"), (_CONDITION, "tax_condition")),
    "10249": (lazy("It is authorised. The register says that the customer has died: settle to whom the contract "
                   "passes."), "tax_id"),
}
# by the class of a code (data/errors.csv)
CLASSES: dict[str, Any] = {
    "programa": lazy("The request was not accepted as this program made it. Nothing is lost. Send it again; if it is "
                     "refused again, report it with the code."),
    "cliente": _NUMBER,
    "config": lazy("To send this you must correct the company's settings: ARCA, Fiscal profile, or the taxes of what "
                   "is sold."),
    "contador": lazy("Your accountant must look at this: it is about the company's or the customer's registration at "
                     "ARCA."),
    "aviso": lazy("It is authorised; ARCA only remarks on it."),
}


def explanation(code: str, message: str) -> Explanation:
    """Our words and the customer's field to mend; no words for a code that is nobody's."""
    if code in TEXTS:
        text, field = TEXTS[code]
        return Explanation(str(text), field)
    group = code_class(code)
    return Explanation(str(CLASSES.get(group, "")), "tax_id" if group == "cliente" else "")


def explain(code: str, message: str) -> str:
    """Both in one sentence: ours, then ARCA's."""
    ours = explanation(code, message).text
    return _("%(ours)s ARCA said: %(text)s", ours=ours, text=message) if ours else message
