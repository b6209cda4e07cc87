"""What to do at ARCA, with the names of its menus as they stand there (argentina.md, section 10)."""

from __future__ import annotations

from core.i18n import _
from modules.einvoice_ar.catalogs import document_kinds


def legal_number(point: str, kind: str, number: int) -> str:
    """How people write a document's number: "B 0003-00000119"."""
    found = document_kinds().get(int(kind))
    return f"{found.letter if found else kind} {point}-{number:08d}"


def series(point: int) -> str:
    """A point of sale as a sequence's series: four digits at least."""
    return f"{point:04d}"


def kind_name(kind: int) -> str:
    """The law's name of a document kind."""
    found = document_kinds().get(kind)
    return found.name if found else str(kind)


def title(stage: str, name: str) -> str:
    """The title of a step in testing or production."""
    titles = {
        "key": (_("Testing: key and request"), _("Production: key and request")),
        "certificate": (_("Testing: certificate"), _("Production: certificate")),
        "access": (_("Testing: access to the service"), _("Production: access to the service")),
        "point": (_("Testing: point of sale"), _("Production: point of sale")),
        "numbers": (_("Testing: last numbers"), _("Production: last numbers")),
    }
    return titles[name][0 if stage == "testing" else 1]


def certificate(stage: str) -> tuple[str, ...]:
    """How to get the certificate."""
    if stage == "testing":
        return (
            _("Enter ARCA with the fiscal key (level 2 or more) of a natural person: the testing service cannot be "
              "delegated to a company."),
            _("Administrador de Relaciones de Clave Fiscal → Adherir servicio → ARCA → Servicios interactivos → WSASS. "
              "Log out and in again."),
            _("WSASS → Nuevo Certificado: give the alias and paste the request. A certificate there can never be "
              "deleted, and its CUIT is the person's own."),
            _("Copy the certificate that it shows into a file, and upload it here."),
        )
    return (
        _("Enter ARCA with the fiscal key of the company's representative."),
        _("Administración de Certificados Digitales → Agregar alias: give the alias and upload the request."),
        _("Download the certificate (Ver → Descargar) and upload it here."),
    )


def authorisation(stage: str) -> tuple[str, ...]:
    """How to let the certificate use the services."""
    if stage == "testing":
        return (
            _("WSASS → Crear autorización a servicio: the alias, the company's CUIT as the one represented, service "
              "wsfe."),
            _("Again for the service ws_sr_constancia_inscripcion."),
        )
    return (
        _("Administrador de Relaciones de Clave Fiscal → Nueva Relación → ARCA → WebServices → Facturación "
          "Electrónica. Representative: Computador Fiscal, the alias → Confirmar."),
        _("Again for Consulta de constancia de inscripción. A new relation counts from the next login on."),
    )


def rates(condition: str) -> tuple[str, ...]:
    """What the law leaves open about the rate (argentina.md, 3.4); nothing for who charges no IVA."""
    if condition != "RI":
        return ()
    return (_("The general rate is 21 %. Whether some of your services to companies bear 27 %, ask your accountant: "
              "the rate is set at each plan."),)


def point_of_sale(condition: str) -> tuple[str, ...]:
    """How to open a point of sale for web services."""
    systems = {"MO": "Factura Electrónica - Monotributo - Web Services",
               "EX": "Comprobantes Exento en IVA - Web Services"}
    system = systems.get(condition, "RECE para aplicativo y web services")
    return (
        _("Administración de puntos de venta y domicilios → A/B/M de puntos de venta → Agregar, with the system "
          "\"%(system)s\".", system=system),
        _("Do it at least three working days before the first document. A closed number is never used again; each "
          "program needs its own."),
    )
