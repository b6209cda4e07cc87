"""Where the providers' services are, per environment; an address of the company's own goes before."""

from __future__ import annotations

from flask import current_app

EMISSION, ATTACHMENTS = "/ws/v1.0/Service.svc", "/ws/adjuntos/Service.svc"
# hosts of 2026-11
HKA = {"testing": "https://demoemision21v4.thefactoryhka.com.co",
       "production": "https://emision21v4.thefactoryhka.com.co"}
# one host: a test company has credentials of its own
SIIGO = "https://api.siigo.com"


def simulator_url(provider: str) -> str:
    """Base address of the rehearsal's provider."""
    return str(current_app.extensions["abona"].simulators_url).rstrip("/") + f"/{provider}"


def emission(environment: str, own: str = "") -> str:
    """The Factory HKA's service of emission."""
    if environment == "rehearsal":
        return simulator_url("hka") + EMISSION
    return own or HKA[environment] + EMISSION


def attachments(environment: str, own: str = "") -> str:
    """The Factory HKA's service of attachments."""
    if environment == "rehearsal":
        return simulator_url("hka") + ATTACHMENTS
    return own or HKA[environment] + ATTACHMENTS


def siigo(environment: str, own: str = "") -> str:
    """Siigo's interface."""
    return simulator_url("siigo") if environment == "rehearsal" else own or SIIGO


def case_environment(environment: str) -> str:
    """What a case calls it."""
    return "production" if environment == "production" else "test"
