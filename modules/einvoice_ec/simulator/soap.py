"""SOAP 1.1 as the SRI's services (Apache CXF) read and write it: unprefixed inner elements, faults with HTTP 500."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from lxml import etree
from werkzeug.wrappers import Response

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


class BadCall(Exception):
    """A SOAP fault; the message is its faultstring."""


def argument(content: bytes, namespace: str, operation: str, name: str) -> str | None:
    """The one argument of a call; None where it is missing. BadCall where it is not this operation's call."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadCall(f"Error reading XMLStreamReader: {error}") from error
    body = root.find(f"{{{SOAP}}}Body") if root.tag == f"{{{SOAP}}}Envelope" else None
    if body is None or not len(body):
        raise BadCall(f'"{root.tag}", the namespace or element name is not a SOAP 1.1 Envelope')
    call = body[0]
    if call.tag != f"{{{namespace}}}{operation}":
        raise BadCall(f"Unexpected wrapper element {call.tag} found.   Expected {{{namespace}}}{operation}.")
    for one in call:
        if one.tag != name:
            raise BadCall(f"Unmarshalling Error: unexpected element {one.tag}. Expected elements are <{{}}{name}> ")
        return str(one.text or "")
    return None


def elements(parts: Iterable[tuple[str, Any]]) -> str:
    """Elements in order: text is escaped, "raw" XML (a list) is taken as it is, None is left out."""
    made = []
    for name, value in parts:
        if value is None:
            continue
        inner = "".join(value) if isinstance(value, list) else escape(str(value), quote=False)
        made.append(f"<{name}>{inner}</{name}>" if inner else f"<{name}/>")
    return "".join(made)


def messages(found: Iterable[Mapping[str, str]]) -> list[str]:
    """<mensaje> elements; `mensaje` is also the name of what is inside."""
    return [f"<mensaje>{elements((name, one.get(name) or None) for name in _FIELDS)}</mensaje>" for one in found]


_FIELDS = ("identificador", "mensaje", "informacionAdicional", "tipo")


def answer(namespace: str, operation: str, inner: str) -> Response:
    """The answer to an operation."""
    return _envelope(f'<ns2:{operation}Response xmlns:ns2="{namespace}">{inner}</ns2:{operation}Response>', 200)


def fault(words: str) -> Response:
    """A SOAP fault."""
    return _envelope(f"<soap:Fault><faultcode>soap:Client</faultcode><faultstring>{escape(words, quote=False)}"
                     "</faultstring></soap:Fault>", 500)


def _envelope(inner: str, status: int) -> Response:
    text = f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>{inner}</soap:Body></soap:Envelope>'
    return Response(text.encode(), status, content_type="text/xml;charset=UTF-8")


def cdata(xml: bytes) -> list[str]:
    """A voucher inside CDATA, as it came."""
    return ["<![CDATA[", xml.decode("utf-8").replace("]]>", "]]]]><![CDATA[>"), "]]>"]
