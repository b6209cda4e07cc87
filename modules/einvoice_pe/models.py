"""What a company has with Nubefact: profile, routes, series; the law's amounts; what its customers want."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, Model, UTCDateTime, secret
from modules.accounting.models import Invoice, Payment

ENVIRONMENTS = ("rehearsal", "testing", "production")
FORMS = ("bare", "quoted", "plain")
_ENVIRONMENT = f"environment IN ({', '.join(repr(name) for name in ENVIRONMENTS)})"


class FiscalProfile(CompanyScoped, Model):
    """How the company issues: its environment at Nubefact, detracción, what its documents print."""

    __tablename__ = "einvoice_pe_profile"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # where it issues once the company has left rehearsal: testing (a demo account) or production
    environment: Mapped[str] = mapped_column(sa.String(12), default="rehearsal")
    # how many days a document may lie behind the day of sending; older ones are dated today
    days_back: Mapped[int] = mapped_column(default=0)
    # Nubefact's number of the service that bears a detracción (35 is SUNAT's 037); 0: none of ours does
    detraction_kind: Mapped[int] = mapped_column(default=35)
    # account at Banco de la Nación, printed for the customer; Nubefact has its own in its panel
    detraction_account: Mapped[str] = mapped_column(sa.String(30), default="")

    __table_args__ = (sa.UniqueConstraint("company_id"), sa.CheckConstraint(_ENVIRONMENT, name="environment"),
                      sa.CheckConstraint("days_back BETWEEN 0 AND 3", name="days_back"))

    def __str__(self) -> str:
        return self.environment


class LegalAmount(CompanyScoped, Model):
    """An amount or rate that the law moves: from `valid_from` on, in soles or percent."""

    __tablename__ = "einvoice_pe_amount"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # a field of findings.Terms: igv, identify, detraction_above, detraction_rate, retention_above, retention_rate
    code: Mapped[str] = mapped_column(sa.String(20))
    valid_from: Mapped[dt.date] = mapped_column(sa.Date)
    amount: Mapped[Decimal] = mapped_column(Amount)

    __table_args__ = (sa.UniqueConstraint("company_id", "code", "valid_from"),
                      sa.CheckConstraint("amount >= 0", name="not_negative"))

    def __str__(self) -> str:
        return f"{self.code} {self.valid_from}"


class Route(CompanyScoped, Model):
    """The route and token of one establishment at Nubefact."""

    __tablename__ = "einvoice_pe_route"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    environment: Mapped[str] = mapped_column(sa.String(12))
    # the establishment's name, for people
    name: Mapped[str] = mapped_column(sa.String(60), default="Principal")
    # both are secrets: who has them issues in the company's name
    address: Mapped[str] = secret()
    token: Mapped[str] = secret()
    # how the token is written: as it is, or as Token token="…", Token token=…
    form: Mapped[str] = mapped_column(sa.String(8), default="bare")
    # when it last answered
    verified_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("company_id", "environment", "name"),
                      sa.CheckConstraint(_ENVIRONMENT, name="environment"),
                      sa.CheckConstraint(f"form IN ({', '.join(repr(name) for name in FORMS)})", name="form"))

    def __str__(self) -> str:
        return self.name


class Series(CompanyScoped, Model):
    """A series that is enabled at Nubefact, for one type of document, in the establishment of a route."""

    __tablename__ = "einvoice_pe_series"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    environment: Mapped[str] = mapped_column(sa.String(12))
    route_id: Mapped[int] = mapped_column(sa.ForeignKey("einvoice_pe_route.id"))
    # tipo_de_comprobante: 1 factura, 2 boleta, 3 nota de crédito, 4 nota de débito
    kind: Mapped[int]
    # F001, B001, FC01 ...; its letter says which documents a note modifies
    code: Mapped[str] = mapped_column(sa.String(4))
    # new documents get the active one
    active: Mapped[bool] = mapped_column(default=True)

    route: Mapped[Route] = relationship(Route)

    __table_args__ = (sa.UniqueConstraint("company_id", "environment", "kind", "code"),
                      sa.CheckConstraint("kind BETWEEN 1 AND 4", name="kind"),
                      sa.CheckConstraint(_ENVIRONMENT, name="environment"))

    @property
    def letter(self) -> str:
        """F of facturas and their notes, B of boletas and theirs, 0 of contingency: paper that is written by hand."""
        return self.code[:1]

    def __str__(self) -> str:
        return self.code


class Paper(CompanyScoped, Model):
    """A document that was written on paper of contingency first: its number is printed there (peru.md, 1.1, 2.11)."""

    __tablename__ = "einvoice_pe_paper"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"), unique=True)
    environment: Mapped[str] = mapped_column(sa.String(12))
    # tipo_de_comprobante, series (0001) and number of the paper
    kind: Mapped[int]
    series: Mapped[str] = mapped_column(sa.String(4))
    number: Mapped[int]

    invoice: Mapped[Invoice] = relationship(Invoice)

    __table_args__ = (sa.UniqueConstraint("company_id", "environment", "kind", "series", "number"),
                      sa.CheckConstraint("kind BETWEEN 1 AND 4", name="kind"),
                      sa.CheckConstraint("number BETWEEN 1 AND 99999999", name="number"),
                      sa.CheckConstraint(_ENVIRONMENT, name="environment"))

    def __str__(self) -> str:
        return f"{self.series}-{self.number:08d}"


class Detraction(CompanyScoped, Model):
    """The part of a factura that the customer pays into the account at Banco de la Nación (peru.md, 1.4)."""

    __tablename__ = "einvoice_pe_detraction"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"), unique=True)
    # SUNAT's code of the service (037) and the rate in percent
    code: Mapped[str] = mapped_column(sa.String(3))
    rate: Mapped[Decimal] = mapped_column(Amount)
    # in soles, as the document says; and the share of the document in its own currency
    amount: Mapped[Decimal] = mapped_column(Amount)
    share: Mapped[Decimal] = mapped_column(Amount)
    # until when it is to be deposited
    due_date: Mapped[dt.date] = mapped_column(sa.Date)
    # what was deposited, in soles, by which constancia and when; the payment that stands in the books for it
    constancia: Mapped[str] = mapped_column(sa.String(20), default="")
    deposited: Mapped[Decimal | None] = mapped_column(Amount)
    deposited_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_payment.id"), unique=True)

    invoice: Mapped[Invoice] = relationship(Invoice)
    payment: Mapped[Payment | None] = relationship(Payment)

    __table_args__ = (sa.CheckConstraint("amount > 0 AND share > 0", name="amounts"),
                      sa.CheckConstraint("(payment_id IS NULL) = (constancia = '')", name="constancia"),
                      sa.Index("ix_einvoice_pe_detraction_due", "company_id", "due_date", "id"))

    @property
    def is_deposited(self) -> bool:
        """Whether its constancia is here and was not taken back."""
        return self.payment is not None and self.payment.state == "recorded"

    def __str__(self) -> str:
        return self.constancia or self.code


class CustomerProfile(CompanyScoped, Model):
    """What a customer wants or is, beside the document that he has."""

    __tablename__ = "einvoice_pe_customer"

    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), primary_key=True, autoincrement=False)
    # factura or boleta, whatever his document is; null: who has a RUC gets a factura
    wants_factura: Mapped[bool | None]
    # keeps back 3 % of facturas above the law's amount
    retention_agent: Mapped[bool] = mapped_column(default=False)
