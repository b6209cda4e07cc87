"""The SAT's query service: the only truth about whether a document is cancelled. Public, without credentials."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import Unavailable
from modules.einvoice_mx import soap
from modules.einvoice_mx.soap import Fault, SoapClient

NAME = "SAT"
ACTION = "http://tempuri.org/IConsultaCFDIService/Consulta"
CURRENT, CANCELLED, NOT_FOUND = "vigente", "cancelado", "no encontrado"
IN_PROCESS, REFUSED = "en proceso", "solicitud rechazada"
NOT_CANCELLABLE = "no cancelable"


@dataclass(frozen=True)
class Estado:
    """What the SAT says, in lower case and without accents or final point, and in its own words."""

    state: str
    cancellable: str
    cancellation: str
    words: str
    # the answer itself, kept as the proof of a cancelling
    content: bytes = b""

    @property
    def is_found(self) -> bool:
        return self.state in (CURRENT, CANCELLED)


def expression(issuer: str, receiver: str, total: str, uuid: str) -> str:
    """The printed expression; & in an RFC is written as it is escaped in a URL."""
    return f"?re={issuer.replace('&', '%26')}&rr={receiver.replace('&', '%26')}&tt={total}&id={uuid}"


def ask(address: str, issuer: str, receiver: str, total: str, uuid: str) -> Estado:
    """Where a document stands. Unavailable where the SAT does not say."""
    client = SoapClient(NAME, address, headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": ACTION})
    answer = client.post("", data=soap.query(expression(issuer, receiver, total, uuid)), repeatable=True)
    found = soap.read(answer.content)
    if not isinstance(found, dict) or "Estado" not in found:
        words = found.text if isinstance(found, Fault) else soap.unreadable(NAME)
        raise Unavailable(words)
    parts = [found.get(name, "") for name in ("Estado", "EsCancelable", "EstatusCancelacion")]
    words = ". ".join(part for part in parts if part) or found.get("CodigoEstatus", "")
    state, cancellable, cancellation = (_plain(part) for part in parts)
    return Estado(state, cancellable, cancellation, words, answer.content)


def _plain(text: str) -> str:
    return text.strip().rstrip(".").lower().translate(str.maketrans("áéíóú", "aeiou"))
