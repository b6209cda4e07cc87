"""What the RUT says of a customer: person, responsibilities, names apart. Both providers are told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from core import audit
from core.db import among, db
from core.errors import DomainError
from core.i18n import _
from modules.crm import names
from modules.crm.models import Customer
from modules.einvoice_co.catalogs import COMPANY, NO_RESPONSIBILITY, PERSON, codes
from modules.einvoice_co.models import CustomerProfile
from modules.einvoice_co.parties import responsibilities


def profile(customer: Customer) -> CustomerProfile | None:
    """What was written down about a customer; None where nothing was."""
    return db.session.get(CustomerProfile, customer.id)


def known_responsibilities() -> dict[str, str]:
    """{code: words} of those that somebody may have; R-99-PN means none of them."""
    return {code: words for code, words in codes("responsabilidades_basicas").items() if code != NO_RESPONSIBILITY}


def write(customer: Customer, *, person: str = "", responsible: Iterable[str] = (), first_names: str = "",
          surnames: str = "") -> CustomerProfile:
    """Write it down. DomainError where the DIAN has no such thing, or where only one of the names is given."""
    wanted = [one for one in responsibilities(list(responsible)) if one != NO_RESPONSIBILITY]
    unknown = next((one for one in wanted if one not in known_responsibilities()), None)
    if person not in ("", COMPANY, PERSON):
        raise DomainError(_("To save this you must choose company or person."), field="person")
    if unknown:
        raise DomainError(_("To save this you must choose responsibilities that the DIAN has (%(known)s), not "
                            "%(found)s.", known=", ".join(known_responsibilities()), found=unknown),
                          field="responsible")
    first, last = names.tidy(first_names), names.tidy(surnames)
    if bool(first) != bool(last):
        raise DomainError(_("To save this you must give first names and surnames, or neither."),
                          field="surnames" if first else "first_names")
    row = profile(customer) or CustomerProfile(customer_id=customer.id)
    row.person, row.responsibilities, row.first_names, row.surnames = person, " ".join(wanted), first, last
    db.session.add(row)
    db.session.flush()
    audit.record("einvoice_co.edit_customer", customer, {"person": person, "responsibilities": row.responsibilities})
    return row


def extras(customer_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What a case says of these customers, under the names that the mapping reads; one select."""
    rows = db.session.scalars(sa.select(CustomerProfile).where(
        among(CustomerProfile.customer_id, sorted(customer_ids))))
    return {row.customer_id: {name: value for name, value in (
        ("tipoPersona", row.person), ("responsabilidades", row.responsibilities), ("nombres", row.first_names),
        ("apellidos", row.surnames)) if value} for row in rows}
