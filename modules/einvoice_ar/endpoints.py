"""Where ARCA's services are, per environment. ARCA renames its hosts, so they are settings with defaults."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from core.db import db
from modules.einvoice_ar.models import ServiceAddress

WSDL = Path(__file__).parent / "data" / "wsdl"

WSAA_PATH = "/ws/services/LoginCms"
WSFE_PATH = "/wsfev1/service.asmx"
REGISTER_PATH = "/sr-padron/webservices/personaServiceA5"

# Hosts of 2026-10; a row of ServiceAddress overrides one of them.
HOSTS: dict[str, dict[str, str]] = {
    "testing": {
        "wsaa": "https://wsaahomo.afip.gov.ar" + WSAA_PATH,
        "wsfe": "https://wswhomo.afip.gov.ar" + WSFE_PATH,
        "register": "https://awshomo.afip.gov.ar" + REGISTER_PATH,
    },
    "production": {
        "wsaa": "https://wsaa.afip.gov.ar" + WSAA_PATH,
        "wsfe": "https://servicios1.afip.gov.ar" + WSFE_PATH,
        "register": "https://aws.afip.gov.ar" + REGISTER_PATH,
    },
}


def simulator_url() -> str:
    """Base address of the rehearsal's ARCA."""
    return str(current_app.extensions["abona"].simulators_url).rstrip("/") + "/arca"


def address(environment: str, service: str) -> str:
    """The address of `wsaa`, `wsfe` or `register` in rehearsal, testing or production."""
    if environment == "rehearsal":
        paths = {"wsaa": WSAA_PATH, "wsfe": WSFE_PATH, "register": REGISTER_PATH}
        return simulator_url() + paths[service]
    return _own(environment, service) or HOSTS[environment][service]


def _own(environment: str, service: str) -> str:
    """What the company has set; no transaction is opened for it that was not open before."""
    is_open = db.session().in_transaction()
    found = db.session.scalar(sa.select(ServiceAddress.url).where(
        ServiceAddress.environment == environment, ServiceAddress.service == service))
    if not is_open:
        db.session.rollback()
    return found or ""
