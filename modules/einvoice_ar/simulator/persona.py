"""ws_sr_constancia_inscripcion, the A5 register: who is this CUIT (reference, section 6.2). CXF, SOAP 1.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree
from werkzeug.wrappers import Response

from modules.einvoice_ar.simulator import soap, tickets, writing
from modules.einvoice_ar.simulator.register import COMPANIES, Register, Taxpayer
from modules.einvoice_ar.simulator.settings import Config

NAMESPACE = "http://a5.soap.ws.server.puc.sr/"
SERVICE = "ws_sr_constancia_inscripcion"
SERVER = "setiwsh2"
LIST_LIMIT = 250
INACTIVE = "La CUIT que ingresaste se encuentra inactiva, ingresá tu CUIT activa"
UNKNOWN = "No existe persona con ese Id"
SINCE = 201501
TAXES = {"RI": (30, "IVA"), "EX": (32, "IVA EXENTO")}
# category of the monotributo, its number and its words
CATEGORIES = {"MO": (23, "C LOCACIONES DE SERVICIO"), "MS": (61, "MONOTRIBUTO SOCIAL LOCACIONES")}


class PersonaFault(Exception):
    """Refused with a SOAP fault; `detail` is XML."""

    def __init__(self, message: str, validation: bool = True, who: str = "Server") -> None:
        super().__init__(message)
        self.message, self.validation, self.who = message, validation, who


class Persona:
    """The service at /sr-padron/webservices/personaServiceA5."""

    def __init__(self, register: Register, verifier: tickets.Verifier) -> None:
        self.register, self.verifier = register, verifier
        self._operations: dict[str, Callable[[dict[str, list[str]], Config], str]] = {
            "dummy": self._dummy, "getPersona": self._one, "getPersona_v2": self._one,
            "getPersonaList": self._list, "getPersonaList_v2": self._list}

    def __call__(self, content: bytes, environ: dict[str, Any], config: Config) -> Response:
        try:
            return soap.answer(self._answer(content, environ, config), False)
        except (soap.NotXml, soap.NotSoap) as error:
            return _fault(PersonaFault(f"Error reading XMLStreamReader: {error}", False, "Client"))
        except PersonaFault as fault:
            return _fault(fault)

    def _answer(self, content: bytes, environ: dict[str, Any], config: Config) -> str:
        body = soap.read(content, environ).body
        name = etree.QName(body) if body is not None else None
        if name is None or name.namespace != NAMESPACE or name.localname not in self._operations:
            raise PersonaFault(f"Message part {name.text if name else ''} was not recognized.  (Does it exist in "
                               "service WSDL?)", False, "Client")
        asked: dict[str, list[str]] = {}
        for child in body:
            asked.setdefault(child.tag, []).append((child.text or "").strip())
        inner = self._operations[name.localname](asked, config)
        return _wrap(f'<ns2:{name.localname}Response xmlns:ns2="{NAMESPACE}">{inner}</ns2:{name.localname}Response>')

    def _dummy(self, asked: dict[str, list[str]], config: Config) -> str:
        return "<return><appserver>OK</appserver><authserver>OK</authserver><dbserver>OK</dbserver></return>"

    def _one(self, asked: dict[str, list[str]], config: Config) -> str:
        self._authenticate(asked, config)
        number = _numbers(asked)[0]
        person = self.register.find(number, config)
        if person is None:
            raise PersonaFault(UNKNOWN)
        return f"<personaReturn>{describe(person)}{_metadata(config)}</personaReturn>"

    def _list(self, asked: dict[str, list[str]], config: Config) -> str:
        self._authenticate(asked, config)
        numbers = _numbers(asked)
        if len(numbers) > LIST_LIMIT:
            raise PersonaFault(f"La cantidad de personas solicitadas supera el maximo permitido: {LIST_LIMIT}")
        people = "".join(f"<persona>{self._in_list(number, config)}</persona>" for number in numbers)
        return f"<personaListReturn>{_metadata(config)}{people}</personaListReturn>"

    def _in_list(self, number: str, config: Config) -> str:
        person = self.register.find(number, config)
        if person is not None:
            return describe(person)
        return f"<errorConstancia>{writing.elements({'error': UNKNOWN, 'idPersona': number})}</errorConstancia>"

    def _authenticate(self, asked: dict[str, list[str]], config: Config) -> None:
        text, signature = (asked.get(name, [""])[0] for name in ("token", "sign"))
        if not text or not signature:
            raise PersonaFault("Falta token y/o sign.")
        try:
            token = self.verifier.read(text, signature)
        except tickets.BadToken:
            raise PersonaFault("Token malformado") from None
        if not self.verifier.genuine(token, signature):
            raise PersonaFault("No se pudo verificar que <sign> contenga una firma valida de <token>")
        if not token.starts <= int(config.now().timestamp()) <= token.ends:
            raise PersonaFault("El token se encuentra expirado")
        if token.service != SERVICE:
            raise PersonaFault(f"El token no corresponde al servicio {SERVICE}")
        if _number(asked, "cuitRepresentada") not in token.relations:
            raise PersonaFault("La CUIT representada no se encuentra entre las relaciones del token")


def _number(asked: dict[str, list[str]], name: str) -> str:
    text = asked.get(name, [""])[0]
    if not text.isdecimal():
        raise PersonaFault(f'Unmarshalling Error: For input string: "{text}" ', False, "Client")
    return text


def _numbers(asked: dict[str, list[str]]) -> list[str]:
    return [_number({"idPersona": [text]}, "idPersona") for text in asked.get("idPersona", [""])]


def describe(person: Taxpayer) -> str:
    """What the register tells, parts and fields in alphabetical order."""
    single, general, error = "", "", ""
    if not person.active:
        error = f"<errorConstancia>{_names(person, {'error': INACTIVE, 'idPersona': person.cuit})}</errorConstancia>"
    elif person.condition in CATEGORIES:
        single = _monotributo(person)
    elif person.condition in TAXES:
        number, name = TAXES[person.condition]
        general = f"<datosRegimenGeneral>{_activity('actividad')}{_tax(number, name)}</datosRegimenGeneral>"
    return f"<datosGenerales>{_general(person)}</datosGenerales>{single}{general}{error}"


def _general(person: Taxpayer) -> str:
    home = {"codPostal": person.postal_code, "descripcionProvincia": person.region, "direccion": person.street,
            "idProvincia": person.region_id, "localidad": person.city, "tipoDomicilio": "FISCAL"}
    company = person.cuit.startswith(COMPANIES)
    surname, _blank, first = person.name.partition(" ")
    return "".join([
        "" if company else writing.element("apellido", surname),
        f"<domicilioFiscal>{writing.elements(home)}</domicilioFiscal>",
        writing.elements({"esSucesion": "NO", "estadoClave": "ACTIVO" if person.active else "INACTIVO",
                          "fechaFallecimiento": "2025-03-01T12:00:00-03:00" if person.deceased else None,
                          "idPersona": person.cuit, "mesCierre": 12}),
        "" if company else writing.element("nombre", first),
        writing.element("razonSocial", person.name) if company else "",
        writing.elements({"tipoClave": "CUIT", "tipoPersona": "JURIDICA" if company else "FISICA"})])


def _names(person: Taxpayer, values: dict[str, Any]) -> str:
    surname, _blank, first = person.name.partition(" ")
    return writing.elements({"apellido": surname, **values, "nombre": first or None})


def _monotributo(person: Taxpayer) -> str:
    number, name = CATEGORIES[person.condition]
    category = {"descripcionCategoria": name, "idCategoria": number, "idImpuesto": 20, "periodo": SINCE}
    return (f"<datosMonotributo>{_activity('actividadMonotributista')}"
            f"<categoriaMonotributo>{writing.elements(category)}</categoriaMonotributo>"
            f"{_tax(20, 'MONOTRIBUTO')}</datosMonotributo>")


def _activity(name: str) -> str:
    values = {"descripcionActividad": "SERVICIOS N.C.P.", "idActividad": 829900, "nomenclador": 883, "orden": 1,
              "periodo": SINCE}
    return f"<{name}>{writing.elements(values)}</{name}>"


def _tax(number: int, name: str) -> str:
    values = {"descripcionImpuesto": name, "estadoImpuesto": "AC", "idImpuesto": number, "periodo": SINCE}
    return f"<impuesto>{writing.elements(values)}</impuesto>"


def _metadata(config: Config) -> str:
    values = {"fechaHora": config.now().isoformat(timespec="milliseconds"), "servidor": SERVER}
    return f"<metadata>{writing.elements(values)}</metadata>"


def _fault(fault: PersonaFault) -> Response:
    detail = (f'<detail><ns2:SRValidationException xmlns:ns2="{NAMESPACE}"/></detail>' if fault.validation else "")
    inner = soap.fault_11(f"soap:{fault.who}", soap.text(fault.message), detail)
    return soap.answer(_wrap(f"<soap:Fault>{inner}</soap:Fault>"), False, 500)


def _wrap(inner: str) -> str:
    return f'<soap:Envelope xmlns:soap="{soap.SOAP11}"><soap:Body>{inner}</soap:Body></soap:Envelope>'
