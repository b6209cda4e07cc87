"""Customers with their contacts, phones, e-mails, addresses, zones and tags."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import BigId, CompanyScoped, JSONText, Model, Scaled, UTCDateTime
from modules.crm import names


class Zone(CompanyScoped, Model):
    """A part of the territory: billing profiles, collectors and moratoria are set by zone."""

    __tablename__ = "crm_zone"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (sa.UniqueConstraint("company_id", "name"),)

    def __str__(self) -> str:
        return self.name


class Tag(CompanyScoped, Model):
    """A free mark on customers, like "VIP" or "paper invoice"."""

    __tablename__ = "crm_tag"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60))

    __table_args__ = (sa.UniqueConstraint("company_id", "name"),)

    def __str__(self) -> str:
        return self.name


class CustomerTag(Model):
    """Which customer bears which tag."""

    __tablename__ = "crm_customer_tag"

    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_tag.id", ondelete="CASCADE"), primary_key=True, index=True)


class Customer(CompanyScoped, Model):
    """A person or business with whom the company has or had contracts. Never deleted, only deactivated."""

    __tablename__ = "crm_customer"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # what staff and subscribers call the customer by; numbered by the company when left empty
    code: Mapped[str] = mapped_column(sa.String(30))
    kind: Mapped[str] = mapped_column(sa.String(10), default="person")
    # as it is to stand on documents
    name: Mapped[str] = mapped_column(sa.String(200))
    trade_name: Mapped[str] = mapped_column(sa.String(200), default="")
    # codes of modules/crm/countries/<country of the company>.py; the number compact, "" where unknown
    tax_id_kind: Mapped[str] = mapped_column(sa.String(20), default="")
    tax_id: Mapped[str] = mapped_column(sa.String(40), default="")
    tax_condition: Mapped[str] = mapped_column(sa.String(20), default="")
    zone_id: Mapped[int | None] = mapped_column(sa.ForeignKey("crm_zone.id"), index=True)
    # of notices and documents; "" is the company's
    language: Mapped[str] = mapped_column(sa.String(10), default="")
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    active: Mapped[bool] = mapped_column(default=True)
    # why and since when no longer served
    deactivated_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    deactivation_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    # folded by names.fold: for ordering, and everything that one looks a customer up by
    sort_name: Mapped[str] = mapped_column(sa.String(200), default="")
    search: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now, onupdate=clock.now)

    zone: Mapped[Zone | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary="crm_customer_tag", order_by="Tag.name")
    contacts: Mapped[list[Contact]] = relationship(
        back_populates="customer", cascade="all, delete-orphan", order_by="Contact.id")
    all_emails: Mapped[list[Email]] = relationship(
        back_populates="customer", cascade="all, delete-orphan", order_by="Email.position, Email.id")
    all_phones: Mapped[list[Phone]] = relationship(
        back_populates="customer", cascade="all, delete-orphan", order_by="Phone.position, Phone.id")
    addresses: Mapped[list[Address]] = relationship(
        back_populates="customer", cascade="all, delete-orphan", order_by="Address.id")

    __table_args__ = (
        sa.UniqueConstraint("company_id", "code"),
        sa.CheckConstraint("kind IN ('person', 'business')", name="kind"),
        sa.CheckConstraint("name <> ''", name="name"),
        sa.Index("ix_crm_customer_list", "company_id", "sort_name", "id"),
        sa.Index("ix_crm_customer_zone_list", "company_id", "zone_id", "sort_name", "id"),
        sa.Index("ix_crm_customer_tax_id", "company_id", "tax_id"),
        sa.Index("ix_crm_customer_active", "company_id", "active"),
        # on PostgreSQL a trigram index, so that half a word in a million customers is found at once
        sa.Index("ix_crm_customer_search", "search", postgresql_using="gin",
                 postgresql_ops={"search": "gin_trgm_ops"}),
    )

    @property
    def emails(self) -> list[Email]:
        """The customer's own addresses in use, the main one first; not those of his contacts."""
        return [email for email in self.all_emails if email.active and email.contact_id is None]

    @property
    def phones(self) -> list[Phone]:
        """The customer's own numbers in use, the main one first; not those of his contacts."""
        return [phone for phone in self.all_phones if phone.active and phone.contact_id is None]

    @property
    def fiscal_address(self) -> Address | None:
        """The address for documents: the fiscal one, else the first one in use."""
        used = [address for address in self.addresses if address.active]
        return next((a for a in used if a.kind == "fiscal"), used[0] if used else None)

    @property
    def service_addresses(self) -> list[Address]:
        return [a for a in self.addresses if a.kind == "service" and a.active]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Contact(CompanyScoped, Model):
    """Somebody to talk to at a customer."""

    __tablename__ = "crm_contact"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    # "accounts", "neighbour with the key"
    role: Mapped[str] = mapped_column(sa.String(100), default="")
    notes: Mapped[str] = mapped_column(sa.String(300), default="")

    customer: Mapped[Customer] = relationship(back_populates="contacts")

    @property
    def emails(self) -> list[Email]:
        return [email for email in self.customer.all_emails if email.active and email.contact_id == self.id]

    @property
    def phones(self) -> list[Phone]:
        return [phone for phone in self.customer.all_phones if phone.active and phone.contact_id == self.id]


class Email(CompanyScoped, Model):
    """An e-mail address, folded to lower case; an old one stays, inactive, so that it is still found."""

    __tablename__ = "crm_email"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"))
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("crm_contact.id", ondelete="SET NULL"))
    address: Mapped[str] = mapped_column(sa.String(254))
    # invoices and receipts go there
    billing: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    customer: Mapped[Customer] = relationship(back_populates="all_emails")

    __table_args__ = (sa.UniqueConstraint("customer_id", "address"),
                      sa.Index("ix_crm_email_address", "company_id", "address"))

    def __str__(self) -> str:
        return self.address


class Phone(CompanyScoped, Model):
    """A phone number as typed and, where it can be understood, in E.164."""

    __tablename__ = "crm_phone"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"))
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("crm_contact.id", ondelete="SET NULL"))
    typed: Mapped[str] = mapped_column(sa.String(60))
    # "+5493584123456"; "" where nobody can tell, e.g. without area code
    e164: Mapped[str] = mapped_column(sa.String(20), default="")
    kind: Mapped[str] = mapped_column(sa.String(10), default="unknown")
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    customer: Mapped[Customer] = relationship(back_populates="all_phones")

    __table_args__ = (sa.UniqueConstraint("customer_id", "typed"),
                      sa.CheckConstraint("kind IN ('mobile', 'fixed', 'either', 'unknown')", name="kind"),
                      sa.Index("ix_crm_phone_e164", "company_id", "e164"))

    def __str__(self) -> str:
        return self.e164 or self.typed


class Address(CompanyScoped, Model):
    """Where documents say the customer lives (fiscal), or where a service is installed."""

    __tablename__ = "crm_address"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(10), default="fiscal")
    street: Mapped[str] = mapped_column(sa.String(200), default="")
    number: Mapped[str] = mapped_column(sa.String(30), default="")
    # floor and flat
    unit: Mapped[str] = mapped_column(sa.String(60), default="")
    # barrio, colonia, urbanización, sector
    district: Mapped[str] = mapped_column(sa.String(100), default="")
    city: Mapped[str] = mapped_column(sa.String(100), default="")
    # the authority's code of province, department or state; a name where the country has no list here
    region: Mapped[str] = mapped_column(sa.String(60), default="")
    postal_code: Mapped[str] = mapped_column(sa.String(12), default="")
    country: Mapped[str] = mapped_column(sa.String(2), default="")
    # how to find it: "green gate after the bridge"
    reference: Mapped[str] = mapped_column(sa.String(300), default="")
    # what only one country has, under its own names: estrato, ubigeo, canton, exterior number
    extra: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    latitude: Mapped[Decimal | None] = mapped_column(Scaled(6))
    longitude: Mapped[Decimal | None] = mapped_column(Scaled(6))
    active: Mapped[bool] = mapped_column(default=True)

    customer: Mapped[Customer] = relationship(back_populates="addresses")

    __table_args__ = (
        sa.CheckConstraint("kind IN ('fiscal', 'service')", name="kind"),
        sa.Index("uq_crm_address_fiscal", "customer_id", unique=True,
                 sqlite_where=sa.text("kind = 'fiscal' AND active"),
                 postgresql_where=sa.text("kind = 'fiscal' AND active")),
    )

    @property
    def line(self) -> str:
        """Street, number and unit on one line."""
        return names.tidy(f"{self.street} {self.number} {self.unit}")

    @property
    def place(self) -> str:
        """District, city and postal code on one line."""
        city = names.tidy(f"{self.postal_code} {self.city}")
        return ", ".join(part for part in (self.district, city) if part)

    def __str__(self) -> str:
        return ", ".join(part for part in (self.line, self.place) if part)


class Numbering(CompanyScoped, Model):
    """The next customer code of a company; its row lock orders those who ask at once."""

    __tablename__ = "crm_numbering"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    next_code: Mapped[int] = mapped_column(sa.BigInteger, default=1)

    __table_args__ = (sa.UniqueConstraint("company_id"),)


class Word(CompanyScoped, Model):
    """A word that customers are found by, so that a mistyped one finds its neighbours. Written by finding.learn."""

    __tablename__ = "crm_word"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    word: Mapped[str] = mapped_column(sa.String(40))

    __table_args__ = (
        sa.UniqueConstraint("company_id", "word"),
        sa.Index("ix_crm_word_trigrams", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),
    )


@event.listens_for(Customer, "before_insert")
@event.listens_for(Customer, "before_update")
def _fold(mapper: Any, connection: Any, customer: Customer) -> None:
    """Customers that are written without the services can be found too, by name, code and document."""
    customer.sort_name = names.fold(customer.name)[:200]
    if not customer.search:
        customer.search = names.fold(f"{customer.name} {customer.trade_name or ''} {customer.code} "
                                     f"{customer.tax_id or ''}")
