"""The simulator's WSAA against logins that another program wrote: shapes, order of checks, faults."""

from __future__ import annotations

import base64
import datetime as dt

import pytest
from lxml import etree

from core import clock
from core.simulators import Running
from tests.modules.einvoice_ar.foreign import (
    ARGENTINA,
    LOGIN,
    SOAP12,
    TARGET,
    VIEW,
    Answer,
    Foreign,
    openssl,
    request_for,
)

pytestmark = pytest.mark.once


def refused(answer: Answer) -> str:
    """The code of a fault, whose shape is checked."""
    assert answer.status == 500
    assert b"\n" not in answer.body
    code = answer.text("faultcode") or ""
    if code.startswith("ns1:"):
        assert b'xmlns:ns1="http://xml.apache.org/axis/"' in answer.body
    assert answer.text("exceptionName") == "gov.afip.desein.dvadac.sua.view.wsaa.LoginFault"
    assert answer.text("hostname")
    return code.removeprefix("ns1:")


def ticket_of(answer: Answer) -> etree._Element:
    assert answer.status == 200, answer.body
    return etree.fromstring((answer.text("loginCmsReturn") or "").encode())


@pytest.mark.parametrize("options", [(), ("-md", "sha256"), ("-md", "sha1"), ("-nosmimecap",), ("-keyid",),
                                     ("-noattr",)])
def test_what_openssl_signs_is_accepted(foreign: Foreign, options: tuple[str, ...]) -> None:
    ticket = ticket_of(foreign.login(foreign.signed(request_for(), "otro", *options)))
    assert ticket.findtext("header/source") == "CN=wsaa, O=AFIP, C=AR, SERIALNUMBER=CUIT 33693450239"
    assert ticket.findtext("header/destination") == "SERIALNUMBER=CUIT 30990000103, CN=otro"
    assert ticket.findtext("header/uniqueId") == "1795526213"


def test_what_openssl_smime_signs_is_accepted_with_its_line_breaks(foreign: Foreign) -> None:
    key, certificate = foreign.keys["otro"]
    made = openssl("smime", "-sign", "-signer", str(certificate), "-inkey", str(key), "-nodetach", "-outform", "PEM",
                   stdin=request_for().encode())
    text = "\n".join(made.decode().splitlines()[1:-1])
    assert "\n" in text
    ticket_of(foreign.login(text))


def test_a_ticket_lasts_twelve_hours_and_its_token_says_for_whom(foreign: Foreign) -> None:
    before = clock.now()
    ticket = ticket_of(foreign.login(foreign.signed(request_for(ends=300))))
    start, end = (dt.datetime.fromisoformat(ticket.findtext(f"header/{name}") or "") for name in
                  ("generationTime", "expirationTime"))
    assert end - start == dt.timedelta(hours=12) and start.utcoffset() == dt.timedelta(hours=-3)
    assert abs(start - before) < dt.timedelta(seconds=30)
    sso = etree.fromstring(base64.b64decode(ticket.findtext("credentials/token") or ""))
    assert sso.get("version") == "2.0"
    assert sso.find("id").get("dst") == "CN=wsfe, O=AFIP, C=AR"
    assert int(sso.find("id").get("exp_time")) == int(end.timestamp())
    assert int(sso.find("id").get("gen_time")) == int(start.timestamp()) - 60
    login = sso.find("operation/login")
    assert (login.get("entity"), login.get("service"), login.get("authmethod")) == ("33693450239", "wsfe", "cms")
    assert [one.get("key") for one in login.iter("relation")] == ["30990000103"]
    assert len(base64.b64decode(ticket.findtext("credentials/sign") or "")) == 128


@pytest.mark.parametrize("namespace", [VIEW, TARGET])
def test_it_answers_in_the_namespace_it_was_asked_in(foreign: Foreign, namespace: str) -> None:
    answer = foreign.login(foreign.signed(request_for()), namespace)
    body = answer.xml.find(".//{*}loginCmsResponse")
    assert etree.QName(body).namespace == namespace


def test_the_wire_of_pysimplesoap(foreign: Foreign) -> None:
    """Target namespace, in0 without namespace, Base64 in lines of 64, SOAPAction "None"."""
    text = foreign.signed(request_for())
    lines = "\n".join(text[place:place + 64] for place in range(0, len(text), 64))
    body = ('<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/'
            f'envelope/" xmlns:ser="{TARGET}">\n<soapenv:Header/>\n<soapenv:Body>\n    <ser:loginCms>\n'
            f"    <in0>{lines}</in0></ser:loginCms>\n</soapenv:Body>\n</soapenv:Envelope>")
    ticket_of(foreign.post(LOGIN, body, {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '"None"'}))


def test_soap_12_is_answered_in_soap_12(foreign: Foreign) -> None:
    good = foreign.login(foreign.signed(request_for()), soap=SOAP12, action=None)
    assert good.headers["Content-Type"].startswith("application/soap+xml") and SOAP12.encode() in good.body
    bad = foreign.login("@@", soap=SOAP12, action=None)
    assert bad.status == 500
    assert (bad.text("Value"), bad.text("Text")) == ("ns1:cms.bad.base64", "No se puede decodificar el BASE64")


# --- refused, in the order of the checks -------------------------------------------------------------------


def test_without_soapaction(foreign: Foreign) -> None:
    answer = foreign.login(foreign.signed(request_for()), action=None)
    assert (answer.status, answer.text("faultcode")) == (500, "ns1:Client.NoSOAPAction")
    assert answer.text("faultstring") == "no SOAPAction header!"


def test_without_in0_and_with_broken_xml(foreign: Foreign) -> None:
    answer = foreign.login(None)  # type: ignore[arg-type]
    assert answer.text("faultcode") == "soapenv:Server.userException"
    assert answer.text("faultstring") == "javax.ejb.EJBException: java.lang.NullPointerException"
    answer = foreign.post(LOGIN, "<a><b></a>", {"SOAPAction": '""', "Content-Type": "text/xml"})
    assert answer.text("faultcode") == "soapenv:Server.userException"
    assert "SAXParseException" in (answer.text("faultstring") or "")


@pytest.mark.parametrize(("text", "code", "words"), [
    ("", "cms.bad.base64", "No se puede decodificar el BASE64"),
    ("no es base64!", "cms.bad.base64", "No se puede decodificar el BASE64"),
    (base64.b64encode(b"hola").decode(), "cms.bad", "El CMS no es valido"),
    (base64.b64encode(b"\x30\x03\x02\x01\x01").decode(), "cms.bad", "El CMS no es valido"),
])
def test_what_is_no_signed_message(foreign: Foreign, text: str, code: str, words: str) -> None:
    answer = foreign.login(text)
    assert refused(answer) == code
    assert answer.text("faultstring") == words


def test_without_the_certificate_inside(foreign: Foreign) -> None:
    answer = foreign.login(foreign.signed(request_for(), "otro", "-nocerts"))
    assert refused(answer) == "cms.cert.notFound"


def test_a_detached_signature_another_key_or_a_changed_byte(foreign: Foreign) -> None:
    key, certificate = foreign.keys["otro"]
    detached = openssl("cms", "-sign", "-signer", str(certificate), "-inkey", str(key), "-outform", "DER", "-binary",
                       stdin=request_for().encode())
    assert refused(foreign.login(base64.b64encode(detached).decode())) == "cms.sign.invalid"

    good = base64.b64decode(foreign.signed(request_for("wsfe")))
    changed = base64.b64encode(good.replace(b"<service>wsfe<", b"<service>wsfx<")).decode()
    answer = foreign.login(changed)
    assert refused(answer) == "cms.sign.invalid"
    assert b"Firma inv&#xE1;lida o algoritmo no soportado" in answer.body


def test_certificates_that_are_over_not_yet_or_of_another_authority(foreign: Foreign) -> None:
    now = clock.now()

    def moment(days: int) -> str:
        return (now + dt.timedelta(days=days)).isoformat()

    foreign.certificate("vencido", not_before=moment(-20), not_after=moment(-1))
    answer = foreign.login(foreign.signed(request_for(), "vencido"))
    assert (refused(answer), answer.text("faultstring")) == ("cms.cert.expired", "Certificado expirado")
    foreign.certificate("futuro", not_before=moment(1), not_after=moment(20))
    assert refused(foreign.login(foreign.signed(request_for(), "futuro"))) == "cms.cert.invalid"
    own_key, own = foreign.folder / "ajeno.key", foreign.folder / "ajeno.crt"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(own_key), "-out", str(own), "-subj",
            "/CN=otro/serialNumber=CUIT 30990000103", "-days", "30")
    foreign.keys["ajeno"] = (own_key, own)
    answer = foreign.login(foreign.signed(request_for(), "ajeno"))
    assert refused(answer) == "cms.cert.untrusted"
    assert answer.text("faultstring") == "Certificado no emitido por AC de confianza"


@pytest.mark.parametrize("tra", [
    "no es xml", "<otro/>", request_for().replace("<uniqueId>1795526213</uniqueId>", ""),
    request_for(unique=2 ** 32), request_for("x"), request_for("9wsfe"),
    request_for().replace("<loginTicketRequest ", '<loginTicketRequest xmlns="urn:x" '),
])
def test_a_request_that_does_not_fit_its_schema(foreign: Foreign, tra: str) -> None:
    assert refused(foreign.login(foreign.signed(tra))) == "xml.bad"


@pytest.mark.parametrize(("changes", "code"), [
    ({"version": "2.0"}, "xml.version.notSupported"),
    ({"header": "<source>CN=nadie</source>"}, "xml.source.invalid"),
    ({"header": "<destination>CN=nadie</destination>"}, "xml.destination.invalid"),
    ({"starts": 3600}, "xml.generationTime.invalid"),
    ({"starts": -25 * 3600}, "xml.generationTime.invalid"),
    ({"starts": -7200, "ends": -3600}, "xml.expirationTime.expired"),
    ({"ends": 25 * 3600}, "xml.expirationTime.invalid"),
])
def test_times_names_and_version(foreign: Foreign, changes: dict[str, object], code: str) -> None:
    assert refused(foreign.login(foreign.signed(request_for(**changes)))) == code  # type: ignore[arg-type]


def test_the_right_names_are_accepted(foreign: Foreign) -> None:
    names = ("<source>serialNumber=CUIT 30990000103,cn=otro</source>"
             "<destination>cn=wsaa,o=afip,c=ar,serialNumber=CUIT 33693450239</destination>")
    ticket_of(foreign.login(foreign.signed(request_for(header=names))))


def test_services_that_do_not_exist_or_are_not_allowed(foreign: Foreign) -> None:
    assert refused(foreign.login(foreign.signed(request_for("wsnada")))) == "wsn.notFound"
    foreign.certificate("solo", services=("wsfe",))
    answer = foreign.login(foreign.signed(request_for("ws_sr_constancia_inscripcion"), "solo"))
    assert refused(answer) == "coe.notAuthorized"
    assert answer.text("faultstring") == "Computador no autorizado a acceder al servicio"


def test_a_second_login_while_the_ticket_is_young(foreign: Foreign, simulator: Running) -> None:
    ticket_of(foreign.login(foreign.signed(request_for())))
    answer = foreign.login(foreign.signed(request_for()))
    assert refused(answer) == "coe.alreadyAuthenticated"
    assert answer.text("faultstring") == "El CEE ya posee un TA valido para el acceso al WSN solicitado"
    ticket_of(foreign.login(foreign.signed(request_for("ws_sr_constancia_inscripcion"))))  # another service
    later = (clock.now() + dt.timedelta(minutes=11)).astimezone(ARGENTINA)
    simulator.post("arca", "config", {"now": later.isoformat()})
    ticket_of(foreign.login(foreign.signed(request_for(starts=0, ends=1200))))


def test_relations_are_frozen_when_the_ticket_is_issued(foreign: Foreign, simulator: Running) -> None:
    """A delegation made later needs a new ticket."""
    foreign.enter()
    foreign.cuit = "20990000205"
    answer = foreign.call("FECompTotXRequest")
    assert answer.codes() == [600] and "lista de relaciones" in (answer.text("Msg") or "")
    simulator.post("arca", "certificate", {"cuit": "30990000103", "alias": "otro", "services": ["wsfe"],
                                           "represents": ["30990000103", "20990000205"]})
    assert foreign.call("FECompTotXRequest").codes() == [600]
    simulator.post("arca", "config", {"retention_minutes": 0})
    foreign.enter()
    assert foreign.call("FECompTotXRequest").codes() == []
