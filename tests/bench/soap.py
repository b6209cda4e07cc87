"""A SOAP call of ARCA's invoice service against a bare HTTP round trip of the same bytes to the same server."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from core.scope import company_scope
from modules.demo import enabling, services
from modules.demo.surroundings import simulators
from modules.einvoice_ar import access
from tests.bench.measure import Measure, rounds
from tests.bench.place import place

TIMES = 200
GOAL, OWN_MS = 1 / 6, 1.5
PATH = "/arca/wsfev1/service.asmx"


def run(_count: int, _server: str) -> bool:
    """Asking for the last number, again and again, over one connection."""
    with place("") as where, where.app(simulators_url="http://127.0.0.1:1").app_context():
        from core import installation

        installation.prepare()
        with simulators() as running:
            (company,) = services.load(services.Wishes(15), running, lambda _line: None)
            enabling.enable(company)
            with company_scope(company):
                wsfe = access.connect()
                bare = Bare(running.url)
                measure = Measure("soap_call", TIMES, "bare HTTP round trip of the same bytes", GOAL)
                rounds(measure, lambda: [wsfe.last_number(3, 6) for _number in range(TIMES)],
                       lambda: [bare.ask() for _number in range(TIMES)])
    own = (sorted(measure.ours)[1] - sorted(measure.limits)[1]) / TIMES * 1000
    met = measure.report(own_ms=round(own, 3), own_ms_goal=OWN_MS)
    return met and own <= OWN_MS


class Bare:
    """A connection that stays open and sends a request of the usual size."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc)
        self._body = (
            '<?xml version="1.0" encoding="utf-8"?><soap-env:Envelope '
            'xmlns:soap-env="http://schemas.xmlsoap.org/soap/envelope/"><soap-env:Body>'
            '<ns0:FECompUltimoAutorizado xmlns:ns0="http://ar.gov.afip.dif.FEV1/"><ns0:Auth><ns0:Token>x</ns0:Token>'
            '<ns0:Sign>x</ns0:Sign><ns0:Cuit>30990005008</ns0:Cuit></ns0:Auth><ns0:PtoVta>3</ns0:PtoVta>'
            '<ns0:CbteTipo>6</ns0:CbteTipo></ns0:FECompUltimoAutorizado></soap-env:Body></soap-env:Envelope>')

    def ask(self) -> None:
        self._connection.request("POST", PATH, self._body, {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": '"http://ar.gov.afip.dif.FEV1/FECompUltimoAutorizado"'})
        answer = self._connection.getresponse()
        assert answer.status == 200 and b"FECompUltimoAutorizadoResponse" in answer.read()
