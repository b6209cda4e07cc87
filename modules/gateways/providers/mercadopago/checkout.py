"""Links and cash tickets: open them, find what became of a lost answer, close them (reference 1.1, 1.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from core import clock
from core.errors import Rejected
from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt
from modules.gateways.providers.mercadopago import asking
from modules.gateways.providers.mercadopago.client import MercadoPago, key_of, status_of
from modules.gateways.providers.mercadopago.sites import LINK, METHODS, Ticket, need_site
from modules.gateways.providers.values import money
from modules.gateways.shapes import Attempt, Debt, Opened

# kinds of payment that wait at a counter, and states in which they still wait
AT_COUNTERS = frozenset({"ticket", "atm", "bank_transfer"})
WAITING = frozenset({"pending", "in_process"})
# how long before now a closed link ends
PAST = dt.timedelta(minutes=1)


class MercadoPagoCheckout:
    """Pages of Mercado Pago, and tickets of the networks behind it."""

    methods: Mapping[str, Any] = METHODS

    def problem(self, access: Access, debt: Debt, method: str) -> str:
        """Why this debt cannot be collected this way; "" where it can."""
        return asking.problem(access, debt, method)

    def open(self, access: Access, debt: Debt, attempt: Attempt) -> Opened:
        """A link or a ticket. Unknown where it may have been made: `find` tells.

        What is wrong with the debt or the payer is a refusal like those of the service.
        """
        service, now = MercadoPago(access), clock.now()
        try:
            body = _body(service, access, debt, attempt, now)
        except BadDebt as problem:
            raise Rejected(str(problem), code="bad_debt") from problem
        if attempt.method == LINK:
            return asking.opened_link(access, service.open_preference(body, key_of(attempt.key)))
        return asking.opened_ticket(service.make_payment(body, key_of(attempt.key)))

    def find(self, access: Access, attempt: Attempt) -> Opened | None:
        """The link or ticket of our reference; None where there is none.

        The search may be behind by moments. A ticket that it does not show yet is still no danger: the same key opens
        the same ticket. A second link of one reference is closed with the first.
        """
        service = MercadoPago(access)
        if attempt.method == LINK:
            for one in service.preferences(attempt.reference):
                found = service.preference(str(one.get("id") or ""))
                if found is not None:
                    return asking.opened_link(access, found)
            return None
        made = [one for one in _payments(service, attempt.reference)
                if one.get("payment_method_id") == attempt.method]
        return asking.opened_ticket(made[0]) if made else None

    def close(self, access: Access, opened: Opened, attempt: Attempt) -> None:
        """End the link (all of this reference) and cancel the tickets that somebody made of it and did not pay."""
        service = MercadoPago(access)
        if attempt.method == LINK:
            numbers = {opened.provider_ref, *(str(one.get("id")) for one in service.preferences(attempt.reference))}
            for number in sorted(numbers):
                _expire(service, access, number)
        else:
            _cancel(service, opened.provider_ref)
        for one in _payments(service, attempt.reference):
            if one.get("status") in WAITING and one.get("payment_type_id") in AT_COUNTERS:
                _cancel(service, str(one.get("id")))


def _body(service: MercadoPago, access: Access, debt: Debt, attempt: Attempt, now: dt.datetime) -> dict[str, Any]:
    if attempt.method == LINK:
        return asking.preference(access, debt, attempt, now)
    body = asking.ticket(access, debt, attempt, now)
    _offered(service, access, body)
    return body


def _payments(service: MercadoPago, reference: str) -> list[dict[str, Any]]:
    found = service.payments(external_reference=reference, sort="date_created", criteria="asc", limit=50)
    return [one for one in found if one.get("external_reference") == reference]


def _expire(service: MercadoPago, access: Access, number: str) -> None:
    """A link whose time is over cannot be paid."""
    ended = asking.written(access, clock.now() - PAST)
    service.change_preference(number, {"expires": True, "expiration_date_to": ended}, key_of(f"close:{number}:{ended}"))


def _cancel(service: MercadoPago, number: str) -> None:
    """Cancel a ticket; one that is paid or dead already stays what it is."""
    try:
        service.cancel_payment(number, key_of(f"cancel:{number}"))
    except Rejected as refusal:
        found = service.payment(number) if status_of(refusal) == "400" else None
        if found is None or found.get("status") in WAITING:
            raise


def _offered(service: MercadoPago, access: Access, body: Mapping[str, Any]) -> None:
    """BadDebt where this account does not have the way to pay, or not for this amount."""
    code, site = str(body["payment_method_id"]), need_site(access)
    found = next((one for one in service.methods() if one.get("id") == code and one.get("status") == "active"), None)
    if found is None:
        raise BadDebt(_("This account at Mercado Pago does not offer %(method)s. Ask for it in Mercado Pago's panel, "
                        "or choose another way to pay.", method=METHODS.get(code, code)))
    real = Ticket(METHODS.get(code, code), money(found.get("min_allowed_amount")),
                  money(found.get("max_allowed_amount")) or None)
    if words := asking.limits(real, body["transaction_amount"], site.currency):
        raise BadDebt(words)
