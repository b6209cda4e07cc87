"""A request as Nubefact reads it: texts and numbers alike, "" as absent, checked by the manual's table of fields."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from modules.einvoice_pe.simulator.faults import Refused

FIELDS = Path(__file__).parent.parent / "data" / "nubefact_campos.csv"
# slips of the manual's column of lengths, and what is a structure
UNCHECKED = frozenset({"operacion", "observaciones", "formato_de_pdf", "items", "guias", "venta_al_credito"})
# obligatory by the table, but only of facturas by the text
CONDITIONAL = frozenset({"cliente_direccion"})
LONGEST = {"observaciones": 1000, "formato_de_pdf": 6}
_FORBIDDEN = re.compile(r'["\t\r\n]')
_INTEGER = re.compile(r"\d+")
_NUMERIC = re.compile(r"-?\d+(\.\d+)?")


@lru_cache(maxsize=4)
def fields(group: str) -> list[dict[str, str]]:
    """The manual's rows of cabecera, items or venta_al_credito."""
    with FIELDS.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["grupo"] == group]


class Values:
    """The fields of one object, read leniently."""

    def __init__(self, data: Mapping[str, Any], name: str = "") -> None:
        self.data, self.name = data, name

    def text(self, field: str) -> str:
        """"" where it is absent, null or empty."""
        value = self.data.get(field)
        if value is None or isinstance(value, dict | list):
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def number(self, field: str) -> Decimal:
        """0 where it is absent."""
        text = self.text(field).strip()
        return Decimal(text) if _NUMERIC.fullmatch(text) else Decimal(0)

    def integer(self, field: str) -> int:
        value = self.number(field)
        return int(value) if value == value.to_integral_value() else 0

    def truth(self, field: str) -> bool:
        return self.text(field).lower() == "true"

    def date(self, field: str) -> dt.date | None:
        return day(self.text(field))

    def rows(self, field: str) -> list[Values]:
        found = self.data.get(field)
        rows = found if isinstance(found, list) else []
        return [Values(row, f"{field} {index}") for index, row in enumerate(rows, 1) if isinstance(row, dict)]


def day(text: str) -> dt.date | None:
    """DD-MM-YYYY."""
    try:
        return dt.datetime.strptime(text, "%d-%m-%Y").date() if len(text) == 10 else None
    except ValueError:
        return None


def check_fields(values: Values, group: str) -> None:
    """Presence, type and length of every field of the table; 21 names the first that is wrong."""
    for row in fields(group):
        name, text = row["campo"], values.text(row["campo"])
        if name in ("items", "guias", "venta_al_credito"):
            continue
        if not text:
            if row["requisito"] == "Obligatorio" and name not in CONDITIONAL:
                raise Refused(21, f"{_place(values)}{name} no puede estar en blanco")
            continue
        wrong = next(_wrong(row, text), "")
        if wrong:
            raise Refused(21, f"{_place(values)}{name} {wrong}")


def _place(values: Values) -> str:
    return f"{values.name}: " if values.name else ""


def _wrong(row: Mapping[str, str], text: str) -> Iterator[str]:
    kind, name = row["tipo"], row["campo"]
    if kind == "Integer" and not (_INTEGER.fullmatch(text) or Decimal(text) % 1 == 0 if _NUMERIC.fullmatch(text)
                                  else False):
        yield "debe ser un número entero"
    if kind == "Numeric" and not _NUMERIC.fullmatch(text):
        yield "no es un número"
    if kind == "Date" and day(text) is None and name != "fecha_de_descarga":
        yield "no es una fecha con formato DD-MM-AAAA"
    if kind == "Boolean" and text not in ("true", "false"):
        yield "debe ser true o false"
    if kind in ("String", "Text") and _FORBIDDEN.search(text):
        yield "contiene caracteres no permitidos"
    if kind == "Numeric" and _NUMERIC.fullmatch(text):
        yield from _too_precise(row["longitud_segun_manual"], text)
    elif kind in ("String", "Text", "Integer"):
        yield from _too_long(row, text)


def _too_precise(rule: str, text: str) -> Iterator[str]:
    most = re.search(r"(\d+) decimales", rule)
    if most and len(text.rstrip("0").partition(".")[2]) > int(most[1]):
        yield f"tiene más de {most[1]} decimales"
    if len(text.lstrip("-").partition(".")[0]) > 12:
        yield "es demasiado grande"


def _too_long(row: Mapping[str, str], text: str) -> Iterator[str]:
    name, rule = row["campo"], row["longitud_segun_manual"]
    exact, most = re.match(r"(\d+) exacto", rule), re.search(r"(?:hasta|Hasta) (\d+)", rule)
    if name in UNCHECKED:
        most, exact = None, None
        if len(text) > LONGEST.get(name, len(text)):
            yield "es demasiado largo"
    if exact and len(text) != int(exact[1]):
        yield f"debe tener {exact[1]} caracteres"
    elif most and len(text) > int(most[1]):
        yield f"es demasiado largo ({most[1]} caracteres como máximo)"
