"""What `abona einvoice preview` answers about Colombian cases, for tables of them."""

from __future__ import annotations

import csv
import re
from typing import Any

from modules.einvoice_co.catalogs import FOLDER
from tests.modules.einvoice_co.cases import case, line, note
from tests.modules.preview_command import accepted, found

# a rule of the DIAN of an invoice, a credit note, a debit note (1.9)
RULES = {"invoice": "FA[A-Z]([0-9]{2}[a-z]?)?", "credit_note": "CA[A-Z]([0-9]{2}[a-z]?)?",
         "debit_note": "DA[A-Z]([0-9]{2}[a-z]?)?"}


def debit(**changes: Any) -> dict[str, Any]:
    return note("debit_note", **changes)


KINDS = [case, note, debit]


def _listed(name: str, column: str) -> set[str]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return {row[column] for row in csv.DictReader(file)}


CODES = {"hka": _listed("hka_codigos", "codigo"), "siigo": _listed("siigo_codigos", "code")}


def refused(data: dict[str, Any]) -> set[tuple[str, str]]:
    """(field, code) of what is refused; each code is one of the provider's, or a rule of the DIAN of this document."""
    said = found(data)
    unknown = {code for _field, code in said} - CODES[data["provider"]]
    assert all(re.fullmatch(RULES[data["kind"]], code) for code in unknown), unknown
    return said


def factura(data: dict[str, Any]) -> dict[str, Any]:
    """What Enviar of The Factory HKA gets."""
    made: dict[str, Any] = accepted(data)["payload"]["factura"]
    return made


def taxed(*taxes: Any, price: str = "100000.00", **changes: Any) -> dict[str, Any]:
    """An invoice of one line with these taxes."""
    return case(lines=[line(price, list(taxes))], **changes)


def iva(rate: str) -> dict[str, Any]:
    return {"code": "VAT", "rate": rate}
