"""The text of the QR, as Nubefact answers it: fields between space-pipe-space (peru.md, section 3). Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class QrFacts:
    """What the QR says; `kind` is SUNAT's type (01, 03, 07, 08), `digest` the hash that the provider has computed."""

    ruc: str
    kind: str
    series: str
    number: int
    igv: Decimal
    total: Decimal
    date: dt.date
    receiver_kind: str
    receiver_number: str
    digest: str = ""


def text(facts: QrFacts) -> str:
    """The whole text; without the hash, as long as it is not known, the text up to it."""
    parts = [facts.ruc, facts.kind, facts.series, f"{facts.number:06d}", f"{facts.igv:.2f}", f"{facts.total:.2f}",
             facts.date.strftime("%d/%m/%Y"), facts.receiver_kind, facts.receiver_number]
    return " | ".join([*parts, facts.digest] if facts.digest else parts) + " |"


def read(qr: str) -> tuple[str, ...]:
    """The fields of a text, for comparing: RUC, type, series, number, IGV, total, date, document; hash where given."""
    return tuple(part.strip() for part in qr.strip().removesuffix("|").split("|"))
