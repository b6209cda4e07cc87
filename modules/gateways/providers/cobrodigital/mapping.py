"""What CobroDigital's rows and codes mean: payments and payments taken back, check digits, payers' columns. Pure.

The names of the columns are the account's: a map says which is which. A row that cannot be understood stays "unknown".
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt, BadSetting
from modules.gateways.records import plain
from modules.gateways.shapes import ZERO, Attempt, Debt, Reading, Reference

# as a description of the web service names them
COLUMNS = {"id": "id_transaccion", "fecha": "Fecha", "identificador": "Identificación", "bruto": "Importe Bruto",
           "comision": "Comisión", "neto": "Importe neto", "concepto": "Concepto", "medio": "Info",
           "nro_boleta": "Nro Boleta"}
PAYER = {"customer", "name", "email", "phone", "document", "address"}
INCOME, OUTGO = "ingresos", "egresos"
_OURS = re.compile(r"\[([A-Za-z0-9_-]{1,60})\]\s*$")
_PLAIN_AMOUNT, _WHOLE = re.compile(r"-?\d+([.,]\d{1,2})?"), re.compile(r"-?\d{1,3}([.,]\d{3})*([.,]\d{1,2})?")


def pairs(access: Access, name: str) -> dict[str, str]:
    """A setting of lines `a=b`."""
    given = access.get(name, [])
    lines = given.splitlines() if isinstance(given, str) else list(given)
    found = {}
    for line in lines:
        left, sign, right = str(line).partition("=")
        if not (sign and left.strip() and right.strip()):
            raise BadSetting(_("Each line of %(name)s must be name=value; found: %(found)s.", name=name, found=line),
                             field=name)
        found[left.strip()] = right.strip()
    return found


def columns(access: Access) -> dict[str, str]:
    """Which column holds what."""
    changed = pairs(access, "columnas")
    for key in changed:
        if key not in COLUMNS:
            raise BadSetting(_("The columns that matter are %(known)s; found: %(found)s.", known=", ".join(COLUMNS),
                               found=key), field="columnas")
    return {**COLUMNS, **changed}


def payer(access: Access, debt: Debt, attempt: Attempt) -> dict[str, str]:
    """A payer as it is created: the identifier's column, and those that the account's map fills."""
    values = {"customer": debt.customer, "name": debt.name or attempt.payer.name, "email": attempt.payer.email,
              "phone": attempt.payer.phone, "document": attempt.payer.document,
              "address": " ".join(str(one) for one in attempt.payer.address.values() if one)}
    filled = {str(access.need("identificador")): debt.customer}
    for column, name in pairs(access, "pagador").items():
        if name not in PAYER:
            raise BadSetting(_("A column of payers can be filled with %(known)s; found: %(found)s.",
                               known=", ".join(sorted(PAYER)), found=name), field="pagador")
        filled[column] = values[name]
    return filled


def concept(debt: Debt, attempt: Attempt) -> str:
    """What is paid, and our reference behind it: by it a slip whose answer was lost is found."""
    words = " ".join(plain(debt.concept or attempt.description).split())[:60]
    return f"{words} [{attempt.reference}]".strip()


def reading(access: Access, row: Mapping[str, Any], kind: str) -> Reading | None:
    """A row of the transactions. None for a withdrawal: money that moves between our own accounts."""
    names = columns(access)
    said = {key: str(row.get(column) if row.get(column) is not None else "").strip() for key, column in names.items()}
    if kind == OUTGO and not said["nro_boleta"].strip("0-"):
        return None
    gross, fee, day = amount(said["bruto"]), amount(said["comision"] or "0"), date(said["fecha"])
    ours = _OURS.search(said["concepto"])
    whose = Reference(re.sub(r"^[A-Z/]+:\s*", "", said["identificador"]), "", "", ours[1] if ours else "")
    identity = said["id"] or hashlib.sha256(json.dumps(row, sort_keys=True, default=str).encode()).hexdigest()[:40]
    raw = {"nro_boleta": said["nro_boleta"]}
    if gross is None or day is None or gross == 0:
        return Reading(identity, "unknown", ZERO, "ARS", day, channel=said["medio"][:40], reference=whose,
                       raw={**raw, "row": {str(key): str(value) for key, value in row.items()}})
    return Reading(identity, "reversed" if kind == OUTGO else "approved", abs(gross), "ARS", day, day,
                   fee=None if fee is None else abs(fee), channel=said["medio"][:40], reference=whose, raw=raw)


def amount(text: str) -> Decimal | None:
    """18150.00, 18.150,00, $ 18150,5: the sign before the last one or two digits is the decimal one."""
    bare = text.replace("$", "").replace(" ", "")
    if not (_PLAIN_AMOUNT.fullmatch(bare) or _WHOLE.fullmatch(bare)):
        return None
    whole, sign, cents = bare.rpartition("," if bare.rfind(",") > bare.rfind(".") else ".")
    if not sign or len(cents) > 2:  # no decimals: what signs there are part thousands
        if sign and bare.count(sign) == 1 and len(whole.lstrip("-")) <= 3:
            return None  # 1.500 may be either
        whole, cents = bare, "0"
    return Decimal(f"{re.sub('[.,]', '', whole)}.{cents}").quantize(ZERO)


def date(text: str) -> dt.date | None:
    """2026-11-10, 10/11/2026 or 20261110, with or without an hour."""
    for form, width in (("%Y-%m-%d", 10), ("%d/%m/%Y", 10), ("%Y%m%d", 8)):
        try:
            return dt.datetime.strptime(text[:width], form).date()
        except ValueError:
            continue
    return None


def check_digit(digits: str) -> str:
    """Of 28 digits: weights 3, 1, 3, 1 … from the left."""
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(digits))
    return str(-total % 10)


def is_barcode(text: str) -> bool:
    """7385, account 6, slip and day 11, amount 5+2, check digit."""
    return bool(re.fullmatch("7385[0-9]{25}", text)) and text[28] == check_digit(text[:28])


def proved(barcodes: list[str]) -> list[str]:
    """Codes that may be printed; BadDebt for one that no counter would read."""
    for one in barcodes:
        if not is_barcode(one):
            raise BadDebt(_("CobroDigital's bar code is not right, so that no counter could read it: %(found)s.",
                            found=one[:40]), field="barcode")
    return barcodes
