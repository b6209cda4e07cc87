"""Finding customers: one box for name, code, document, phone, mail and street; pages by key, never by offset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from core.db import among, db, is_postgresql
from core.i18n import _
from core.scope import current_company
from modules.crm import countries, names, reach
from modules.crm.errors import UnknownCustomer
from modules.crm.models import Address, Customer, CustomerTag, Email, Phone, Tag, Zone

LIST_KEYS = (Customer.sort_name, Customer.id)
# SQLite's index of trigrams, kept by triggers; see the migration that makes it
INDEXED = sa.table("crm_customer_text", sa.column("rowid", sa.Integer), sa.column("search", sa.Text))


@dataclass(frozen=True)
class CustomerFilter:
    """What the list is limited to; None and "" do not limit."""

    text: str = ""
    active: bool | None = True
    zone_id: int | None = None
    tag_id: int | None = None
    kind: str = ""
    tax_condition: str = ""
    without_tax_id: bool = False


def search_customers(wanted: CustomerFilter | str = "", limit: int = 50) -> list[Customer]:
    """The first customers that fit, in order of name; lists page on with core.paging over `listed`."""
    chosen = CustomerFilter(text=wanted) if isinstance(wanted, str) else wanted
    return list(db.session.scalars(listed(chosen).order_by(*LIST_KEYS).limit(limit)))


def listed(wanted: CustomerFilter) -> sa.Select:
    """The customers that fit, with what a line of the list shows; unordered."""
    return filtered(sa.select(Customer), wanted).options(
        selectinload(Customer.all_phones), selectinload(Customer.addresses), selectinload(Customer.zone),
        selectinload(Customer.tags))


def filtered(statement: sa.Select, wanted: CustomerFilter) -> sa.Select:
    """The statement over Customer limited to what the filter says."""
    if wanted.active is not None:
        statement = statement.where(Customer.active == wanted.active)
    if wanted.zone_id:
        statement = statement.where(Customer.zone_id == wanted.zone_id)
    if wanted.tag_id:
        tagged = sa.select(CustomerTag.customer_id).where(CustomerTag.tag_id == wanted.tag_id)
        statement = statement.where(Customer.id.in_(tagged))
    if wanted.kind:
        statement = statement.where(Customer.kind == wanted.kind)
    if wanted.tax_condition:
        statement = statement.where(Customer.tax_condition == wanted.tax_condition)
    if wanted.without_tax_id:
        statement = statement.where(Customer.tax_id == "")
    return statement.where(matches(wanted.text)) if wanted.text.strip() else statement


def matches(text: str) -> sa.ColumnElement[bool]:
    """Every word occurs in what the customer is found by; a number also without marks or as a phone."""
    words = names.fold(text).split()
    options = [_contain(words)] if words else []
    options += [_contain([number]) for number in sorted(_numbers(text))]
    return sa.or_(sa.false(), *options)


def _numbers(text: str) -> set[str]:
    """The forms in which a typed number may be stored: compact document, phone in E.164, bare digits."""
    bare = names.digits(text)
    if len(bare) < 4 or len(bare) < len(text.replace(" ", "")) / 2:
        return set()
    country = current_company().country
    found = {bare, names.fold(countries.get(country).compact(text)).replace(" ", "")}
    phones, _bad = reach.split_phones(text, country)
    return {one for one in found | {names.digits(phone.e164) for phone in phones} if one}


def _contain(words: Sequence[str]) -> sa.ColumnElement[bool]:
    """All of these words. Both databases answer from an index of trigrams, asked first; it knows no shorter words.

    SQLite's is a table of its own, asked once for all words: each by itself would list all customers of a street.
    """
    phrases = [] if is_postgresql() else [f'"{word}"' for word in words if len(word) >= 3 and '"' not in word]
    others = sorted((word for word in words if f'"{word}"' not in phrases), key=len, reverse=True)
    indexed = [Customer.id.in_(sa.select(INDEXED.c.rowid).where(
        INDEXED.c.search.op("MATCH")(" AND ".join(phrases))))] if phrases else []
    return sa.and_(sa.true(), *indexed, *(Customer.search.contains(word, autoescape=True) for word in others))


def find_customer(reference: str | int) -> Customer:
    """By code, document (with or without marks) or, last, id; UnknownCustomer otherwise."""
    text = str(reference).strip()
    compact = countries.get(current_company().country).compact(text)
    found = _by(Customer.code == text) or (_by(Customer.tax_id == compact) if compact else None)
    if found is None and text.isdecimal() and len(text) < 12:
        found = _by(Customer.id == int(text))
    if found is None:
        raise UnknownCustomer(_("There is no customer %(reference)s (a code, or a tax number).", reference=text))
    return found


def _by(condition: sa.ColumnElement[bool]) -> Customer | None:
    return db.session.scalar(sa.select(Customer).where(condition).order_by(Customer.id).limit(1))


def with_everything(customer_ids: Sequence[int]) -> dict[int, Customer]:
    """These customers with all that changing them touches, in a few selects."""
    found: dict[int, Customer] = {}
    for start in range(0, len(customer_ids), 500):
        found |= {row.id: row for row in db.session.scalars(
            sa.select(Customer).where(Customer.id.in_(customer_ids[start:start + 500])).options(
                selectinload(Customer.all_emails), selectinload(Customer.all_phones), selectinload(Customer.addresses),
                selectinload(Customer.tags), selectinload(Customer.contacts)))}
    return found


def with_tax_id(tax_id: str, except_id: int | None = None) -> list[Customer]:
    """Customers that have this (compact) document: a warning when another one is made."""
    statement = sa.select(Customer).where(Customer.tax_id == tax_id).order_by(Customer.id).limit(5)
    if except_id:
        statement = statement.where(Customer.id != except_id)
    return list(db.session.scalars(statement)) if tax_id else []


def has_customers() -> bool:
    """Is anybody here yet, former customers among them?"""
    return bool(db.session.scalar(sa.select(sa.exists().where(Customer.id > 0))))


def zones(active_only: bool = True) -> list[Zone]:
    statement = sa.select(Zone).order_by(Zone.name)
    return list(db.session.scalars(statement.where(Zone.active) if active_only else statement))


def tags() -> list[Tag]:
    return list(db.session.scalars(sa.select(Tag).order_by(Tag.name)))


def billing_emails(customer_ids: Sequence[int]) -> dict[int, list[str]]:
    """The addresses that invoices go to, by customer; for mass sending, in one select."""
    rows = db.session.execute(
        sa.select(Email.customer_id, Email.address)
        .where(Email.customer_id.in_(customer_ids), Email.active, Email.billing)
        .order_by(Email.customer_id, Email.position, Email.id))
    found: dict[int, list[str]] = {}
    for customer_id, address in rows:
        found.setdefault(customer_id, []).append(address)
    return found


def main_phones(customer_ids: Sequence[int]) -> dict[int, str]:
    """The main number in E.164 (as typed where it is not understood), by customer, in one select."""
    rows = db.session.execute(
        sa.select(Phone.customer_id, Phone.e164, Phone.typed).where(Phone.customer_id.in_(customer_ids), Phone.active)
        .order_by(Phone.customer_id, Phone.contact_id.is_(None), Phone.position.desc(), Phone.id.desc()))
    return {customer_id: e164 or typed for customer_id, e164, typed in rows}


def fiscal_addresses(customer_ids: Sequence[int]) -> dict[int, Address]:
    """The address for documents by customer, in one select."""
    rows = db.session.scalars(
        sa.select(Address).where(among(Address.customer_id, customer_ids), Address.active)
        .order_by(Address.customer_id, (Address.kind == "fiscal").desc(), Address.id))
    found: dict[int, Address] = {}
    for address in rows:
        found.setdefault(address.customer_id, address)
    return found
