"""SOAP as the simulator reads and writes it: both versions, text in and text out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Any

from lxml import etree
from werkzeug.wrappers import Response

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
_ACTION = re.compile(r"""action\s*=\s*["']?([^"';]*)""")


class NotXml(ValueError):
    """What came is not XML; the parser's words and place."""


class NotSoap(ValueError):
    """XML, but no envelope; the message is the namespace that was found."""


@dataclass(frozen=True)
class Envelope:
    """A request: its SOAP version, its action (None where none was given) and the first element of its Body."""

    version: str
    action: str | None
    body: Any

    @property
    def is_12(self) -> bool:
        return self.version == SOAP12


def read(content: bytes, environ: dict[str, Any]) -> Envelope:
    """The request; NotXml or NotSoap where it is none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True,
                             remove_pis=True, huge_tree=True)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml(str(error)) from error
    name = etree.QName(root)
    if name.localname != "Envelope" or name.namespace not in {SOAP11, SOAP12}:
        raise NotSoap(name.namespace or "")
    version = str(name.namespace)
    body = root.find(f"{{{version}}}Body")
    first = next(iter(body), None) if body is not None else None
    return Envelope(version, _action(environ), first)


def _action(environ: dict[str, Any]) -> str | None:
    """SOAPAction of 1.1, or the action in the content type of 1.2."""
    if "HTTP_SOAPACTION" in environ:
        return str(environ["HTTP_SOAPACTION"]).strip().strip("\"'")
    found = _ACTION.search(environ.get("CONTENT_TYPE", ""))
    return found.group(1) if found else None


def wants_12(environ: dict[str, Any]) -> bool:
    """True for a request of SOAP 1.2 by its content type."""
    return str(environ.get("CONTENT_TYPE", "")).startswith("application/soap+xml")


def answer(text: str, is_12: bool, status: int = 200) -> Response:
    """The text as XML in UTF-8."""
    media_type = "application/soap+xml" if is_12 else "text/xml"
    return Response(text.encode(), status, content_type=f"{media_type}; charset=utf-8")


def text(value: Any) -> str:
    """Escaped for element content."""
    return escape(str(value), quote=False)


def fault_11(code: str, message: str, detail: str, more: str = "") -> str:
    """A fault of SOAP 1.1; `detail` is XML, `more` attributes of the faultcode."""
    return (f"<faultcode{more}>{code}</faultcode><faultstring>{message}</faultstring>{detail}")


def fault_12(code: str, message: str, detail: str, prefix: str, more: str = "") -> str:
    """A fault of SOAP 1.2."""
    return (f"<{prefix}:Code><{prefix}:Value{more}>{code}</{prefix}:Value></{prefix}:Code>"
            f'<{prefix}:Reason><{prefix}:Text xml:lang="en">{message}</{prefix}:Text></{prefix}:Reason>{detail}')
