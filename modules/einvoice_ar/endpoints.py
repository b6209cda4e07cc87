"""Where ARCA's services are, per environment. ARCA renames its hosts, so they are settings with defaults."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flask import current_app

WSDL = Path(__file__).parent / "data" / "wsdl"

WSAA_PATH = "/ws/services/LoginCms"
WSFE_PATH = "/wsfev1/service.asmx"
REGISTER_PATH = "/sr-padron/webservices/personaServiceA5"

# Hosts of 2026-10. EXTRA = {"arca": {"production": {"wsaa": "https://..."}}} in instance/config.py overrides.
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
    own: Mapping[str, Mapping[str, str]] = current_app.extensions["abona"].extra.get("arca", {})
    return own.get(environment, {}).get(service) or HOSTS[environment][service]
