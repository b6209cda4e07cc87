"""Pages and cash receipts of PayU (reference 1.2, 1.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import clock
from core.errors import Rejected, Unknown
from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.providers import values
from modules.gateways.providers.payu import asking
from modules.gateways.providers.payu.client import PayU
from modules.gateways.providers.payu.words import sentence
from modules.gateways.shapes import Attempt, Debt, Opened


class PayUCheckout:
    """A page is a signed form and exists when somebody posts it; a receipt is an order at PayU."""

    methods: Mapping[str, Any] = asking.METHODS

    def problem(self, access: Access, debt: Debt, method: str) -> str:
        """Why this debt cannot be collected this way; "" where it can."""
        return asking.problem(debt, method)

    def open(self, access: Access, debt: Debt, attempt: Attempt) -> Opened:
        """A page or a receipt. What is wrong with the debt or the payer is a refusal like those of the service."""
        now = clock.now()
        try:
            if attempt.method == asking.LINK:
                return asking.page(access, debt, attempt, now)
            body = asking.receipt(access, debt, attempt, now)
        except BadDebt as problem:
            raise Rejected(str(problem), code="bad_debt") from problem
        return _receipt(PayU(access).submit(body))

    def find(self, access: Access, attempt: Attempt) -> Opened | None:
        """The receipt of our reference; a page is made anew, the same. None where PayU knows no such order."""
        if attempt.method == asking.LINK:
            return None
        for order in PayU(access).orders(attempt.reference):
            for one in values.objects(order.get("transactions")):
                answer = values.mapping(one.get("transactionResponse"))
                if answer.get("state") in ("PENDING", "APPROVED"):
                    told = {**values.mapping(one.get("extraParameters")),
                            **values.mapping(answer.get("extraParameters"))}
                    return asking.made({"orderId": order.get("id"), "transactionId": one.get("id")}, told)
        return None

    def close(self, access: Access, opened: Opened, attempt: Attempt) -> None:
        """PayU has no call for it: a receipt ends on its day. What is paid all the same is told, and asked for."""


def _receipt(answer: Mapping[str, Any]) -> Opened:
    state, said = values.text(answer.get("state")), values.text(answer.get("responseCode"))
    if state in ("DECLINED", "ERROR", "EXPIRED"):
        raise Rejected(_("%(name)s refused: %(words)s", name="PayU", words=sentence(said) or state), code=said or state)
    if state != "PENDING" or not values.text(answer.get("orderId")):
        raise Unknown(_("%(name)s answered something that cannot be read.", name="PayU"))
    return asking.made(answer, values.mapping(answer.get("extraParameters")))
