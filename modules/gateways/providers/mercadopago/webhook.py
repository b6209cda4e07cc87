"""Notices: which are authentic, and what each asks for (reference 1.6, 1.7). Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any

from core import clock
from modules.gateways.access import Access
from modules.gateways.shapes import Incoming, Notice

DAY = 86_400
OK, UNSIGNED_IPN = "ok", "unsigned_ipn"
MISSING, MALFORMED, NO_TIME, NO_HASH = "missing_signature", "malformed_signature", "missing_timestamp", "missing_hash"
MISMATCH, OUT_OF_TOLERANCE = "signature_mismatch", "timestamp_out_of_tolerance"
# topic -> where what it speaks of is read; a bare number is a payment
PLACES = {
    "payment": "", "merchant_order": "merchant_orders/", "topic_merchant_order_wh": "merchant_orders/",
    "chargebacks": "chargebacks/", "topic_chargebacks_wh": "chargebacks/",
}
# a claim changes the state of a payment, and does not say of which
CLAIMS = "topic_claims_integration_wh"


class MercadoPagoWebhook:
    """The notices of an account. A body is never believed: what it names is read with our token."""

    def notice(self, access: Access, incoming: Incoming) -> Notice:
        """Whether it is authentic, and what to read."""
        body = _body(incoming)
        reason = _reason(access, incoming)
        if reason == UNSIGNED_IPN:
            return Notice(False, reason, _event_id(incoming, body), _ipn_payment(incoming, body), "poll",
                          is_hint=True)
        if reason != OK:
            return Notice(False, reason, _event_id(incoming, body), _payment_id(incoming, body))
        topic = _text(incoming.query.get("type") or incoming.query.get("topic") or body.get("type"))
        number = _payment_id(incoming, body)
        if topic == CLAIMS:
            return Notice(True, OK, _event_id(incoming, body), "", "poll")
        return Notice(True, OK, _event_id(incoming, body), number, "read" if topic in PLACES and number else "ignore")

    def answer(self, notice: Notice) -> tuple[int, str, str]:
        """200 for what we have; 401 for what pretends to be signed."""
        good = notice.authentic or notice.reason == UNSIGNED_IPN
        return (200 if good else 401), "", "text/plain"


def _reason(access: Access, incoming: Incoming) -> str:
    header = incoming.headers.get("x-signature", "").strip()
    if not header:
        return UNSIGNED_IPN if _is_ipn(incoming) else MISSING
    ts, v1, wrong = _signature(header)
    if wrong:
        return wrong
    if not _matches(access, incoming, ts, v1):
        return MISMATCH
    return OK if abs(_seconds(ts) - int(clock.now().timestamp())) <= _tolerance(access) else OUT_OF_TOLERANCE


def _is_ipn(incoming: Incoming) -> bool:
    return bool(incoming.query.get("topic")) or bool(_body(incoming).get("topic"))


def _signature(header: str) -> tuple[str, str, str]:
    """(ts, v1, what is wrong) of `ts=1704908010,v1=<hex>`."""
    found: dict[str, str] = {}
    for part in header.split(","):
        name, equals, value = part.partition("=")
        if equals:
            found[name.strip().lower()] = value.strip()
    ts, v1 = found.get("ts", ""), found.get("v1", "").lower()
    if not ts and not v1:
        return "", "", MALFORMED
    if not ts or not v1:
        return "", "", NO_HASH if ts else NO_TIME
    if not re.fullmatch(r"[0-9]{1,20}", ts) or not re.fullmatch(r"[0-9a-f]+", v1):
        return "", "", MALFORMED
    return ts, v1, ""


def _matches(access: Access, incoming: Incoming, ts: str, v1: str) -> bool:
    """An alphanumeric data.id is signed in lower case by their page, as it comes by their library: either will do."""
    secret = str(access.get("webhook_secret") or access.get("secret"))
    if not secret:
        return False
    number, request = incoming.query.get("data.id", ""), incoming.headers.get("x-request-id", "")
    good = False
    for form in (number, number.lower()):
        good |= hmac.compare_digest(signed(secret, form, request, ts), v1)
    return good


def signed(secret: str, number: str, request: str, ts: str) -> str:
    """The hash over `id:…;request-id:…;ts:…;`, in which a part without value is left out whole."""
    parts = (("id", number), ("request-id", request), ("ts", ts))
    manifest = "".join(f"{name}:{value};" for name, value in parts if value.strip())
    return hmac.new(secret.encode("utf-8", "replace"), manifest.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _seconds(ts: str) -> int:
    """13 digits are milliseconds, 10 are seconds; their page says the one and shows the other."""
    return int(ts) // 1000 if len(ts) >= 12 else int(ts)


def _tolerance(access: Access) -> int:
    text = str(access.get("tolerance_seconds", access.get("tolerance", "")))
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else DAY


def _event_id(incoming: Incoming, body: Mapping[str, Any]) -> str:
    """The same for every repetition: the body's id and the request's; a hash where there are none."""
    parts = [_text(body.get("id")), incoming.headers.get("x-request-id", "").strip()]
    if found := ":".join(one for one in parts if one):
        return found[:200]
    query = "&".join(f"{name}={value}" for name, value in sorted(incoming.query.items()))
    return hashlib.sha256(f"{incoming.method} {query}\n{incoming.body}".encode("utf-8", "replace")).hexdigest()


def _payment_id(incoming: Incoming, body: Mapping[str, Any]) -> str:
    """What is to be read: the signed number of the query, else the body's."""
    data = body.get("data")
    number = incoming.query.get("data.id") or (_text(data.get("id")) if isinstance(data, Mapping) else "")
    topic = _text(incoming.query.get("type") or incoming.query.get("topic") or body.get("type"))
    return _place(topic, number)


def _ipn_payment(incoming: Incoming, body: Mapping[str, Any]) -> str:
    """?topic=payment&id=123, or {"resource": "…/123", "topic": "payment"}."""
    topic = incoming.query.get("topic") or _text(body.get("topic"))
    number = incoming.query.get("id") or _text(body.get("resource")).rstrip("/").rpartition("/")[2]
    return _place(topic, number)


def _place(topic: str, number: str) -> str:
    good = topic in PLACES and re.fullmatch(r"[0-9A-Za-z_-]{1,60}", number)
    return f"{PLACES[topic]}{number}" if good else ""


def _body(incoming: Incoming) -> dict[str, Any]:
    try:
        found = json.loads(incoming.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
