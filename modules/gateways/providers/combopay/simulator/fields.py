"""What a link must say, and how ComboPay refuses what it does not: {field: [words]} (reference 5). Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

DOCUMENTS = ("CC", "NIT", "CE", "PP")
NEEDED = ("description", "invoice", "name", "document", "email")


class Invalid(Exception):
    """HTTP 422, with what is wrong by field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a link; Invalid."""
    errors: dict[str, list[str]] = {}
    for name in NEEDED:
        if not str(given.get(name) or "").strip():
            errors[name] = [f"El campo {name} es obligatorio."]
    value = str(given.get("value") or "")
    if not re.fullmatch(r"[1-9][0-9]{0,11}", value):
        errors["value"] = ["El campo value debe ser un número entero de pesos."]
    if given.get("document_type") not in DOCUMENTS:
        errors["document_type"] = ["El campo document_type no es válido."]
    if given.get("email") and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(given["email"])):
        errors["email"] = ["El campo email debe ser una dirección válida."]
    if given.get("typePaymentMethod") != "payment_link":
        errors["typePaymentMethod"] = ["El campo typePaymentMethod no es válido."]
    if not re.match(r"https?://", str(given.get("url_data_return") or "")):
        errors["url_data_return"] = ["El campo url_data_return debe ser una URL."]
    for name in ("start_billing_period", "end_billing_period"):
        if given.get(name) and not _is_day(given[name]):
            errors[name] = [f"El campo {name} debe ser una fecha AAAA-MM-DD."]
    if errors:
        raise Invalid(errors)
    return {**{name: str(given[name]) for name in NEEDED}, "value": int(value),
            "custom": str(given.get("custom") or ""), "url_data_return": str(given["url_data_return"]),
            "url_client_redirect": str(given.get("url_client_redirect") or "")}


def _is_day(text: Any) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(text)) and dt.date.fromisoformat(str(text)))
    except ValueError:
        return False
