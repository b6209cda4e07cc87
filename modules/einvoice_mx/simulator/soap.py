"""The wire: RPC-encoded SOAP 1.1 with one struct, answers typed as the PAC's PHP writes them, faults with HTTP 500."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from lxml import etree
from werkzeug.wrappers import Response

from modules.einvoice_mx.schema import parse
from modules.einvoice_mx.simulator.faults import Refused

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
OPERATIONS = ("requestTimbrarCFDI", "requestCancelarCFDI", "consultarEstatusCFDI", "activarCancelacion")
_FRAME = ('<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/'
          'envelope/" xmlns:ns1="{address}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/'
          '2001/XMLSchema-instance" xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/" SOAP-ENV:encodingStyle='
          '"http://schemas.xmlsoap.org/soap/encoding/"><SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>')


def read(body: bytes) -> tuple[str, dict[str, str]]:
    """The operation and the keys of its one struct, whatever that is called. Refused where it is no such envelope."""
    try:
        root = parse(body)
    except ValueError as error:
        raise Refused("SOAP-ENV:Client", f"Bad Request: {error}") from None
    inside = root.find(f"{{{ENVELOPE}}}Body")
    if root.tag != f"{{{ENVELOPE}}}Envelope" or inside is None or not len(inside):
        raise Refused("SOAP-ENV:Client", "Bad Request")
    call = inside[0]
    operation = etree.QName(call).localname
    if operation not in OPERATIONS:
        raise Refused("SOAP-ENV:Server", f"Procedure '{operation}' not present")
    struct = call[0] if len(call) else call
    return operation, {etree.QName(node).localname: (node.text or "").strip() for node in struct}


def answer(operation: str, values: Mapping[str, str], address: str) -> Response:
    """A struct under `return`."""
    fields = "".join(f'<{name} xsi:type="xsd:string">{escape(value, quote=False)}</{name}>'
                     for name, value in values.items())
    body = f'<ns1:{operation}Response><return xsi:type="SOAP-ENC:Struct">{fields}</return></ns1:{operation}Response>'
    return Response(_FRAME.format(address=escape(address), body=body), content_type="text/xml; charset=utf-8")


def fault(refused: Refused, address: str) -> Response:
    """A SOAP Fault; what it carries beside is put in `detail`."""
    text = refused.text if refused.code.startswith("SOAP-ENV") else f"{refused.code}: {refused.text}"
    detail = f'<detail><xml xsi:type="xsd:string">{refused.found}</xml></detail>' if refused.found else ""
    body = (f"<SOAP-ENV:Fault><faultcode>{escape(refused.code)}</faultcode><faultstring>"
            f"{escape(text, quote=False)}</faultstring>{detail}</SOAP-ENV:Fault>")
    return Response(_FRAME.format(address=escape(address), body=body), 500, content_type="text/xml; charset=utf-8")
