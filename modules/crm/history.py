"""A customer's history: what every module tells, in one line per event; and who changed what of his data.

Addresses and contacts are put on record on the customer, so that one select finds all of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from core import audit, clock, deeds
from core.db import db
from core.i18n import _, lazy
from core.lists.filters import midnight
from core.models import AuditRecord, User
from core.scope import current_company
from core.security import can
from modules.crm import regions
from modules.crm.models import Address, Contact, Customer, Zone
from modules.crm.ports import Happening, stories

SHOWN = 100
WORDS = {"crm.create_customer": lazy("Customer created"), "crm.update_customer": lazy("Data changed"),
         "crm.deactivate_customer": lazy("Became a former customer"),
         "crm.reactivate_customer": lazy("Is a customer again")}
FIELDS = {"name": lazy("Name"), "trade_name": lazy("Trade name"), "code": lazy("Code"), "notes": lazy("Notes"),
          "language": lazy("Language"), "kind": lazy("Kind"), "tax_id_kind": lazy("Kind of document"),
          "tax_id": lazy("Document"), "tax_condition": lazy("Tax condition"), "zone_id": lazy("Zone"),
          "active": lazy("In use"), "emails": lazy("E-mail"), "phones": lazy("Phone"), "tags": lazy("Tags"),
          "fiscal_address": lazy("Address for documents"), "service_address": lazy("Service address"),
          "contact": lazy("Contact")}


# --- writing -----------------------------------------------------------------------------------------------


def record(action: str, customer: Customer, what: str, before: str, after: str) -> None:
    """Put on record, on the customer, what became of an address or contact of his; nothing where nothing changed."""
    if before != after:
        audit.record(action, customer, {what: [before, after]})


def address_text(address: Address) -> str:
    """Everything that an address says, on one line."""
    place = f"{address.latitude}, {address.longitude}" if address.latitude is not None else ""
    extra = ", ".join(f"{key} {value}" for key, value in sorted((address.extra or {}).items()))
    return " · ".join(part for part in (str(address), _region(address), address.reference, extra, place) if part)


def _region(address: Address) -> str:
    return regions.name(address.country or current_company().country, address.region)


def contact_text(contact: Contact) -> str:
    """Who a contact is and how he is reached, on one line."""
    return " · ".join(part for part in (contact.name, contact.role, *map(str, contact.phones),
                                        *map(str, contact.emails), contact.notes) if part)


# --- reading -----------------------------------------------------------------------------------------------


def of_customer(customer: Customer, limit: int = SHOWN) -> list[Happening]:
    """What happened, the newest first; of each module only what the person may read."""
    found: list[Happening] = []
    for _key, story in stories.items():
        if can(story.permission):
            found += story.of(customer, limit)
    return sorted(found, key=_moment, reverse=True)[:limit]


def _moment(one: Happening) -> tuple[dt.datetime, bool]:
    """A day alone stands at the end of that day, so that what was done on it lies below."""
    if isinstance(one.at, dt.datetime):
        return one.at, False
    return min(midnight(one.at + dt.timedelta(days=1)), clock.now()), True


class OwnData:
    """Who changed what of the customer's own data, out of the audit."""

    permission = "crm.view_customers"

    def of(self, customer: Customer, limit: int) -> list[Happening]:
        rows = db.session.execute(
            sa.select(AuditRecord, User.name, User.email).outerjoin(User, User.id == AuditRecord.user_id)
            .where(_is_about(customer), AuditRecord.company_id == customer.company_id)
            .order_by(AuditRecord.id.desc()).limit(limit)).all()
        zones = {row.id: row.name for row in db.session.execute(sa.select(Zone.id, Zone.name))} if rows else {}
        found = [Happening(record.at, str(WORDS.get(record.action) or deeds.named(record.action)),
                           changed(record.changes, zones), name or email or "", record.reason)
                 for record, name, email in rows]
        if len(rows) < limit and not any(row.AuditRecord.action == "crm.create_customer" for row in rows):
            found.append(Happening(customer.created_at, str(WORDS["crm.create_customer"])))  # in bulk
        return found


def _is_about(customer: Customer) -> sa.ColumnElement[bool]:
    """What was recorded on him; changes of an address were once recorded on the address itself."""
    addresses = sa.select(Address.id).where(Address.customer_id == customer.id)
    return sa.or_(
        sa.and_(AuditRecord.object_type == Customer.__tablename__, AuditRecord.object_id == customer.id),
        sa.and_(AuditRecord.object_type == Address.__tablename__, AuditRecord.object_id.in_(addresses)))


def changed(changes: Mapping[str, Any] | None, zones: Mapping[int, str]) -> str:
    """What was changed, from what to what: "Name: Ana → Ana María · Zone: none → Norte"."""
    def text(name: str, value: Any) -> str:
        if name == "zone_id":
            value = zones.get(value, "")
        if isinstance(value, list):
            value = ", ".join(str(one) for one in value)
        return str(value) if value not in (None, "") else _("nothing")

    return " · ".join(f"{FIELDS.get(name, name)}: {text(name, pair[0])} → {text(name, pair[1])}"
                      for name, pair in (changes or {}).items() if isinstance(pair, list) and len(pair) == 2)
