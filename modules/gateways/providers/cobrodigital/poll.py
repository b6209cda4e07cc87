"""Asking CobroDigital what it collected: by slip, by our reference, by days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from core import clock
from modules.gateways.access import Access
from modules.gateways.providers.cobrodigital import mapping
from modules.gateways.providers.cobrodigital.client import CobroDigital
from modules.gateways.shapes import Opened, Reading

DAY = dt.timedelta(days=1)
# rows may come late: so many days are read again each time; a new account begins so many days ago, in steps
OVERLAP, FIRST, STEP, LOOK_BACK = 3 * DAY, 30 * DAY, 7 * DAY, 90 * DAY
KINDS = (mapping.INCOME, mapping.OUTGO)


class Poll:
    """The web service has no call for one transaction: its days are read and it is picked out."""

    def read(self, access: Access, payment_id: str = "", reference: str = "",
             opened: Opened | None = None) -> list[Reading]:
        today = access.day(clock.now())
        filters = {"nro_boleta": opened.provider_ref} if opened and opened.provider_ref else (
            {"concepto": reference} if reference else {})
        found = list(_readings(access, today - LOOK_BACK, today + DAY, filters))
        return [one for one in found if (not payment_id or one.external_id == payment_id)
                and (not reference or bool(opened) or one.reference.attempt == reference)]

    def since(self, access: Access, cursor: str) -> tuple[list[Reading], str, bool]:
        """The cursor is the first day to read."""
        today = access.day(clock.now())
        first = dt.date.fromisoformat(cursor) if cursor else today - FIRST
        last = min(first + STEP, today)
        found = list(_readings(access, first, last, {}))
        if last < today:
            return found, (last + DAY).isoformat(), True
        return found, max(first, today - OVERLAP).isoformat(), False


def _readings(access: Access, first: dt.date, last: dt.date, filters: dict[str, str]) -> Iterator[Reading]:
    client = CobroDigital(access)
    for kind in KINDS:
        for row in client.transactions(first, last, tipo=kind, **filters):
            one = mapping.reading(access, row, kind)
            if one is not None:
                yield one
