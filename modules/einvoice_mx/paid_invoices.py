"""Reading a payment out of a case (CRP20201 to 20277). Pure.

The invoices are the case's references: UUID, series and number, what was due before (ImpSaldoAnt), what is paid
(ImpPagado), which instalment it is, and the invoice's total with its taxes. The taxes of what is paid are its share
of the invoice's.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.accounting.totals import EXCLUDED, HUNDRED, ONE, UNTAXED, VAT, ZERO, Tax
from modules.einvoice.case import CATEGORIES, Reference
from modules.einvoice_mx import catalogs
from modules.einvoice_mx.amounts import IEPS, Tributo, taxes_of
from modules.einvoice_mx.catalogs import FOREIGN, TO_BE_DEFINED, TRANSFER
from modules.einvoice_mx.findings import Draft, cents, collapsed, decimal_of, decimals, money, plain, six
from modules.einvoice_mx.pagos import ACCOUNTS, Docto, Payment
from modules.einvoice_mx.paying import NONE, PESOS
from modules.einvoice_mx.qr import UUID

# of an invoice whose taxes are not said
USUAL = {"code": VAT, "rate": "16"}
# ObjetoImpDR of invoices that say their taxes, and of those that have none
OBJECT, UNTAXED_OBJECTS = "02", ("01", "03", "04", "05")
# how the schema wants the banks: legal entities, the payer's also abroad
_ENTITY = "[A-Z&Ñ]{3}[0-9]{2}(0[1-9]|1[012])(0[1-9]|[12][0-9]|3[01])[A-Z0-9]{2}[0-9A]"
BANKS = {"RfcEmisorCtaOrd": f"{FOREIGN}|{_ENTITY}", "RfcEmisorCtaBen": _ENTITY, "NomBancoOrdExt": "[^|]{1,300}"}
# names under which a reference says its amounts
PAID = ("ImpPagado", "paid", "amount_paid", "amount")
BALANCE = ("ImpSaldoAnt", "balance", "previous_balance", "open_amount")


def read(draft: Draft) -> Payment:
    """The payment of a case, with what the SAT would refuse of it."""
    doctos = tuple(_docto(draft, index, one) for index, one in enumerate(draft.case.references))
    if not doctos:
        draft.refuse("reference_missing", "references", _(
            "To issue a payment you must say which stamped invoices it pays."), "301")
    applied = sum((six(one.paid / one.equivalence) for one in doctos), ZERO)
    currency, rate = _currency(draft)
    form = _form(draft)
    return Payment(_date(draft), form, currency, rate, _amount(draft, cents(applied)), doctos, _accounts(draft, form))


def _said(draft: Draft, *names: str) -> Any:
    """The first of these that the payment or the extra data say."""
    nested = draft.extra.get("Pago")
    places = [draft.case.payment, draft.extra, nested if isinstance(nested, Mapping) else {}]
    return next((place[name] for name in names for place in places if place.get(name) not in (None, "")), None)


def _date(draft: Draft) -> dt.datetime:
    """FechaPago; noon where only the day is known, and the document's own day where nothing is."""
    said = _said(draft, "FechaPago", "paid_at", "date")
    if said is None:
        return dt.datetime.combine(draft.moment.date(), dt.time(12))
    try:
        found = dt.datetime.fromisoformat(str(said))
    except ValueError:
        draft.refuse("payment_date", "payment.date", _(
            "To send this you must give the date of the payment like 2026-11-20, not %(found)s.", found=said), "301")
        return dt.datetime.combine(draft.moment.date(), dt.time(12))
    if found.tzinfo:
        found = found.astimezone(draft.zone).replace(tzinfo=None)
    if found.date() > draft.moment.date():
        draft.remark("payment_later", "payment.date", _("The payment (%(paid)s) is later than this document.",
                                                        paid=found.date().isoformat()))
    return dt.datetime.combine(found.date(), dt.time(12)) if len(str(said)) == 10 else found


def _form(draft: Draft) -> str:
    form = catalogs.form_of(str(_said(draft, "FormaDePagoP", "FormaPago", "method") or ""))
    if form == TO_BE_DEFINED or form not in catalogs.forms():
        draft.refuse("payment_form", "payment.method", _(
            "To send this you must give how the customer paid, as the SAT numbers it (like 01 cash, 03 transfer), not "
            "%(found)s.", found=form or _("nothing")), "CRP20212" if form == TO_BE_DEFINED else "CFDI40104")
    return form


def _currency(draft: Draft) -> tuple[str, Decimal]:
    code, rate = draft.case.currency.upper(), draft.case.exchange_rate
    if code == NONE or code not in catalogs.official("c_Moneda"):
        draft.refuse("currency", "currency", _(
            "To send this you must give the currency of the payment, like MXN, not %(found)s.",
            found=draft.case.currency), "CRP20213" if code == NONE else "CFDI40113")
    if code == PESOS:
        if rate is not None and rate != 1:
            draft.refuse("rate_of_pesos", "exchange_rate", _(
                "To send a payment in pesos you must give the exchange rate 1, or none, not %(found)s.",
                found=plain(rate)), "CRP20215")
        return code, ONE
    if rate is None or rate <= 0:
        draft.refuse("rate_missing", "exchange_rate", _(
            "To send a payment in %(currency)s you must give its exchange rate.", currency=code), "CRP20214")
    elif decimals(rate) > 6:
        draft.refuse("rate", "exchange_rate", _(
            "To send this you must give an exchange rate above zero with six decimals at most, not %(found)s.",
            found=plain(rate)), "301")
    return code, rate if rate is not None and rate > 0 else ONE


def _amount(draft: Draft, applied: Decimal) -> Decimal:
    """Monto: what was received, never less than what is applied to invoices."""
    said = _said(draft, "Monto", "amount", "total")
    amount = applied if said is None else decimal_of(said)
    where = "payment.amount"
    if amount is None or amount <= 0:
        draft.refuse("payment_amount", where, _("To send this you must give the amount of the payment, above zero, not "
                                                "%(found)s.", found=said if said is not None else amount), "CRP20218")
        return ZERO
    if decimals(amount) > 2:
        draft.refuse("payment_amount", where, _(
            "To send this you must give the amount of the payment with two decimals, not %(found)s.",
            found=plain(amount)), "CRP20219")
    if amount < applied:
        draft.refuse("payment_too_small", where, _(
            "Sending is not possible because more is applied to invoices (%(applied)s) than was paid (%(amount)s).",
            applied=money(applied), amount=money(amount)), "CRP20217")
    return amount


def _accounts(draft: Draft, form: str) -> dict[str, str]:
    """NumOperacion and, for banked forms, accounts that match their patterns."""
    number = (draft.text(_said(draft, "NumOperacion"), "payment.NumOperacion", 100)
              or collapsed(str(_said(draft, "reference") or ""), 100))
    found = {"NumOperacion": number} if number else {}
    known = catalogs.forms().get(form)
    if _said(draft, "TipoCadPago") and form != TRANSFER:
        draft.refuse("proof", "payment.TipoCadPago", _(
            "To send this you must take TipoCadPago away: only a transfer (03) has the proof of the bank."), "CRP20229")
    for name, code in ACCOUNTS.items():
        said = str(_said(draft, name) or "").strip()
        if not said or known is None:
            continue
        found[name] = said
        pattern = known.payer_pattern if name == "CtaOrdenante" else known.payee_pattern
        if not known.banked:
            draft.refuse("account_not_banked", f"payment.{name}", _(
                "To send this you must take %(name)s away: who paid by %(form)s used no account.", name=name,
                form=known.name), code)
        elif name.startswith("Cta") and not re.fullmatch(pattern or "(?!)", said):
            draft.refuse("account", f"payment.{name}", _(
                "To send this you must correct the account %(found)s: it is not built as one of %(form)s.", found=said,
                form=known.name), "CRP20225" if name == "CtaOrdenante" else "CRP20226")
        elif name in BANKS and not re.fullmatch(BANKS[name], said):
            draft.refuse("bank", f"payment.{name}", _(
                "To send this you must correct the bank, %(found)s: its RFC, or of a bank abroad its name of up to "
                "300 characters.", found=said), "301")
    if found.get("RfcEmisorCtaOrd") == FOREIGN and "NomBancoOrdExt" not in found:
        draft.refuse("bank_abroad", "payment.NomBancoOrdExt", _(
            "To send this you must name the bank abroad that the payment came from (NomBancoOrdExt)."), "CRP20223")
    return found


# --- invoices ------------------------------------------------------------------------------------------


def _docto(draft: Draft, index: int, one: Reference) -> Docto:
    where, nested = f"references[{index}]", one.entry.get("extra")
    entry = {**(nested if isinstance(nested, Mapping) else {}), **one.entry}
    uuid = str(entry.get("IdDocumento") or one.authorization_code).strip()
    if not re.fullmatch(UUID, uuid):
        draft.refuse("reference_uuid", f"{where}.authorization_code", _(
            "To send this you must give the UUID of the stamped document referred to, not %(found)s.",
            found=uuid or _("nothing")), "301")
    paid, instalment = _paid(draft, where, entry), _instalment(draft, where, entry)
    total = _total(entry, paid)
    written = _first(entry, BALANCE)
    said = decimal_of(written)
    if said is None and written is not None:
        said = ZERO  # what cannot be read is no balance
    # the first payment finds the whole invoice due; of a later one somebody must say what was left
    before = said if said is not None else total if instalment == 1 else ZERO
    _check_balance(draft, where, entry, before, paid)
    return Docto(uuid.upper(), draft.text(entry.get("Serie") or one.series, f"{where}.Serie", 25),
                 draft.text(entry.get("Folio") or one.number, f"{where}.Folio", 40),
                 *_other_currency(draft, where, entry), instalment, before, paid,
                 *_taxed(draft, where, entry, paid, total))


def _first(entry: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((entry[name] for name in names if entry.get(name) not in (None, "")), None)


def _paid(draft: Draft, where: str, entry: Mapping[str, Any]) -> Decimal:
    """ImpPagado; of the only invoice of a payment all of it."""
    said = _first(entry, PAID)
    if said is None and len(draft.case.references) == 1:
        said = _said(draft, "Monto", "amount")
    found = decimal_of(said)
    if found is None or found <= 0:
        draft.refuse("paid", f"{where}.ImpPagado", _(
            "To send this you must give what is paid of each invoice (ImpPagado), above zero."), "CRP20241")
        return ZERO
    if decimals(found) > 2:
        draft.refuse("paid", f"{where}.ImpPagado", _(
            "To send this you must give amounts of invoices with two decimals, not %(found)s.", found=plain(found)),
            "CRP20242")
    return found


def _total(entry: Mapping[str, Any], paid: Decimal) -> Decimal:
    """The invoice's total, of which its taxes are shares; where only its balance is said, that of a first payment."""
    said = decimal_of(_first(entry, ("Total", "total", *BALANCE)))
    return said if said is not None and said > 0 else paid


def _check_balance(draft: Draft, where: str, entry: Mapping[str, Any], before: Decimal, paid: Decimal) -> None:
    if before <= 0:
        draft.refuse("balance", f"{where}.ImpSaldoAnt", _(
            "To send this you must give what was due of each invoice before the payment (ImpSaldoAnt), above zero."),
            "CRP20239")
    elif decimals(before) > 2:
        draft.refuse("balance", f"{where}.ImpSaldoAnt", _(
            "To send this you must give amounts of invoices with two decimals, not %(found)s.", found=plain(before)),
            "CRP20240")
    elif paid > before:
        draft.refuse("balance", f"{where}.ImpPagado", _(
            "Sending is not possible because more is paid (%(paid)s) than was due (%(before)s).", paid=money(paid),
            before=money(before)), "CRP20244")
    said = decimal_of(entry.get("ImpSaldoInsoluto"))
    if said is not None and said != before - paid:
        draft.refuse("balance", f"{where}.ImpSaldoInsoluto", _(
            "To send this you must correct what stays due (ImpSaldoInsoluto): %(expected)s, not %(found)s.",
            expected=money(before - paid), found=money(said)), "CRP20244")


def _other_currency(draft: Draft, where: str, entry: Mapping[str, Any]) -> tuple[str, Decimal]:
    """MonedaDR and EquivalenciaDR."""
    code = str(_first(entry, ("MonedaDR", "currency")) or draft.case.currency).upper()
    said, same = decimal_of(entry.get("EquivalenciaDR")), code == draft.case.currency.upper()
    field_name = f"{where}.EquivalenciaDR"
    if code == NONE:
        draft.refuse("currency", f"{where}.MonedaDR", _("To send this you must give the currency of each invoice."),
                     "CRP20236")
    elif not same and code not in catalogs.official("c_Moneda"):
        draft.refuse("currency", f"{where}.MonedaDR", _(
            "To send this you must give a currency that the SAT has, like MXN, not %(found)s.", found=code), "301")
    if same and said not in (None, ONE):
        draft.refuse("equivalence", field_name, _(
            "To send this EquivalenciaDR must be 1: invoice and payment have the same currency."), "CRP20238")
    if not same and (said is None or said <= 0):
        draft.refuse("equivalence", field_name, _(
            "To send this you must give how many %(theirs)s one %(ours)s is (EquivalenciaDR).", theirs=code,
            ours=draft.case.currency), "CRP20237")
    elif said is not None and decimals(said) > 10:
        draft.refuse("equivalence", field_name, _(
            "To send this you must give EquivalenciaDR with ten decimals at most, not %(found)s.", found=plain(said)),
            "301")
    return code, ONE if same or said is None or said <= 0 else said


def _instalment(draft: Draft, where: str, entry: Mapping[str, Any]) -> int:
    found = _first(entry, ("NumParcialidad", "instalment", "installment"))
    said = "1" if found is None else str(found)
    if not (said.isdecimal() and 1 <= int(said) <= 999):
        draft.refuse("instalment", f"{where}.NumParcialidad", _(
            "To send this you must give which payment of the invoice this is, 1 to 999 (NumParcialidad), not "
            "%(found)s.", found=said), "301")
        return 1
    return int(said)


# --- taxes of what is paid -----------------------------------------------------------------------------


def _taxed(draft: Draft, where: str, entry: Mapping[str, Any], paid: Decimal,
           total: Decimal) -> tuple[tuple[Tributo, ...], str]:
    """The taxes of what is paid, and ObjetoImpDR where it is said."""
    found = _shares(draft, where, entry, paid, total)
    said = str(entry.get("ObjetoImpDR") or "").strip()
    if said and said not in catalogs.tax_objects():
        draft.refuse("tax_object", f"{where}.ObjetoImpDR", _(
            "To send this you must give ObjetoImpDR as the SAT has it (01 to 08), not %(found)s.", found=said),
            "CRP20245")
    elif said == OBJECT and not found:
        draft.refuse("tax_object", f"{where}.ObjetoImpDR", _(
            "To send this you must say the taxes of the invoice, or that it bears none (ObjetoImpDR 01)."), "CRP20246")
    elif said in UNTAXED_OBJECTS and found:
        draft.refuse("tax_object", f"{where}.ObjetoImpDR", _(
            "To send this you must take the taxes of the invoice away, or give ObjetoImpDR 02."), "CRP20247")
    return found, said


def _shares(draft: Draft, where: str, entry: Mapping[str, Any], paid: Decimal, total: Decimal) -> tuple[Tributo, ...]:
    """BaseDR = round6(ImpPagado × Base / Total), ImporteDR = round6(BaseDR × rate), for each tax of the invoice."""
    if total <= 0:
        return ()
    found = []
    for tax, base in _invoice_taxes(draft, where, entry, total):
        share = six(paid * base / total)
        if share <= 0:
            continue
        importe = None if tax.rate is None else six(share * tax.rate / HUNDRED)
        found.append(Tributo(tax, share, importe))
    return tuple(found)


def _invoice_taxes(draft: Draft, where: str, entry: Mapping[str, Any], total: Decimal) -> list[tuple[Tax, Decimal]]:
    """Each tax of the invoice with its base."""
    said = entry.get("taxes")
    if not isinstance(said, list):
        if str(entry.get("ObjetoImpDR") or "") in UNTAXED_OBJECTS:
            return []
        said = [tax.entry for line in draft.case.lines for tax in line.taxes][:1]
        if not said:
            said = [USUAL]
            draft.remark("taxes_assumed", f"{where}.taxes", _(
                "The taxes of the invoice are not said; IVA of 16 % on all of it is assumed."))
    read = [(_tax(draft, f"{where}.taxes[{index}]", one), one) for index, one in enumerate(said)]
    return _with_bases(draft, where, [(tax, decimal_of(one.get("base"))) for tax, one in read if tax is not None],
                       total)


def _tax(draft: Draft, where: str, said: Any) -> Tax | None:
    """A tax of an invoice; None of what is outside the taxes, and of what cannot be read."""
    given: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
    category = given.get("category")
    if not isinstance(given.get("code"), str) or (decimal_of(given.get("rate")) is None and category not in CATEGORIES):
        draft.refuse("tax", where, _(
            'To send this you must give each tax of the invoice with its code and its rate, like {"code": "VAT", '
            '"rate": "16", "base": "100.00"}.'), "CRP20259")
        return None
    if category in (UNTAXED, EXCLUDED):
        return None
    tax = taxes_of([given])[0]
    number = catalogs.IMPUESTOS.get(tax.code)
    if number is None or (tax.rate is not None and not catalogs.rate_exists(number, tax.rate / HUNDRED, tax.withheld)):
        draft.refuse("rate_unknown", where, _(
            "To send this you must choose a rate that the SAT has for %(tax)s, not %(rate)s %%.", tax=tax.code,
            rate=plain(tax.rate or ZERO)), "CRP20253" if tax.withheld else "CRP20260")
        return None
    return tax


def _with_bases(draft: Draft, where: str, taxes: list[tuple[Tax, Decimal | None]],
                total: Decimal) -> list[tuple[Tax, Decimal]]:
    """The taxes with their bases; where one is not said, as if all lines bore the same taxes (IVA on IEPS too)."""
    if all(base is not None for _tax, base in taxes):
        return [(tax, base) for tax, base in taxes if base is not None]
    vats = [tax for tax, _base in taxes if (tax.code, tax.withheld) == (VAT, False)]
    if len(vats) > 1:
        draft.refuse("bases", f"{where}.taxes", _(
            "To send this you must give the base of each tax of the invoice, because it has several rates of IVA."),
            "CRP20255")
    ieps = ONE + _fraction(taxes, IEPS, False)
    withheld = sum((_fraction(taxes, code, True) for code in catalogs.IMPUESTOS), ZERO)
    inside = ieps * (ONE + _fraction(taxes, VAT, False)) - withheld
    return [(tax, base if base is not None else cents(total / inside * (ieps if tax in vats else ONE)))
            for tax, base in taxes]


def _fraction(taxes: Iterable[tuple[Tax, Decimal | None]], code: str, withheld: bool) -> Decimal:
    return sum((tax.rate for tax, _base in taxes if (tax.code, tax.withheld) == (code, withheld)
                and tax.rate is not None), ZERO) / HUNDRED
