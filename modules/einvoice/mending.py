"""What is mended where a document was refused: the inputs of a field as things stand, and writing what was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.scope import current_company
from modules.crm import countries, queries, regions
from modules.crm import services as crm
from modules.crm.forms import REGION_WORDS
from modules.crm.models import Address, Customer
from modules.einvoice import explaining
from modules.einvoice.models import Document
from modules.einvoice.ports import Input, Inputs, Mender, menders

# what a form sends of an address begins with this
ADDRESS = "address."
PARTS = ("street", "city", "region", "postal_code")
CUSTOMER = ("tax_id_kind", "tax_id", "tax_condition", "name", "emails", "phones")
# those of a value that many customers may share; a number or a name is never everybody's
_OWN = ("tax_id_kind",)
_REACH = ("email", "extra.phone")


def of_documents(documents: Iterable[tuple[Document, Customer]]) -> dict[int, Inputs]:
    """By document what is asked for, with what stands there now; a few selects for a page."""
    pairs = [(document, customer, explaining.refusal(document).field) for document, customer in documents]
    wanted = {(customer.id, field): customer for _document, customer, field in pairs if field}
    found = _inputs(wanted)
    return {document.id: found.get((customer.id, field), ()) for document, customer, field in pairs}


def _inputs(wanted: Mapping[tuple[int, str], Customer]) -> dict[tuple[int, str], Inputs]:
    mender = _mender()
    found = dict(mender.inputs(wanted)) if mender else {}
    rest = {key: customer for key, customer in wanted.items() if key not in found}
    places = queries.fiscal_addresses([key for key, field in rest if field.split(".")[0] == "address"])
    _read_ahead([key for key, field in rest if field in _REACH])
    for (key, field), customer in rest.items():
        found[key, field] = _usual(customer, field, places.get(key))
    return found


def _read_ahead(customer_ids: Sequence[int]) -> None:
    """Addresses and numbers of these customers at once."""
    if customer_ids:
        db.session.scalars(sa.select(Customer).where(Customer.id.in_(customer_ids)).options(
            selectinload(Customer.all_emails), selectinload(Customer.all_phones))).all()


def _mender() -> Mender | None:
    return menders.find(current_company().country)


def _usual(customer: Customer, field: str, place: Address | None) -> Inputs:
    """What every country has; () for what is mended elsewhere."""
    if field.startswith("address"):
        return _of_address(field, place)
    asked = _USUAL.get(field)
    return asked(customer) if asked else ()


def _identity(customer: Customer) -> Inputs:
    kinds = countries.get(current_company().country).TAX_ID_KINDS
    return (Input("tax_id_kind", _("Kind of document"), "choice", customer.tax_id_kind, tuple(kinds.items())),
            Input("tax_id", _("Document number"), value=customer.tax_id))


def _condition(customer: Customer) -> Inputs:
    known = countries.get(current_company().country).TAX_CONDITIONS
    return (Input("tax_condition", _("Tax condition"), "choice", customer.tax_condition, tuple(known.items())),)


_USUAL: Mapping[str, Callable[[Customer], Inputs]] = {
    "tax_id": _identity, "tax_id_kind": _identity, "tax_condition": _condition,
    "name": lambda customer: (Input("name", _("Name"), value=customer.name),),
    "email": lambda customer: (Input("emails", _("E-mail"), value="; ".join(
        one.address for one in customer.emails)),),
    "extra.phone": lambda customer: (Input("phones", _("Phones"), value="; ".join(
        one.typed for one in customer.phones)),)}


def _of_address(field: str, place: Address | None) -> Inputs:
    """The part of the fiscal address that is meant; the street where all of it is."""
    part = field.removeprefix(ADDRESS) if field != "address" else "street"
    if part not in PARTS:
        return ()
    country = current_company().country
    labels = {"street": _("Street"), "city": _("City"), "postal_code": _("Postal code"),
              "region": str(REGION_WORDS.get(country) or _("Province or state"))}
    known = tuple(regions.of(country).items()) if part == "region" else ()
    return (Input(ADDRESS + part, labels[part], "choice" if known else "text", getattr(place, part, "") or "", known),)


def shared(inputs: Sequence[Input]) -> Inputs:
    """Of these the ones that can be chosen for many customers at once."""
    return tuple(one for one in inputs if one.kind == "choice" and one.name not in _OWN)


def write(customer: Customer, typed: Mapping[str, str], asked: Sequence[Input]) -> None:
    """Write what was typed of the inputs that were asked for; what was not chosen stays as it is.

    Nothing else that a form sends is written: who may send documents need not be one who may edit customers.
    DomainError where it cannot be.
    """
    given = {one.name: typed[one.name].strip() for one in asked if one.name in typed}
    if not given:
        return
    _write_customer(customer, given)
    _write_address(customer, given)
    mender = _mender()
    if mender is not None:
        mender.write(customer, given)
    db.session.flush()


def _write_customer(customer: Customer, given: Mapping[str, str]) -> None:
    now = {"emails": "; ".join(one.address for one in customer.emails),
           "phones": "; ".join(one.typed for one in customer.phones)}
    changed = {name: given[name] for name in CUSTOMER if name in given
               and given[name] != (now[name] if name in now else getattr(customer, name) or "")
               and (given[name] or name != "tax_condition")}
    _check_size(Customer, "name", changed.get("name", ""), "name")
    if changed:
        crm.update_customer(customer, **changed)


def _check_size(model: type[Any], column: str, value: str, field: str) -> None:
    size: int = model.__table__.c[column].type.length
    if len(value) > size:
        raise DomainError(_("To save this you must shorten it to %(size)s characters; it has %(found)s.", size=size,
                            found=len(value)), field=field)


def _write_address(customer: Customer, given: Mapping[str, str]) -> None:
    place = customer.fiscal_address
    parts = {part: given[ADDRESS + part] for part in PARTS if given.get(ADDRESS + part)}
    if not parts or all(getattr(place, part, "") == value for part, value in parts.items()):
        return
    for part, value in parts.items():
        _check_size(Address, part, value, ADDRESS + part)
    if place is None:
        crm.add_address(customer, crm.AddressData(**parts))
    else:
        crm.change_address(place, _corrected(place, parts))


def _corrected(place: Address, parts: Mapping[str, str]) -> crm.AddressData:
    kept: dict[str, Any] = {name: getattr(place, name) for name in crm.ADDRESS_TEXTS}
    extra = dict(place.extra or {})
    if {"city", "region"} & parts.keys():  # the code of the former place; the new one is found by its name
        extra.pop(regions.PLACE_CODES.get(current_company().country, ""), None)
    return crm.AddressData(**(kept | dict(parts)), country=place.country, extra=extra, latitude=place.latitude,
                           longitude=place.longitude)
