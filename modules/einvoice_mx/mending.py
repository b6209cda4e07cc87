"""What the SAT's register says of a customer, mended where a document was refused: Mexico's entry in `menders`.

The registered name, the postal code of the fiscal address and the use of the CFDI stand apart from the customer's own,
for invoices read them first (`bridge.customer_extra`).
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from core import audit
from core.db import among, db
from core.errors import DomainError
from core.i18n import _
from modules.crm import countries, queries
from modules.crm.models import Address, Customer
from modules.einvoice.ports import Input, Inputs
from modules.einvoice_mx import catalogs
from modules.einvoice_mx.catalogs import GENERIC
from modules.einvoice_mx.models import CustomerProfile
from modules.einvoice_mx.parties import LONGEST_NAME

USE = "extra.UsoCFDI"
# who gets receipts of payment or wages is no customer of invoices
_OF_OTHERS = ("CP01", "CN01")
# input: the profile's column
_COLUMNS = {"legal_name": "legal_name", "fiscal_postal_code": "postal_code", "use": "use"}


class MexicanMender:
    """Of whoever has an RFC of his own; a generic one has no profile."""

    def inputs(self, wanted: Mapping[tuple[int, str], Customer]) -> Mapping[tuple[int, str], Inputs]:
        """Two selects: profiles and addresses."""
        mine = {key: customer for key, customer in wanted.items() if _is_registered(customer)}
        ids = sorted({key for key, _field in mine})
        rows = db.session.scalars(sa.select(CustomerProfile).where(among(CustomerProfile.customer_id, ids)))
        profiles, places = {row.customer_id: row for row in rows}, queries.fiscal_addresses(ids)
        found = {key: _asked(customer, key[1], profiles.get(customer.id), places.get(customer.id))
                 for key, customer in mine.items()}
        return {key: asked for key, asked in found.items() if asked}

    def write(self, customer: Customer, typed: Mapping[str, str]) -> None:
        """Into the customer's profile, which is made where he has none, what is not as it was shown.

        What was shown and is none of the profile's comes from the customer, and follows him on.
        """
        if not _is_registered(customer):
            return
        own = db.session.scalar(sa.select(CustomerProfile).where(CustomerProfile.customer_id == customer.id))
        shown = _shown(customer, own, queries.fiscal_addresses([customer.id]).get(customer.id))
        given = {column: typed[name].upper() for name, column in _COLUMNS.items() if name in typed}
        changes = {column: [getattr(own, column, ""), value] for column, value in given.items()
                   if value not in (shown[column], getattr(own, column, ""))}
        if not changes:
            return
        _check({column: value for column, (_before, value) in changes.items()})
        own = own or CustomerProfile(customer_id=customer.id)
        for column, (_before, value) in changes.items():
            setattr(own, column, value)
        db.session.add(own)
        audit.record("einvoice_mx.edit_customer", customer, changes)


def _is_registered(customer: Customer) -> bool:
    rfc = countries.get("MX").compact(customer.tax_id or "")
    return bool(rfc) and rfc not in GENERIC and customer.tax_id_kind in ("", "RFC")


def _shown(customer: Customer, own: CustomerProfile | None, place: Address | None) -> dict[str, str]:
    """By column what invoices would have now: the profile's, or else the customer's own."""
    return {"legal_name": (own.legal_name if own else "") or customer.name.upper(),
            "postal_code": (own.postal_code if own else "") or (place.postal_code if place else ""),
            "use": own.use if own else ""}


def _asked(customer: Customer, field: str, own: CustomerProfile | None, place: Address | None) -> Inputs:
    shown = _shown(customer, own, place)
    if field == "name":
        return (Input("legal_name", _("Name as registered at the SAT"), value=shown["legal_name"]),)
    if field == "address.postal_code":
        return (Input("fiscal_postal_code", _("Postal code of the fiscal address"), value=shown["postal_code"]),)
    if field == USE:
        return (Input("use", _("Use of the CFDI"), "choice", shown["use"], _uses()),
                Input("tax_condition", _("Tax condition"), "choice", customer.tax_condition,
                      tuple(countries.get("MX").TAX_CONDITIONS.items())))
    return ()


def _uses() -> tuple[tuple[str, str], ...]:
    known = ((code, f"{code} {use.name}") for code, use in catalogs.uses().items() if code not in _OF_OTHERS)
    return (("", _("What goes with the regime")), *known)


def _check(given: Mapping[str, str]) -> None:
    code = given.get("postal_code", "")
    if code and code not in catalogs.official("c_CodigoPostal"):
        raise DomainError(_("To save this you must give a postal code that the SAT has, like 42501."),
                          field="fiscal_postal_code")
    if given.get("use") and given["use"] not in catalogs.uses():
        raise DomainError(_("To save this you must choose a use that the SAT has."), field="use")
    if len(given.get("legal_name", "")) > LONGEST_NAME:
        raise DomainError(_("To save this you must shorten it to %(size)s characters; it has %(found)s.",
                            size=LONGEST_NAME, found=len(given["legal_name"])), field="legal_name")
