"""Peru's entry in the port `papers`: JSON as Nubefact gets and answers it, SUNAT's constancia, Nubefact's own PDF."""

from __future__ import annotations

from core.i18n import lazy
from modules.einvoice.files import CDR, PDF, XML, JsonPapers


class PeruvianPapers(JsonPapers):
    """What SUNAT wants kept for five years is the signed XML and the CDR (peru.md, 1.8)."""

    kinds = {XML: lazy("Signed XML"), CDR: lazy("SUNAT's constancia de recepción (CDR)"), **JsonPapers.kinds,
             PDF: lazy("PDF made by Nubefact")}
