"""WSAA's faults with their words, and the faults on purpose that only ARCA has (reference, 1.6 and 9.3)."""

from __future__ import annotations

from typing import Any

from core.i18n import lazy

LOGIN_FAULTS = {
    "cms.bad.base64": "No se puede decodificar el BASE64",
    "cms.bad": "El CMS no es valido",
    "cms.cert.notFound": "No se ha encontrado certificado de firmador",
    "cms.sign.invalid": "Firma inválida o algoritmo no soportado",
    "cms.cert.expired": "Certificado expirado",
    "cms.cert.invalid": "Certificado con fecha de generacion posterior a la actual",
    "cms.cert.untrusted": "Certificado no emitido por AC de confianza",
    "xml.bad": "No se ha podido interpretar el XML contra el SCHEMA",
    "xml.version.notSupported": "La version del documento no es soportada",
    "xml.source.invalid": "El atributo 'source' no se corresponde con el DN del Certificado",
    "xml.destination.invalid": "El atributo 'destination' no se corresponde con el DN del WSAA",
    "xml.generationTime.invalid":
        "generationTime posee formato o dato inválido (ej: en el futuro o más de 24 horas de antigüedad)",
    "xml.expirationTime.expired": "El tiempo de expiracion es inferior a la hora actual",
    "xml.expirationTime.invalid": "El tiempo de expiracion del documento es superior a 24 horas",
    "wsn.notFound": "El WSN al que se desea acceder no existe",
    "coe.notAuthorized": "Computador no autorizado a acceder al servicio",
    "coe.alreadyAuthenticated": "El CEE ya posee un TA valido para el acceso al WSN solicitado",
    "wsaa.unavailable": "El servicio de autenticacion/autorizacion se encuentra momentaneamente fuera de servicio",
}

OWN: dict[str, Any] = {
    "internal_501": lazy("Error 501 of its database (registered: true or false; by default either)"),
    "internal_502": lazy("Error 502 of its database (registered: true or false; by default either)"),
    "ticket_retention": lazy("WSAA says that there is already a valid ticket"),
    "ticket_lost": lazy("A ticket is issued, and its answer is lost"),
    "ticket_expires_midway": lazy("The ticket in use is suddenly no longer valid"),
    "foreign_document": lazy("Another program takes the next number first"),
    "dbserver_down": lazy("FEDummy says that the database is down, and everything else is error 501"),
    "event_notice": lazy("The answer carries a notice of ARCA"),
    "observe": lazy("Approved documents bear observations (codes: [10217, 10245])"),
    "cascade": lazy("The third document of a batch is refused, and those after it with it"),
    "limit_changes": lazy("From now on a request may hold only ten documents (to: another number)"),
    "latin1": lazy("A message of the answer holds bytes that are not UTF-8"),
}


class LoginFault(Exception):
    """WSAA refuses; `code` is one of LOGIN_FAULTS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
