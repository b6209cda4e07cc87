"""Asking for payments: by number, by our reference, and what changed since (reference 1.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from core import clock
from core.errors import Unavailable
from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.providers.mercadopago.client import NAME, MercadoPago
from modules.gateways.providers.mercadopago.mapping import NoPayment, lacks_refunds, moment, readings, updated
from modules.gateways.shapes import Opened, Reading

PAGE = 50
# a search is kept to a day, so that its pages stay few; the first goes back as far as the nightly net
WINDOW, FIRST = dt.timedelta(days=1), dt.timedelta(days=7)
# how far each search reaches back behind the last one: what changed may take so long to be found
OVERLAP = dt.timedelta(minutes=20)


class MercadoPagoPoll:
    """The net under the notices."""

    def read(self, access: Access, payment_id: str = "", reference: str = "",
             opened: Opened | None = None) -> list[Reading]:
        """Payments with what was taken back of them.

        `payment_id` is a payment's number, or what a notice named: merchant_orders/…, chargebacks/….
        """
        service = MercadoPago(access)
        if not payment_id and opened is not None and opened.data.get("kind") == "ticket":
            payment_id = opened.provider_ref
        if payment_id:
            return _told(access, service, _by_place(service, payment_id))
        return _told(access, service, _by_reference(service, reference)) if reference else []

    def since(self, access: Access, cursor: str) -> tuple[list[Reading], str, bool]:
        """A page of what changed, oldest first. The cursor is a moment and how many of that moment are known.

        Pages go on from the last moment seen, not from a count: what changes meanwhile moves to the end, and by
        counting the one that takes its place would be missed.
        """
        now = clock.now()
        begin, skip = _cursor(cursor, now)
        end = min(begin + WINDOW, now)
        service = MercadoPago(access)
        found = service.payments(
            sort="date_last_updated", criteria="asc", range="date_last_updated", begin_date=_written(begin),
            end_date=_written(end) if end < now else "NOW", limit=PAGE, offset=skip)
        told = _told(access, service, found)
        if len(found) >= PAGE:
            last = updated(found[-1])
            place = (last, 0) if last is not None and last > begin else (begin, skip + len(found))
            return told, _place(*place), True
        if end < now:
            return told, _place(end, 0), True
        return told, _place(now - OVERLAP, 0), False


def _by_place(service: MercadoPago, place: str) -> list[dict[str, Any]]:
    kind, _slash, number = place.rpartition("/")
    if kind == "merchant_orders":
        order = service.order(number)
        return _numbered(service, _ids(order.get("payments"))) if order else []
    if kind == "chargebacks":
        chargeback = service.chargeback(number)
        return _numbered(service, _charged_back(chargeback)) if chargeback else []
    found = service.payment(number)
    return [found] if found else []


def _by_reference(service: MercadoPago, reference: str) -> list[dict[str, Any]]:
    """All payments of our reference; where the search shows none yet, its orders may know them already."""
    found: list[dict[str, Any]] = []
    while True:
        page = service.payments(external_reference=reference, sort="date_created", criteria="asc", limit=PAGE,
                                offset=len(found))
        found += page
        if len(page) < PAGE:
            break
    found = [one for one in found if one.get("external_reference") == reference]
    if found:
        return found
    return _numbered(service, [number for order in service.orders(reference) for number in _ids(order.get("payments"))])


def _numbered(service: MercadoPago, numbers: Iterable[str]) -> list[dict[str, Any]]:
    found = (service.payment(number) for number in dict.fromkeys(numbers))
    return [one for one in found if one]


def _ids(listed: Any) -> list[str]:
    """The numbers of payments in a list of objects or of bare numbers."""
    items = listed if isinstance(listed, list) else []
    found = [one.get("id") if isinstance(one, Mapping) else one for one in items]
    return [str(one) for one in found if isinstance(one, int | str) and not isinstance(one, bool) and str(one)]


def _charged_back(chargeback: Mapping[str, Any]) -> list[str]:
    return _ids(chargeback.get("payments")) or _ids([chargeback.get("payment_id")])


def _told(access: Access, service: MercadoPago, payments: Iterable[dict[str, Any]]) -> list[Reading]:
    """The readings of payments; refunds that a payment does not tell of are asked for."""
    found: list[Reading] = []
    for payment in payments:
        try:
            if lacks_refunds(payment):
                payment = {**payment, "refunds": service.refunds(str(payment.get("id")))}
            found += readings(access, payment)
        except NoPayment:
            raise Unavailable(_("%(name)s answered something that cannot be read.", name=NAME)) from None
    return found


# --- the cursor ------------------------------------------------------------------------------------------


def _cursor(text: str, now: dt.datetime) -> tuple[dt.datetime, int]:
    """(from when on, how many of that moment to leave out); the beginning where there is no cursor."""
    moment_text, _bar, count = text.partition("|")
    begin = moment(moment_text)
    if begin is None:
        return now - FIRST, 0
    if begin > now:  # our clock was put back
        return now - OVERLAP, 0
    return begin, int(count) if count.isascii() and count.isdigit() else 0


def _place(begin: dt.datetime, skip: int) -> str:
    return f"{_written(begin)}|{skip}" if skip else _written(begin)


def _written(begin: dt.datetime) -> str:
    return begin.astimezone(dt.UTC).isoformat(timespec="milliseconds")
