"""Annulling a voucher: by hand in the SRI's portal, recorded and watched here (ecuador.md, section 8).

There is no service for it: until day 7 of the next month in the portal, afterwards a credit note; never where the
buyer is the consumidor final (Res. NAC-DGERCGC25-00000014 with -00000017).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from lxml import etree

from core import clock, months
from core.errors import DomainError
from core.i18n import _, format_date
from modules.crm import holidays
from modules.einvoice.answers import No, Verdict, Wait, Yes
from modules.einvoice.ports import CancelOrder, CancelReason
from modules.einvoice_ec.catalogs import CONSUMIDOR_FINAL, FACTURA
from modules.einvoice_ec.client import ANNULLED, ANNULLING, Sri
from modules.einvoice_ec.endpoints import base
from modules.einvoice_ec.findings import GUAYAQUIL

LAST_DAY = 7
# days after the last one on which the receiver of a note may still answer, and the SRI be slow
GRACE = dt.timedelta(days=10)
EVERY, IN_REHEARSAL = 6 * 3600.0, 5.0
PORTAL = "portal"


class EcuadorianCanceller:
    """Annulments in the portal."""

    def reasons(self, document: Any) -> Sequence[CancelReason]:
        """One reason while the window is open; DomainError says what to do instead."""
        if _buyer(document.request) == CONSUMIDOR_FINAL:
            raise DomainError(_("Annulling is not possible because the SRI never lets a factura to a consumidor final "
                                "be annulled or credited."))
        last = last_day(document.issue_date)
        if _today() > last:
            raise DomainError(_("To take it back you must issue a credit note: the SRI let it be annulled until "
                                "%(day)s.", day=format_date(last)))
        return (CancelReason(PORTAL, _("I annul it by hand in the SRI's portal, until %(day)s", day=format_date(last)),
                             needs_text=True),)

    def cancel(self, order: CancelOrder) -> Verdict:
        """Nothing can be sent: a person does it; from now on the SRI is asked whether it was done."""
        return self.ask(order) or self._wait(order)

    def ask(self, order: CancelOrder) -> Verdict | None:
        """ANULADO is done; PENDIENTE DE ANULAR waits for the receiver; past the window nobody has done it."""
        state = Sri(base(order.environment)).consulta(order.authorization_code)
        if state == ANNULLED:
            return Yes(order.authorization_code, response={"estadoAutorizacion": state})
        if state != ANNULLING and _today() > last_day(order.issue_date) + GRACE:
            return No([{"code": "not_annulled", "message": _(
                "It was not annulled in the SRI's portal in time. To take it back issue a credit note.")}])
        return self._wait(order, state)

    def _wait(self, order: CancelOrder, state: str = "") -> Wait:
        text = (_("The receiver has five working days to accept in the SRI's portal.") if state == ANNULLING
                and order.kind != FACTURA else _(
                    "Annul it now in the SRI's portal (SRI en línea → Facturación electrónica → Anulación) with the "
                    "key %(key)s; it is asked for by itself.", key=order.authorization_code))
        return Wait(IN_REHEARSAL if order.environment == "rehearsal" else EVERY, text)


def last_day(issued: dt.date) -> dt.date:
    """Day 7 of the next month; where it is a weekend or a holiday of the country, the next working day."""
    return holidays.next_business_day(months.add(months.of(issued), 1).replace(day=LAST_DAY), "EC")


def _today() -> dt.date:
    return clock.now().astimezone(GUAYAQUIL).date()


def _buyer(request: dict[str, Any]) -> str:
    """tipoIdentificacionComprador of what was sent."""
    xml = str((request or {}).get("xml") or "")
    found = etree.fromstring(xml.encode()).find(".//tipoIdentificacionComprador") if xml else None
    return str(found.text) if found is not None else ""
