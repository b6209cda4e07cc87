"""The QR of electronic documents (RG 4892). Pure."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

# the host of the specification in force; the older www.afip.gob.ar answers too
HOST = "https://www.arca.gob.ar/fe/qr/"
NOBODY = 99


@dataclass(frozen=True)
class QrFacts:
    """What the QR says; `total` is of the document's currency, `code_kind` E (CAE) or A (CAEA)."""

    date: dt.date
    cuit: str
    point_of_sale: int
    kind: int
    number: int
    total: Decimal
    currency: str
    rate: Decimal
    receiver_kind: int
    receiver_number: int
    code: str
    code_kind: str = "E"


def url(facts: QrFacts, host: str = HOST) -> str:
    """The whole text of the QR."""
    return f"{host}?p={base64.b64encode(text(facts).encode()).decode()}"


def text(facts: QrFacts) -> str:
    """Compact JSON with the keys in the specification's order, built without floats."""
    fields = [("ver", "1"), ("fecha", f'"{facts.date.isoformat()}"'), ("cuit", facts.cuit),
              ("ptoVta", str(facts.point_of_sale)), ("tipoCmp", str(facts.kind)), ("nroCmp", str(facts.number)),
              ("importe", plain(facts.total)), ("moneda", f'"{facts.currency}"'), ("ctz", plain(facts.rate))]
    if facts.receiver_kind != NOBODY:
        fields += [("tipoDocRec", str(facts.receiver_kind)), ("nroDocRec", str(facts.receiver_number))]
    # the code is a number here: a leading zero of a CAE is dropped
    fields += [("tipoCodAut", f'"{facts.code_kind}"'), ("codAut", str(int(facts.code)))]
    return "{" + ",".join(f'"{name}":{value}' for name, value in fields) + "}"


def plain(value: Decimal) -> str:
    """A number without trailing zeros: 12100.00 is 12100, 38750.250 is 38750.25."""
    return f"{value.normalize():f}"
