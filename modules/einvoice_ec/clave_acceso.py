"""The clave de acceso: 49 digits, made by the issuer, which are also the number of authorisation. Pure.

Ficha técnica, table 1.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

DIGITS = 49
EMISION_NORMAL = "1"


@dataclass(frozen=True)
class Clave:
    """What a clave de acceso is made of; each must equal its twin in the XML (message 58)."""

    date: dt.date
    cod_doc: str
    ruc: str
    ambiente: str
    serie: str
    secuencial: str
    codigo_numerico: str

    def __str__(self) -> str:
        body = (f"{self.date:%d%m%Y}{self.cod_doc}{self.ruc}{self.ambiente}{self.serie}{self.secuencial}"
                f"{self.codigo_numerico}{EMISION_NORMAL}")
        return body + check_digit(body)


def check_digit(digits: str) -> str:
    """Modulus 11 with weights 2 to 7 from the right; 11 becomes 0, 10 becomes 1."""
    total = sum(int(digit) * (2 + position % 6) for position, digit in enumerate(reversed(digits)))
    rest = 11 - total % 11
    return {11: "0", 10: "1"}.get(rest, str(rest))


def is_well_formed(clave: str) -> bool:
    """Whether these are 49 digits whose last one checks the others."""
    return len(clave) == DIGITS and clave.isascii() and clave.isdecimal() and check_digit(clave[:-1]) == clave[-1]


def codigo_numerico(ruc: str, ambiente: str, cod_doc: str, serie: str, secuencial: str) -> str:
    """Eight digits that follow from the document's number: whoever repeats it gets the same key."""
    seed = "|".join((ruc, ambiente, cod_doc, serie, secuencial)).encode()
    return f"{int.from_bytes(hashlib.sha256(seed).digest()[:8]) % 10**8:08d}"


def date_of(clave: str) -> dt.date:
    """The date of issue that stands in a key."""
    return dt.date(int(clave[4:8]), int(clave[2:4]), int(clave[:2]))


def number_of(clave: str) -> tuple[str, str, int]:
    """(codDoc, series like "001-002", number) that stand in a key."""
    return clave[8:10], f"{clave[24:27]}-{clave[27:30]}", int(clave[30:39])
