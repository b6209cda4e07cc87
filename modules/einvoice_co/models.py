"""What a company has with the DIAN and its provider: profile, access, numbering resolutions; what customers are."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import BigId, CompanyScoped, JSONText, Model, UTCDateTime, secret

ENVIRONMENTS = ("rehearsal", "testing", "production")
PROVIDERS = ("hka", "siigo")
_ENVIRONMENT = f"environment IN ({', '.join(repr(name) for name in ENVIRONMENTS)})"
MAILINGS = ("theirs", "bare", "ours", "both", "none")
_MAILING = f"mailing IN ({', '.join(repr(name) for name in MAILINGS)})"
_PROVIDER = f"provider IN ({', '.join(repr(name) for name in PROVIDERS)})"


class FiscalProfile(CompanyScoped, Model):
    """How the company issues: through whom, in which environment, and what stands on its documents."""

    __tablename__ = "einvoice_co_profile"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # where it issues once the company has left rehearsal: testing or production
    environment: Mapped[str] = mapped_column(sa.String(12), default="rehearsal")
    provider: Mapped[str] = mapped_column(sa.String(8), default="hka")
    # the DIAN's codes with blanks between: O-13 O-23; and the resolution of the régimen simple (O-47)
    responsibilities: Mapped[str] = mapped_column(sa.String(60), default="")
    simple_resolution: Mapped[str] = mapped_column(sa.String(60), default="")
    # prefixes of notes, which need no authorisation
    credit_prefix: Mapped[str] = mapped_column(sa.String(4), default="NC")
    debit_prefix: Mapped[str] = mapped_column(sa.String(4), default="ND")
    # means of payment that documents say; the DIAN's code
    means: Mapped[str] = mapped_column(sa.String(3), default="1")
    # what the provider mails to the customer (delivery.py)
    mailing: Mapped[str] = mapped_column(sa.String(8), default="theirs")
    # choices among Siigo's catalogs; ids
    siigo_document: Mapped[int | None]
    siigo_credit_note: Mapped[int | None]
    siigo_seller: Mapped[int | None]
    siigo_payment: Mapped[int | None]
    siigo_account_group: Mapped[int | None]
    # product of lines that have no code
    siigo_product: Mapped[str] = mapped_column(sa.String(30), default="SERVICIO")
    # as Siigo answered them
    siigo_catalogs: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    siigo_catalogs_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # begins each Idempotency-Key: another installation's keys are not ours
    siigo_salt: Mapped[str] = mapped_column(sa.String(12), default=lambda: secrets.token_hex(5))

    __table_args__ = (sa.UniqueConstraint("company_id"), sa.CheckConstraint(_ENVIRONMENT, name="environment"),
                      sa.CheckConstraint(_PROVIDER, name="provider"), sa.CheckConstraint(_MAILING, name="mailing"))

    def __str__(self) -> str:
        return self.provider


class ProviderAccess(CompanyScoped, Model):
    """The company's access to a provider in one environment, encrypted."""

    __tablename__ = "einvoice_co_access"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    environment: Mapped[str] = mapped_column(sa.String(12))
    provider: Mapped[str] = mapped_column(sa.String(8))
    # tokenEmpresa and tokenPassword of The Factory HKA; username and access_key of Siigo
    user: Mapped[str] = secret()
    password: Mapped[str] = secret()
    # "" is the known address; of The Factory HKA also that of attachments
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    attachments_address: Mapped[str] = mapped_column(sa.String(300), default="")
    verified_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # documents that may still be issued, as The Factory HKA said at that time
    folios: Mapped[int | None]
    folios_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (sa.UniqueConstraint("company_id", "environment", "provider"),
                      sa.CheckConstraint(_ENVIRONMENT, name="environment"),
                      sa.CheckConstraint(_PROVIDER, name="provider"))

    def __str__(self) -> str:
        return f"{self.provider} ({self.environment})"


class Resolution(CompanyScoped, Model):
    """A numbering authorisation of the DIAN (resolución de numeración); the one in use numbers invoices."""

    __tablename__ = "einvoice_co_resolution"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    environment: Mapped[str] = mapped_column(sa.String(12))
    number: Mapped[str] = mapped_column(sa.String(20))
    date: Mapped[dt.date | None] = mapped_column(sa.Date)
    prefix: Mapped[str] = mapped_column(sa.String(4), default="")
    first: Mapped[int] = mapped_column(sa.BigInteger)
    last: Mapped[int] = mapped_column(sa.BigInteger)
    valid_from: Mapped[dt.date] = mapped_column(sa.Date)
    valid_until: Mapped[dt.date] = mapped_column(sa.Date)
    # 40 hexadecimal digits; "" where only the provider has it
    technical_key: Mapped[str] = mapped_column(sa.String(40), default="")
    active: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        sa.UniqueConstraint("company_id", "environment", "prefix", "first"),
        sa.CheckConstraint(_ENVIRONMENT, name="environment"),
        sa.CheckConstraint("first >= 1 AND last >= first", name="range"),
        sa.CheckConstraint("valid_until >= valid_from", name="validity"),
        sa.Index("ix_einvoice_co_resolution_active", "company_id", "environment", unique=True,
                 sqlite_where=sa.text("active"), postgresql_where=sa.text("active")))

    def __str__(self) -> str:
        return f"{self.number} {self.prefix} {self.first}–{self.last}"


class CustomerProfile(CompanyScoped, Model):
    """What the RUT says of a customer, beside his document and regime; without a row both follow from the number."""

    __tablename__ = "einvoice_co_customer"

    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), primary_key=True, autoincrement=False)
    # tipoPersona: 1 company, 2 person; "" by the number
    person: Mapped[str] = mapped_column(sa.String(1), default="")
    # the DIAN's codes with blanks between; "" is R-99-PN
    responsibilities: Mapped[str] = mapped_column(sa.String(60), default="")
    # a person's names, for Siigo wants them apart; "" where the name is cut by itself
    first_names: Mapped[str] = mapped_column(sa.String(100), default="")
    surnames: Mapped[str] = mapped_column(sa.String(100), default="")

    __table_args__ = (sa.CheckConstraint("person IN ('', '1', '2')", name="person"),)


class Attachment(CompanyScoped, Model):
    """Our own PDF of a document, on its way to The Factory HKA, which then mails the document with it."""

    __tablename__ = "einvoice_co_attachment"

    document_id: Mapped[int] = mapped_column(sa.ForeignKey("einvoice_document.id"), primary_key=True,
                                             autoincrement=False)
    # waiting, unknown (sent, and no answer), sent, failed
    state: Mapped[str] = mapped_column(sa.String(8), default="waiting")
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    # why it failed, in words
    message: Mapped[str] = mapped_column(sa.String(500), default="")
    tried_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        sa.CheckConstraint("state IN ('waiting', 'unknown', 'sent', 'failed')", name="state"),
        sa.Index("ix_einvoice_co_attachment_open", "company_id", "state", sqlite_where=sa.text("state <> 'sent'"),
                 postgresql_where=sa.text("state <> 'sent'")))
