"""Cancelling (RMF 2.7.1.34 and 2.7.1.35): what the PAC takes, what the receiver must accept, what the SAT says."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from modules.einvoice_mx.catalogs import GENERIC, cancellation_reasons
from modules.einvoice_mx.simulator.faults import Refused
from modules.einvoice_mx.simulator.settings import Config
from modules.einvoice_mx.simulator.store import Store

SMALL = Decimal("1000.00")
ACCEPTED, REJECTED, EXPIRED, WITHOUT = "accept", "reject", "expire", "without"
DECIDED = {ACCEPTED: "Cancelado con aceptación", EXPIRED: "Plazo vencido", WITHOUT: "Cancelado sin aceptación"}
# the receiver has three business days; here the delay is `cancel_seconds`
_UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")


@dataclass(frozen=True)
class Standing:
    """What the SAT's query says of a document."""

    state: str
    cancellable: str
    cancellation: str = ""


class Cancelling:
    """Requests to cancel, and what became of them."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def activate(self, given: dict[str, str]) -> dict[str, str]:
        """activarCancelacion: the PAC gets the CSD, to sign cancellations with it."""
        from modules.einvoice_mx.simulator.csd_files import read

        csd = read(given.get("archivoCer", ""), given.get("archivoKey", ""), given.get("clave", ""))
        if csd.rfc != given.get("emisorRFC"):
            raise Refused("FM507", "El certificado no pertenece al RFC emisor.")
        self.store.activate(csd.rfc)
        return {"mensaje": "El certificado se activó correctamente para la cancelación."}

    def cancel(self, given: dict[str, str], config: Config) -> dict[str, str]:
        """requestCancelarCFDI: received, which is not cancelled yet."""
        rfc, uuid = given.get("emisorRFC", ""), given.get("uuid", "").upper()
        if not self.store.is_activated(rfc):
            raise Refused("SOAP-ENV:Server", "El emisor no tiene activada la cancelación: falta el CSD.")
        row = self.store.cfdi(uuid) if _UUID.fullmatch(uuid) else None
        if row is None or not _visible(row, config):
            raise Refused("205", "UUID no existe.")
        if row["rfc"] != rfc:
            raise Refused("203", "UUID no corresponde al emisor.")
        self._check_motive(row, given, config)
        standing = self.standing(row, config)
        if standing.state == "Cancelado" or standing.cancellation == "En proceso":
            raise Refused("SOAP-ENV:Server", "El UUID tiene una solicitud de cancelacion previa.")
        if standing.cancellable == "No cancelable" and given.get("Motivo") != "01":
            raise Refused("SOAP-ENV:Server", "El UUID no es cancelable: tiene documentos relacionados vigentes.")
        return self._take(row, given, config)

    def _check_motive(self, row: Any, given: dict[str, str], config: Config) -> None:
        motive, substitute = given.get("Motivo", ""), given.get("FolioSustitucion", "").upper()
        if motive not in cancellation_reasons():
            raise Refused("207", "Motivo de cancelación no válido.")
        if (motive == "01") != bool(substitute):
            raise Refused("208", "Folio de sustitución no válido para el motivo.")
        if motive != "01":
            return
        found = self.store.cfdi(substitute)
        replaces = found is not None and any(one == {"relation": "04", "uuid": row["uuid"]}
                                             for one in json.loads(found["related"]))
        if found is None or not replaces or self.standing(found, config).state == "Cancelado":
            raise Refused("208", "El folio de sustitución no existe, no está vigente o no sustituye al UUID.")

    def _take(self, row: Any, given: dict[str, str], config: Config) -> dict[str, str]:
        now = config.now().timestamp()
        free = self._free(row, config)
        self.store.change(row["uuid"], motive=given["Motivo"], substitute=given.get("FolioSustitucion", "").upper(),
                          requested_at=now, decision=WITHOUT if free else "", decided_at=now if free else None)
        if free:
            return {"Code": "GT05", "Message": "Solicitud de cancelación recibida."}
        return {"Code": "GT11", "Message": "Solicitud de cancelación recibida. El receptor debe autorizar la "
                                           "cancelación."}

    def _free(self, row: Any, config: Config) -> bool:
        """Without acceptance: up to $1,000.00 (no payments), credits, the general public, within a business day."""
        stamped = dt.datetime.fromtimestamp(row["stamped_at"], config.now().tzinfo)
        return ((Decimal(row["total"]) <= SMALL and row["kind"] != "P") or row["kind"] in ("E", "T", "N")
                or row["receiver"] in GENERIC or config.now() <= _next_business_day(stamped))

    def decide(self, uuid: str, action: str, config: Config) -> bool:
        """The receiver's word (`_sim/receiver`): accept, reject, or let the time run out."""
        row = self.store.cfdi(uuid)
        if row is None or row["requested_at"] is None or row["decision"] or action not in (ACCEPTED, REJECTED, EXPIRED):
            return False
        self.store.change(uuid, decision=action, decided_at=config.now().timestamp())
        return True

    def standing(self, row: Any, config: Config) -> Standing:
        """Where a document stands at the SAT now."""
        needs = "Cancelable sin aceptación" if self._free(row, config) else "Cancelable con aceptación"
        if row["requested_at"] is not None and row["decision"] in DECIDED and self._is_old(row["decided_at"], config):
            return Standing("Cancelado", needs, DECIDED[row["decision"]])
        if row["decision"] == REJECTED:
            return Standing("Vigente", needs, "Solicitud rechazada")
        if self._has_live_relations(row, config):
            return Standing("Vigente", "No cancelable")
        asked = row["requested_at"] is not None and self._is_old(row["requested_at"], config)
        return Standing("Vigente", needs, "En proceso" if asked and not row["decision"] else "")

    def _is_old(self, moment: float, config: Config) -> bool:
        return config.now().timestamp() - moment >= config.cancel_seconds

    def _has_live_relations(self, row: Any, config: Config) -> bool:
        """Payments and credits keep a document from being cancelled; its own substitute does not."""
        for other in self.store.related_to(row["uuid"]):
            relations = [one["relation"] for one in json.loads(other["related"]) if one["uuid"] == row["uuid"]]
            if any(one != "04" for one in relations) and self.standing(other, config).state != "Cancelado":
                return True
        return False


def _visible(row: Any, config: Config) -> bool:
    """The SAT knows a document some time after it was stamped."""
    return config.now().timestamp() - row["stamped_at"] >= config.sat_seconds


def _next_business_day(stamped: dt.datetime) -> dt.datetime:
    """The end of the next business day; holidays are not known here."""
    day = stamped.date() + dt.timedelta(days=1)
    while day.weekday() >= 5:
        day += dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(23, 59, 59), stamped.tzinfo)


class Query:
    """consultarEstatusCFDI of the PAC, and ConsultaCFDIService of the SAT."""

    def __init__(self, store: Store, cancelling: Cancelling) -> None:
        self.store, self.cancelling = store, cancelling

    def found(self, issuer: str, receiver: str, total: str, uuid: str, config: Config) -> Standing | None:
        """Where a document stands, where all four facts are its own; None where it is not found."""
        row = self.store.cfdi(uuid)
        if row is None or not _visible(row, config):
            return None
        try:
            same = Decimal(total) == Decimal(row["total"])
        except ArithmeticError:
            return None
        if (row["rfc"], row["receiver"]) != (issuer, receiver) or not same:
            return None
        return self.cancelling.standing(row, config)

    def of_pac(self, given: dict[str, str], config: Config) -> dict[str, str]:
        """consultarEstatusCFDI."""
        found = self.found(given.get("emisorRFC", ""), given.get("receptorRFC", ""), given.get("total", ""),
                           given.get("UUID", ""), config)
        if found is None:
            return {"http_code": "404", "estado": "No Encontrado", "esCancelable": "", "estatusCancelacion": "",
                    "EstatusFM": ""}
        return {"http_code": "200", "estado": found.state, "esCancelable": found.cancellable,
                "estatusCancelacion": found.cancellation, "EstatusFM": ""}
