"""Receipts and notices of Pagoralia → readings (reference 7.2, 7.3). Pure.

Fields and words of the notice were not found: which field holds what, and which words mean paid, are settings.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.i18n import _
from modules.gateways import dues
from modules.gateways.access import Access
from modules.gateways.errors import BadDebt, BadSetting
from modules.gateways.providers import values
from modules.gateways.shapes import ZERO, Attempt, Debt, Reading, Reference

CURRENCY = "MXN"
# what we call it -> the field of the notice, unless the account says otherwise; "paid": its words for paid
FIELDS = {"invoice": "invoice", "customer": "cliente", "amount": "monto", "currency": "moneda", "state": "estado",
          "id": "id", "date": "fecha", "paid": "paid,pagado,approved"}


def problem(debt: Debt) -> str:
    """Why this debt cannot be collected, in words; "" where it can."""
    try:
        dues.check(debt, 3, CURRENCY)
    except BadDebt as error:
        return str(error)
    return ""


def written(amount: Decimal) -> str:
    """449 for whole pesos, else 449.50."""
    return f"{amount:.0f}" if amount == amount.to_integral_value() else f"{amount:.2f}"


def request(debt: Debt, attempt: Attempt) -> dict[str, Any]:
    """The receipt of a debt, under our reference."""
    first, _blank, rest = (attempt.payer.name or debt.name).strip().partition(" ")
    return {"isUnique": 1, "invoice": attempt.reference, "cliente": debt.customer, "nombre": first[:60],
            "apellido": rest.strip()[:60], "monto": written(debt.amount), "moneda": CURRENCY}


def fields(access: Access) -> dict[str, str]:
    """Which field of the notice holds what; lines `name=field`. BadSetting names a line that is none."""
    given = access.get("notice_map", [])
    lines = given.splitlines() if isinstance(given, str) else list(given)
    found = dict(FIELDS)
    for line in lines:
        name, sign, field = str(line).partition("=")
        if not sign or name.strip() not in FIELDS or not field.strip():
            raise BadSetting(_("Each line must be name=field, with one of these names: %(known)s; found: %(found)s.",
                               known=", ".join(FIELDS), found=str(line)[:60]), field="notice_map")
        found[name.strip()] = field.strip()
    return found


def identity(customer: str, receipt: str) -> str:
    """A receipt's identity: nobody says that numbers of receipts are the merchant's, and not the customer's."""
    return f"{customer}/{receipt}"[:120]


def status_of(access: Access, word: str) -> str:
    """paid, or pending for any other word."""
    paid = {one.strip().lower() for one in fields(access)["paid"].split(",")}
    return "approved" if word.strip().lower() in paid else "pending"


def reading(access: Access, customer: str, receipt: Mapping[str, Any]) -> Reading | None:
    """A receipt of the list; older programs show the state in `detalle`. None for one without a number."""
    number = values.text(receipt.get("recibo"))
    if not number:
        return None
    amount = values.amount(receipt.get("total"))
    word = values.text(receipt.get("estado")) or values.text(receipt.get("detalle"))
    status = status_of(access, word) if amount else "unknown"
    return Reading(identity(customer, number), status, amount or ZERO, CURRENCY,
                   reference=Reference(customer, number[:80], "", number[:80]),
                   reason="" if status == "approved" else word[:60], raw=values.kept(
                       receipt, ("recibo", "detalle", "total", "estado")))


def noticed(access: Access, told: Mapping[str, Any]) -> Reading | None:
    """What a notice says: a hint which receipt to read. None where it names none."""
    names = fields(access)
    said = {name: told.get(field) for name, field in names.items()}
    receipt, customer = values.text(said["invoice"]), values.text(said["customer"])
    if not receipt or not customer:
        return None
    amount = values.amount(said["amount"])
    return Reading(identity(customer, receipt), status_of(access, values.text(said["state"])), amount or ZERO,
                   values.text(said["currency"])[:3] or CURRENCY, _day(values.text(said["date"])),
                   reference=Reference(customer[:80], receipt[:80], "", receipt[:80]))


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None
