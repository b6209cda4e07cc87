"""What PayU's manual says of signatures, fields, states and refusals (reference 1.2 to 1.5). Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

HASHES = {"MD5": "md5", "SHA": "sha1", "SHA256": "sha256"}
# field -> most characters; those that must be there
SIZES = {"merchantId": 12, "accountId": 6, "referenceCode": 255, "description": 255, "amount": 14, "currency": 3,
         "signature": 255, "buyerFullName": 150, "buyerEmail": 255, "telephone": 50, "payerDocument": 25,
         "responseUrl": 255, "confirmationUrl": 255}
NEEDED = ("merchantId", "accountId", "referenceCode", "description", "amount", "tax", "taxReturnBase", "currency",
          "signature", "buyerFullName", "buyerEmail", "telephone")
# our pages' ways to pay: (paymentMethod, type, name)
CARD, PSE = ("VISA", "2", "VISA"), ("PSE", "4", "PSE")
COUNTERS = {"EFECTY": (20_000, 6_000_000), "OTHERS_CASH": (1_000, 4_000_000), "BANK_REFERENCED": (1, 99_999_999)}
# responseCode: (state of the API, state_pol, response_code_pol)
ANSWERS = {
    "APPROVED": ("APPROVED", "4", "1"), "INSUFFICIENT_FUNDS": ("DECLINED", "6", "6"),
    "INVALID_CARD": ("DECLINED", "6", "7"), "EXPIRED_CARD": ("DECLINED", "6", "9"),
    "RESTRICTED_CARD": ("DECLINED", "6", "10"), "ENTITY_DECLINED": ("DECLINED", "6", "5"),
    "CONTACT_THE_ENTITY": ("DECLINED", "6", "8"), "EXCEEDED_AMOUNT": ("DECLINED", "6", "17"),
    "INVALID_EXPIRATION_DATE_OR_SECURITY_CODE": ("DECLINED", "6", "12"),
    "ANTIFRAUD_REJECTED": ("DECLINED", "6", "23"), "ABANDONED_TRANSACTION": ("DECLINED", "6", "19"),
    "PAYMENT_NETWORK_REJECTED": ("DECLINED", "6", "4"), "BANK_UNREACHABLE": ("DECLINED", "6", "9996"),
    "EXPIRED_TRANSACTION": ("EXPIRED", "5", "20"), "ERROR": ("ERROR", "104", "9999"),
    "PENDING_TRANSACTION_CONFIRMATION": ("PENDING", "7", "25"),
    "PENDING_AWAITING_PSE_CONFIRMATION": ("PENDING", "7", "9994"),
}
DECLINES = tuple(code for code, (state, _pol, _code) in ANSWERS.items() if state == "DECLINED")


class Refused(Exception):
    """What PayU does not do; its words."""


def signed(account: Mapping[str, Any], algorithm: str, *parts: str) -> str:
    """hash(ApiKey~part~part…), hex in lower case."""
    if algorithm not in HASHES:
        raise Refused(f"Invalid algorithm: {algorithm}")
    return hashlib.new(HASHES[algorithm], "~".join((account["api_key"], *parts)).encode()).hexdigest()


def form(account: Mapping[str, Any] | None, sent: Mapping[str, str]) -> None:
    """Refused where the form is not one that PayU shows a page for."""
    if account is None:
        raise Refused("The merchant does not exist")
    for name in NEEDED:
        if not sent.get(name):
            raise Refused(f"The parameter {name} is required")
    for name, most in SIZES.items():
        if len(sent.get(name, "")) > most:
            raise Refused(f"The parameter {name} is longer than {most}")
    if sent["accountId"] not in account["accounts"]:
        raise Refused("The account does not belong to the merchant")
    money(sent["amount"], sent["tax"], sent["taxReturnBase"])
    _reference(sent["referenceCode"])
    currency(account, sent["accountId"], sent["currency"])
    if sent.get("test", "0") not in ("0", "1"):
        raise Refused("The parameter test must be 0 or 1")
    lists = [sent[name] for name in ("paymentMethods", "iin", "pseBanks") if sent.get(name)]
    algorithm = sent.get("algorithmSignature") or "MD5"
    expected = signed(account, algorithm, sent["merchantId"], sent["referenceCode"], sent["amount"],
                      sent["currency"], *lists)
    if sent["signature"].lower() != expected:
        raise Refused("The signature sent is not valid")


def order(account: Mapping[str, Any], sent: Mapping[str, Any]) -> Decimal:
    """The amount of an order of the API; Refused where PayU makes none of it."""
    values = sent.get("additionalValues") or {}
    if str(sent.get("accountId")) not in account["accounts"]:
        raise Refused("The account does not belong to the merchant")
    value = values.get("TX_VALUE") or {}
    text = _written(value.get("value"))
    money(text, _written((values.get("TX_TAX") or {}).get("value", 0)),
          _written((values.get("TX_TAX_RETURN_BASE") or {}).get("value", 0)))
    _reference(str(sent.get("referenceCode") or ""))
    currency(account, str(sent["accountId"]), str(value.get("currency")))
    buyer = sent.get("buyer") or {}
    if not buyer.get("fullName") or not buyer.get("emailAddress"):
        raise Refused("The buyer's name and e-mail are required")
    good = {signed(account, name, account["merchant_id"], sent["referenceCode"], text, value["currency"])
            for name in HASHES}
    if str(sent.get("signature")).lower() not in good:
        raise Refused("The signature sent is not valid")
    return Decimal(text)


def money(amount: str, tax: str, base: str) -> None:
    """Amounts with at most two decimals, tax and its base within the amount."""
    for text in (amount, tax, base):
        if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,2})?", text):
            raise Refused(f"The value {text[:20]} is not valid")
    if Decimal(amount) <= 0:
        raise Refused("The amount must be greater than zero")
    if Decimal(tax) + Decimal(base) > Decimal(amount):
        raise Refused("tax plus taxReturnBase cannot be greater than amount")


def currency(account: Mapping[str, Any], number: str, code: str) -> None:
    """An account belongs to a country; dollars are taken everywhere."""
    if code not in (account["accounts"][number], "USD"):
        raise Refused(f"The currency {code} is not valid for this account")


def _reference(text: str) -> None:
    if not re.fullmatch(r"[0-9A-Za-z-]{1,255}", text):
        raise Refused("The referenceCode has characters that are not allowed")


def _written(value: Any) -> str:
    """A number of JSON as it stood there, without idle zeros."""
    text = f"{Decimal(str(value)):f}" if isinstance(value, int | Decimal) and not isinstance(value, bool) else ""
    return text.rstrip("0").rstrip(".") if "." in text else text


def confirmation_value(amount: Decimal) -> str:
    """As it is signed in a confirmation: one decimal where the second one is zero."""
    cents = int(amount * 100)
    return f"{cents // 100}.{cents % 100 // 10}" if cents % 10 == 0 else f"{cents // 100}.{cents % 100:02d}"


def response_value(amount: Decimal) -> str:
    """As it is signed on the response page: one decimal, half to even."""
    return f"{Decimal(amount).quantize(Decimal('0.1'), ROUND_HALF_EVEN):f}"
