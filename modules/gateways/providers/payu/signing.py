"""PayU's signatures (reference 1.3 to 1.5): the same parts joined by ~, and two ways to round what is signed. Pure.

Amounts are worked on as text: a float would lose the decimals that were signed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from core.i18n import lazy
from modules.gateways.access import Access

# our setting -> the hash, and how PayU's form calls it
ALGORITHMS: dict[str, Any] = {"md5": hashlib.md5, "sha1": hashlib.sha1, "sha256": hashlib.sha256}
WIRE = {"md5": "MD5", "sha1": "SHA", "sha256": "SHA256"}
TITLES = {"sha256": lazy("SHA256: for new accounts"), "sha1": "SHA", "md5": "MD5"}
# what PayU takes where nobody says which
DEFAULT = "md5"
# lists of ways to pay that enter the signature of a form, in this order
LISTS = ("paymentMethods", "iin", "pseBanks")
_VALUE = re.compile(r"[0-9]{1,14}(\.[0-9]{0,2})?")


def algorithm(access: Access) -> str:
    """The algorithm of the account; the only one that is tried."""
    found = str(access.get("algorithm", DEFAULT)).lower()
    return found if found in ALGORITHMS else DEFAULT


def sign(access: Access, *parts: str) -> str:
    """Hex, lower case, over the account's key and these parts."""
    text = "~".join((str(access.need("api_key")), *parts))
    made = ALGORITHMS[algorithm(access)](text.encode("utf-8", "replace"), usedforsecurity=False)
    return str(made.hexdigest())


def order(access: Access, reference: str, amount: str, currency: str, sent: Mapping[str, str] | None = None) -> str:
    """Of a form or an order of the API: `amount` is the very text that is sent."""
    lists = [sent[name] for name in LISTS if sent and sent.get(name)]
    return sign(access, str(access.need("merchant_id")), reference, amount, currency, *lists)


def confirmation(access: Access, form: Mapping[str, str]) -> str:
    """Of a confirmation, over what it says itself."""
    return sign(access, *(form.get(name, "") for name in ("merchant_id", "reference_sale")),
                new_value(form.get("value", "")), *(form.get(name, "") for name in ("currency", "state_pol")))


def response(access: Access, query: Mapping[str, str]) -> str:
    """Of the page to which the payer's browser comes back."""
    return sign(access, *(query.get(name, "") for name in ("merchantId", "referenceCode")),
                one_decimal(query.get("TX_VALUE", "")), *(query.get(name, "")
                                                          for name in ("currency", "transactionState")))


def same(expected: str, found: str) -> bool:
    """Compared in constant time, capitals or not."""
    return hmac.compare_digest(expected.encode(), found.strip().lower().encode("utf-8", "replace"))


def new_value(value: str) -> str:
    """The value of a confirmation as it is signed: one decimal where the second is zero, else two (150.00 → 150.0).

    What is no amount stays as it is: it was signed by nobody.
    """
    if not _VALUE.fullmatch(value):
        return value
    whole, _point, decimals = value.partition(".")
    decimals = decimals.ljust(2, "0")
    return f"{whole}.{decimals[0] if decimals[1] == '0' else decimals}"


def one_decimal(value: str) -> str:
    """The value of a response page as it is signed: one decimal, half to even (150.25 → 150.2, 150.35 → 150.4)."""
    if not re.fullmatch(r"[0-9]{0,14}(\.[0-9]{0,6})?", value) or not any(sign.isdigit() for sign in value):
        return value
    return str(Decimal(value).quantize(Decimal("0.1"), ROUND_HALF_EVEN))
