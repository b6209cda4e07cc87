"""What Siigo checks of customers, invoices and credit notes (reference 3.4 to 3.6)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from modules.einvoice_co.providers.siigo.simulator.errors import Refused

CENT = Decimal("0.01")
RESPONSIBILITIES = {"O-13", "O-15", "O-23", "O-47", "R-99-PN"}
KINDS = {"11", "12", "13", "21", "22", "31", "41", "42", "47", "48", "50", "91"}
REASONS = (1, 2, 3, 4, 6, 7)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def needed(given: Mapping[str, Any], name: str, where: str = "") -> Any:
    """The value, or parameter_required."""
    value = given.get(name)
    if value is None or value == "" or value == []:
        raise Refused("parameter_required", f"The field {name} is required", f"{where}{name}")
    return value


def amount(given: Mapping[str, Any], name: str, places: int, where: str = "") -> Decimal:
    """A number with so many decimals at most; texts are no numbers."""
    value = given.get(name)
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        raise Refused("invalid_type", f"The field {name} must be a number", f"{where}{name}")
    found = Decimal(value)
    if found < 0 or found != found.quantize(Decimal(1).scaleb(-places)):
        raise Refused("invalid_amount", f"The field {name} must have {places} decimals at most", f"{where}{name}")
    return found


def rounded(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def length(value: Any, most: int, name: str) -> None:
    if len(str(value or "")) > most:
        raise Refused("length_max", f"The field {name} exceeds the length of {most}", name)


# --- customers ------------------------------------------------------------------------------------------


def check_customer(given: Mapping[str, Any]) -> None:
    """A customer to be created or replaced."""
    person = needed(given, "person_type")
    if person not in ("Person", "Company"):
        raise Refused("invalid_value", "The field person_type is invalid", "person_type")
    kind, number = str(needed(given, "id_type")), str(needed(given, "identification"))
    if kind not in KINDS:
        raise Refused("invalid_reference", "The id_type does not exist", "id_type")
    pattern = r"\d{3,13}" if kind in ("13", "31") else r"[0-9A-Za-z]{1,20}"
    if not re.fullmatch(pattern, number):
        raise Refused("invalid_identification", "The identification is invalid", "identification")
    names = needed(given, "name")
    if not isinstance(names, list) or len(names) != (2 if person == "Person" else 1) or not all(names):
        raise Refused("invalid_array", "The name of a Person has two elements, of a Company one", "name")
    for one in given.get("fiscal_responsibilities") or []:
        if one.get("code") not in RESPONSIBILITIES:
            raise Refused("invalid_reference", "The fiscal responsibility does not exist", "fiscal_responsibilities")
    _check_address(needed(given, "address"))
    for phone in needed(given, "phones"):
        length(needed(phone, "number", "phones."), 10, "phones.number")
    _check_contacts(given.get("contacts") or [])


def _check_address(address: Mapping[str, Any]) -> None:
    length(needed(address, "address", "address."), 256, "address.address")
    city = needed(address, "city", "address.")
    for name in ("country_code", "state_code", "city_code"):
        needed(city, name, "address.city.")
    if not str(city["city_code"]).startswith(str(city["state_code"])):
        raise Refused("invalid_reference", "The city does not belong to the state", "address.city.city_code")
    length(address.get("postal_code"), 10, "address.postal_code")


def _check_contacts(contacts: list[Mapping[str, Any]]) -> None:
    if len(contacts) > 10:
        raise Refused("invalid_array", "A customer has ten contacts at most", "contacts")
    for one in contacts:
        length(needed(one, "first_name", "contacts."), 50, "contacts.first_name")
        if one.get("email") and not _EMAIL.fullmatch(one["email"]):
            raise Refused("invalid_email", "The email is invalid", "contacts.email")
        length(one.get("email"), 100, "contacts.email")


# --- documents ------------------------------------------------------------------------------------------


def document_type(given: Mapping[str, Any], kind: str, types: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The document type of the company."""
    wanted = needed(needed(given, "document"), "id", "document.")
    found = next((one for one in types if one["id"] == wanted), None)
    if found is None or found["type"] != kind:
        raise Refused("invalid_document", f"The document type does not correspond to {kind}", "document.id")
    if not found["active"]:
        raise Refused("parameter_inactive", "The document type is inactive", "document.id")
    return found


def check_date(given: Mapping[str, Any], today: dt.date, electronic: bool) -> None:
    """yyyy-MM-dd, and of electronic documents not before today."""
    try:
        day = dt.date.fromisoformat(str(needed(given, "date")))
    except ValueError:
        raise Refused("invalid_date", "The date format is yyyy-MM-dd", "date") from None
    if electronic and day < today:
        raise Refused("invalid_date", "The date must not be before today", "date")


def items(given: Mapping[str, Any], products: Mapping[str, Any], taxes: Mapping[int, Mapping[str, Any]],
          discount_type: str) -> tuple[list[dict[str, Any]], Decimal]:
    """The items with their taxes computed, and the total: per item base and tax are rounded."""
    listed = needed(given, "items")
    if not isinstance(listed, list) or len(listed) > 500:
        raise Refused("invalid_array", "The items are invalid", "items")
    made, total = [], Decimal(0)
    for index, one in enumerate(listed):
        where = f"items[{index}]."
        code = str(needed(one, "code", where))
        if re.search(r"[ ']", code):
            raise Refused("invalid_code", "The code must not contain spaces or apostrophes", f"{where}code")
        product = products.get(code)
        if product is None:
            raise Refused("invalid_reference", f"The product {code} does not exist", f"{where}code")
        if not product.get("active", True):
            raise Refused("parameter_inactive", f"The product {code} is inactive", f"{where}code")
        base, rates = _base(one, where, _rates(one, where, taxes), discount_type)
        computed = [{**taxes[number], "value": rounded(base * rate / 100)} for number, rate in rates]
        whole = base + sum((tax["value"] for tax in computed), Decimal(0))
        total += whole
        made.append({"code": code, "description": one.get("description") or product["name"],
                     "quantity": one["quantity"], "price": one.get("price", base), "taxes": computed, "total": whole})
    return made, total


def _rates(one: Mapping[str, Any], where: str, taxes: Mapping[int, Mapping[str, Any]]) -> list[tuple[int, Decimal]]:
    chosen = [tax.get("id") for tax in one.get("taxes") or []]
    for number in chosen:
        if number not in taxes:
            raise Refused("invalid_reference", f"The tax {number} does not exist", f"{where}taxes")
        if taxes[number]["type"] in ("ReteIVA", "ReteICA"):
            raise Refused("invalid_array", "ReteIVA and ReteICA are not of items", f"{where}taxes")
        if not taxes[number]["active"]:
            raise Refused("parameter_inactive", f"The tax {number} is inactive", f"{where}taxes")
    if len(chosen) > 3 or len({taxes[number]["type"] for number in chosen}) < len(chosen):
        raise Refused("invalid_array", "Three taxes at most, one of each type", f"{where}taxes")
    return [(number, Decimal(str(taxes[number]["percentage"]))) for number in chosen]


def _base(one: Mapping[str, Any], where: str, rates: list[tuple[int, Decimal]],
          discount_type: str) -> tuple[Decimal, list[tuple[int, Decimal]]]:
    quantity = amount(one, "quantity", 2, where)
    if one.get("price") is not None and one.get("taxed_price") is not None:
        raise Refused("parameters_exclusive", "Only one of price and taxed_price", f"{where}price")
    if one.get("price") is None and one.get("taxed_price") is None:
        raise Refused("parameter_required", "The field price is required", f"{where}price")
    discount = amount(one, "discount", 2, where) if one.get("discount") is not None else Decimal(0)
    if one.get("taxed_price") is not None:
        added = sum((rate for _number, rate in rates), Decimal(0))
        gross = quantity * amount(one, "taxed_price", 6, where)
        return rounded(gross / (1 + added / 100)), rates
    gross = quantity * amount(one, "price", 6, where)
    if discount_type == "Percentage":
        discount = rounded(gross) * discount / 100
    return rounded(gross - discount), rates


def check_payments(given: Mapping[str, Any], total: Decimal, types: Mapping[int, Mapping[str, Any]]) -> None:
    """They add up to exactly the total; one with due date stands alone."""
    payments = needed(given, "payments")
    paid = Decimal(0)
    for index, one in enumerate(payments):
        where = f"payments[{index}]."
        kind = types.get(needed(one, "id", where))
        if kind is None:
            raise Refused("invalid_payment", "The payment type does not exist", f"{where}id")
        if kind["due_date"] and (not one.get("due_date") or len(payments) > 1):
            raise Refused("parameter_required", "The field due_date is required", f"{where}due_date")
        if not kind["due_date"] and one.get("due_date"):
            raise Refused("parameters_exclusive", "The payment type has no due date", f"{where}due_date")
        paid += amount(one, "value", 2, where)
    if paid != total:
        raise Refused("invalid_total_payments", "The total payments must be equal to the total invoice. The total "
                      f"invoice calculated is {total.normalize():f}", "payments")
