"""What is asked of PayU: the form of a page, the order of a cash receipt (reference 1.2, 1.3, 1.7). Pure.

The text of the amount that is sent is the text that is signed, so it is written once.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from core.exact_json import number
from core.i18n import _, format_amount, lazy
from modules.gateways import dues
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.providers.payu import signing
from modules.gateways.providers.payu.client import form_address, is_test
from modules.gateways.shapes import Attempt, Coupon, Debt, Opened, Payer

ZONE, CURRENCY = ZoneInfo("America/Bogota"), "COP"
LINK = "link"
# PayU ignores a later end of a cash receipt
LONGEST = dt.timedelta(days=7)
SEVERAL = 3
DOCUMENTS = {"CC": "CC", "CE": "CE", "NIT": "NIT", "TI": "TI", "PASAPORTE": "PP", "PAS": "PP", "PP": "PP"}


@dataclass(frozen=True)
class Cash:
    """A network of counters: PayU's name of it, its limits in pesos (None: not known)."""

    title: Any
    code: str
    least: Decimal | None = None
    most: Decimal | None = None


CASH = {
    "efecty": Cash(lazy("Efecty"), "EFECTY", Decimal(20_000), Decimal(6_000_000)),
    "sured": Cash(lazy("SuRed"), "OTHERS_CASH", Decimal(1_000), Decimal(4_000_000)),
    "bank": Cash(lazy("Bank counter"), "BANK_REFERENCED"),
}
METHODS: dict[str, Any] = {LINK: lazy("PayU page"), **{code: cash.title for code, cash in CASH.items()}}


def problem(debt: Debt, method: str) -> str:
    """Why this debt cannot be collected this way, in words; "" where it can."""
    if method not in METHODS:
        return _("PayU opens no %(method)s.", method=method)
    try:
        dues.check(debt, SEVERAL, CURRENCY)
    except BadDebt as error:
        return str(error)
    if len(written(debt.amount)) > 10:
        return _("PayU takes amounts of at most ten characters; found: %(found)s.", found=written(debt.amount))
    cash = CASH.get(method)
    if cash and cash.least is not None and debt.amount < cash.least:
        return _("%(method)s takes %(amount)s at least.", method=cash.title, amount=format_amount(cash.least, CURRENCY))
    if cash and cash.most is not None and debt.amount > cash.most:
        return _("%(method)s takes %(amount)s at most.", method=cash.title, amount=format_amount(cash.most, CURRENCY))
    return ""


def written(amount: Decimal) -> str:
    """An amount as it is sent and signed: 89900, 89900.26."""
    return number(amount)


def page(access: Access, debt: Debt, attempt: Attempt, now: dt.datetime) -> Opened:
    """The page, as a form that the payer's browser posts; nobody needs to be asked."""
    fields, address = _form(access, debt, attempt, now), form_address(access)
    signed = signing.order(access, fields["referenceCode"], fields["amount"], CURRENCY, fields)
    return Opened(attempt.reference, address, {**fields, "signature": signed}, expires_at=attempt.expires_at,
                  data={"amount": fields["amount"]})


def _form(access: Access, debt: Debt, attempt: Attempt, now: dt.datetime) -> dict[str, str]:
    payer = _payer(access, debt, attempt)
    found = {
        "merchantId": str(access.need("merchant_id")), "accountId": str(access.need("account_id")),
        "referenceCode": _reference(attempt), "description": _words(debt, attempt),
        "amount": written(debt.amount), "tax": _tax(debt, "tax"), "taxReturnBase": _tax(debt, "tax_base"),
        "currency": CURRENCY, "algorithmSignature": signing.WIRE[signing.algorithm(access)],
        "test": "1" if is_test(access) else "0", "lng": "es", "buyerFullName": payer.name[:150],
        "buyerEmail": payer.email[:255], "telephone": payer.phone[:50] or "0", "payerFullName": payer.name[:150],
        "payerEmail": payer.email[:255], "payerDocument": payer.document[:25],
        "payerDocumentType": DOCUMENTS.get(payer.document_kind.upper(), ""),
        "responseUrl": attempt.return_url or access.return_url,
        "confirmationUrl": attempt.notice_url or access.notice_url,
        "expirationDate": f"{_end(attempt, now):%Y-%m-%d %H:%M:%S}",
        "extra1": debt.customer, "extra2": debt.invoice}
    return {name: value for name, value in found.items() if value}


def receipt(access: Access, debt: Debt, attempt: Attempt, now: dt.datetime) -> dict[str, Any]:
    """The transaction by which PayU makes a cash receipt."""
    payer, amount = _payer(access, debt, attempt), written(debt.amount)
    person = {"fullName": payer.name[:150], "emailAddress": payer.email[:255], "contactPhone": payer.phone[:20] or "0",
              "dniNumber": payer.document[:20]}
    tax, base = _tax(debt, "tax"), _tax(debt, "tax_base")
    order = {
        "accountId": str(access.need("account_id")), "referenceCode": _reference(attempt),
        "description": _words(debt, attempt), "language": "es",
        "signature": signing.order(access, attempt.reference, amount, CURRENCY),
        "notifyUrl": attempt.notice_url or access.notice_url,
        "additionalValues": {"TX_VALUE": _value(amount), "TX_TAX": _value(tax), "TX_TAX_RETURN_BASE": _value(base)},
        "buyer": person}
    return {"order": order, "payer": person, "type": "AUTHORIZATION_AND_CAPTURE",
            "paymentMethod": CASH[attempt.method].code, "expirationDate": f"{_end(attempt, now):%Y-%m-%dT%H:%M:%S}",
            "paymentCountry": "CO", "ipAddress": attempt.payer.ip or "127.0.0.1"}


def made(answer: Mapping[str, Any], receipt_of: Mapping[str, Any]) -> Opened:
    """A receipt that PayU made: its number to be said at the counter, the page with its bar code."""
    numbers = {name: str(receipt_of[name]) for name in ("REFERENCE", "BANCOLOMBIA_SERVICE_CODE")
               if receipt_of.get(name) not in (None, "")}
    link = str(receipt_of.get("URL_PAYMENT_RECEIPT_HTML") or receipt_of.get("URL_PAYMENT_RECEIPT_PDF") or "")
    ends = receipt_of.get("EXPIRATION_DATE")
    return Opened(str(answer.get("orderId") or ""), link, coupon=Coupon(text=" ".join(numbers.values()), link=link),
                  expires_at=dt.datetime.fromtimestamp(ends / 1000, dt.UTC) if isinstance(ends, int) else None,
                  data={"order": str(answer.get("orderId") or ""), **numbers,
                        "transaction": str(answer.get("transactionId") or ""),
                        "pdf": str(receipt_of.get("URL_PAYMENT_RECEIPT_PDF") or "")})


def _value(text: str) -> dict[str, Any]:
    return {"value": Decimal(text), "currency": CURRENCY}


def _tax(debt: Debt, name: str) -> str:
    """IVA that is in the amount, where the debt says it; 0 for what bears none."""
    return written(Decimal(str(debt.extra.get(name) or 0)))


def _reference(attempt: Attempt) -> str:
    if not re.fullmatch(r"[0-9A-Za-z-]{1,255}", attempt.reference):
        raise BadDebt(_("PayU takes references of letters, digits and hyphens only; found: %(found)s.",
                        found=attempt.reference[:60]))
    return attempt.reference


def _words(debt: Debt, attempt: Attempt) -> str:
    return " ".join((attempt.description or debt.concept).split())[:255] or attempt.reference


def _end(attempt: Attempt, now: dt.datetime) -> dt.datetime:
    return min(attempt.expires_at, now + LONGEST).astimezone(ZONE)


def _payer(access: Access, debt: Debt, attempt: Attempt) -> Payer:
    """PayU insists on a name and an e-mail; the account's own address serves who has none."""
    payer = attempt.payer
    email, name = payer.email or str(access.get("payer_email")), payer.name or debt.name
    if not email or not name:
        raise BadDebt(_("PayU wants the payer's name and e-mail. Add an e-mail to the customer, or set one for "
                        "customers who have none in the gateway's settings."))
    return Payer(name, email, payer.phone, payer.document_kind, payer.document, payer.address)
