"""Links of ComboPay, and asking about them (reference 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from core.errors import Rejected
from core.i18n import _, lazy
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.providers.combopay import mapping
from modules.gateways.providers.combopay.client import ComboPay
from modules.gateways.shapes import Attempt, Debt, Opened, Reading


class ComboPayCheckout:
    """Opened: `provider_ref` is the link's number, `data` what it asks for."""

    methods: Mapping[str, Any] = {"link": lazy("ComboPay link")}

    def problem(self, access: Access, debt: Debt, method: str) -> str:
        """Why this debt cannot be collected this way; "" where it can."""
        return mapping.problem(debt) if method in self.methods else _("ComboPay opens no %(method)s.", method=method)

    def open(self, access: Access, debt: Debt, attempt: Attempt) -> Opened:
        """The link of our reference: the same one when it is asked for again."""
        try:
            body = mapping.request(access, debt, attempt, notice_address(access, attempt))
        except BadDebt as problem:
            raise Rejected(str(problem), code="bad_debt") from problem
        link = ComboPay(access).open_link(body)
        return Opened(link.number, link.url, expires_at=attempt.expires_at, data={"value": str(body["value"])})

    def find(self, access: Access, attempt: Attempt) -> Opened | None:
        """Asked for again, the same link comes: nothing has to be looked for."""
        return None

    def close(self, access: Access, opened: Opened, attempt: Attempt) -> None:
        """ComboPay has no call for it: what is paid all the same is told, and asked for."""


class ComboPayPoll:
    """The state of a link by its number; ComboPay lists nothing."""

    def read(self, access: Access, payment_id: str = "", reference: str = "",
             opened: Opened | None = None) -> list[Reading]:
        """The payment of a link of ours. Rejected where a notice names no link of ours: nobody can prove it."""
        if opened is None:
            raise Rejected(_("This notice names no debt that a link was opened for: %(number)s.",
                             number=(reference or payment_id)[:60]), code="not_ours")
        return [mapping.reading(access, opened, reference, ComboPay(access).status(opened.provider_ref))]

    def since(self, access: Access, cursor: str) -> tuple[list[Reading], str, bool]:
        """ComboPay lists no changes; links are asked about one by one."""
        return [], cursor, False


def notice_address(access: Access, attempt: Attempt) -> str:
    """Our address for its notices, with the token that the account has of its own."""
    address, token = attempt.notice_url or access.notice_url, str(access.get("notice_token"))
    return f"{address}?{urlencode({'token': token})}" if token else address
