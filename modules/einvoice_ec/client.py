"""The SRI's three services: reception, authorisation, state of a voucher (ecuador.md, section 4).

Asking raises Unavailable for every failure; `recepcion` raises Unknown where the voucher may have been stored.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from core.errors import Unavailable, Unknown
from core.i18n import _
from modules.einvoice_ec import soap

RECEIVED, RETURNED = "RECIBIDA", "DEVUELTA"
AUTHORIZED = "AUTORIZADO"
REFUSED = frozenset(("NO AUTORIZADO", "RECHAZADO", "RECHAZADA"))
ANNULLED, ANNULLING = "ANULADO", "PENDIENTE DE ANULAR"
ERROR = "ERROR"
# ConsultaComprobante: no data, or a date that it does not look at; no fiscal state
NO_DATA = "RECHAZADA"


@dataclass(frozen=True)
class Mensaje:
    """A message: decide by `identificador`, never by its text."""

    identificador: str
    mensaje: str
    informacion: str
    tipo: str

    @property
    def text(self) -> str:
        """The SRI's words: an inventory of errors is one text with tabulators."""
        return f"{self.mensaje}: {readable(self.informacion)}" if self.informacion else self.mensaje

    def as_problem(self) -> dict[str, str]:
        return {"code": self.identificador, "message": self.text}


def readable(text: str) -> str:
    """An inventory of errors (52) as sentences, its headings apart."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return "; ".join(line for line in lines if not line.startswith("-")) or text.strip()


@dataclass(frozen=True)
class Recepcion:
    """RECIBIDA, or DEVUELTA with messages: then it is not stored."""

    estado: str
    mensajes: tuple[Mensaje, ...] = ()

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(one.identificador for one in self.mensajes)


@dataclass(frozen=True)
class Autorizacion:
    """One verdict; `comprobante` is the signed XML as the SRI has it, "" where it did not send it back."""

    estado: str
    numero: str
    fecha: dt.datetime | None
    ambiente: str
    comprobante: str
    mensajes: tuple[Mensaje, ...] = ()

    @property
    def authorized(self) -> bool:
        return self.estado == AUTHORIZED

    @property
    def refused(self) -> bool:
        return self.estado in REFUSED

    def as_dict(self) -> dict[str, Any]:
        """For the record, without the voucher itself."""
        return {"estado": self.estado, "numeroAutorizacion": self.numero, "ambiente": self.ambiente,
                "fechaAutorizacion": self.fecha.isoformat() if self.fecha else "",
                "mensajes": [vars(one) for one in self.mensajes]}


class Sri:
    """The services of one environment; no login: the signature is the identity."""

    def __init__(self, base: str) -> None:
        self.base = base

    def recepcion(self, xml: bytes) -> Recepcion:
        """Send a signed voucher."""
        answer = soap.call(self.base, "RecepcionComprobantesOffline", "validarComprobante", xml=xml)
        state = str(answer.estado or "") if answer is not None else ""
        if state not in (RECEIVED, RETURNED):
            raise Unknown(_("The SRI's answer to %(operation)s cannot be read.", operation="validarComprobante"))
        rows = answer.comprobantes.comprobante if answer.comprobantes is not None else ()
        return Recepcion(state, tuple(_messages(row.mensajes for row in rows)))

    def autorizacion(self, clave: str) -> list[Autorizacion]:
        """All verdicts on a key, as they come; [] where the SRI has none, or not yet."""
        answer = soap.call(self.base, "AutorizacionComprobantesOffline", "autorizacionComprobante",
                           claveAccesoComprobante=clave)
        if answer is None or answer.claveAccesoConsultada != clave:
            raise Unavailable(_("The SRI answered about another voucher than was asked for."))
        rows = answer.autorizaciones.autorizacion if answer.autorizaciones is not None else ()
        return [_verdict(row) for row in rows]

    def consulta(self, clave: str) -> str:
        """AUTORIZADO, NO AUTORIZADO, PENDIENTE DE ANULAR or ANULADO; "" where nothing is known of it."""
        answer = soap.call(self.base, "ConsultaComprobante", "consultarEstadoAutorizacionComprobante",
                           claveAcceso=clave)
        if answer is None:
            raise Unavailable(_("The SRI's answer to %(operation)s cannot be read.", operation="ConsultaComprobante"))
        if answer.estadoConsulta == NO_DATA:
            return ""
        return str(answer.estadoAutorizacion or "")


def _verdict(row: Any) -> Autorizacion:
    return Autorizacion(str(row.estado or "").strip(), str(row.numeroAutorizacion or ""), row.fechaAutorizacion,
                        str(row.ambiente or ""), str(row.comprobante or ""), tuple(_messages((row.mensajes,))))


def _messages(parts: Iterable[Any]) -> Iterator[Mensaje]:
    for part in parts:
        for one in part.mensaje if part is not None else ():
            yield Mensaje(str(one.identificador or ""), str(one.mensaje or "").strip(),
                          str(one.informacionAdicional or ""), str(one.tipo or ""))
