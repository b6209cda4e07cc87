"""The code lists of SUNAT and Nubefact as this module carries them (data/*.csv). Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
# tipo_de_comprobante
FACTURA, BOLETA, CREDITO, DEBITO = 1, 2, 3, 4
SUNAT_TYPES = {FACTURA: "01", BOLETA: "03", CREDITO: "07", DEBITO: "08"}
NAMES = {FACTURA: "Factura electrónica", BOLETA: "Boleta de venta electrónica", CREDITO: "Nota de crédito electrónica",
         DEBITO: "Nota de débito electrónica"}
# of paper that is written by hand
PAPER_NAMES = {FACTURA: "Factura", BOLETA: "Boleta de venta", CREDITO: "Nota de crédito", DEBITO: "Nota de débito"}
# moneda
CURRENCIES = {"PEN": 1, "USD": 2, "EUR": 3, "GBP": 4}
SOLES = "PEN"
# our kinds of identity documents and SUNAT's (catalogue 6)
IDENTITIES = {"DNI": "1", "CE": "4", "CARNET DE EXTRANJERIA": "4", "CARNE DE EXTRANJERIA": "4", "RUC": "6",
              "PASAPORTE": "7", "PASSPORT": "7", "PAS": "7", "CDI": "A", "EXT": "B", "SALVOCONDUCTO": "G", "TAM": "E",
              "PTP": "F", "VARIOS": "-"}
RUC, DNI, NOBODY, FOREIGN = "6", "1", "-", "0"
# tipo_de_igv
TAXED, EXONERATED, UNAFFECTED, EXPORT = 1, 8, 9, 16
# what a line that costs nothing becomes, by what it would have been
FREE = {TAXED: 6, EXONERATED: 17, UNAFFECTED: 20}
# sunat_transaction
INTERNAL, EXPORTED, ADVANCE, DETRACTION = 1, 2, 4, 30
# sales to who is not domiciled: exports, and what is none
ABROAD = (EXPORTED, 29)
SERVICE, GOODS = "ZZ", "NIU"


@dataclass(frozen=True)
class Affectation:
    """A tipo_de_igv: SUNAT's code of catalogue 7, and the tribute it belongs to."""

    number: int
    code: str
    name: str
    tribute: str

    @property
    def is_free(self) -> bool:
        """Free of charge: it adds to total_gratuita and to nothing else."""
        return self.tribute == "9996"

    @property
    def is_taxed(self) -> bool:
        """Of taxed operations (catalogue 7, codes 10 to 16), also where it is given for free."""
        return self.code.startswith("1")


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


@lru_cache(maxsize=1)
def affectations() -> dict[int, Affectation]:
    """The kinds of IGV by Nubefact's number."""
    return {int(row["nubefact_tipo_de_igv"]): Affectation(int(row["nubefact_tipo_de_igv"]), row["codigo"],
                                                          row["nombre"], row["tributo"])
            for row in _rows("sunat_cat07_afectacion_igv") if row["nubefact_tipo_de_igv"].isdecimal()}


@lru_cache(maxsize=1)
def identities() -> dict[str, str]:
    """{SUNAT's code: name} of the identity documents that Nubefact takes."""
    return {row["nubefact"]: row["nombre"] for row in _rows("sunat_cat06_tipo_identidad") if row["nubefact"]}


@dataclass(frozen=True)
class NoteKind:
    """A kind of note: Nubefact's number, which is not always SUNAT's."""

    number: int
    sunat: str
    name: str


@lru_cache(maxsize=2)
def note_kinds(document: int) -> dict[int, NoteKind]:
    """The kinds of credit notes (3) or debit notes (4), by Nubefact's number."""
    name, column = (("sunat_cat09_nota_credito", "nubefact_tipo_de_nota_de_credito") if document == CREDITO else
                    ("sunat_cat10_nota_debito", "nubefact_tipo_de_nota_de_debito"))
    return {int(row[column]): NoteKind(int(row[column]), row["codigo_sunat"], row["nombre"]) for row in _rows(name)}


@lru_cache(maxsize=1)
def detractions() -> dict[int, tuple[str, str]]:
    """{detraccion_tipo: (SUNAT's code of catalogue 54, name)}; the number is not the code."""
    return {int(row["nubefact_detraccion_tipo"]): (row["codigo_sunat_cat54"], row["nombre"])
            for row in _rows("nubefact_detraccion_tipo")}


@lru_cache(maxsize=1)
def detraction_payments() -> dict[int, tuple[str, str]]:
    """{medio_de_pago_detraccion: (SUNAT's code of catalogue 59, name)}."""
    return {int(row["nubefact"]): (row["codigo_sunat_cat59"], row["nombre"])
            for row in _rows("nubefact_medio_de_pago_detraccion")}


@lru_cache(maxsize=1)
def transactions() -> dict[int, str]:
    """{sunat_transaction: name}."""
    return {int(row["nubefact_sunat_transaction"]): row["nombre"] for row in _rows("sunat_cat51_tipo_operacion")}


@lru_cache(maxsize=1)
def operations() -> dict[int, str]:
    """{sunat_transaction: SUNAT's code of catalogue 51}."""
    return {int(row["nubefact_sunat_transaction"]): row["codigo"] for row in _rows("sunat_cat51_tipo_operacion")}


@lru_cache(maxsize=1)
def rvie_columns() -> tuple[str, ...]:
    """The headings of SUNAT's proposal of the register of sales, in order."""
    return tuple(row["columna"] for row in _rows("sunat_rvie_propuesta_columnas"))


@lru_cache(maxsize=1)
def legend_texts() -> dict[str, str]:
    """{code: text} of SUNAT's legends (catalogue 52)."""
    return {row["codigo"]: row["texto"] for row in _rows("sunat_cat52_leyendas")}


@lru_cache(maxsize=1)
def sunat_codes() -> dict[str, str]:
    """{code: SUNAT's words} of its return codes."""
    return {row["codigo"]: row["mensaje"] for row in _rows("sunat_errores")}


def is_exception(code: str) -> bool:
    """0100 to 1999: not registered at SUNAT; it is sent again by Nubefact."""
    return code.isdecimal() and 100 <= int(code) < 2000


def is_rejection(code: str) -> bool:
    """2000 to 3999: rejected; the number is used up."""
    return code.isdecimal() and 2000 <= int(code) < 4000
