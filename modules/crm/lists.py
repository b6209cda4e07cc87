"""The list of customers: what it shows, what it can be narrowed to, and what many customers get at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import selectinload

from core.db import find as find_row
from core.forms import DataRequired, Form, Length, SelectField, StringField
from core.i18n import _, lazy, ngettext
from core.lists import Action, Choice, Choices, Column, Dates, Empty, Line, List, Text, badge, register, viewer_may
from core.scope import current_company
from modules.crm import countries, identity, queries, reach, services
from modules.crm.models import Customer, CustomerTag, Email, Zone

_KINDS = {"person": lazy("Person"), "business": lazy("Business")}
_STATES = {"active": lazy("Customers"), "former": lazy("Former")}
_MISSING = {"document": Customer.tax_id == "", "zone": Customer.zone_id.is_(None),
            "email": ~Customer.all_emails.any(active=True), "phone": ~Customer.all_phones.any(active=True),
            "address": ~Customer.addresses.any(active=True)}
_MISSING_WORDS = {"document": lazy("Document"), "zone": lazy("Zone"), "email": lazy("E-mail"),
                  "phone": lazy("Phone"), "address": lazy("Address")}


# --- cells -------------------------------------------------------------------------------------------------


def _name(line: Line) -> Any:
    marks = [] if line.row.active else [badge((_("former"), "mute"))]
    marks += [badge((tag.name, "mute", "tag")) for tag in line.row.tags]
    return Markup(" ").join([line.row.name, *marks])


def _document(line: Line) -> str:
    return identity.formatted(current_company().country, line.row.tax_id_kind, line.row.tax_id) or "—"


def _phone(customer: Customer) -> str:
    found = customer.phones[:1]
    if not found:
        return ""
    return reach.readable(found[0].e164, current_company().country) if found[0].e164 else found[0].typed


EMAILS = (sa.select(sa.func.aggregate_strings(Email.address, "; "))
          .where(Email.customer_id == Customer.id, Email.contact_id.is_(None), Email.active)
          .correlate(Customer).scalar_subquery())


def _place(customer: Customer) -> str:
    return str(customer.fiscal_address or "")


def _tags(customer: Customer) -> str:
    return ", ".join(tag.name for tag in customer.tags)


def _conditions() -> Mapping[str, str]:
    return {"": "", **countries.get(current_company().country).TAX_CONDITIONS}


def _tagged(codes: list[int]) -> Any:
    return Customer.id.in_(sa.select(CustomerTag.customer_id).where(CustomerTag.tag_id.in_(codes)))


# --- for many at once ----------------------------------------------------------------------------------------


class ZoneForm(Form):
    """To which zone these customers belong."""

    zone = SelectField(lazy("Zone"), [DataRequired()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone.choices = [(str(zone.id), zone.name) for zone in queries.zones()]


class TagForm(Form):
    """Which tag these customers get."""

    tag = StringField(lazy("Tag"), [DataRequired(), Length(max=60)])


class LeaveForm(Form):
    """Why these customers have left."""

    reason = StringField(lazy("Reason"), [Length(max=300)])


def move(customer_id: int, values: dict[str, Any]) -> str:
    """Put one customer into the zone; the zone before."""
    customer = find_row(Customer, customer_id)
    before = str(customer.zone_id or "")
    services.update_customer(customer, zone_id=int(values["zone"]))
    return before


def _move_back(ids: Sequence[int], notes: Mapping[int, str]) -> None:
    for customer_id in ids:
        services.update_customer(find_row(Customer, customer_id), zone_id=int(notes[customer_id] or 0) or None)


def mark(customer_id: int, values: dict[str, Any]) -> str:
    """Give one customer the tag; its id where it is new to him."""
    customer, tag = find_row(Customer, customer_id), services.create_tag(values["tag"])
    had = [one.id for one in customer.tags]
    if tag.id in had:
        return ""
    services.update_customer(customer, tag_ids=[*had, tag.id])
    return str(tag.id)


def _unmark(ids: Sequence[int], notes: Mapping[int, str]) -> None:
    for customer_id in ids:
        customer = find_row(Customer, customer_id)
        kept = [one.id for one in customer.tags if str(one.id) != notes[customer_id]]
        services.update_customer(customer, tag_ids=kept)


def leave(customer_id: int, values: dict[str, Any]) -> None:
    """Make one a former customer."""
    services.deactivate_customer(find_row(Customer, customer_id), values.get("reason") or "")


def _come_back(ids: Sequence[int], _notes: Mapping[int, str]) -> None:
    for customer_id in ids:
        services.reactivate_customer(find_row(Customer, customer_id))


def _begin() -> tuple[Any, str] | None:
    return (lazy("New customer"), url_for("crm.new_customer")) if viewer_may("crm.edit_customers") else None


CUSTOMERS = register(List(
    "crm.customers", lazy("Customers"), Customer, "crm.view_customers",
    related=lambda statement: statement.outerjoin(Zone, Zone.id == Customer.zone_id),
    columns=(
        Column("name", lazy("Name"), Customer.name, lead=True, show=_name, sort=(Customer.sort_name,)),
        Column("code", lazy("Code"), Customer.code, sort=True),
        Column("document", lazy("Document"), Customer.tax_id, show=_document, css="nowrap"),
        Column("document_kind", lazy("Kind of document"), Customer.tax_id_kind, default=False),
        Column("condition", lazy("Tax condition"), Customer.tax_condition, words=_conditions, default=False),
        Column("phone", lazy("Phone"), _phone, css="nowrap"),
        Column("email", lazy("E-mail"), EMAILS, default=False),
        Column("place", lazy("Address"), _place, css="long"),
        Column("zone", lazy("Zone"), Zone.name),
        Column("tags", lazy("Tags"), _tags, default=False),
        Column("trade_name", lazy("Trade name"), Customer.trade_name, default=False),
        Column("kind", lazy("Person or business"), Customer.kind, words=_KINDS, default=False),
        Column("since", lazy("Customer since"), Customer.created_at, default=False),
        Column("left", lazy("Left on"), Customer.deactivated_at, default=False),
        Column("reason", lazy("Reason"), Customer.deactivation_reason, default=False, css="long"),
        Column("notes", lazy("Notes"), Customer.notes, default=False, css="long"),
    ),
    filters=(
        Text("q", lazy("Name, code, document, phone, street"), queries.matches),
        Choice("state", lazy("State"), {"active": Customer.active.is_(True), "former": Customer.active.is_(False)},
               _STATES, chips=True, default="active"),
        Choices("zone", lazy("Zone"), Customer.zone_id, lambda: {one.id: one.name for one in queries.zones(False)}),
        Choices("tag", lazy("Tags"), _tagged, lambda: {one.id: one.name for one in queries.tags()}),
        Choices("condition", lazy("Tax condition"), Customer.tax_condition,
                lambda: countries.get(current_company().country).TAX_CONDITIONS),
        Choice("kind", lazy("Person or business"), Customer.kind, _KINDS),
        Choices("without", lazy("Without"), _MISSING, _MISSING_WORDS),
        Dates("since", lazy("Customer since"), Customer.created_at),
    ),
    actions=(
        Action("zone", lazy("Put into a zone"), "crm.edit_customers", each=move, undo=_move_back, form=ZoneForm,
               icon="edit", chunk=100),
        Action("tag", lazy("Give a tag"), "crm.edit_customers", each=mark, undo=_unmark, form=TagForm, icon="tag",
               chunk=100),
        Action("leave", lazy("Make former customers"), "crm.deactivate_customers", each=leave, undo=_come_back,
               form=LeaveForm, only=Customer.active.is_(True), icon="stop", danger=True, chunk=100,
               warning=lazy("They leave the lists; their documents and accounts stay. Who still has a contract in use "
                            "stays a customer, and is told in the result.")),
    ),
    options=(selectinload(Customer.all_phones), selectinload(Customer.addresses), selectinload(Customer.tags)),
    sort="name", link=lambda row: url_for("crm.customer", customer_id=row.id),
    count=lambda count: ngettext("%(num)s customer", "%(num)s customers", count),
    empty=Empty(lazy("No customers yet"), lazy(
        "A customer is a person or business that you bill. Import your spreadsheet, or write the first one here."),
        "customers", _begin),
    template="crm/customers.html"))
