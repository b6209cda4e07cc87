"""The SRI's code lists as this module carries them (data/*.csv). Pure."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
FACTURA, NOTA_CREDITO, NOTA_DEBITO = "01", "04", "05"
# codigo of a tax (table 16)
IVA, ICE = "2", "3"
RUC, CEDULA, PASAPORTE, CONSUMIDOR_FINAL, EXTERIOR = "04", "05", "06", "07", "08"
FINAL_CONSUMER = "9999999999999"
# of telephony to companies (table 18)
ICE_OF_COMPANIES = "3093"
FINAL_CONSUMER_LIMIT = Decimal("50.00")
RIMPE = "CONTRIBUYENTE RÉGIMEN RIMPE"
NEGOCIO_POPULAR = "CONTRIBUYENTE NEGOCIO POPULAR - RÉGIMEN RIMPE"
# our categories of VAT and the SRI's codigoPorcentaje
CATEGORIES = {"zero": "0", "untaxed": "6", "exempt": "7"}
WITHOUT_RATE = frozenset(CATEGORIES.values())


@dataclass(frozen=True)
class DocumentKind:
    """A voucher of the off-line scheme: `versions` may be emitted, the first one is."""

    cod_doc: str
    kind: str
    root: str
    info: str
    name: str
    versions: tuple[str, ...]


KINDS = {one.kind: one for one in (
    DocumentKind(FACTURA, "invoice", "factura", "infoFactura", "Factura", ("1.1.0", "1.0.0", "2.0.0", "2.1.0")),
    DocumentKind(NOTA_CREDITO, "credit_note", "notaCredito", "infoNotaCredito", "Nota de crédito", ("1.1.0", "1.0.0")),
    DocumentKind(NOTA_DEBITO, "debit_note", "notaDebito", "infoNotaDebito", "Nota de débito", ("1.0.0",)))}
KINDS_BY_CODE = {one.cod_doc: one for one in KINDS.values()}
# in these versions quantity and unit price have two decimals, in the others six
TWO_DECIMALS = frozenset(("1.0.0", "2.0.0"))


@dataclass(frozen=True)
class Tarifa:
    """A dated row of a table of taxes."""

    codigo: str
    name: str
    rate: Decimal
    first: dt.date | None = None
    last: dt.date | None = None

    def in_force(self, day: dt.date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter=";")


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@lru_cache(maxsize=1)
def iva_rates() -> tuple[Tarifa, ...]:
    """Rates of IVA (table 17) with the days on which they are in force; those of a category are none."""
    return tuple(Tarifa(row["codigo"], row["nombre"], Decimal(row["tarifa"]), _day(row["desde"]), _day(row["hasta"]))
                 for row in _rows("iva_codigos"))


def iva_of(rate: Decimal, day: dt.date) -> Tarifa | None:
    """The row of a rate on a day; None where there was none."""
    found = (one for one in iva_rates() if one.rate == rate and one.codigo not in ("6", "7") and one.in_force(day))
    return next(found, None)


@lru_cache(maxsize=1)
def iva_by_code() -> dict[str, Tarifa]:
    """Rates of IVA by codigoPorcentaje."""
    return {one.codigo: one for one in iva_rates()}


@lru_cache(maxsize=1)
def ice_by_code() -> dict[str, Tarifa]:
    """ICE of telecommunications (table 18) by codigoPorcentaje."""
    return {row["codigo"]: Tarifa(row["codigo"], row["nombre"], Decimal(row["tarifa"]))
            for row in _rows("ice_codigos_telecom")}


@lru_cache(maxsize=1)
def means_of_payment() -> dict[str, str]:
    """Means of payment (table 24): code -> name."""
    return {row["codigo"]: row["nombre"] for row in _rows("formas_pago")}


@lru_cache(maxsize=1)
def identities() -> dict[str, str]:
    """The SRI's code (table 6) by our kind of identity, and by itself."""
    found = {row["abona_kind"]: row["codigo"] for row in _rows("tipo_identificacion")}
    return found | {code: code for code in found.values()}


@lru_cache(maxsize=1)
def identity_names() -> dict[str, str]:
    """Our kind of identity by the SRI's code."""
    return {row["codigo"]: row["abona_kind"] for row in _rows("tipo_identificacion")}


@dataclass(frozen=True)
class Message:
    """A message of the SRI (section 11 of the ficha): what it is called, when it comes and what it does."""

    code: str
    kind: str
    stage: str
    name: str
    text: str
    when: str
    action: str
    state: str


@lru_cache(maxsize=1)
def messages() -> dict[str, Message]:
    """The SRI's messages by `identificador`."""
    return {row["codigo"]: Message(row["codigo"], row["tipo"], row["etapa"], row["nombre_ficha"],
                                   row["texto_real"] or row["nombre_ficha"].upper(), row["cuando"], row["accion"],
                                   row["estado_documento"]) for row in _rows("codigos_error")}
