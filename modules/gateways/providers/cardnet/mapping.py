"""Sessions and purchases of CardNET → readings (reference 8.1 to 8.3). Pure.

A session tells no amount for sure: what our own row asked for is booked, and only where nothing that comes back
contradicts it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from modules.gateways.access import Access
from modules.gateways.providers import values
from modules.gateways.providers.cardnet import words
from modules.gateways.shapes import MISCONFIGURED, ZERO, Opened, Reading, Reference

# a session that its payer did not end by then is over
LIFE = dt.timedelta(hours=24)
PURCHASES = {1: "approved", 2: "pending", 3: "pending", 4: "rejected"}
CURRENCIES = ("DOP", "USD")
KEPT = ("OrdenID", "TransactionID", "ResponseCode", "AuthorizationCode", "RetrivalReferenceNumber", "CreditCardNumber",
        "Amount")


def reading(access: Access, opened: Opened, reference: str, found: Mapping[str, Any] | None,
            now: dt.datetime) -> Reading:
    """The state of a session of ours."""
    code = words.of(values.text((found or {}).get("ResponseCode")))
    if found is None:
        status, reason = ("expired" if _is_over(opened, now) else "pending"), ""
    elif wrong := _contradiction(opened, found):
        status, reason = "mismatch", wrong
    else:
        status, reason = code.status, "" if code.status == "approved" else f"{code.code} {code.sentence}".strip()
    amount = values.amount(str(opened.data.get("amount") or "")) or ZERO
    return Reading(
        opened.provider_ref, status if amount else "unknown", amount, str(opened.data.get("currency") or "DOP"),
        access.day(now) if status == "approved" else None, channel="card",
        reference=Reference(invoice=reference, attempt=reference), reason=reason,
        remarks=(MISCONFIGURED,) if status == "error" and code.kind == words.CONFIGURATION else (),
        raw=values.kept(found or {}, KEPT))


def _is_over(opened: Opened, now: dt.datetime) -> bool:
    try:
        return now - dt.datetime.fromisoformat(str(opened.data.get("opened"))) > LIFE
    except ValueError:
        return False


def _contradiction(opened: Opened, found: Mapping[str, Any]) -> str:
    """What comes back that is not what was sent; "" where nothing is."""
    for name, sent in (("OrdenID", "order"), ("TransactionID", "transaction")):
        told = values.text(found.get(name))
        if told and told != str(opened.data.get(sent)):
            return f"{name} {told}"
    told = values.text(found.get("Amount"))
    if told and (not re.fullmatch(r"[0-9]{1,18}", told) or Decimal(told).scaleb(-2) != Decimal(
            str(opened.data.get("amount") or 0))):
        return f"Amount {told}"
    return ""


def purchase(access: Access, found: Mapping[str, Any]) -> list[Reading]:
    """A purchase of the token service, and what was given back of it."""
    number, order = values.text(found.get("PurchaseId")), values.text(found.get("Order"))
    cents, currency = found.get("Amount"), values.text(found.get("Currency"))
    whole = isinstance(cents, int) and not isinstance(cents, bool) and cents > 0 and currency in CURRENCIES
    told = values.mapping(found.get("Transaction"))
    status = PURCHASES.get(told.get("TransactionStatusId", 0), "unknown") if whole else "unknown"
    amount = Decimal(cents).scaleb(-2) if whole and isinstance(cents, int) else ZERO
    step = next(iter(values.objects(told.get("Steps"))), {})
    code = words.of(values.text(step.get("ResponseCode")))
    paid = Reading(
        f"purchase-{number}", status, amount, currency or "DOP", _day(values.text(found.get("Created"))),
        channel="card", reference=Reference(invoice=order[:80], attempt=order[:80]),
        reason="" if status == "approved" else f"{code.code} {code.sentence}".strip(), raw=values.kept(
            found, ("PurchaseId", "Order", "Amount", "Currency", "UniqueID", "RefundList")))
    return [paid] if number else []


def noticed(told: Mapping[str, Any]) -> Reading | None:
    """What a notification of the token service says of a purchase: read again, never believed."""
    found = purchase(Access("cardnet", {}), values.mapping(told.get("ResourceObject")))
    return found[0] if found else None


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None
