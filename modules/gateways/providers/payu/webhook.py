"""Confirmations of PayU, and the page to which the payer comes back (reference 1.4, 1.5). Pure.

A confirmation says what to read; nothing is booked from it. In this order: is it for us, is it signed, is it of our
world (test or real). The page of the payer is judged by its own rule, and books nothing either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qsl

from modules.gateways.access import Access
from modules.gateways.providers.payu import mapping, signing
from modules.gateways.providers.payu.client import is_test
from modules.gateways.shapes import Incoming, Notice

OK, OTHER_MERCHANT, MISSING, MISMATCH = "ok", "other_merchant", "missing_signature", "signature_mismatch"
TEST, NO_TEST = "test_notice", "real_notice"
UNREADABLE = "unreadable"


class PayUWebhook:
    """What PayU sends by itself."""

    def notice(self, access: Access, incoming: Incoming) -> Notice:
        """Whether it is authentic, and what to read."""
        if incoming.method == "GET":
            return _returned(access, incoming.query)
        form = _form(incoming.body)
        reason, payment = _reason(access, form), mapping.confirmed(access, form)
        if payment is None:
            return Notice(False, UNREADABLE if reason == OK else reason, _digest(incoming), action="ignore")
        event = f"{form.get('transaction_id', '')}:{form.get('state_pol', '')}"[:200]
        return Notice(reason == OK, reason, event, payment.external_id, "read", payment)

    def answer(self, notice: Notice) -> tuple[int, str, str]:
        """200 for what we have; 401 for what is not signed by PayU for us."""
        return (401 if notice.reason in (OTHER_MERCHANT, MISSING, MISMATCH) else 200), "", "text/plain"


def _reason(access: Access, form: Mapping[str, str]) -> str:
    if not signing.same(str(access.get("merchant_id", "-")), form.get("merchant_id", "")):
        return OTHER_MERCHANT
    if not form.get("sign", "").strip():
        return MISSING
    if not access.get("api_key") or not signing.same(signing.confirmation(access, form), form["sign"]):
        return MISMATCH
    test = form.get("test", "0") != "0"
    if test != is_test(access):
        return TEST if test else NO_TEST
    return OK


def _returned(access: Access, query: Mapping[str, str]) -> Notice:
    """The payer's browser came back: to be shown, and a hint to read."""
    number, reference = query.get("transactionId", ""), query.get("referenceCode", "")
    event = f"{number}:{query.get('transactionState', '')}:return"[:200]
    if not signing.same(str(access.get("merchant_id", "-")), query.get("merchantId", "")):
        reason = OTHER_MERCHANT
    elif not query.get("signature", "").strip():
        reason = MISSING
    else:
        good = access.get("api_key") and signing.same(signing.response(access, query), query["signature"])
        reason = OK if good else MISMATCH
    told = mapping.returned(query) if number and reference else None
    return Notice(reason == OK, reason, event, number[:120], "read" if told else "ignore", told)


def _form(body: str) -> dict[str, str]:
    """The fields of a form, the last one of each name; an empty one for what is no form."""
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=300))
    except ValueError:
        return {}


def _digest(incoming: Incoming) -> str:
    return hashlib.sha256(f"{incoming.method}\n{incoming.body}".encode("utf-8", "replace")).hexdigest()
