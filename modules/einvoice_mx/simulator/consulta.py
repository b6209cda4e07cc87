"""ConsultaCFDIService of the SAT: public, without credentials; the facts of a printed document decide."""

from __future__ import annotations

from html import escape
from urllib.parse import unquote

from lxml import etree
from werkzeug.wrappers import Response

from modules.einvoice_mx.schema import parse
from modules.einvoice_mx.simulator.cancelling import Query
from modules.einvoice_mx.simulator.settings import Config

_FRAME = ('<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
          '<s:Body><ConsultaResponse xmlns="http://tempuri.org/"><ConsultaResult xmlns:a="http://schemas.datacontract.org'
          '/2004/07/Sat.Cfdi.Negocio.ConsultaCfdi.Servicio">{fields}</ConsultaResult></ConsultaResponse></s:Body>'
          "</s:Envelope>")
BAD = "N - 601: La expresión impresa proporcionada no es válida."
UNKNOWN = "N - 602: Comprobante no encontrado."
GOOD = "S - Comprobante obtenido satisfactoriamente."


def answer(body: bytes, query: Query, config: Config) -> Response:
    """What is known of the document that the printed expression names."""
    said = _expression(body)
    if not {"re", "rr", "tt", "id"} <= set(said):
        return _response(BAD, "No Encontrado")
    found = query.found(said["re"], said["rr"], said["tt"], said["id"], config)
    if found is None:
        return _response(UNKNOWN, "No Encontrado")
    return _response(GOOD, found.state, found.cancellable, found.cancellation, "200")


def _expression(body: bytes) -> dict[str, str]:
    try:
        root = parse(body)
    except ValueError:
        return {}
    node = next((one for one in root.iter() if isinstance(one.tag, str)
                 and etree.QName(one).localname == "expresionImpresa"), None)
    text = (node.text or "").strip().lstrip("?") if node is not None else ""
    return {name: unquote(value) for name, _equals, value in (part.partition("=") for part in text.split("&"))}


def _response(status: str, state: str, cancellable: str = "", cancellation: str = "", efos: str = "") -> Response:
    fields = (("CodigoEstatus", status), ("EsCancelable", cancellable), ("Estado", state),
              ("EstatusCancelacion", cancellation), ("ValidacionEFOS", efos))
    text = "".join(f"<a:{name}>{escape(value)}</a:{name}>" if value else f"<a:{name}/>" for name, value in fields)
    return Response(_FRAME.format(fields=text), content_type="text/xml; charset=utf-8")
