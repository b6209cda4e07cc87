"""ARCA's code lists as this module carries them (data/*.csv). Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
# our codes of tax conditions and ARCA's (RG 5616); the number itself is accepted too
CONDITIONS = {"RI": 1, "EX": 4, "CF": 5, "MO": 6, "NC": 7, "PE": 8, "CE": 9, "LI": 10, "MS": 13, "NA": 15, "MP": 16}
# our kinds of identity documents and ARCA's; 99 is nobody identified
IDENTITIES = {"CUIT": 80, "CUIL": 86, "CDI": 87, "LE": 89, "LC": 90, "CI_EXT": 91, "PAS": 94, "DNI": 96}
CUIT, NOBODY = 80, 99
# our codes of taxes on a document and ARCA's tributes
TRIBUTES = {"NATIONAL": 1, "PROVINCIAL": 2, "INTERNAL": 4, "VAT_PERCEPTION": 6, "IIBB": 7, "MUNICIPAL": 8,
            "OTHER_PERCEPTION": 9, "UNCATEGORISED": 13, "OTHER": 99}
PESOS, ZERO_RATE = "PES", 3
# kinds of document by class: invoice, debit note, credit note
KINDS = {"A": (1, 2, 3), "ALEY": (51, 52, 53), "B": (6, 7, 8), "C": (11, 12, 13)}
POSITIONS = {"invoice": 0, "debit_note": 1, "credit_note": 2}


@dataclass(frozen=True)
class DocumentKind:
    """A type of document: `group` is A, ALEY (A with the legend of withholding), B or C."""

    id: int
    name: str
    group: str
    use: str

    @property
    def letter(self) -> str:
        return "A" if self.group == "ALEY" else self.group

    @property
    def is_credit_invoice(self) -> bool:
        """Factura de Crédito Electrónica MiPyMEs and its notes."""
        return self.use.endswith("_fce")

    @property
    def is_note(self) -> bool:
        return self.use.startswith(("debito", "credito"))

    @property
    def is_credit_note(self) -> bool:
        return self.use.startswith("credito")


def note_kind(corrected: int, kind: str) -> int:
    """The type of a note ("credit_note", "debit_note") on a document of this type; 0 where there is none."""
    found, step = document_kinds().get(corrected), POSITIONS.get(kind, 0)
    if found is None or not step or found.group not in KINDS:
        return 0
    return credit_invoice_kind(found.group, step) if found.is_credit_invoice else KINDS[found.group][step]


def credit_invoice_kind(group: str, step: int = 0) -> int:
    """The type of a credit invoice (FCE) of a class, or of its debit (1) or credit note (2)."""
    return {"A": 201, "ALEY": 201, "B": 206, "C": 211}[group] + step


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def codes(name: str) -> dict[str, str]:
    """{code: text} of a list."""
    return {row["id"]: row["descripcion"] for row in _rows(name)}


@lru_cache(maxsize=1)
def document_kinds() -> dict[int, DocumentKind]:
    """Types of document by ARCA's number."""
    return {int(row["id"]): DocumentKind(int(row["id"]), row["descripcion"], row["clase"], row["uso"])
            for row in _rows("tipos_cbte")}


@lru_cache(maxsize=1)
def vat_rates() -> dict[Decimal, int]:
    """ARCA's id by rate in percent."""
    return {Decimal(row["alicuota"]) * 100: int(row["id"]) for row in _rows("tipos_iva")}


@lru_cache(maxsize=1)
def identities() -> frozenset[int]:
    """Kinds of identity documents."""
    return frozenset(int(row["id"]) for row in _rows("tipos_doc"))


@lru_cache(maxsize=1)
def conditions() -> dict[str, frozenset[int]]:
    """The conditions that a receiver may have, by class (A, ALEY, B, C)."""
    rows = list(_rows("condicion_iva_receptor"))
    return {group: frozenset(int(row["id"]) for row in rows if row[group]) for group in KINDS}


@lru_cache(maxsize=1)
def currencies() -> dict[str, str]:
    """ARCA's code by ISO code, and by itself."""
    found = {}
    for row in _rows("monedas"):
        found[row["id"]] = row["id"]
        if row["iso"]:
            found[row["iso"]] = row["id"]
    return found


@lru_cache(maxsize=1)
def tributes() -> dict[int, str]:
    """Names of tributes by ARCA's id."""
    return {int(row["id"]): row["descripcion"] for row in _rows("tributos")}


@lru_cache(maxsize=1)
def jurisdictions() -> dict[str, str]:
    """Provinces by their three-digit code of gross income tax."""
    return {row["jurisdiccion_iibb"]: row["nombre"] for row in _rows("provincias")}


@lru_cache(maxsize=1)
def _jurisdictions_by_region() -> dict[str, str]:
    return {row["iso_3166_2"].removeprefix("AR-"): row["jurisdiccion_iibb"] for row in _rows("provincias")}


def jurisdiction_of(region: str) -> str:
    """The code of gross income tax of a province by its ISO letter (crm's region); "" where there is none."""
    return _jurisdictions_by_region().get(region, "")


@lru_cache(maxsize=1)
def optionals() -> frozenset[str]:
    """Ids of optional data."""
    return frozenset(row["id"] for row in _rows("opcionales"))


@lru_cache(maxsize=1)
def _code_classes() -> dict[str, str]:
    return {row["codigo"]: row["clase"] for row in _rows("errors")}


def code_class(code: str) -> str:
    """Whose matter a code of ARCA is: programa, cliente, config, contador, aviso ...; "" of one that there is not."""
    return _code_classes().get(code, "")


def condition(code: str) -> int | None:
    """ARCA's number of a tax condition; None where there is none."""
    if code.isdecimal():
        return int(code) if int(code) in CONDITIONS.values() else None
    return CONDITIONS.get(code.upper())


def identity(kind: str) -> int | None:
    """ARCA's number of a kind of identity document, 99 for none; None where it does not exist."""
    if not kind:
        return NOBODY
    if kind.isdecimal():
        return int(kind) if int(kind) in identities() else None
    return IDENTITIES.get(kind.upper())
