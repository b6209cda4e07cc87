"""Many customers at once: a few bulk statements instead of objects, for imports and demos."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import allocate_ids, among, db, write_rows
from core.models import Company
from core.scope import current_company
from modules.crm import finding, identity, names, reach, regions, services
from modules.crm.drafts import AddressData, CustomerData
from modules.crm.models import Address, Customer, CustomerTag, Email, Phone

Row = dict[str, Any]


def create_many(customers: Sequence[CustomerData], avoid_codes: Container[str] = ()) -> list[int]:
    """Make these customers of the company in scope; their ids in the same order.

    Raises as `create_customer` does, at the first that cannot be: check them before. Codes must be free;
    `avoid_codes` are not given to those without one.
    """
    company = current_company()
    own = {one.code for one in customers}
    numbered = iter(services.reserve_codes(sum(not one.code for one in customers), own, avoid_codes))
    ids = allocate_ids(Customer.__table__, len(customers))
    rows = [_customer(company, key, one, one.code or next(numbered)) for key, one in zip(ids, customers, strict=True)]
    parts = [_parts(company, key, one) for key, one in zip(ids, customers, strict=True)]
    for row, (emails, phones, addresses) in zip(rows, parts, strict=True):
        row["search"] = services.search_text(
            row["name"], row["trade_name"], row["code"], row["tax_id"], (), [e["address"] for e in emails],
            [(p["e164"], p["typed"]) for p in phones], [_line(a) for a in addresses])
    write_rows(Customer.__table__, rows)
    finding.learn(row["search"] for row in rows)
    for model, index in ((Email, 0), (Phone, 1), (Address, 2)):
        write_rows(model.__table__, [row for part in parts for row in part[index]])
    write_rows(CustomerTag.__table__, [{"customer_id": key, "tag_id": tag}
                                       for key, one in zip(ids, customers, strict=True) for tag in one.tag_ids])
    if ids:
        audit.record("crm.create_customers", company, {"count": len(ids), "first": ids[0], "last": ids[-1]})
    return ids


def add_addresses(rows: Iterable[tuple[int, AddressData]]) -> list[int]:
    """Give customers further addresses, by which they are found from now on; the ids in the same order."""
    company, pairs = current_company(), list(rows)
    ids = allocate_ids(Address.__table__, len(pairs))
    made = [{"id": key} | _address(company, customer_id, data)
            for key, (customer_id, data) in zip(ids, pairs, strict=True)]
    write_rows(Address.__table__, made)
    _find_by(made)
    return ids


def _find_by(addresses: Sequence[Row]) -> None:
    """Add these addresses to what their customers are found by: a select and an update of many.

    The customers are held from reading on, so that an edit meanwhile keeps its words; rows that only point to them do
    not wait.
    """
    texts: dict[int, list[str]] = defaultdict(list)
    for row in addresses:
        texts[row["customer_id"]].append(names.fold(_line(row)))
    known = db.session.execute(
        sa.select(Customer.id, Customer.search).where(among(Customer.id, sorted(texts))).order_by(Customer.id)
        .with_for_update(key_share=True))
    grown: list[Row] = [{"key": key, "text": " ".join([search, *(one for one in texts[key] if one not in search)])}
                        for key, search in known]
    if grown:
        table: Any = Customer.__table__
        db.session.execute(sa.update(table).where(table.c.id == sa.bindparam("key")).values(
            search=sa.bindparam("text")), grown)
        finding.learn(row["text"] for row in grown)


def _customer(company: Company, key: int, data: CustomerData, code: str) -> Row:
    found = identity.check_tax_id(company.country, data.tax_id_kind, data.tax_id, data.tax_condition)
    name, moment = names.tidy(data.name)[:200], clock.now()
    return {
        "id": key, "company_id": company.id, "code": names.tidy(code), "name": name,
        "kind": data.kind or identity.guess_kind(company.country, found.kind, found.compact),
        "trade_name": names.tidy(data.trade_name)[:200], "tax_id_kind": found.kind, "tax_id": found.compact,
        "tax_condition": data.tax_condition, "zone_id": data.zone_id, "language": data.language,
        "notes": data.notes.strip(), "active": data.active, "deactivated_at": None if data.active else moment,
        "deactivation_reason": data.deactivation_reason[:300], "sort_name": names.fold(name)[:200], "search": "",
        "created_at": moment, "updated_at": moment}


def _parts(company: Company, key: int, data: CustomerData) -> tuple[list[Row], list[Row], list[Row]]:
    """(e-mails, phones, addresses) of one customer."""
    own: Row = {"company_id": company.id, "customer_id": key}
    emails = [own | {"contact_id": None, "address": address, "billing": True, "position": position, "active": True}
              for position, address in enumerate(reach.split_emails(data.emails)[0])]
    phones = [own | {"contact_id": None, "typed": one.typed, "e164": one.e164, "kind": one.kind, "position": position,
                     "active": True}
              for position, one in enumerate(_once(reach.split_phones(data.phones, company.country)[0]))]
    return emails, phones, [_address(company, key, one) for one in data.addresses if not one.is_empty]


def _once(phones: Iterable[reach.ParsedPhone]) -> Iterator[reach.ParsedPhone]:
    """Two spellings may be typed alike once they are tidied."""
    seen: set[str] = set()
    for phone in phones:
        if phone.typed not in seen:
            seen.add(phone.typed)
            yield phone


def _address(company: Company, customer_id: int, data: AddressData) -> Row:
    if data.country in ("", company.country):
        data = regions.completed(data, company.country)
    texts = {field: names.tidy(getattr(data, field)) for field in services.ADDRESS_TEXTS}
    return texts | {"company_id": company.id, "customer_id": customer_id,
                    "country": (data.country or company.country).upper(), "extra": dict(data.extra), "active": True,
                    "latitude": data.latitude, "longitude": data.longitude}


def _line(address: Row) -> str:
    return " ".join(address[field] for field in ("street", "number", "unit", "district", "postal_code", "city"))
