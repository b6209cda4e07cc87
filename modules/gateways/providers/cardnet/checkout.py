"""CardNET's hosted page, and asking what became of it (reference 8.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import clock
from core.errors import Rejected
from core.i18n import _, lazy
from modules.gateways.access import Access
from modules.gateways.providers.cardnet import asking, mapping
from modules.gateways.providers.cardnet.client import CardNET, address_of
from modules.gateways.shapes import Attempt, Debt, Opened, Reading

METHODS: Mapping[str, Any] = {"link": lazy("CardNET page")}
PURCHASE = "purchase/"


class CardNETCheckout:
    """Opened: `provider_ref` is the session, `secret` its key, `form` what the payer's browser posts."""

    methods = METHODS

    def problem(self, access: Access, debt: Debt, method: str) -> str:
        """Why this debt cannot be collected this way; "" where it can."""
        return asking.problem(access, debt) if method in METHODS else _("CardNET opens no %(method)s.", method=method)

    def open(self, access: Access, debt: Debt, attempt: Attempt) -> Opened:
        """A session; it lives for a day at most."""
        now, body = clock.now(), asking.session(access, debt, attempt)
        session, key = CardNET(access).open_session(body)
        return Opened(session, f"{address_of(access)}/authorize", {"SESSION": session},
                      expires_at=min(now + mapping.LIFE, attempt.expires_at), secret=key,
                      data=asking.opened_data(access, debt, body, now.isoformat()))

    def find(self, access: Access, attempt: Attempt) -> Opened | None:
        """A session whose answer was lost is known to nobody: another one is opened."""
        return None

    def close(self, access: Access, opened: Opened, attempt: Attempt) -> None:
        """CardNET has no call for it: a session ends by itself."""


class CardNETPoll:
    """A session by its key, a purchase of the token service by its number."""

    def read(self, access: Access, payment_id: str = "", reference: str = "",
             opened: Opened | None = None) -> list[Reading]:
        """The payment of a session of ours. Rejected for a session that is not ours: nobody else has its key."""
        if payment_id.startswith(PURCHASE):
            found = CardNET(access).purchase(payment_id.removeprefix(PURCHASE))
            return mapping.purchase(access, found) if found else []
        if opened is None or not opened.secret:
            raise Rejected(_("This is no session that was opened from here: %(number)s.", number=payment_id[:60]),
                           code="not_ours")
        told = CardNET(access).session(opened.provider_ref, opened.secret)
        return [mapping.reading(access, opened, reference, told, clock.now())]

    def since(self, access: Access, cursor: str) -> tuple[list[Reading], str, bool]:
        """CardNET lists no sessions; they are asked about one by one."""
        return [], cursor, False
