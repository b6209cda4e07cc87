"""The talk with the PAC about one document: number and seal it, stamp it, recover it by sending the same bytes again.

The PAC knows a document by its seal: what was stamped before comes back with the same timbre (reference: Mexico, 9).
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from core import clock
from core.errors import Rejected, Unavailable, Unknown
from core.i18n import _
from modules.einvoice.answers import Answer, No, Verdict, Wait, Yes
from modules.einvoice.files import CANCELLING, XML, Kept
from modules.einvoice.own_numbers import Row, Stop
from modules.einvoice.ports import CancelOrder
from modules.einvoice_mx import catalogs, client, consulta, schema, seal
from modules.einvoice_mx.client import Pac, Stamped
from modules.einvoice_mx.consulta import CANCELLED, IN_PROCESS, NOT_CANCELLABLE, REFUSED
from modules.einvoice_mx.seal import Csd

LATE = "401"
# said of a UUID in the first minutes or hours after its stamping: the PAC or the SAT does not know it yet
NOT_YET_KNOWN = "205"
# classes of codes (data/errores_cfdi40.csv) about the document, not about the issuer's standing
OF_THE_DOCUMENT = frozenset({"receptor", "calculo", "estructura", "catalogo"})
# seconds between questions where the PAC has stamped and does not give the XML yet
RECOVERY = (5, 15, 60, 300, 900)
# days that a document may be dated back: it must be stamped within 72 hours
OLDEST_DAYS = 2
# so far behind the clock are documents dated, for clocks differ
SKEW = dt.timedelta(seconds=60)
# seconds between questions about a cancellation, by the seconds since it was asked for
PATIENCE = ((120, 20), (600, 60), (3600, 300), (86400, 3600))
SELDOM = 86400
# the SAT lags: what it says of a request is believed after so many seconds
LAG = 6 * 3600


class MexicanWire:
    """own_numbers' wire to one environment; nothing here touches the database."""

    width = 4

    def __init__(self, pac: Pac, sat: str, csd: Csd, timezone: str) -> None:
        self.pac, self.sat, self.csd, self.zone = pac, sat, csd, ZoneInfo(timezone)

    def day(self, row: Row, today: dt.date) -> dt.date:
        """Its own day where it can still be stamped with it, else today's; a later one waits."""
        return today if row.issue_date < today - dt.timedelta(days=OLDEST_DAYS) else row.issue_date

    def numbered(self, row: Row, number: int, date: dt.date) -> dict[str, Any]:
        """Folio, Fecha, and the seal over all of it."""
        document = schema.parse(row.request["xml"].encode())
        local = (clock.now() - SKEW).astimezone(self.zone)
        moment = local if date >= local.date() else dt.datetime.combine(date, dt.time(12), self.zone)
        document.set("Folio", str(number))
        document.set("Fecha", moment.strftime("%Y-%m-%dT%H:%M:%S"))
        seal.seal(document, self.csd)
        return {**row.request, "xml": schema.text(document)}

    def send(self, row: Row) -> Answer:
        """Stamp it. What concerns the issuer (seal, account, register) stops the series, and refuses no document."""
        try:
            return _stamped(self.pac, row)
        except Rejected as refusal:
            if refusal.code == LATE:  # a new date and a new seal, then again
                raise Unavailable(refusal.message) from None
            return _refused(refusal)

    def ask(self, row: Row) -> Answer | None:
        """Send the same bytes again: stamped before or now, there is one timbre."""
        try:
            return _stamped(self.pac, row)
        except Rejected as refusal:
            if refusal.code == LATE:
                raise Unknown(_("It is no longer known whether this was stamped: more than 72 hours have passed. Look "
                                "for it at the PAC or at the SAT, by its series and number.")) from None
            return _refused(refusal)

    # --- cancelling ------------------------------------------------------------------------------------

    def cancel(self, order: CancelOrder) -> Verdict:
        """Ask for it, unless the SAT has cancelled it already (by hand, on its site); received is not cancelled yet."""
        known = self.cancelled(order)
        if isinstance(known, Yes):
            return known
        try:
            _code, words = self.pac.cancel(order.authorization_code, order.reason, order.replaced_by)
        except Rejected as refusal:
            if refusal.code == NOT_YET_KNOWN and _age(order) < LAG:
                raise Unavailable(refusal.message, retry_after=_pause(_age(order))) from None
            raise
        return self.cancelled(order) or Wait(PATIENCE[0][1], words)

    def cancelled(self, order: CancelOrder) -> Verdict | None:
        """What the SAT says: the only truth. None where it knows of no request."""
        document = schema.parse(order.request["xml"].encode())
        found = consulta.ask(self.sat, self.pac.rfc, schema.rfc_of(document, "Receptor"), str(document.get("Total")),
                             order.authorization_code)
        asked = _age(order)
        if found.state == CANCELLED:
            return Yes(found.words, response={"sat": found.words}, files=(
                Kept(CANCELLING, f"{order.authorization_code}-consulta.xml", "application/xml", found.content),))
        if found.cancellation == REFUSED:
            return No([{"code": "rejected_by_receiver", "message": _(
                "The customer refused the cancellation: %(words)s", words=found.words)}])
        if found.cancellation == IN_PROCESS or asked < LAG or not found.is_found:
            return Wait(_pause(asked), found.words)
        if found.cancellable == NOT_CANCELLABLE:
            return No([{"code": "not_cancellable", "message": _(
                "The SAT does not cancel it while payments or credit notes refer to it: %(words)s",
                words=found.words)}])
        return None


def _stamped(pac: Pac, row: Row) -> Answer:
    try:
        timbre = pac.stamp(row.request["xml"].encode())
    except Stamped as before:
        return Wait(RECOVERY[min(row.attempts, len(RECOVERY)) - 1], before.message)
    kept = Kept(XML, f"{timbre.uuid}.xml", "application/xml", timbre.xml)
    return Yes(timbre.uuid, response=client.as_json(timbre), files=(kept,))


def _refused(refusal: Rejected) -> Answer:
    """Of the document, or of the issuer: then nothing more goes out until a person has looked."""
    known = catalogs.refusals().get(refusal.code)
    if known is not None and known.group in OF_THE_DOCUMENT:
        return No([{"code": refusal.code, "message": refusal.message}])
    raise Stop(refusal.code[:40] or "pac", refusal.message)


def _age(order: CancelOrder) -> float:
    said = (order.data.get("cancellation") or {}).get("asked_at")
    return (clock.now() - dt.datetime.fromisoformat(said)).total_seconds() if said else 0.0


def _pause(age: float) -> float:
    return next((pause for until, pause in PATIENCE if age < until), SELDOM)
