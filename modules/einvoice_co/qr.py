"""The text of the QR (technical annex, 11.7). Pure."""

from __future__ import annotations

from decimal import Decimal

from modules.einvoice_co.cufe import KeyFacts, cut, hour

HOSTS = {True: "catalogo-vpfe.dian.gov.co", False: "catalogo-vpfe-hab.dian.gov.co"}


def url(cufe: str, production: bool) -> str:
    """The DIAN's page of the document."""
    return f"https://{HOSTS[production]}/document/searchqr?documentkey={cufe}"


def text(facts: KeyFacts, others: Decimal, cufe: str) -> str:
    """The whole text; `others` are the taxes that are not IVA."""
    lines = [("NumFac", facts.number), ("FecFac", facts.moment.strftime("%Y-%m-%d")), ("HorFac", hour(facts.moment)),
             ("NitFac", facts.issuer), ("DocAdq", facts.customer), ("ValFac", cut(facts.net)),
             ("ValIva", cut(facts.iva)), ("ValOtroIm", cut(others)), ("ValTolFac", cut(facts.total)), ("CUFE", cufe),
             ("QRCode", url(cufe, facts.production))]
    return "\n".join(f"{name}: {value}" for name, value in lines)
