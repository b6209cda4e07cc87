"""Siigo's customers: created or updated before their first invoice (reference 3.4). Pure."""

from __future__ import annotations

from typing import Any

from core.i18n import _
from modules.crm import names
from modules.einvoice_co.catalogs import COMPANY, RESPONSIBLE
from modules.einvoice_co.findings import flattened, whole
from modules.einvoice_co.mapping import Parts
from modules.einvoice_co.parties import Buyer
from modules.einvoice_co.places import Place

STREET, FIRST_NAME, EMAIL, PHONE = 256, 50, 100, 10
COUNTRY_PHONE = "57"
LAST_BRANCH = 999


def identified(parts: Parts) -> dict[str, Any]:
    """The customer as an invoice names him."""
    said, where = flattened(parts.draft.case.customer.extra, "customer.extra").get("branchoffice", (0, ""))
    branch = whole(said)
    if branch is None or branch > LAST_BRANCH:
        parts.draft.refuse("branch_office", where, _(
            "To send this through Siigo you must give the customer's branch office as a number from 0 to 999, not "
            "%(found)s.", found=said), siigo="invalid_range")
    return {"identification": parts.buyer.number, "branch_office": branch or 0}


def check(parts: Parts) -> None:
    """What Siigo would refuse about the customer; what only creating him needs is a remark."""
    draft, buyer = parts.draft, parts.buyer
    if buyer.person != COMPANY and not buyer.nobody and buyer.name and len(_person_names(parts)) != 2:
        draft.refuse("customer_names", "customer.name", _(
            "To send this through Siigo you must give a person's first name and surname, not only %(found)s.",
            found=buyer.name), siigo="invalid_array")
    if len(buyer.email) > EMAIL:
        draft.refuse("customer_email_long", "customer.email", _(
            "To send this through Siigo you must give an e-mail address of 100 characters at most."),
            siigo="length_max")
    if buyer.place and len(buyer.place.street) > STREET:
        draft.refuse("customer_street_long", "customer.address.street", _(
            "To send this through Siigo you must shorten the address to 256 characters."), siigo="length_max")
    if len(buyer.phone) > PHONE and not buyer.phone.startswith(COUNTRY_PHONE):
        draft.refuse("customer_phone_long", "customer.extra.phone", _(
            "To send this through Siigo you must give a phone of 10 digits at most, not %(found)s.",
            found=buyer.phone), siigo="length_max")
    _check_needed(parts)


def _check_needed(parts: Parts) -> None:
    buyer = parts.buyer
    if buyer.nobody:
        return
    if buyer.place is None or not buyer.place.municipality:
        parts.draft.remark("customer_address", "customer.address", _(
            "To create this customer in Siigo you must give the address with its municipality."),
            siigo="parameter_required")
    if not buyer.phone:
        parts.draft.remark("customer_phone", "customer.extra.phone", _(
            "To create this customer in Siigo you must give a phone."), siigo="parameter_required")


def customer(parts: Parts) -> dict[str, Any]:
    """The body of POST /v1/customers and of PUT, which replaces all of it; always with one contact."""
    buyer = parts.buyer
    company = buyer.person == COMPANY
    listed = [buyer.name] if company else _person_names(parts)
    made: dict[str, Any] = {
        "type": "Customer", "person_type": "Company" if company else "Person", "id_type": buyer.kind,
        "identification": buyer.number, "name": listed, "branch_office": 0, "active": True,
        "vat_responsible": buyer.regime == RESPONSIBLE,
        "fiscal_responsibilities": [{"code": one} for one in buyer.responsibilities]}
    if buyer.place:
        made["address"] = _address(buyer.place)
    phone = _phone(buyer)
    if phone:
        made["phones"] = [phone]
    return made | {"contacts": [_contact(buyer, listed, phone)]}


def _address(place: Place) -> dict[str, Any]:
    city = {"country_code": place.country.capitalize(), "state_code": place.department,
            "city_code": place.municipality}
    made: dict[str, Any] = {"address": place.street, "city": city}
    return made | ({"postal_code": place.postal_code} if place.postal_code else {})


def _phone(buyer: Buyer) -> dict[str, str]:
    found = buyer.phone
    if len(found) > PHONE and found.startswith(COUNTRY_PHONE):
        found = found.removeprefix(COUNTRY_PHONE)
    return {"indicative": COUNTRY_PHONE, "number": found} if found else {}


def _contact(buyer: Buyer, listed: list[str], phone: dict[str, str]) -> dict[str, Any]:
    """Without a contact Siigo refuses the invoice (customer_settings)."""
    made: dict[str, Any] = {"first_name": listed[0][:FIRST_NAME] if listed else "",
                            "last_name": listed[1] if len(listed) > 1 else ""}
    if buyer.email:
        made["email"] = buyer.email
    return made | ({"phone": phone} if phone else {})


def _person_names(parts: Parts) -> list[str]:
    """[first names, surnames]: as given apart, else the last two words are surnames of three or more."""
    said = flattened(parts.draft.case.customer.extra, "")
    given = said.get("name", ([], ""))[0]
    if isinstance(given, list) and given:
        return [str(one) for one in given]
    first, last = (next((str(said[name][0]) for name in wanted if name in said), "")
                   for wanted in (("nombres", "firstname"), ("apellidos", "lastname", "apellido")))
    if first and last:
        return [first, last]
    words = names.tidy(parts.buyer.name).split(" ")
    if len(words) < 2:
        return [word for word in words if word]
    cut = 1 if len(words) < 4 else len(words) - 2
    return [" ".join(words[:cut]), " ".join(words[cut:])]
