"""How a document is paid: cash or credit, means of payment, due date (reference 1.6). Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from core.i18n import _
from modules.crm import names
from modules.einvoice_co.catalogs import CASH, CREDIT, METHODS, codes
from modules.einvoice_co.findings import SIIGO, Draft, flattened, whole

_TERMS = {"1": CASH, "cash": CASH, "contado": CASH, "immediate": CASH, "2": CREDIT, "credit": CREDIT,
          "credito": CREDIT}
UNDEFINED, IN_CASH = "1", "10"


@dataclass(frozen=True)
class Payment:
    """`form` is 1 (contado) or 2 (crédito), `means` the DIAN's code; `due` only of credit."""

    form: str
    means: str
    due: dt.date | None
    reference: str = ""


def payment(draft: Draft) -> Payment:
    """The payment of the case; without one, a due date after the document's own date makes it credit."""
    said = flattened(draft.case.payment, "payment")

    def text(*wanted: str) -> str:
        return next((str(said[name][0]).strip() for name in wanted if name in said), "")

    form = _form(draft, text("terms", "metododepago", "form"))
    due = draft.case.due_date
    if form == CREDIT and due is None:
        draft.refuse("due_date", "due_date", _("To send a document on credit you must give its due date."), "109",
                     "parameter_required")
    if due and due < draft.date:
        draft.remark("due_too_early", "due_date", _(
            "The due date %(due)s is before the document's date %(date)s.", due=due.isoformat(),
            date=draft.date.isoformat()))
    return Payment(form, _means(draft, text("method", "mediopago", "means"), form), due if form == CREDIT else None,
                   _reference(draft, text("reference", "numerodereferencia")))


def _form(draft: Draft, said: str) -> str:
    found = _TERMS.get(names.fold(said), "")
    if said and not found:
        draft.refuse("payment_terms", "payment.terms", _(
            "To send this you must give the payment's terms as cash or credit, not %(found)s.", found=said), "109",
            "invalid_payment")
    due = draft.case.due_date
    return found or (CREDIT if due and due > draft.date else CASH)


def _means(draft: Draft, said: str, form: str) -> str:
    known = said.upper() in codes("medios_pago")
    found = said.upper() if known else METHODS.get(names.fold(said).replace(" ", "_"), "")
    if said and not found and not (draft.provider == SIIGO and is_payment_type(said)):
        draft.refuse("payment_method", "payment.method", _(
            "To send this you must choose a means of payment that the DIAN has (10 cash, 47 transfer, 48 credit card "
            "...), not %(found)s.", found=said), "109", "invalid_payment")
    return found or (UNDEFINED if form == CREDIT else IN_CASH)


def is_payment_type(said: str) -> bool:
    """Whether it is the number of one of a company's payment types in Siigo: above all codes of the DIAN."""
    return (whole(said) or 0) > 99


def _reference(draft: Draft, said: Any) -> str:
    return str(said or draft.text("numeroDeReferencia", "referenciaPago"))
