"""Money back through PayU (reference 1.8): to cards only, reviewed by PayU for one to three working days."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.errors import DomainError, Rejected, Unavailable
from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.providers import values
from modules.gateways.providers.payu import mapping
from modules.gateways.providers.payu.client import NAME, PayU
from modules.gateways.providers.payu.words import sentence
from modules.gateways.shapes import Reading

LEAST = Decimal(100)


class PayURefund:
    """Whole payments, from ten minutes to two years after; parts of them are given back in PayU's own panel.

    How a part is asked for by the API was not found.
    """

    def problem(self, access: Access, amount: Decimal, whole: bool) -> str:
        """Whole payments from 100 pesos on."""
        if not whole or amount < LEAST:
            return _("Through PayU only whole payments of 100 pesos or more can be given back from here; a part is "
                     "given back in PayU's own panel.")
        return ""

    def refund(self, access: Access, payment_id: str, amount: Decimal, whole: bool, key: str,
               known: Mapping[str, Any] | None = None) -> Reading:
        """Ask for it, once: what was asked for before, as after a lost answer, is found in the order and told."""
        if problem := self.problem(access, amount, whole):
            raise DomainError(problem)
        service = PayU(access)
        order = _order(service, payment_id, known or {})
        paid = next((one for one in mapping.readings(access, order)
                     if one.external_id == payment_id and one.status == "approved"), None)
        if paid is None:
            raise Rejected(_("PayU does not know this payment as paid."), code="not_paid")
        return _asked_before(access, order, paid) or _ask(service, order, paid, key)


def _order(service: PayU, payment_id: str, known: Mapping[str, Any]) -> Mapping[str, Any]:
    number = values.text(known.get("order"))
    order = service.order(int(number)) if number.isascii() and number.isdigit() else None
    if order is None:
        raise Rejected(_("%(name)s has nothing under this number: %(number)s.", name=NAME, number=payment_id[:60]),
                       code="not_found")
    return order


def _asked_before(access: Access, order: Mapping[str, Any], paid: Reading) -> Reading | None:
    for one in values.objects(order.get("transactions")):
        if one.get("type") in mapping.RETURNS and one.get("parentTransactionId") == paid.external_id:
            told = mapping.refund(access, paid, one)
            if told.status in ("pending", "reversed", "unknown"):
                return told
    return None


def _ask(service: PayU, order: Mapping[str, Any], paid: Reading, key: str) -> Reading:
    answer = service.submit({"order": {"id": order.get("id")}, "type": "REFUND", "reason": f"Abona {key}"[:255],
                             "parentTransactionId": paid.external_id})
    state, said = values.text(answer.get("state")), values.text(answer.get("responseCode"))
    number = values.text(answer.get("transactionId"))
    if state in ("DECLINED", "ERROR", "EXPIRED"):
        raise Rejected(_("%(name)s refused: %(words)s", name=NAME, words=sentence(said) or state), code=said or state)
    if not number:
        raise Unavailable(_("%(name)s answered something that cannot be read.", name=NAME))
    return Reading(number, "reversed" if state == "APPROVED" else "pending", paid.amount, paid.currency,
                   channel=paid.channel, reference=paid.reference, reverses=paid.external_id, live=paid.live)
