"""The legends of the printed form (RIDE): what the taxpayer is (ficha, annexes 2, 21, 22, 24, 26). Pure.

The fixed words are the SRI's and are not translated.
"""

from __future__ import annotations

from collections.abc import Iterator

from modules.einvoice_ec.emisor import Emisor

TESTING = "SIN VALIDEZ TRIBUTARIA"
PRUEBAS = "1"


def legends(issuer: Emisor, ambiente: str) -> tuple[str, ...]:
    """In the order in which they are printed."""
    return tuple(_lines(issuer, ambiente))


def _lines(issuer: Emisor, ambiente: str) -> Iterator[str]:
    if ambiente == PRUEBAS:
        yield TESTING
    if issuer.contribuyente_especial:
        yield f"Contribuyente Especial Nro. {issuer.contribuyente_especial}"
    yield f"OBLIGADO A LLEVAR CONTABILIDAD: {issuer.obligado_contabilidad}"
    if issuer.agente_retencion:
        yield f"Agente de Retención Resolución No. {issuer.agente_retencion}"
    if issuer.contribuyente_rimpe:
        yield issuer.contribuyente_rimpe
    if issuer.gran_contribuyente:
        yield f"Gran Contribuyente {issuer.gran_contribuyente}"
    if issuer.ruc_proveedor:
        yield f"RUC Proveedor: {issuer.ruc_proveedor}"
