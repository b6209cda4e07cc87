"""Where the SRI's services are, per environment."""

from __future__ import annotations

from flask import current_app

PATH = "/comprobantes-electronicos-ws"
# hosts of 2026-11
HOSTS = {"testing": "https://celcer.sri.gob.ec", "production": "https://cel.sri.gob.ec"}
# a rehearsal's vouchers go to pruebas of the simulator: they are never valid
REHEARSAL = "/pruebas"


def simulator_url() -> str:
    """Base address of the rehearsal's SRI."""
    return str(current_app.extensions["abona"].simulators_url).rstrip("/") + "/sri"


def base(environment: str) -> str:
    """The address below which the services are, in rehearsal, testing or production."""
    if environment == "rehearsal":
        return simulator_url() + REHEARSAL + PATH
    return HOSTS[environment] + PATH


def case_environment(environment: str) -> str:
    """What a case calls it: pruebas unless it is production."""
    return "production" if environment == "production" else "test"
