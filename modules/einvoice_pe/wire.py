"""The talk about one document: number it, send it, ask about it, and what Nubefact's answers mean (peru.md, 2.7, 2.8).

Nothing here touches the database: routes and tokens come in from `access`.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from core import clock, logs
from core.errors import OutsideError, Rejected
from core.i18n import _
from modules.einvoice import files
from modules.einvoice.answers import Answer, No, Signed, Taken, Wait, Yes
from modules.einvoice.files import Kept
from modules.einvoice.own_numbers import SIGNED, Row, Stop
from modules.einvoice_pe import client, qr
from modules.einvoice_pe.catalogs import SUNAT_TYPES, is_exception, is_rejection
from modules.einvoice_pe.client import Nubefact
from modules.einvoice_pe.findings import day, read_day
from modules.einvoice_pe.mapping import unique_code

# seconds between questions about what SUNAT has not decided: as long as it has taken so far, within these
SOONEST, LATEST, EXCEPTION = 60, 3600, 3600
REHEARSAL = 2
LINKS = ((files.XML, "enlace_del_xml", "application/xml"), (files.PDF, "enlace_del_pdf", "application/pdf"),
         (files.CDR, "enlace_del_cdr", "application/zip"))

log = logs.get(__name__)


@dataclass
class NubefactWire:
    """One route. Nubefact tells of no limit of its rate; one document at a time is safe."""

    nubefact: Nubefact
    ruc: str
    environment: str
    days_back: int = 0
    width: int = 1

    def day(self, row: Row, today: dt.date) -> dt.date:
        """Its own date where Nubefact takes it, else today's; a later one waits for its day. Paper keeps its date."""
        if row.request.get("generado_por_contingencia"):
            return row.issue_date
        first = today - dt.timedelta(days=self.days_back)
        return row.issue_date if row.issue_date >= first else today

    def numbered(self, row: Row, number: int, date: dt.date) -> dict[str, Any]:
        """The request with number, date, and what hangs on them: due date and quotas lie after the issue."""
        found = dict(row.request)
        found |= {"numero": number, "fecha_de_emision": day(date), "codigo_unico": unique_code(
            int(found["tipo_de_comprobante"]), found["serie"], number)}
        due = read_day(found.get("fecha_de_vencimiento"))
        if due is not None and due <= date:
            found["fecha_de_vencimiento"] = ""
        if found.get("venta_al_credito"):
            tomorrow = date + dt.timedelta(days=1)
            found["venta_al_credito"] = [
                one | {"fecha_de_pago": day(max(read_day(one["fecha_de_pago"]) or tomorrow, tomorrow))}
                for one in found["venta_al_credito"]]
        return found

    def send(self, row: Row) -> Answer | Taken:
        """generar_comprobante; what was tried before is asked about first, for a refusal may have taken the number."""
        before = self._before(row)
        if before is not None:
            return before
        try:
            return self._judge(row, self.nubefact.issue(row.request))
        except Rejected as refusal:
            return self._refused(row, refusal)

    def _before(self, row: Row) -> Answer | Taken | None:
        """What an earlier try has left; nothing of a first one."""
        return self.ask(row) if row.attempts > 1 else None

    def ask(self, row: Row) -> Answer | Taken | None:
        """consultar_comprobante; None where Nubefact does not have it. Another's document is never adopted."""
        try:
            found = self.nubefact.consult(*_place(row))
        except Rejected as refusal:
            return self._refused(row, refusal)
        if found is None:
            return None
        if not same(found.qr, row.request, self.ruc):
            return self._taken(row, _(
                "Nubefact has another document under the number %(number)s of ours: another program issues in the "
                "series %(series)s. Find out which; then let the series go on.", number=row.number,
                series=row.request["serie"]), alarm=True)
        return self._judge(row, found)

    def _refused(self, row: Row, refusal: Rejected) -> Answer | Taken:
        if refusal.code in client.CONFIGURATION:
            raise Stop(f"nubefact_{refusal.code}", refusal.message) from refusal
        if refusal.code == client.EXISTS:
            return self._before(row) or self._taken(row, _(
                "The number %(number)s is taken at Nubefact: another program issues in the series %(series)s.",
                number=row.number, series=row.request["serie"]))
        return No([{"code": refusal.code or "refused", "message": refusal.message}])

    def _taken(self, row: Row, text: str, alarm: bool = False) -> Taken | No:
        """Somebody else's number: the next one is taken. The number of a paper is printed: it waits for a person."""
        if not row.request.get("generado_por_contingencia"):
            return Taken(text, alarm)
        return No([{"code": client.EXISTS, "message": _(
            "Nubefact has another document under the number %(number)s of the paper series %(series)s: look at the "
            "number that is printed on the paper, and write it down anew.",
            number=row.number, series=row.request["serie"])}])

    def _judge(self, row: Row, found: client.Answer) -> Answer:
        """SUNAT's word in an answer, or how long to wait for it."""
        code, words = found.code, found.text("sunat_description")
        if found.annulled:
            return No([{"code": "anulado", "message": _(
                "This document was annulled at Nubefact, not here.")}], found.kept(), used_up=True)
        if found.accepted:
            return Yes(found.digest or found.text("key") or "0", response=found.kept(), observations=_remarks(found),
                       data=printed(found), files=self._files(row, found))
        if is_rejection(code):
            return No([{"code": code, "message": words or found.text("sunat_soap_error") or code}], found.kept(),
                      used_up=True, files=self._files(row, found))
        text = found.text("sunat_soap_error") or words
        seconds = EXCEPTION if is_exception(code) else self._patience(row)
        seconds = REHEARSAL if self.environment == "rehearsal" else seconds
        if found.qr and found.digest and not is_exception(code):
            # SUNAT decides boletas by daily summary: signed, with hash and QR, it is valid to hand over
            return Signed(found.digest, seconds, text, found.kept(), printed(found), self._files(row, found))
        return Wait(seconds, text, found.kept())

    def _files(self, row: Row, found: client.Answer) -> tuple[Kept, ...]:
        """Of what is signed XML and PDF are here since then; only the CDR is missing."""
        return fetch_files(found, row.request, (files.CDR,) if row.state == SIGNED else files.ROLES)

    def _patience(self, row: Row) -> int:
        """A minute at first, then as long again as it has taken, an hour at most."""
        taken = int((clock.now() - row.sent_at).total_seconds()) if row.sent_at else 0
        return min(max(taken, SOONEST), LATEST)


def same(theirs: str, request: Mapping[str, Any], ruc: str) -> bool:
    """Whether the QR's text is that of our request: RUC, type, series, number, IGV, total, date, customer."""
    date = read_day(request.get("fecha_de_emision"))
    ours = (ruc, SUNAT_TYPES[int(request["tipo_de_comprobante"])], str(request["serie"]),
            f"{int(request['numero']):06d}", str(request.get("total_igv") or "0.00"), str(request["total"]),
            date.strftime("%d/%m/%Y") if date else "", str(request["cliente_tipo_de_documento"]),
            str(request["cliente_numero_de_documento"]))
    return qr.read(theirs)[:len(ours)] == ours


def printed(found: client.Answer) -> dict[str, str]:
    """What the printed document needs of an answer."""
    return {"qr": found.qr, "hash": found.digest, "enlace": found.text("enlace")}


def fetch_files(found: client.Answer, request: Mapping[str, Any], roles: Sequence[str] = files.ROLES
                ) -> tuple[Kept, ...]:
    """XML, PDF and CDR behind the links; what cannot be had now is fetched later (jobs)."""
    name = f"{SUNAT_TYPES[int(request['tipo_de_comprobante'])]}-{request['serie']}-{request['numero']}"
    kept = []
    for role, link, media in LINKS:
        address = found.text(link) if role in roles else ""
        try:
            content = client.fetch(address) if address else b""
        except OutsideError as error:
            log.warning("nubefact_file_missing", role=role, reason=str(error))
            continue
        if content:
            kept.append(Kept(role, f"{name}.{'zip' if role == files.CDR and is_zip(content) else _ending(role)}",
                             media, content))
    return tuple(kept)


def is_zip(content: bytes) -> bool:
    return zipfile.is_zipfile(BytesIO(content))


def _ending(role: str) -> str:
    return "pdf" if role == files.PDF else "xml"


def _remarks(found: client.Answer) -> list[dict[str, str]]:
    """Observations: a code from 4000 on, or a note."""
    remarks = []
    if found.code.isdecimal() and int(found.code) >= 4000:
        remarks.append({"code": found.code, "message": found.text("sunat_note") or found.text("sunat_description")})
    elif found.text("sunat_note"):
        remarks.append({"code": found.code, "message": found.text("sunat_note")})
    return remarks


def _place(row: Row) -> tuple[int, str, int]:
    return int(row.request["tipo_de_comprobante"]), str(row.request["serie"]), int(row.request["numero"])
