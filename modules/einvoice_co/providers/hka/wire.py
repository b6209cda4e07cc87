"""The talk with The Factory HKA about one document: send, ask, and what each answer means (reference 2.6)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml import etree

from core import clock
from core.errors import OutsideError, Unavailable
from core.i18n import _, format_date
from modules.einvoice.answers import Answer, No, Taken, Wait, Yes
from modules.einvoice.files import ANSWER, XML, Kept
from modules.einvoice.own_numbers import Row, Stop
from modules.einvoice_co import cufe
from modules.einvoice_co.catalogs import INVOICE
from modules.einvoice_co.findings import BOGOTA
from modules.einvoice_co.providers.hka.client import (
    ACCEPTED,
    ISSUED_BEFORE,
    PENDING,
    REFUSED_BY_DIAN,
    AccessRefused,
    Decision,
    Hka,
    Status,
)

# seconds until the next question, by those since it was sent: after 1, 5, 15 and 60 minutes
PATIENCE = ((60, 60), (360, 300), (1260, 900))
SELDOM = 3600
_RULE = re.compile(r"Regla:\s*(\w+),\s*(Rechazo|Notificación|Notificacion):\s*(.*)", re.DOTALL)
# the document was processed before
PROCESSED_BEFORE = "90"
RANGE, FOLIOS, TOKENS = "hka_range", "hka_folios", "hka_access"


@dataclass(frozen=True)
class Range:
    """The resolution in use, as far as sending needs it."""

    first: int
    last: int
    valid_until: dt.date
    technical_key: str
    nit: str


class HkaWire:
    """own_numbers' wire to one environment; nothing here touches the database."""

    # no limit is named
    width = 4

    def __init__(self, hka: Hka, environment: str, found: Range | None, *, with_container: bool = False) -> None:
        self.hka, self.environment, self.range, self.with_container = hka, environment, found, with_container

    def day(self, row: Row, today: dt.date) -> dt.date:
        """What was never sent is dated the day of its sending; what was refused keeps its date with its number."""
        return row.issue_date if row.number is not None else max(row.issue_date, today)

    def numbered(self, row: Row, number: int, date: dt.date) -> dict[str, Any]:
        """With number and hour; a due date is never before the document's own."""
        prefix, _dash, _first = str(row.request["factura"]["rangoNumeracion"]).rpartition("-")
        moment = clock.now().astimezone(BOGOTA)
        hour = moment.time() if moment.date() == date else dt.time(12)
        factura = {**row.request["factura"], "consecutivoDocumento": f"{prefix}{number}",
                   "fechaEmision": f"{date.isoformat()} {hour:%H:%M:%S}"}
        return {**row.request, "factura": factura}

    def send(self, row: Row) -> Answer | Taken:
        """Enviar."""
        self._check_range(row)
        try:
            found = self.hka.send(row.request["factura"], str(row.request["adjuntos"]))
        except AccessRefused as error:
            raise Stop(TOKENS, error.message) from error
        if found.code == ISSUED_BEFORE or (found.code == REFUSED_BY_DIAN and PROCESSED_BEFORE in _codes(found.rules)):
            return self._adopt(row, found)
        if found.code == ACCEPTED and found.valid:
            return self._yes(row, found.cufe, found.qr, found.xml, found.accepted_at, found.answer, found.notices)
        if found.code == ACCEPTED or found.code in PENDING:
            return Wait(patience(row), found.message, found.answer)
        return self._no(found)

    def _check_range(self, row: Row) -> None:
        """Numbers beyond the range, and days beyond its end, are refused for certain: they do not go out."""
        if self.range is None or row.request["factura"]["tipoDocumento"] != INVOICE:
            return
        if (row.number or 0) > self.range.last:
            raise Stop(RANGE, _("The authorised range ends with %(last)s. Ask the DIAN for a new one, and give it "
                                "under Enable electronic invoices.", last=self.range.last))
        if row.issue_date > self.range.valid_until:
            raise Stop(RANGE, _("The numbering resolution ended on %(day)s. Ask the DIAN for a new one, and give it "
                                "under Enable electronic invoices.", day=format_date(self.range.valid_until)))

    def ask(self, row: Row) -> Answer | Taken | None:
        """EstadoDocumento; what the provider has must be what we sent."""
        try:
            found = self.hka.status(number_of(row))
        except AccessRefused as error:
            raise Unavailable(error.message) from error
        if found is None:
            return None
        if found.code == REFUSED_BY_DIAN:
            return No(problems(found.rules) or [{"code": "99", "message": found.message}], found.answer)
        if not found.valid:
            return Wait(patience(row), found.message, found.answer)
        return self._compared(row, found)

    def _adopt(self, row: Row, refusal: Decision) -> Answer | Taken:
        """114 or rule 90: it may be our own, whose answer was lost, or somebody else's."""
        answer = self.ask(row)
        if answer is None:
            return Taken(_("%(document)s was already issued, but not here: another program or provider uses this "
                           "range. %(words)s", document=number_of(row), words=refusal.message), alarm=True)
        return answer

    def _compared(self, row: Row, found: Status) -> Answer | Taken:
        """Adopted where total, buyer and date are the same."""
        content = self.hka.xml(number_of(row))
        theirs, ours = _essence(content), _ours(row.request["factura"])
        if theirs != ours:
            return Taken(_("%(document)s was issued to somebody else: %(theirs)s instead of %(ours)s.",
                           document=number_of(row), theirs=" · ".join(theirs), ours=" · ".join(ours)), alarm=True)
        return self._yes(row, found.cufe, found.qr, content, "", found.answer, ())

    def _yes(self, row: Row, key: str, qr: str, xml: bytes, accepted_at: str, answer: dict[str, Any],
             notices: tuple[str, ...]) -> Yes:
        """Accepted; the key is computed here too and compared."""
        observations = problems(notices)
        ours = self._key(row)
        if ours and ours != key:
            observations.append({"code": "FAD06", "message": _(
                "The provider's CUFE is not the one computed here (%(ours)s): compare the technical key.", ours=ours)})
        files = (Kept(XML, f"{number_of(row)}.xml", "application/xml", xml),) if xml else ()
        files = (*files, *self._container(row))
        data = {"qr": qr, "accepted_at": accepted_at, "prefix": _prefix(row), "number": row.number}
        return Yes(key, response=answer, observations=observations, data=data, files=files)

    def _container(self, row: Row) -> tuple[Kept, ...]:
        """The AttachedDocument where our own notice has to bring it; what fails is fetched later."""
        if not self.with_container:
            return ()
        try:
            content = self.hka.container(number_of(row))
        except OutsideError:
            return ()
        return (Kept(ANSWER, f"ad{number_of(row)}.xml", "application/xml", content),) if content else ()

    def _key(self, row: Row) -> str:
        """The CUFE as we compute it; "" of notes, whose PIN only the provider knows."""
        factura = row.request["factura"]
        if self.range is None or not self.range.technical_key or factura["tipoDocumento"] != INVOICE:
            return ""
        taxes = {one["codigoTOTALImp"]: Decimal(one["montoTotal"])
                 for one in (factura.get("impuestosTotales") or {}).get("ImpuestosTotales") or []}
        moment = dt.datetime.strptime(factura["fechaEmision"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BOGOTA)
        return cufe.key(cufe.KeyFacts(
            factura["consecutivoDocumento"], moment, Decimal(factura["totalSinImpuestos"]),
            Decimal(factura["totalMonto"]), self.range.nit, factura["cliente"]["numeroDocumento"],
            self.range.technical_key, self.environment == "production", taxes.get("01", Decimal(0)),
            taxes.get("04", Decimal(0)), taxes.get("03", Decimal(0))))

    def _no(self, found: Decision) -> Answer:
        """Refused; the number stays, for the DIAN has not used it."""
        said = [*problems(found.rules), *({"code": str(found.code), "message": one} for one in found.messages)]
        if found.code == 109 and any("folios" in one.lower() for one in found.messages):
            raise Stop(FOLIOS, _("The Factory HKA says that there are no folios left: buy more, then let the series go "
                                 "on. %(words)s", words="; ".join(found.messages)))
        return No(said or [{"code": str(found.code), "message": found.message}], found.answer)


def number_of(row: Row) -> str:
    """Prefix and number of the request."""
    return str(row.request["factura"]["consecutivoDocumento"])


def _prefix(row: Row) -> str:
    return str(row.request["factura"]["rangoNumeracion"]).rpartition("-")[0]


def patience(row: Row) -> float:
    """How long to wait before the next question."""
    passed = (clock.now() - row.sent_at).total_seconds() if row.sent_at else 0
    return next((wait for until, wait in PATIENCE if passed < until), SELDOM)


def problems(rules: tuple[str, ...]) -> list[dict[str, str]]:
    """[{"code", "message"}] of texts like "Regla: FAK24, Rechazo: …"; refusals before notices."""
    found = []
    for text in rules:
        match = _RULE.match(text.strip())
        found.append((match is not None and match.group(2) != "Rechazo",
                      {"code": match.group(1) if match else "", "message": match.group(3) if match else text}))
    return [one for _notice, one in sorted(found, key=lambda pair: pair[0])]


def _codes(rules: tuple[str, ...]) -> set[str]:
    return {one["code"] for one in problems(rules)}


def _ours(factura: Mapping[str, Any]) -> tuple[str, str, str]:
    return (f"{Decimal(factura['totalMonto']):.2f}", str(factura["cliente"]["numeroDocumento"]),
            str(factura["fechaEmision"])[:10])


def _essence(content: bytes) -> tuple[str, str, str]:
    """(total, buyer, date) of a UBL document, also inside an AttachedDocument's text. Unavailable of anything else."""
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
        total = next(root.iter("{*}PayableAmount")).text
        buyer = next(next(root.iter("{*}AccountingCustomerParty")).iter("{*}CompanyID")).text
        return f"{Decimal(total or '0'):.2f}", str(buyer or ""), str(root.findtext("{*}IssueDate") or "")
    except (etree.XMLSyntaxError, StopIteration, ArithmeticError) as error:
        raise Unavailable(_("The document that The Factory HKA has cannot be read.")) from error
