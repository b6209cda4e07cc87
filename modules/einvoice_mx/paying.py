"""MetodoPago (at once, or later and in parts), FormaPago, Moneda. Pure."""

from __future__ import annotations

from core.i18n import _
from modules.einvoice_mx import catalogs
from modules.einvoice_mx.catalogs import CASH, CONDONATION, TO_BE_DEFINED
from modules.einvoice_mx.findings import Draft, decimals, plain

AT_ONCE, LATER = "PUE", "PPD"
PESOS, NONE = "MXN", "XXX"
# our terms of payment
TERMS = {"credit": LATER, "later": LATER, "installments": LATER, "cash": AT_ONCE, "paid": AT_ONCE,
         "immediate": AT_ONCE, "prepaid": AT_ONCE, AT_ONCE.lower(): AT_ONCE, LATER.lower(): LATER,
         "credito": LATER, "crédito": LATER, "contado": AT_ONCE}


def method_and_form(draft: Draft) -> tuple[str, str]:
    """MetodoPago and FormaPago. What is paid later is to be defined (99); what is paid at once is not."""
    where, form = _said_form(draft)
    method = _method(draft, form)
    if method not in catalogs.methods():
        draft.refuse("method", "extra.MetodoPago", _(
            "To send this you must give MetodoPago as PUE (paid at once) or PPD (later or in parts), not %(found)s.",
            found=method), "CFDI40124")
    _check_at_once(draft, method)
    form = form or _usual_form(draft, method)
    if form not in catalogs.forms():
        draft.refuse("form", where, _(
            "To send this you must give the form of payment as the SAT numbers it (like 01 cash, 03 transfer), not "
            "%(found)s.", found=form or _("nothing")), "CFDI40104")
    elif (form == TO_BE_DEFINED) != (method == LATER):
        draft.refuse("form_of_method", where, _(
            "To send this with MetodoPago %(method)s you must correct FormaPago %(form)s: what is paid later (PPD) has "
            "99, what is paid at once (PUE) has the real one.", method=method, form=form), "CFDI40105")
    return method, form


def _check_at_once(draft: Draft, method: str) -> None:
    """Credit notes and global invoices are paid at once (reference: Mexico, 1.5, 1.6)."""
    if method == LATER and (draft.kind == "E" or draft.is_global):
        where = "extra" if draft.extra.get("MetodoPago") else "payment"
        draft.remark("method_of_kind", f"{where}.MetodoPago", _(
            "Credit notes and global invoices are paid at once: their MetodoPago is PUE, not %(found)s.",
            found=method))


def _said_form(draft: Draft) -> tuple[str, str]:
    """Where the form was said, and it. Our words for a way to pay say nothing about what is paid later."""
    explicit = str(draft.extra.get("FormaPago") or "").strip()
    if explicit:
        return "extra.FormaPago", explicit
    payment = draft.case.payment
    said = str(payment.get("FormaPago") or payment.get("method") or "").strip()
    if said.lower() in catalogs.FORMS and _stated_method(draft) == LATER:
        said = ""
    if said == TO_BE_DEFINED and draft.kind == "E":
        said = ""
    return "payment.method", catalogs.form_of(said)


def _method(draft: Draft, form: str) -> str:
    return _stated_method(draft) or (AT_ONCE if form and form != TO_BE_DEFINED else LATER)


def _stated_method(draft: Draft) -> str:
    """As it was said; notes of credit and global invoices are paid at once. "" where nobody said."""
    payment = draft.case.payment
    said = str(draft.extra.get("MetodoPago") or payment.get("MetodoPago") or "").strip().upper()
    if said or draft.kind == "E" or draft.is_global:
        return said or AT_ONCE
    return TERMS.get(str(payment.get("terms") or "").strip().lower(), "")


def _usual_form(draft: Draft, method: str) -> str:
    """Where nothing was said: 99 of what is paid later, condonation of a credit, cash of a global invoice."""
    if method == LATER:
        return TO_BE_DEFINED
    return CONDONATION if draft.kind == "E" else CASH if draft.is_global else ""


def currency(draft: Draft) -> dict[str, str]:
    """Moneda and TipoCambio."""
    code, rate = draft.case.currency.upper(), draft.case.exchange_rate
    if code not in catalogs.official("c_Moneda") or code == NONE:
        draft.refuse("currency", "currency", _(
            "To send this you must give a currency that the SAT has, like MXN, not %(found)s.",
            found=draft.case.currency), "CFDI40113")
    if code == PESOS:
        if rate is not None and rate != 1:
            draft.refuse("rate_of_pesos", "exchange_rate", _(
                "To send a document in pesos you must give the exchange rate 1, or none, not %(found)s.",
                found=plain(rate)), "CFDI40114")
        return {"Moneda": code}
    if rate is None:
        draft.refuse("rate_missing", "exchange_rate", _(
            "To send a document in %(currency)s you must give its exchange rate.", currency=code), "CFDI40115")
        return {"Moneda": code}
    if rate <= 0 or decimals(rate) > 6:
        draft.refuse("rate", "exchange_rate", _(
            "To send this you must give an exchange rate above zero with six decimals at most, not %(found)s.",
            found=plain(rate)), "CFDI40117")
    return {"Moneda": code, "TipoCambio": plain(rate)}
