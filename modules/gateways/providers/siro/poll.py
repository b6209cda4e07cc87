"""Asking SIRO: the intents of the payment button, and the lists of what it processed, day by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from core import clock
from core.errors import Unavailable
from core.i18n import _
from modules.crm import holidays
from modules.gateways.access import Access
from modules.gateways.errors import BadFile
from modules.gateways.providers.siro import codes, rendition
from modules.gateways.providers.siro.checkout import ZONE
from modules.gateways.providers.siro.client import Siro
from modules.gateways.shapes import Opened, Reading, Reference

DAY = dt.timedelta(days=1)
# how far back intents are looked for; a new account begins so many days ago with lists
INTENT_DAYS, FIRST_DAYS = 60, 7
# a list is published from this hour on, mostly; an empty one may still come so many days later
HOUR, PATIENCE = 9, 4
# so long nobody asks again for a list that was not there: the number of calls is limited
PAUSE = dt.timedelta(minutes=55)
STATES = {"GENERADA": "pending", "REGISTRADA": "pending", "CANCELADA": "expired", "RECHAZADA": "rejected",
          "ERROR": "error"}


class Poll:
    """`payment_id` of the button is the number of the operation or of the result (uuid)."""

    def read(self, access: Access, payment_id: str = "", reference: str = "",
             opened: Opened | None = None) -> list[Reading]:
        client, today = Siro(access), clock.now().astimezone(ZONE).date()
        if payment_id and opened:
            found = [client.result(opened.provider_ref, payment_id)]
        else:
            found = client.results(today - INTENT_DAYS * DAY, today + DAY, reference)
        # without our reference all of them come: only the wanted one counts
        wanted = [one for one in found if reference or not payment_id or opened
                  or str(one.get("IdOperacion")) == payment_id]
        return [reading(access, Intent(one), reference, opened, payment_id) for one in wanted]

    def since(self, access: Access, cursor: str) -> tuple[list[Reading], str, bool]:
        """One day's list at a time. Cursor: closed day, last day asked, when one was not there."""
        now = clock.now().astimezone(ZONE)
        place = Place.read(cursor, now)
        day = place.asked + DAY
        last = now.date() if now.hour >= HOUR else now.date() - DAY
        if day > last or place.waits(day, now):
            return [], place.back().write() if day > last else cursor, False
        lines = Siro(access).listing(day)
        found = _readings(lines, access) if lines else []
        after = place.after(day, bool(lines), now)
        return found, after.write(), day < last


@dataclass(frozen=True)
class Place:
    """How far the lists are known: all up to `closed`; `asked` is the last one seen; `at`, when one was not there."""

    closed: dt.date
    asked: dt.date
    at: dt.datetime

    @classmethod
    def read(cls, cursor: str, now: dt.datetime) -> Place:
        if not cursor:
            begin = now.date() - FIRST_DAYS * DAY
            return cls(begin, begin, now - PAUSE)
        closed, asked, at = cursor.split("/")
        return cls(dt.date.fromisoformat(closed), dt.date.fromisoformat(asked), dt.datetime.fromisoformat(at))

    def write(self) -> str:
        return f"{self.closed.isoformat()}/{self.asked.isoformat()}/{self.at.isoformat(timespec='seconds')}"

    def waits(self, day: dt.date, now: dt.datetime) -> bool:
        """A round begins at the first day that is still open; between rounds there is a pause."""
        return day == self.closed + DAY and now - self.at < PAUSE

    def back(self) -> Place:
        """The round is over: the next one begins with the first open day."""
        return Place(self.closed, self.closed, self.at)

    def after(self, day: dt.date, filled: bool, now: dt.datetime) -> Place:
        """A published list never changes; an empty one is believed when its time is over."""
        sure = filled or day < now.date() - PATIENCE * DAY or (
            day < now.date() and not holidays.is_business_day(day, "AR"))
        closed = day if sure and day == self.closed + DAY else self.closed
        return Place(closed, day, self.at if sure else now)


def _readings(lines: list[str], access: Access) -> list[Reading]:
    try:
        return [one for one in rendition.read(enumerate(lines, 1), access) if isinstance(one, Reading)]
    except BadFile as error:
        raise Unavailable(_("SIRO sent a list that is not whole: %(reason)s", reason=str(error))) from error


@dataclass(frozen=True)
class Intent:
    """An intent of the button as SIRO tells it; what is missing is empty."""

    found: Mapping[str, Any]

    @property
    def sent(self) -> Mapping[str, Any]:
        request = self.found.get("Request")
        return request if isinstance(request, Mapping) else {}

    @property
    def attempt(self) -> str:
        return str(self.found.get("idReferenciaOperacion") or self.sent.get("IdReferenciaOperacion") or "")

    @property
    def cpe(self) -> str:
        return str(self.sent.get("nro_cliente_empresa") or "")

    @property
    def amount(self) -> Decimal:
        try:
            return Decimal(str(self.sent.get("Importe") or 0)).quantize(Decimal("0.01"))
        except InvalidOperation:
            return Decimal("0.00")

    @property
    def moment(self) -> dt.datetime | None:
        """SIRO writes the bank's time without a zone."""
        try:
            moment = dt.datetime.fromisoformat(str(self.found.get("FechaOperacion") or self.found.get("FechaRegistro")))
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=ZONE)

    def state(self, access: Access, reference: str, opened: Opened | None) -> str:
        """Paid only where SIRO says so and all that was sent comes back the same."""
        if self.found.get("Estado") != "PROCESADA" or self.found.get("PagoExitoso") is not True:
            return STATES.get(str(self.found.get("Estado")), "unknown")
        if reference and self.attempt != reference:
            return "mismatch"
        if opened and opened.data:
            same = self.cpe == opened.data.get("cpe") and f"{self.amount:.2f}" == opened.data.get("amount")
        else:
            same = self.cpe[9:] == str(access.need("convenio"))
        return "approved" if same else "mismatch"


def reading(access: Access, intent: Intent, reference: str, opened: Opened | None, asked: str = "") -> Reading:
    """An intent as it was read; `asked` is the number of its result by which it was."""
    operation, moment = str(intent.found.get("IdOperacion") or intent.attempt), intent.moment
    state = intent.state(access, reference, opened)
    names = [asked] if asked not in ("", operation) else []
    # of an intent whose answer was lost another one has the same reference: only who was paid is known by it
    page = codes.of_attempt(intent.attempt) if intent.attempt and state == "approved" else ""
    return Reading(
        operation, state, intent.amount, "ARS", moment.date() if moment else None, channel="BP",
        reference=Reference(intent.cpe[:9], str(intent.sent.get("nro_comprobante") or ""), "", intent.attempt),
        known_as=tuple(names), shared=page, updated_at=moment,
        reason="" if state == "approved" else str(intent.found.get("MensajeResultado") or ""))
