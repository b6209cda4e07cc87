"""What comes from CardNET by itself: the payer's way back, and notifications of the token service (8.1, 8.3). Pure.

The way back is a hint without signature: it names a session, and the session is read with its key. A notification
carries the private key; a host that stands in it is never followed.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from modules.gateways.access import Access
from modules.gateways.providers import hints, values
from modules.gateways.providers.cardnet import mapping
from modules.gateways.providers.cardnet.checkout import PURCHASE
from modules.gateways.shapes import Incoming, Notice

OK, UNSIGNED, MISSING, WRONG = "ok", "unsigned", "missing_signature", "signature_mismatch"


class CardNETWebhook:
    """Both kinds reach the same address."""

    def notice(self, access: Access, incoming: Incoming) -> Notice:
        """Whether it is authentic, and what to read."""
        told = hints.fields(incoming)
        if "NotificationId" in told or "ResourceType" in told or incoming.headers.get("authorization"):
            return _notification(access, incoming, told)
        session = values.text(told.get("SESSION"))[:120]
        event = f"return:{session}" if session else hints.digest(incoming)
        reason = hints.reason(access, incoming)
        reason = UNSIGNED if reason == hints.NO_TOKEN else reason
        return Notice(reason == OK, reason, event, session, "read" if session else "ignore",
                      is_hint=True)

    def answer(self, notice: Notice) -> tuple[int, str, str]:
        """200 means done; CardNET repeats after anything else. 401 for what has not our key."""
        return (401 if notice.reason in (MISSING, WRONG, hints.WRONG_TOKEN) else 200), "", "text/plain"


def _notification(access: Access, incoming: Incoming, told: Mapping[str, Any]) -> Notice:
    payment = mapping.noticed(told)
    number = values.text(values.mapping(told.get("ResourceObject")).get("PurchaseId"))
    reason = _reason(access, incoming.headers.get("authorization", ""))
    event = values.text(told.get("NotificationId"))
    place = f"{PURCHASE}{number}"[:120] if number and told.get("ResourceType") == "Purchase" else ""
    return Notice(reason == OK, reason, f"notification:{event}"[:200] if event else hints.digest(incoming), place,
                  "read" if place else "ignore", payment)


def _reason(access: Access, header: str) -> str:
    """Basic with the private key itself."""
    key = str(access.get("private_key"))
    if not header:
        return MISSING
    good = hmac.compare_digest(f"Basic {key}".encode(), header.strip().encode("utf-8", "replace"))
    return OK if key and good else WRONG
