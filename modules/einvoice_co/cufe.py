"""CUFE and CUDE: the DIAN's key of a document (technical annex, section of the CUFE). Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

KEY = re.compile("[0-9a-f]{96}")
TECHNICAL_KEY = re.compile("[0-9a-fA-F]{40}")
CUFE, CUDE = "CUFE-SHA384", "CUDE-SHA384"
PRODUCTION, TESTS = "1", "2"
_ZERO = Decimal(0)


@dataclass(frozen=True)
class KeyFacts:
    """What the key is made of; `secret` is the range's technical key (CUFE) or the software's PIN (CUDE)."""

    number: str
    moment: dt.datetime
    net: Decimal
    total: Decimal
    issuer: str
    customer: str
    secret: str
    production: bool
    iva: Decimal = _ZERO
    inc: Decimal = _ZERO
    ica: Decimal = _ZERO


def text(facts: KeyFacts) -> str:
    """NumFac FecFac HorFac ValFac CodImp1 ValImp1 ... TipoAmbiente, without separators."""
    return "".join((
        facts.number, facts.moment.strftime("%Y-%m-%d"), hour(facts.moment), cut(facts.net), "01", cut(facts.iva),
        "04", cut(facts.inc), "03", cut(facts.ica), cut(facts.total), facts.issuer, facts.customer, facts.secret,
        PRODUCTION if facts.production else TESTS))


def key(facts: KeyFacts) -> str:
    """The key: SHA-384 in 96 small hexadecimal letters."""
    return hashlib.sha384(text(facts).encode()).hexdigest()


def hour(moment: dt.datetime) -> str:
    """HH:MM:SS-05:00; `moment` is in Colombia."""
    return moment.strftime("%H:%M:%S") + "-05:00"


def cut(value: Decimal) -> str:
    """Two decimals, truncated and never rounded (technical annex, 11.2)."""
    return f"{value.quantize(Decimal('0.01'), ROUND_DOWN):f}"
