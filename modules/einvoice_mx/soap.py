"""Envelopes of the PAC and of the SAT: written by hand, for the PAC's answers carry types that zeep wants to fetch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from lxml import etree

from core.http import Answer, Client
from core.i18n import _
from modules.einvoice_mx.schema import parse

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_RPC = ('<?xml version="1.0" encoding="UTF-8"?>\n<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/'
        'envelope/" xmlns:ns1="{address}" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/'
        '2001/XMLSchema-instance" xmlns:SOAP-ENC="http://schemas.xmlsoap.org/soap/encoding/" SOAP-ENV:encodingStyle="'
        'http://schemas.xmlsoap.org/soap/encoding/">\n<SOAP-ENV:Body><ns1:{operation}><request xsi:type="SOAP-ENC:'
        'Struct">{fields}</request></ns1:{operation}></SOAP-ENV:Body>\n</SOAP-ENV:Envelope>')
_QUERY = ('<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
          '<s:Body><c:Consulta xmlns:c="http://tempuri.org/"><c:expresionImpresa>{text}</c:expresionImpresa>'
          "</c:Consulta></s:Body></s:Envelope>")


@dataclass(frozen=True)
class Fault:
    """What a SOAP Fault says; `detail` holds whatever it carries beside."""

    code: str
    text: str
    detail: Mapping[str, str]


class SoapClient(Client):
    """A service that answers its refusals as SOAP Faults with HTTP 500: those are answers, other 500s are not."""

    def _judge(self, answer: Answer) -> Answer:
        if answer.status == 500 and _body(answer.content) is not None:
            return answer
        return super()._judge(answer)


def request(operation: str, values: Mapping[str, str], address: str) -> bytes:
    """An RPC call with one struct, in the namespace of its address."""
    fields = "".join(f'<{name} xsi:type="xsd:string">{escape(value, quote=False)}</{name}>'
                     for name, value in values.items())
    return _RPC.format(address=escape(address), operation=operation, fields=fields).encode()


def query(expression: str) -> bytes:
    """The SAT's Consulta."""
    return _QUERY.format(text=escape(expression, quote=False)).encode()


def _body(content: bytes) -> etree._Element | None:
    try:
        root = parse(content)
    except ValueError:
        return None
    return root.find(f"{{{ENVELOPE}}}Body") if root.tag == f"{{{ENVELOPE}}}Envelope" else None


def read(content: bytes) -> dict[str, str] | Fault | None:
    """The values of an answer (of all its leaves), a Fault, or None where it cannot be read."""
    body = _body(content)
    if body is None or not len(body):
        return None
    first = body[0]
    if first.tag == f"{{{ENVELOPE}}}Fault":
        detail = first.find("detail")
        found = {} if detail is None else leaves(detail)
        return Fault((first.findtext("faultcode") or "").strip(), (first.findtext("faultstring") or "").strip(), found)
    return leaves(first)


def leaves(node: etree._Element) -> dict[str, str]:
    """{local name: text} of the elements that hold no others."""
    return {etree.QName(one).localname: (one.text or "").strip() for one in node.iter()
            if isinstance(one.tag, str) and not len(one)}


def unreadable(name: str) -> str:
    return _("%(name)s answered something that cannot be read.", name=name)
