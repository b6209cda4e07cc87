"""A client of ARCA that is not ours: envelopes written by hand, the login signed by the openssl program."""

from __future__ import annotations

import base64
import datetime as dt
import http.client
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from core import clock

FEV1 = "http://ar.gov.afip.dif.FEV1/"
VIEW = "http://wsaa.view.sua.dvadac.desein.afip.gov"
TARGET = "https://wsaahomo.afip.gov.ar/ws/services/LoginCms"
A5 = "http://a5.soap.ws.server.puc.sr/"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
LOGIN, WSFE, REGISTER = ("/arca/ws/services/LoginCms", "/arca/wsfev1/service.asmx",
                         "/arca/sr-padron/webservices/personaServiceA5")
ISSUER = "30990000103"
ARGENTINA = dt.timezone(dt.timedelta(hours=-3))
NONE: dict[str, str] = {}


@dataclass
class Answer:
    """What came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def xml(self) -> Any:
        return etree.fromstring(self.body)

    def text(self, name: str) -> str | None:
        """The text of the first element of this name, whatever its namespace; None where there is none."""
        found = self.xml.xpath(f"//*[local-name()='{name}']")
        return (found[0].text or "") if found else None

    def texts(self, name: str) -> list[str]:
        return [one.text or "" for one in self.xml.xpath(f"//*[local-name()='{name}']")]

    def codes(self, kind: str = "Err") -> list[int]:
        """The codes of Errors (Err), observations (Obs) or events (Evt)."""
        return [int(one) for one in self.xml.xpath(f"//*[local-name()='{kind}']/*[local-name()='Code']/text()")]


@dataclass
class Foreign:
    """Talks to the simulator at `url`; `folder` holds keys and certificates."""

    url: str
    folder: Path
    token: str = ""
    sign: str = ""
    cuit: str = ISSUER
    keys: dict[str, tuple[Path, Path]] = field(default_factory=dict)

    # --- the wire ----------------------------------------------------------------------------------------

    def post(self, path: str, body: str | bytes, headers: dict[str, str]) -> Answer:
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        try:
            connection.request("POST", path, body if isinstance(body, bytes) else body.encode(), headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def set_up(self, path: str, **values: Any) -> Any:
        """POST /arca/_sim/…"""
        answer = self.post(f"/arca/_sim/{path}", json.dumps(values), {"Content-Type": "application/json"})
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    # --- WSAA --------------------------------------------------------------------------------------------

    def certificate(self, alias: str = "otro", services: tuple[str, ...] = ("wsfe", "ws_sr_constancia_inscripcion"),
                    cuit: str = ISSUER, **more: Any) -> None:
        """Key and CSR by openssl, the certificate by the simulator."""
        key, request, issued = (self.folder / f"{alias}.{ending}" for ending in ("key", "csr", "crt"))
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(request), "-subj",
                f"/C=AR/O=Otro Programa/CN={alias}/serialNumber=CUIT {cuit}")
        made = self.set_up("certificate", csr=request.read_text(), cuit=cuit, alias=alias, services=list(services),
                           represents=more.pop("represents", [cuit]), **more)
        issued.write_text(made["certificate"])
        (self.folder / "ca.pem").write_text(made["ca"])
        self.keys[alias] = (key, issued)

    def signed(self, tra: str, alias: str = "otro", *options: str, key: str | None = None) -> str:
        """The CMS of a request in Base64, made by `openssl cms`."""
        private, certificate = self.keys[key or alias][0], self.keys[alias][1]
        made = openssl("cms", "-sign", "-signer", str(certificate), "-inkey", str(private), "-nodetach", "-outform",
                       "DER", *options, stdin=tra.encode())
        return base64.b64encode(made).decode()

    def login(self, in0: str, namespace: str = VIEW, action: str | None = '""', soap: str = SOAP11) -> Answer:
        """loginCms with this text; `in0` None leaves the element out."""
        inner = f"<ns:loginCms><ns:in0>{in0}</ns:in0></ns:loginCms>" if in0 is not None else "<ns:loginCms/>"
        body = (f'<s:Envelope xmlns:s="{soap}" xmlns:ns="{namespace}"><s:Header/><s:Body>{inner}</s:Body>'
                "</s:Envelope>")
        media_type = "text/xml" if soap == SOAP11 else "application/soap+xml"
        headers = {"Content-Type": f"{media_type}; charset=utf-8"} | ({} if action is None else {"SOAPAction": action})
        return self.post(LOGIN, body, headers)

    def enter(self, service: str = "wsfe", alias: str = "otro") -> None:
        """Log in and keep token and sign."""
        answer = self.login(self.signed(request_for(service), alias))
        assert answer.status == 200, answer.body
        ticket = etree.fromstring((answer.text("loginCmsReturn") or "").encode())
        self.token, self.sign = ticket.findtext(".//token") or "", ticket.findtext(".//sign") or ""

    # --- WSFEv1 and the register ---------------------------------------------------------------------------

    def auth(self) -> str:
        return f"<Auth><Token>{self.token}</Token><Sign>{self.sign}</Sign><Cuit>{self.cuit}</Cuit></Auth>"

    def call(self, operation: str, inner: str = "", auth: str | None = None, soap: str = SOAP11) -> Answer:
        """An operation of WSFEv1 in SOAP 1.1 or 1.2."""
        body = (f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{soap}"><s:Body><{operation} '
                f'xmlns="{FEV1}">{self.auth() if auth is None else auth}{inner}</{operation}></s:Body></s:Envelope>')
        return self.post(WSFE, body, headers_of(operation, soap))

    def solicit(self, *details: dict[str, Any], kind: int = 6, point: int = 3, count: int | None = None) -> Answer:
        """FECAESolicitar with these details."""
        header = element("FeCabReq", {"CantReg": len(details) if count is None else count, "PtoVta": point,
                                      "CbteTipo": kind})
        rows = "".join(element("FECAEDetRequest", one) for one in details)
        return self.call("FECAESolicitar", f"<FeCAEReq>{header}<FeDetReq>{rows}</FeDetReq></FeCAEReq>")

    def last(self, kind: int = 6, point: int = 3) -> int:
        answer = self.call("FECompUltimoAutorizado", f"<PtoVta>{point}</PtoVta><CbteTipo>{kind}</CbteTipo>")
        return int(answer.text("CbteNro") or -1)

    def consult(self, number: int, kind: int = 6, point: int = 3) -> Answer:
        return self.call("FECompConsultar", element("FeCompConsReq", {"CbteTipo": kind, "CbteNro": number,
                                                                     "PtoVta": point}))

    def person(self, *numbers: str, operation: str = "getPersona_v2", own: str = ISSUER) -> Answer:
        """An operation of the register."""
        inner = "".join(f"<idPersona>{one}</idPersona>" for one in numbers)
        body = (f'<s:Envelope xmlns:s="{SOAP11}"><s:Body><a:{operation} xmlns:a="{A5}"><token>{self.token}</token>'
                f"<sign>{self.sign}</sign><cuitRepresentada>{own}</cuitRepresentada>{inner}</a:{operation}></s:Body>"
                "</s:Envelope>")
        return self.post(REGISTER, body, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": ""})


def headers_of(operation: str, soap: str = SOAP11) -> dict[str, str]:
    if soap == SOAP12:
        return {"Content-Type": f'application/soap+xml; charset=utf-8; action="{FEV1}{operation}"'}
    return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{FEV1}{operation}"'}


def element(name: str, value: Any) -> str:
    """XML of nested dictionaries and lists; None is absent."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return f"<{name}>{''.join(element(key, one) for key, one in value.items())}</{name}>"
    if isinstance(value, list):
        return "".join(element(name, one) for one in value)
    return f"<{name}>{value}</{name}>"


def request_for(service: str = "wsfe", *, starts: int = -600, ends: int = 600, header: str = "", version: str = "1.0",
                unique: int = 1795526213) -> str:
    """A TRA from so many seconds to so many seconds from now."""
    def moment(seconds: int) -> str:
        return (clock.now() + dt.timedelta(seconds=seconds)).astimezone(ARGENTINA).isoformat(timespec="seconds")

    return (f'<?xml version="1.0" encoding="UTF-8"?><loginTicketRequest version="{version}"><header>{header}'
            f"<uniqueId>{unique}</uniqueId><generationTime>{moment(starts)}</generationTime>"
            f"<expirationTime>{moment(ends)}</expirationTime></header><service>{service}</service>"
            "</loginTicketRequest>")


def openssl(*words: str, stdin: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *words], input=stdin, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def today(days: int = 0) -> str:
    """A day as ARCA writes it, so many days from today in Buenos Aires."""
    return (clock.now().astimezone(ARGENTINA) + dt.timedelta(days=days)).strftime("%Y%m%d")


def document(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A good B for 12,100.00 to a final consumer; `Iva=None` leaves a part out."""
    made: dict[str, Any] = {
        "Concepto": 2, "DocTipo": 96, "DocNro": 23456781, "CbteDesde": number, "CbteHasta": number,
        "CbteFch": today(), "ImpTotal": "12100.00", "ImpTotConc": "0.00", "ImpNeto": "10000.00", "ImpOpEx": "0.00",
        "ImpTrib": "0.00", "ImpIVA": "2100.00", "FchServDesde": today(), "FchServHasta": today(),
        "FchVtoPago": today(10), "MonId": "PES", "MonCotiz": "1", "CondicionIVAReceptorId": 5,
        "Iva": {"AlicIva": [{"Id": 5, "BaseImp": "10000.00", "Importe": "2100.00"}]}}
    if "number" in changes:
        raise TypeError("number is the first argument")
    return made | changes


def to_company(number: int = 1, cuit: str = "30990001118", condition: int = 1, **changes: Any) -> dict[str, Any]:
    """A good A for a CUIT of the register."""
    return document(number, **({"DocTipo": 80, "DocNro": cuit, "CondicionIVAReceptorId": condition} | changes))


def of_class_c(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A good C: no IVA anywhere."""
    return document(number, **({"ImpTotal": "10000.00", "ImpIVA": "0.00", "Iva": None} | changes))
