"""The verbs on customers: create, change, deactivate. They flush at most."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import db, insert_new, lock
from core.errors import DomainError
from core.i18n import _
from core.models import Company
from core.scope import current_company, current_company_id
from modules.crm import finding, history, identity, names, ports, reach, regions
from modules.crm.drafts import AddressData, CustomerData
from modules.crm.errors import CodeTaken, StillBound, UnreadableContact
from modules.crm.models import Address, Contact, Customer, Email, Numbering, Phone, Tag, Zone

__all__ = ["AddressData", "CustomerData", "add_address", "add_contact", "change_address", "create_customer",
           "create_tag", "create_zone", "deactivate_customer", "reactivate_customer", "refresh_search",
           "remove_address", "remove_contact", "reserve_codes", "set_emails", "set_phones", "update_contact",
           "update_customer"]

ADDRESS_TEXTS = ("kind", "street", "number", "unit", "district", "city", "region", "postal_code", "reference")
_TEXTS = ("code", "name", "trade_name", "language", "notes")


def create_customer(data: CustomerData | None = None, **fields: Any) -> Customer:
    """Make a customer with phones, e-mails and addresses; give a CustomerData, its fields, or both.

    Raises WrongTaxId, CodeTaken, UnreadableContact, each with the field it belongs to.
    """
    data = replace(data, **fields) if data else CustomerData(**fields)
    company = current_company()
    found = identity.check_tax_id(company.country, data.tax_id_kind, data.tax_id, data.tax_condition)
    customer = Customer(
        company_id=company.id, code=_free_code(data.code), name=_needed_name(data.name),
        kind=data.kind or identity.guess_kind(company.country, found.kind, found.compact),
        trade_name=names.tidy(data.trade_name), tax_id_kind=found.kind, tax_id=found.compact,
        tax_condition=data.tax_condition, zone_id=data.zone_id, language=data.language, notes=data.notes.strip(),
        active=data.active, deactivated_at=None if data.active else clock.now(),
        deactivation_reason=data.deactivation_reason)
    db.session.add(customer)
    db.session.flush()
    set_emails(customer, data.emails)
    set_phones(customer, data.phones)
    for address in data.addresses:
        if not address.is_empty:
            _put_address(customer, address)
    set_tags(customer, data.tag_ids)
    refresh_search(customer)
    audit.record("crm.create_customer", customer)
    return customer


def update_customer(customer: Customer, **fields: Any) -> dict[str, list[Any]]:
    """Change the given fields (names as in CustomerData, without addresses); {field: [before, after]}."""
    country = current_company().country
    before = _shown(customer)
    _update_identity(customer, country, fields)
    if "code" in fields and fields["code"] != customer.code:
        customer.code = _free_code(fields["code"])
    if "name" in fields:
        customer.name = _needed_name(fields["name"])
    for field in ("kind", "zone_id"):
        if field in fields:
            setattr(customer, field, fields[field])
    for field in set(_TEXTS[2:]) & fields.keys():
        setattr(customer, field, fields[field].strip())
    if "emails" in fields:
        set_emails(customer, fields["emails"])
    if "phones" in fields:
        set_phones(customer, fields["phones"])
    if "tag_ids" in fields:
        set_tags(customer, fields["tag_ids"])
    refresh_search(customer)
    return _record_changes(customer, before)


def _update_identity(customer: Customer, country: str, fields: Mapping[str, Any]) -> None:
    if not {"tax_id", "tax_id_kind", "tax_condition"} & fields.keys():
        return
    condition = fields.get("tax_condition", customer.tax_condition)
    number = fields.get("tax_id", customer.tax_id)
    kind = fields.get("tax_id_kind", customer.tax_id_kind if "tax_id" not in fields else "")
    found = identity.check_tax_id(country, kind, number, condition)
    customer.tax_id_kind, customer.tax_id, customer.tax_condition = found.kind, found.compact, condition


def _shown(customer: Customer) -> dict[str, Any]:
    """What the audit compares."""
    values = {field: getattr(customer, field) for field in (*_TEXTS, "kind", "tax_id_kind", "tax_id", "tax_condition",
                                                            "zone_id", "active")}
    return values | {"emails": [str(email) for email in customer.emails],
                     "phones": [str(phone) for phone in customer.phones],
                     "tags": sorted(tag.name for tag in customer.tags)}


def _record_changes(customer: Customer, before: Mapping[str, Any]) -> dict[str, list[Any]]:
    db.session.flush()
    after = _shown(customer)
    changes = {field: [before[field], after[field]] for field in after if before[field] != after[field]}
    if changes:
        audit.record("crm.update_customer", customer, changes)
    return changes


def hold_customer(customer: Customer) -> None:
    """As he is now, and held until this transaction ends: who leaves and who gets a contract exclude each other."""
    db.session.scalars(lock(sa.select(Customer).where(Customer.id == customer.id))
                       .execution_options(populate_existing=True)).one()


def deactivate_customer(customer: Customer, reason: str = "") -> None:
    """Take a customer out of the lists; nothing is deleted. StillBound while a module still has something with him."""
    hold_customer(customer)
    if not customer.active:
        return
    if bound := ports.bonds_of(customer.id):
        raise StillBound(_("Making %(name)s a former customer is not possible because %(why)s.", name=customer.name,
                           why=" · ".join(one.words for one in bound)))
    customer.active, customer.deactivated_at, customer.deactivation_reason = False, clock.now(), reason[:300]
    audit.record("crm.deactivate_customer", customer, reason=reason)


def reactivate_customer(customer: Customer) -> None:
    """Put a former customer back into the lists."""
    if customer.active:
        return
    customer.active, customer.deactivated_at, customer.deactivation_reason = True, None, ""
    audit.record("crm.reactivate_customer", customer)


# --- how to reach the customer ---------------------------------------------------------------------------


def set_emails(customer: Customer, text: str | Iterable[str]) -> None:
    """Make these the addresses in use, the first one the main; the former ones stay, inactive."""
    good, bad = reach.split_emails(text)
    _refuse_unreadable(bad, ())
    _put_emails(customer, good, None)


def _put_emails(customer: Customer, addresses: Sequence[str], contact: Contact | None) -> None:
    """Make these the addresses in use of the customer himself or of one of his contacts."""
    contact_id = contact.id if contact else None
    known = {email.address: email for email in customer.all_emails}
    for email in customer.all_emails:
        email.active = email.active and email.contact_id != contact_id
    for position, address in enumerate(addresses):
        row = known.get(address)
        if row is None:
            row = Email(company_id=customer.company_id, address=address)
            customer.all_emails.append(row)
        # invoices go to the customer, not to the neighbour with the key
        row.active, row.position, row.contact_id, row.billing = True, position, contact_id, contact is None


def set_phones(customer: Customer, text: str | Iterable[str]) -> None:
    """Make these the numbers in use, the first one the main; the former ones stay findable, inactive."""
    good, bad = reach.split_phones(text, current_company().country)
    _refuse_unreadable((), bad)
    _put_phones(customer, good, None)


def _put_phones(customer: Customer, phones: Sequence[reach.ParsedPhone], contact: Contact | None) -> None:
    """Make these the numbers in use of the customer himself or of one of his contacts."""
    contact_id = contact.id if contact else None
    known = {phone.typed: phone for phone in customer.all_phones}
    by_number = {phone.e164: phone for phone in customer.all_phones if phone.e164}
    for phone in customer.all_phones:
        phone.active = phone.active and phone.contact_id != contact_id
    for position, parsed in enumerate(phones):
        row = by_number.get(parsed.e164) if parsed.e164 else known.get(parsed.typed)
        if row is None:
            row = Phone(company_id=customer.company_id, typed=parsed.typed)
            customer.all_phones.append(row)
        row.e164, row.kind, row.active, row.position = parsed.e164, parsed.kind, True, position
        row.contact_id = contact_id


def add_contact(customer: Customer, name: str, role: str = "", notes: str = "", emails: str = "",
                phones: str = "") -> Contact:
    """Somebody to talk to at the customer, with addresses and numbers of his own."""
    contact = Contact(company_id=customer.company_id, name=_needed_name(name))
    customer.contacts.append(contact)
    db.session.flush()
    _fill_contact(contact, name, role, notes, emails, phones)
    history.record("crm.add_contact", customer, "contact", "", history.contact_text(contact))
    return contact


def update_contact(contact: Contact, name: str, role: str = "", notes: str = "", emails: str = "",
                   phones: str = "") -> None:
    """Change who the contact is and how to reach him; UnreadableContact for what is no address or number."""
    before = history.contact_text(contact)
    _fill_contact(contact, name, role, notes, emails, phones)
    history.record("crm.update_contact", contact.customer, "contact", before, history.contact_text(contact))


def _fill_contact(contact: Contact, name: str, role: str, notes: str, emails: str, phones: str) -> None:
    customer, country = contact.customer, current_company().country
    good_emails, bad_emails = reach.split_emails(emails)
    good_phones, bad_phones = reach.split_phones(phones, country)
    _refuse_unreadable(bad_emails, bad_phones)
    contact.name, contact.role, contact.notes = _needed_name(name), names.tidy(role), names.tidy(notes)
    _put_emails(customer, good_emails, contact)
    _put_phones(customer, good_phones, contact)
    refresh_search(customer)


def _refuse_unreadable(emails: Sequence[str], phones: Sequence[str]) -> None:
    if emails:
        raise UnreadableContact(_("To save this you must correct the e-mail address %(bad)s.", bad=", ".join(emails)),
                                field="emails")
    if phones:
        raise UnreadableContact(_("To save this you must correct the phone number %(bad)s.", bad=", ".join(phones)),
                                field="phones")


def remove_contact(contact: Contact) -> None:
    """Forget a contact; his addresses and numbers are switched off, so that an old one still finds the customer."""
    customer, before = contact.customer, history.contact_text(contact)
    _put_emails(customer, (), contact)
    _put_phones(customer, (), contact)
    rows: list[Email | Phone] = [*customer.all_emails, *customer.all_phones]
    for row in rows:
        if row.contact_id == contact.id:
            row.contact_id = None
    customer.contacts.remove(contact)
    refresh_search(customer)
    history.record("crm.remove_contact", customer, "contact", before, "")


# --- addresses -------------------------------------------------------------------------------------------


def add_address(customer: Customer, data: AddressData) -> Address:
    """Add an address; a new fiscal one takes the place of the former, which stays as history."""
    former = "" if data.kind != "fiscal" else next(
        (history.address_text(one) for one in customer.addresses if one.active and one.kind == "fiscal"), "")
    address = _put_address(customer, data)
    history.record("crm.add_address", customer, f"{address.kind}_address", former, history.address_text(address))
    return address


def _put_address(customer: Customer, data: AddressData) -> Address:
    if data.kind == "fiscal":
        for old in customer.addresses:
            old.active = old.active and old.kind != "fiscal"
        db.session.flush()
    address = Address(company_id=customer.company_id, active=True)
    _fill_address(address, data)
    customer.addresses.append(address)
    refresh_search(customer)
    return address


def change_address(address: Address, data: AddressData) -> None:
    """Correct an address in place (documents keep their own copy)."""
    before = history.address_text(address)
    _fill_address(address, data)
    refresh_search(address.customer)
    history.record("crm.change_address", address.customer, f"{address.kind}_address", before,
                   history.address_text(address))


def remove_address(address: Address) -> None:
    """Take an address out of use; contracts and history may still point to it."""
    address.active = False
    db.session.flush()
    refresh_search(address.customer)
    history.record("crm.remove_address", address.customer, f"{address.kind}_address", history.address_text(address), "")


def _fill_address(address: Address, data: AddressData) -> None:
    home = current_company().country
    address.country = (data.country or home).upper()
    if address.country == home:
        data = regions.completed(data, home)
    for field in ADDRESS_TEXTS:
        setattr(address, field, names.tidy(getattr(data, field)))
    address.extra, address.latitude, address.longitude = dict(data.extra), data.latitude, data.longitude


# --- zones and tags --------------------------------------------------------------------------------------


def create_zone(name: str, notes: str = "") -> Zone:
    """The zone of this name, made where it does not exist."""
    name = _needed_name(name)[:100]
    zone = db.session.scalar(sa.select(Zone).where(sa.func.lower(Zone.name) == name.lower()).limit(1))
    if zone is None:
        zone = Zone(company_id=current_company_id(), name=name, notes=notes)
        db.session.add(zone)
        db.session.flush()
    return zone


def create_tag(name: str) -> Tag:
    """The tag of this name, made where it does not exist."""
    name = _needed_name(name)[:60]
    tag = db.session.scalar(sa.select(Tag).where(sa.func.lower(Tag.name) == name.lower()).limit(1))
    if tag is None:
        tag = Tag(company_id=current_company_id(), name=name)
        db.session.add(tag)
        db.session.flush()
    return tag


def set_tags(customer: Customer, tag_ids: Sequence[int]) -> None:
    """Make these the customer's tags."""
    wanted = list(db.session.scalars(sa.select(Tag).where(Tag.id.in_(tag_ids)))) if tag_ids else []
    customer.tags[:] = wanted


# --- codes and search ------------------------------------------------------------------------------------


def reserve_codes(count: int, *avoid: Container[str]) -> list[str]:
    """The next `count` free customer codes of the company in scope, under the lock of its numbering.

    `avoid` hold codes that are not in the table yet but soon will be.
    """
    if count <= 0:
        return []
    company_id = current_company_id()
    insert_new(Numbering.__table__, [{"company_id": company_id, "next_code": 1}], ("company_id",))
    row = db.session.scalars(lock(sa.select(Numbering)).execution_options(populate_existing=True)).one()
    codes: list[str] = []
    while len(codes) < count:
        batch = [str(row.next_code + offset) for offset in range(min(count - len(codes), 500))]
        taken = set(db.session.scalars(sa.select(Customer.code).where(Customer.code.in_(batch))))
        codes += [code for code in batch if code not in taken and not any(code in one for one in avoid)]
        row.next_code += len(batch)
    db.session.flush()
    return codes


def refresh_search(customer: Customer) -> None:
    """Write anew what the customer is found by: names, code, documents, mails, phones and streets, old ones too."""
    customer.search = search_text(
        customer.name, customer.trade_name, customer.code, customer.tax_id,
        [contact.name for contact in customer.contacts], [email.address for email in customer.all_emails],
        [(phone.e164, phone.typed) for phone in customer.all_phones], [str(a) for a in customer.addresses])
    customer.sort_name = names.fold(customer.name)[:200]
    db.session.flush()
    finding.learn([customer.search])


def search_text(name: str, trade_name: str, code: str, tax_id: str, contacts: Iterable[str], emails: Iterable[str],
                phones: Iterable[tuple[str, str]], addresses: Iterable[str]) -> str:
    """The folded text that `queries.search_customers` looks into."""
    numbers = [names.digits(one) for pair in phones for one in pair]
    texts = [name, trade_name, code, tax_id, *contacts, *emails, *numbers, *addresses]
    return names.fold(" ".join(dict.fromkeys(text for text in texts if text)))


def _free_code(code: str) -> str:
    """The code, if nobody has it; the next number where none was given."""
    code = names.tidy(code)
    if not code:
        return reserve_codes(1)[0]
    if len(code) > 30:
        raise DomainError(_("To save this you must choose a code of at most 30 characters."), field="code")
    if db.session.scalar(sa.select(Customer.id).where(Customer.code == code)):
        raise CodeTaken(_("To save this you must choose another code: a customer has %(code)s already.", code=code),
                        field="code")
    return code


def _needed_name(name: str) -> str:
    name = names.tidy(name)
    if not name:
        raise DomainError(_("To save this you must give a name."), field="name")
    if len(name) > 200:
        raise DomainError(_("To save this you must give a name of at most 200 characters."), field="name")
    return name


def country_of(company: Company | None = None) -> str:
    """The country whose tax rules hold for the company's customers."""
    return (company or current_company()).country
