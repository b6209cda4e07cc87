"""SOAP with zeep: WSDL from the package, one client and session per thread, and three kinds of failure.

`Unavailable`: it certainly was not done. `Unknown`: it was sent and no sensible answer came. Everything else is
an answer, also a SOAP fault.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import threading
import time
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from lxml import etree
from requests.exceptions import RequestException
from zeep import Client, Settings
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault
from zeep.transports import Transport

from core import clock, http, logs
from core.errors import Unavailable, Unknown
from core.i18n import _
from modules.einvoice_ar.endpoints import WSDL

CONNECT_TIMEOUT, READ_TIMEOUT = 10, 60

# binding of each service in its WSDL; the register's and the WSAA's file serve every environment
FILES = {
    "wsaa": ("wsaa.wsdl", "{https://wsaahomo.afip.gov.ar/ws/services/LoginCms}LoginCmsSoapBinding"),
    "wsfe": ("wsfev1_produccion.wsdl", "{http://ar.gov.afip.dif.FEV1/}ServiceSoap"),
    "register": ("ws_sr_constancia_inscripcion_produccion.wsdl",
                 "{http://a5.soap.ws.server.puc.sr/}PersonaServiceA5SoapBinding"),
}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

log = logs.get(__name__)
_local = threading.local()


def clean(content: bytes) -> bytes:
    """The bytes as UTF-8 that an XML parser accepts: ARCA's messages sometimes hold Latin-1 or control bytes."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return _NOT_XML.sub("", text).encode("utf-8")


class ArcaTransport(Transport):
    """zeep's transport with time limits on every call, and failures told apart."""

    def __init__(self) -> None:
        # an idle connection that ARCA has closed is renewed, never retried by itself
        super().__init__(session=http.new_session(), timeout=READ_TIMEOUT, operation_timeout=READ_TIMEOUT)

    def post(self, address: str, message: Any, headers: Any) -> requests.Response:
        """One request; Unavailable where no connection was made, Unknown where the answer did not come."""
        started, status = time.monotonic(), "no answer"
        try:
            response = self.session.post(address, data=message, headers=headers,
                                         timeout=(CONNECT_TIMEOUT, READ_TIMEOUT), allow_redirects=False,
                                         proxies=http.proxies_for(address))
            status = str(response.status_code)
            _local.times = (clock.now(), _date(response.headers.get("Date")))
        except RequestException as error:
            raise _outcome(error, address) from error
        finally:
            log.info("arca_call", action=_action(headers), status=status,
                     seconds=round(time.monotonic() - started, 3))
        response._content = clean(response.content)
        response.encoding = "utf-8"
        if b"Envelope" not in response._content[:1000]:
            raise Unknown(_("ARCA (%(host)s) answered with something else than SOAP (HTTP %(status)s).",
                            host=address.split("/")[2], status=status))
        return response


def _action(headers: Any) -> str:
    return str(headers.get("SOAPAction", "")).strip('"').rpartition("/")[2]


def _outcome(error: RequestException, address: str) -> Exception:
    host = address.split("/")[2]
    if http.never_sent(error):
        return Unavailable(_("ARCA (%(host)s) cannot be reached.", host=host))
    return Unknown(_("ARCA (%(host)s) did not answer.", host=host))


def _date(header: str | None) -> dt.datetime | None:
    try:
        return parsedate_to_datetime(header) if header else None
    except ValueError:
        return None


def times() -> tuple[dt.datetime, dt.datetime] | None:
    """This machine's time and the service's at the last answer in this thread, where it told its own."""
    ours, theirs = getattr(_local, "times", (None, None))
    return (ours, theirs) if ours and theirs else None


def service(name: str, address: str) -> Any:
    """The operations of a service at this address; built once per process and thread."""
    cache: dict[Any, Any] = getattr(_local, "cache", None) or {}
    if getattr(_local, "pid", None) != os.getpid():  # a forked worker must not share its parent's sockets
        cache = {}
    _local.cache, _local.pid = cache, os.getpid()
    if name not in cache:
        file, _binding = FILES[name]
        cache[name] = Client(str(WSDL / file), transport=ArcaTransport(),
                             settings=Settings(strict=True, xml_huge_tree=True))
    key = (name, address)
    if key not in cache:
        cache[key] = cache[name].create_service(FILES[name][1], address)
    return cache[key]


def call(name: str, address: str, operation: str, **arguments: Any) -> Any:
    """Call an operation; a SOAP fault is raised as zeep's Fault, an unreadable answer as Unknown."""
    try:
        return getattr(service(name, address), operation)(**arguments)
    except Fault:
        raise
    except (ZeepError, etree.LxmlError, ValueError) as error:
        raise Unknown(_("ARCA's answer to %(operation)s cannot be read.", operation=operation)) from error
