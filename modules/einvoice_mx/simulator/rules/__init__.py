"""The SAT's rules beyond the schema (reference: Mexico, 7 and 10; error matrices CFDI 4.0 and CRP 2.0)."""

from __future__ import annotations

from lxml import etree

from modules.einvoice_mx.catalogs import refusals
from modules.einvoice_mx.simulator.rules import comprobante, lines, pagos, sums


def broken(document: etree._Element) -> list[str]:
    """The codes of all rules that a document breaks, in their order."""
    found = {*comprobante.broken(document), *lines.broken(document), *sums.broken(document)}
    if document.get("TipoDeComprobante") == "P":
        found |= set(pagos.broken(document))
    return sorted(found)


def words(code: str) -> str:
    """What the SAT says of a code."""
    known = refusals().get(code)
    return f"{known.field}: {known.meaning}." if known else "Error no clasificado."
