"""Cases of CASE.json for tests: the sample of the reference, and changes to it."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent / "samples"
PASSWORD = "clave123"
BASE: dict[str, Any] = json.loads((SAMPLES / "factura_caso.json").read_text(encoding="utf-8"), parse_float=Decimal)
VAT = [{"code": "VAT", "rate": "15"}]
REFERENCE = {"kind": "01", "series": "001-002", "number": 123, "date": "2026-11-01", "authorization_code": "",
             "reason": "Servicio no prestado en el periodo"}
RUC_OK, CEDULA_OK = "1790012344001", "1710034065"


def case(**changes: Any) -> dict[str, Any]:
    """The base case with changes; `customer__tax_id=…` changes inside an object, `issuer__extra__x` two deep."""
    made = copy.deepcopy(BASE)
    for name, value in changes.items():
        *places, last = name.split("__")
        target = made
        for place in places:
            target = target.setdefault(place, {})
        target[last] = value
    return made


def line(price: str = "25.00", taxes: Any = None, **changes: Any) -> dict[str, Any]:
    return {"code": "X", "description": "Internet", "quantity": "1", "unit_price": price, "price_includes_tax": False,
            "discount": "0.00", "taxes": VAT if taxes is None else taxes, "extra": {}} | changes


def to(kind: str, number: str, **changes: Any) -> dict[str, Any]:
    """A case for another customer."""
    return case(customer__tax_id_kind=kind, customer__tax_id=number, **changes)


def note(kind: str = "credit_note", **changes: Any) -> dict[str, Any]:
    extra = {name: value for name, value in BASE["extra"].items()
             if name not in ("plazo", "unidadTiempo", "version")}
    return case(**({"kind": kind, "references": [REFERENCE], "extra": extra} | changes))
