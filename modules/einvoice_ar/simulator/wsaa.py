"""WSAA: the login (reference, section 1). Axis 1.4's ways, and every check in its order."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID
from lxml import etree
from werkzeug.wrappers import Response

from core.simulators import Cut, Faults
from modules.einvoice_ar.simulator import cms, soap, tickets, tra
from modules.einvoice_ar.simulator.authority import Authority
from modules.einvoice_ar.simulator.faults import LOGIN_FAULTS, LoginFault
from modules.einvoice_ar.simulator.settings import Config
from modules.einvoice_ar.simulator.store import Store

AXIS = "http://xml.apache.org/axis/"
HOSTS = {"production": "wsaaext1.afip.gov.ar", "testing": "wsaaext0.homo.afip.gov.ar"}
NAMES = {NameOID.SERIAL_NUMBER: "SERIALNUMBER", NameOID.COMMON_NAME: "CN", NameOID.ORGANIZATION_NAME: "O",
         NameOID.COUNTRY_NAME: "C", NameOID.ORGANIZATIONAL_UNIT_NAME: "OU"}


class Wsaa:
    """The service at /ws/services/LoginCms."""

    def __init__(self, authority: Authority, store: Store, faults: Faults) -> None:
        self.authority, self.store, self.faults = authority, store, faults
        self._lock = threading.Lock()

    def __call__(self, content: bytes, environ: dict[str, Any], config: Config) -> Response:
        is_12 = soap.wants_12(environ)
        if "HTTP_SOAPACTION" not in environ and not is_12:
            return _fault("ns1:Client.NoSOAPAction", "no SOAPAction header!", config, False)
        try:
            envelope = soap.read(content, environ)
        except soap.NotXml as error:
            return _fault("soapenv:Server.userException", f"org.xml.sax.SAXParseException: {error}", config, is_12)
        except soap.NotSoap as error:
            return _fault("soapenv:VersionMismatch", f"Version Mismatch: {error}", config, is_12)
        body = envelope.body
        name = etree.QName(body) if body is not None else None
        if name is None or name.localname != "loginCms":
            return _fault("soapenv:Client", f"No such operation '{name.localname if name else ''}'", config,
                          envelope.is_12)
        signed = next((one.text or "" for one in body if etree.QName(one).localname == "in0"), None)
        if signed is None:
            return _fault("soapenv:Server.userException", "javax.ejb.EJBException: java.lang.NullPointerException",
                          config, envelope.is_12)
        try:
            ticket = self.login(signed, config)
        except LoginFault as fault:
            return _fault(f"ns1:{fault.code}", LOGIN_FAULTS[fault.code], config, envelope.is_12)
        return soap.answer(_success(ticket, name.namespace or "", envelope), envelope.is_12)

    def login(self, signed: str, config: Config) -> str:
        """The loginTicketResponse for a signed request; LoginFault where it is refused."""
        opened = cms.open_signed(signed)
        now = config.now()
        _check_certificate(opened.certificate, self.authority, now)
        subject = distinguished_name(opened.certificate.subject)
        request = tra.read(opened.content, subject, tickets.SOURCES[config.profile], now)
        cuit, alias = _who(opened.certificate)
        represented = self.authority.represented(cuit, alias, request.service)
        if not represented:
            raise LoginFault("coe.notAuthorized")
        self._retain(cuit, alias, request.service, config, now)
        token, sign = tickets.make(self.authority, config.profile, request.service, subject, represented, now)
        if self.faults.strikes("ticket_lost"):
            raise Cut
        return _ticket(tickets.SOURCES[config.profile], subject, request.unique_id, now, token, sign)

    def _retain(self, cuit: str, alias: str, service: str, config: Config, now: dt.datetime) -> None:
        """One ticket per window: note this one, or refuse."""
        if self.faults.strikes("ticket_retention"):
            raise LoginFault("coe.alreadyAuthenticated")
        moment = now.timestamp()
        with self._lock:
            before = self.store.row("SELECT issued_at FROM login WHERE cuit = ? AND alias = ? AND service = ?",
                                    cuit, alias, service)
            if before and 0 <= moment - before["issued_at"] < config.retention_minutes * 60:
                raise LoginFault("coe.alreadyAuthenticated")
            with self.store.writing() as db:
                db.execute("INSERT OR REPLACE INTO login VALUES (?, ?, ?, ?)", (cuit, alias, service, moment))


def _check_certificate(certificate: x509.Certificate, authority: Authority, now: dt.datetime) -> None:
    if certificate.not_valid_after_utc < now:
        raise LoginFault("cms.cert.expired")
    if certificate.not_valid_before_utc > now:
        raise LoginFault("cms.cert.invalid")
    if not authority.issued(certificate):
        raise LoginFault("cms.cert.untrusted")


def _who(certificate: x509.Certificate) -> tuple[str, str]:
    """(CUIT, alias) of a certificate that our authority made."""
    values = {one.oid: str(one.value) for one in certificate.subject}
    return values[NameOID.SERIAL_NUMBER].removeprefix("CUIT "), values[NameOID.COMMON_NAME]


def distinguished_name(name: x509.Name) -> str:
    """As WSAA writes it: SERIALNUMBER=CUIT 20111111112, CN=abona."""
    return ", ".join(f"{NAMES.get(one.oid, one.oid.dotted_string)}={one.value!s}" for one in name)


def _ticket(source: str, destination: str, unique_id: int, now: dt.datetime, token: str, sign: str) -> str:
    def moment(value: dt.datetime) -> str:
        return value.isoformat(timespec="milliseconds")

    return ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<loginTicketResponse version="1.0">\n'
            f"    <header>\n        <source>{soap.text(source)}</source>\n"
            f"        <destination>{soap.text(destination)}</destination>\n        <uniqueId>{unique_id}</uniqueId>\n"
            f"        <generationTime>{moment(now)}</generationTime>\n"
            f"        <expirationTime>{moment(now + tickets.LIFE)}</expirationTime>\n    </header>\n"
            f"    <credentials>\n        <token>{token}</token>\n        <sign>{sign}</sign>\n    </credentials>\n"
            "</loginTicketResponse>\n")


def _success(ticket: str, namespace: str, envelope: soap.Envelope) -> str:
    """In the namespace that was asked in, as the real one does; the ticket as escaped text."""
    inner = soap.text(ticket).replace('"', "&quot;")
    return _wrap(f'<loginCmsResponse xmlns="{soap.text(namespace)}"><loginCmsReturn>{inner}</loginCmsReturn>'
                 "</loginCmsResponse>", envelope.is_12)


def _fault(code: str, message: str, config: Config, is_12: bool) -> Response:
    shown = "".join(one if ord(one) < 128 else f"&#x{ord(one):X};" for one in soap.text(message))
    inner = (f'<ns2:exceptionName xmlns:ns2="{AXIS}">gov.afip.desein.dvadac.sua.view.wsaa.LoginFault'
             f'</ns2:exceptionName><ns3:hostname xmlns:ns3="{AXIS}">{HOSTS[config.profile]}</ns3:hostname>')
    more = f' xmlns:ns1="{AXIS}"' if code.startswith("ns1:") else ""
    if is_12:
        fault = soap.fault_12(code, shown, f"<soapenv:Detail>{inner}</soapenv:Detail>", "soapenv", more)
    else:
        fault = soap.fault_11(code, shown, f"<detail>{inner}</detail>", more)
    return soap.answer(_wrap(f"<soapenv:Fault>{fault}</soapenv:Fault>", is_12), is_12, 500)


def _wrap(inner: str, is_12: bool) -> str:
    namespace = soap.SOAP12 if is_12 else soap.SOAP11
    return (f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{namespace}" '
            'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>")
