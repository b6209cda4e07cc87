"""Pages of Pagoralia: one receipt per debt on the customer's permanent page, and asking about it (reference 7.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import Rejected
from core.i18n import _, lazy
from modules.gateways.access import Access
from modules.gateways.providers.pagoralia import mapping
from modules.gateways.providers.pagoralia.client import Pagoralia
from modules.gateways.shapes import Attempt, Debt, Opened, Reading

METHODS: Mapping[str, Any] = {"link": lazy("Pagoralia page")}


class PagoraliaCheckout:
    """Opened: `provider_ref` is customer/receipt, `url` where it is paid."""

    methods = METHODS

    def problem(self, access: Access, debt: Debt, method: str) -> str:
        """Why this debt cannot be collected this way; "" where it can."""
        return mapping.problem(debt) if method in METHODS else _("Pagoralia opens no %(method)s.", method=method)

    def open(self, access: Access, debt: Debt, attempt: Attempt) -> Opened:
        """A receipt of ours; the page is the one that the order names, else the customer's own."""
        service = Pagoralia(access)
        page = service.order(mapping.request(debt, attempt)) or service.page(debt.customer)
        if not page:
            raise Rejected(_("Pagoralia has no page for the customer %(code)s.", code=debt.customer), code="no_page")
        return Opened(mapping.identity(debt.customer, attempt.reference), page, expires_at=attempt.expires_at,
                      data={"customer": debt.customer, "receipt": attempt.reference})

    def find(self, access: Access, attempt: Attempt) -> Opened | None:
        """Asked for again, the same receipt comes (isUnique): nothing has to be looked for."""
        return None

    def close(self, access: Access, opened: Opened, attempt: Attempt) -> None:
        """Pagoralia has no call for it: what is paid all the same is told, and asked for."""


class PagoraliaPoll:
    """The receipts of a customer; only the one that is asked for counts: the others may be older than this account."""

    def read(self, access: Access, payment_id: str = "", reference: str = "",
             opened: Opened | None = None) -> list[Reading]:
        """A receipt, by the page or by customer/receipt as a notice names it."""
        customer, _slash, receipt = payment_id.partition("/")
        if opened is not None and opened.data.get("customer"):
            customer, receipt = str(opened.data["customer"]), str(opened.data.get("receipt") or reference)
        if not customer or not receipt:
            return []
        found = (mapping.reading(access, customer, one) for one in Pagoralia(access).receipts(customer))
        return [one for one in found if one is not None and one.reference.invoice == receipt]

    def since(self, access: Access, cursor: str) -> tuple[list[Reading], str, bool]:
        """Pagoralia lists no changes; receipts are asked about one by one."""
        return [], cursor, False
