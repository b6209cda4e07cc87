"""The three services: reception, authorisation, state."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from typing import Any

from core.simulators import Faults
from modules.einvoice_ec.simulator import recepcion, soap
from modules.einvoice_ec.simulator.juicio import Court, Verdict
from modules.einvoice_ec.simulator.recepcion import NOT_STORED, Refusal, in_process, message
from modules.einvoice_ec.simulator.settings import Config
from modules.einvoice_ec.simulator.store import ANNULLED, ANNULLING, AUTHORIZED, REFUSED, Store
from modules.einvoice_ec.simulator.voucher import Voucher

NAMES = {"1": "PRUEBAS", "2": "PRODUCCIÓN"}
TITLES = {"01": "Factura", "04": "Nota de Crédito", "05": "Nota de Débito"}
KEY = 49


class Reception:
    """validarComprobante"""

    NAMESPACE, OPERATION, ARGUMENT = "http://ec.gob.sri.ws.recepcion", "validarComprobante", "xml"

    def __init__(self, store: Store, faults: Faults) -> None:
        self.store, self.faults = store, faults

    def answer(self, argument: str | None, ambiente: str, court: Court) -> str:
        try:
            self._receive(argument, ambiente, court)
        except Refusal as refusal:
            return _received(NOT_STORED, refusal.key, refusal.message)
        return _received("RECIBIDA")

    def _receive(self, argument: str | None, ambiente: str, court: Court) -> None:
        if self.faults.strikes("internal_error_50"):
            raise Refusal("50")
        if not argument:
            raise Refusal("49")
        try:
            xml = base64.b64decode("".join(argument.split()), validate=True)
        except (binascii.Error, ValueError):
            raise Refusal("26", "El archivo enviado no es base64") from None
        ahead = self.faults.strikes("clock_ahead") is not None
        voucher = recepcion.examine(xml, ambiente, self.store, court.config, ahead)
        if self.faults.strikes("sequence_taken"):
            raise Refusal("45", key=voucher.key)
        verdict = court.judge(voucher, ambiente)
        with self.store.writing() as db:  # nobody else has taken key or number meanwhile
            recepcion.look_up(voucher, ambiente, self.store, court.config)
            self._store(db, voucher, ambiente, court.config, verdict)
        if self.faults.strikes("already_registered"):
            raise Refusal("43", key=voucher.key)

    def _store(self, db: Any, voucher: Voucher, ambiente: str, config: Config, verdict: Verdict) -> None:
        now, delay = config.now(), config.delay
        stuck = self.faults.strikes("stuck_in_process")
        if stuck:
            delay = stuck.options.get("minutes", 5) * 60.0
        lost = self.faults.strikes("received_then_lost")
        ready = None if delay is None else now.timestamp() + delay
        decided = (now + dt.timedelta(seconds=delay or 0)).isoformat(timespec="seconds")
        db.execute("INSERT INTO comprobante (clave, ambiente, ruc, cod_doc, serie, secuencial, xml, ready, hidden, "
                   "estado, fecha, mensajes, total, buyer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   (voucher.key, ambiente, voucher.tax("ruc"), voucher.tax("codDoc"),
                    voucher.tax("estab") + voucher.tax("ptoEmi"), voucher.tax("secuencial"), voucher.xml, ready,
                    int(lost.options.get("asks", 2)) if lost else 0, verdict.estado, decided,
                    json.dumps(verdict.mensajes), str(voucher.total), voucher.buyer[1]))


def _received(state: str, key: str = "", found: dict[str, str] | None = None) -> str:
    inner = [soap.elements([("comprobante", [soap.elements([("claveAcceso", key), (
        "mensajes", soap.messages([found]))])])])] if found else []
    return soap.elements([("RespuestaRecepcionComprobante", [soap.elements([("estado", state),
                                                                            ("comprobantes", inner)])])])


class Authorization:
    """autorizacionComprobante"""

    NAMESPACE, OPERATION = "http://ec.gob.sri.ws.autorizacion", "autorizacionComprobante"
    ARGUMENT = "claveAccesoComprobante"

    def __init__(self, store: Store, faults: Faults) -> None:
        self.store, self.faults = store, faults

    def answer(self, argument: str | None, ambiente: str, court: Court) -> str:
        key = (argument or "").strip()
        if len(key) != KEY or not key.isdecimal():
            return self._answer(key, [self._shown(REFUSED, "", "", "", None, [message("80")])])
        rows = [row for row in self.store.of_key(key) if row["ambiente"] == ambiente]
        if rows and self._hidden(rows[-1]):
            return self._answer(key, [])
        shown = [self._row(row, court.config) for row in rows]
        if shown and rows[-1]["estado"] == AUTHORIZED and self.faults.strikes("two_authorizations"):
            refused = message("39", "La firma es invalida [Error temporal al validar]")
            shown.insert(0, self._shown(REFUSED, "", rows[-1]["fecha"], ambiente, rows[-1]["xml"], [refused]))
        if self.faults.strikes("wrong_key_answered"):
            key = f"{(int(key[:-1]) + 1) % 10**48:048d}{key[-1]}"
        return self._answer(key, shown)

    def _hidden(self, row: Any) -> bool:
        """Received, and for some questions not to be found."""
        if row["hidden"] <= 0:
            return False
        with self.store.writing() as db:
            db.execute("UPDATE comprobante SET hidden = hidden - 1 WHERE id = ?", (row["id"],))
        return True

    def _row(self, row: Any, config: Config) -> str:
        if in_process(row, config):
            return self._shown("EN PROCESO", "", "", row["ambiente"], row["xml"], [])
        # annulled in the portal later, it remains authorised here
        state = AUTHORIZED if row["estado"] in (ANNULLED, ANNULLING) else row["estado"]
        number = row["clave"] if state == AUTHORIZED else ""
        return self._shown(state, number, row["fecha"], row["ambiente"], row["xml"], json.loads(row["mensajes"]))

    def _shown(self, state: str, number: str, date: str, ambiente: str, xml: bytes | None,
               found: list[dict[str, str]]) -> str:
        body: list[str] | None = soap.cdata(xml) if xml is not None else None
        if state == AUTHORIZED and self.faults.strikes("unsigned_returned"):
            body = []
        return soap.elements([("autorizacion", [soap.elements([
            ("estado", state), ("numeroAutorizacion", number or None), ("fechaAutorizacion", date),
            ("ambiente", NAMES.get(ambiente)), ("comprobante", body), ("mensajes", soap.messages(found))])])])

    @staticmethod
    def _answer(key: str, shown: list[str]) -> str:
        return soap.elements([("RespuestaAutorizacionComprobante", [soap.elements([
            ("claveAccesoConsultada", key), ("numeroComprobantes", str(len(shown))), ("autorizaciones", shown)])])])


class Query:
    """consultarEstadoAutorizacionComprobante"""

    NAMESPACE = "http://ec.gob.sri.ws.consultas"
    OPERATION, ARGUMENT = "consultarEstadoAutorizacionComprobante", "claveAcceso"

    def __init__(self, store: Store, faults: Faults) -> None:
        self.store, self.faults = store, faults

    def answer(self, argument: str | None, ambiente: str, court: Court) -> str:
        key = (argument or "").strip()
        rows = [row for row in self.store.of_key(key)
                if row["ambiente"] == ambiente and not in_process(row, court.config)]
        if not rows:
            return self._answer([("estadoConsulta", "RECHAZADA"), ("claveAcceso", key), ("mensajes", soap.messages(
                [message("99", "No existen datos para los parámetros ingresados")]))])
        row = next((one for one in rows if one["estado"] != REFUSED), rows[-1])
        state = ANNULLED if self.faults.strikes("annulled_in_portal") else row["estado"]
        return self._answer([("claveAcceso", key), ("mensajes", []), ("estadoAutorizacion", state),
                             ("tipoComprobante", TITLES.get(row["cod_doc"])), ("rucEmisor", row["ruc"]),
                             ("fechaAutorizacion", row["fecha"])])

    @staticmethod
    def _answer(parts: list[tuple[str, Any]]) -> str:
        return soap.elements([("EstadoAutorizacionComprobante", [soap.elements(parts)])])
