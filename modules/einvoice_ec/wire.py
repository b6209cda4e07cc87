"""The talk with the SRI about one voucher: send, ask, and what each answer means (ecuador.md, sections 4.1 to 4.5)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lxml import etree

from core import clock
from core.errors import Unavailable
from core.i18n import _
from modules.einvoice.answers import Answer, No, Taken, Wait, Yes
from modules.einvoice.files import XML, Kept
from modules.einvoice.own_numbers import Row, Stop
from modules.einvoice_ec import entrega, sellado
from modules.einvoice_ec.certificados import Llave
from modules.einvoice_ec.client import ERROR, RECEIVED, Autorizacion, Recepcion, Sri
from modules.einvoice_ec.endpoints import base
from modules.einvoice_ec.findings import GUAYAQUIL

REGISTERED, IN_PROCESS, TAKEN, LATE = "43", "70", "45", "65"
# the server failed, or got nothing: the same file goes again later
AGAIN = frozenset(("49", "50"))
# the issuer's situation at the SRI: nothing more goes out until a person has looked
SITUATION = frozenset(("2", "10", "27", "28", "34", "37", "46", "56", "57", "63"))
BAD_QUESTION = "80"
# seconds between questions while it is in process, by the seconds since it was sent
PATIENCE = ((3, 3), (10, 5), (30, 10), (90, 20), (300, 60), (3600, 300))
SELDOM = 1800
# the SRI answers within 24 hours; after that the same file goes once more (ficha, 43 and 70)
LONGEST = 24 * 3600
# a refusal of before it was sent again is not the answer to what was sent now
SKEW = dt.timedelta(minutes=5)


@dataclass
class Situation:
    """What one run of a worker has learned: why the series must stop, and which vouchers were received."""

    stop: tuple[str, str] = ("", "")
    received: set[str] = field(default_factory=set)
    # opened keys by the id of their certificate: opening one takes longer than signing twenty vouchers
    keys: dict[int, Llave] = field(default_factory=dict)
    # whether the rehearsal's SRI was asked if it knows us
    prepared: bool = False


class SriWire:
    """own_numbers' wire to one environment, with the key that signs; nothing here touches the database."""

    # the SRI names no limit; 4 to 8 senders are usual
    width = 6

    def __init__(self, environment: str, key: Llave, method: str, digest: str, situation: Situation) -> None:
        self.sri, self.key, self.method, self.digest = Sri(base(environment)), key, method, digest
        self.situation = situation

    def day(self, row: Row, today: dt.date) -> dt.date:
        """The day of the operation; one that was never sent gets today's, for vouchers are sent when they are made."""
        return row.issue_date if row.number is not None else max(row.issue_date, today)

    def numbered(self, row: Row, number: int, date: dt.date) -> dict[str, Any]:
        """The signed voucher; a repetition is the same file under the same key.

        Unavailable once the certificate has ended: every voucher would be refused, and spend its number.
        """
        if clock.now() > self.key.expires:
            raise Unavailable(_("To sign you must renew the certificate: it expired on %(day)s.",
                                day=self.key.expires.date().isoformat()))
        return sellado.seal(row.request, number, date, self.key, self.method, self.digest)

    def send(self, row: Row) -> Answer | Taken:
        """Recepción: RECIBIDA promises nothing, the verdict comes later."""
        if self.situation.stop[0]:
            raise Stop(*self.situation.stop)
        clave = str(row.request["clave"])
        answer = self.sri.recepcion(str(row.request["xml"]).encode())
        if answer.estado == RECEIVED or answer.codes & {REGISTERED, IN_PROCESS}:
            # known now, earlier or in process: never sent again, never under another number
            self.situation.received.add(clave)
            return Wait(self._patience(row), response={"estado": answer.estado, "mensajes": _said(answer)})
        return self._returned(row, answer)

    def _returned(self, row: Row, answer: Recepcion) -> Answer | Taken:
        """DEVUELTA: it is not stored."""
        problems = [one.as_problem() for one in answer.mensajes]
        text = "; ".join(one["message"] for one in problems)
        if answer.codes & AGAIN:
            raise Unavailable(_("The SRI asks to send it later: %(text)s", text=text))
        if LATE in answer.codes and row.issue_date >= clock.now().astimezone(GUAYAQUIL).date():
            raise Unavailable(_("The SRI's clock is behind this one: %(text)s", text=text), retry_after=300)
        if TAKEN in answer.codes:
            return self._taken(row, text)
        self._note(problems)
        # too old for any number: sent again it gets today's date and the next one
        return No(problems, {"estado": answer.estado, "mensajes": _said(answer)}, used_up=LATE in answer.codes)

    def _taken(self, row: Row, text: str) -> Answer | Taken:
        """The number exists under another key: mostly another program issues here, and a person must look."""
        found = self.ask(row)
        return found if isinstance(found, Yes) else Taken(_(
            "Another program has used number %(number)s at this point of emission: %(text)s", number=row.number,
            text=text), alarm=True)

    def _note(self, problems: list[dict[str, str]]) -> None:
        """Remember that the issuer himself is refused: what follows would be refused as well."""
        found = next((one for one in problems if one["code"] in SITUATION), None)
        if found is not None:
            self.situation.stop = (f"sri_{found['code']}", found["message"])

    def ask(self, row: Row) -> Answer | None:
        """Autorización: any authorisation wins, else the newest refusal; nothing is no refusal."""
        clave = str(row.request["clave"])
        found = self.sri.autorizacion(clave)
        yes = next((one for one in found if one.authorized), None)
        if yes is not None:
            return self._authorized(row, clave, yes)
        refusals = [one for one in found if one.refused and not _is_old(one, row)]
        if any(one.identificador == BAD_QUESTION for verdict in refusals for one in verdict.mensajes):
            raise Unavailable(_("The SRI did not understand the question about %(key)s.", key=clave))
        in_process = [one for one in found if not one.refused]
        if not refusals and self._passed(row) > LONGEST:
            self.situation.received.discard(clave)
            return None
        if in_process or (not refusals and clave in self.situation.received):
            return Wait(self._patience(row), in_process[-1].estado if in_process else "")
        if not refusals:
            return None
        newest = max(refusals, key=lambda one: one.fecha or dt.datetime.min.replace(tzinfo=dt.UTC))
        problems = [one.as_problem() for one in newest.mensajes if one.tipo == ERROR] or [
            {"code": "", "message": newest.estado}]
        self._note(problems)
        return No(problems, newest.as_dict())

    def _authorized(self, row: Row, clave: str, yes: Autorizacion) -> Answer:
        """Done; what the SRI has must be what we sent."""
        ours = str(row.request["xml"])
        theirs = yes.comprobante or ours
        if theirs != ours and _essence(theirs) != _essence(ours):
            return No([{"code": REGISTERED, "message": _(
                "The SRI has another voucher under this key: %(theirs)s instead of %(ours)s.",
                theirs=" · ".join(_essence(theirs)), ours=" · ".join(_essence(ours)))}], yes.as_dict(), used_up=True)
        return Yes(clave, response=yes.as_dict(), observations=[one.as_problem() for one in yes.mensajes],
                   data={"fechaAutorizacion": yes.fecha.isoformat() if yes.fecha else "", "ambiente": yes.ambiente},
                   # the answer with the signed voucher inside: what the buyer gets, and the law wants kept
                   files=(Kept(XML, f"{clave}.xml", "application/xml", entrega.autorizacion(yes, theirs)),))

    @staticmethod
    def _passed(row: Row) -> float:
        """Seconds since it was sent."""
        return (clock.now() - row.sent_at).total_seconds() if row.sent_at else 0.0

    def _patience(self, row: Row) -> float:
        """How long to wait before the next question."""
        passed = self._passed(row)
        return next((wait for until, wait in PATIENCE if passed < until), SELDOM)


def _said(answer: Recepcion) -> list[dict[str, str]]:
    return [vars(one) for one in answer.mensajes]


def _is_old(verdict: Autorizacion, row: Row) -> bool:
    """Whether this refusal is of before the voucher was sent again."""
    return bool(verdict.fecha and row.sent_at and verdict.fecha < row.sent_at - SKEW)


def _essence(xml: str) -> tuple[str, str]:
    """(total, buyer) of a voucher, for comparing two."""
    tree = etree.fromstring(xml.encode())
    info = tree[1]
    total = next((info.findtext(name) for name in ("importeTotal", "valorModificacion", "valorTotal")
                  if info.findtext(name)), "0")
    return f"{Decimal(total or 0):.2f}", info.findtext("identificacionComprador") or ""
