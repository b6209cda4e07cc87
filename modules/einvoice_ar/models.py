"""What a company has with ARCA: profile, points of sale, certificates, access tickets."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, Model, Scaled, UTCDateTime, secret
from modules.crm.models import Customer

ENVIRONMENTS = ("rehearsal", "testing", "production")
SERVICES = ("wsaa", "wsfe", "register")
_ENVIRONMENT = f"environment IN ({', '.join(repr(name) for name in ENVIRONMENTS)})"


class FiscalProfile(CompanyScoped, Model):
    """How the company issues: its environment at ARCA, its usual concept, what its documents print."""

    __tablename__ = "einvoice_ar_profile"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # where it issues once the company has left rehearsal: testing or production
    environment: Mapped[str] = mapped_column(sa.String(12), default="rehearsal")
    # gross income tax (IIBB) number and start of activities, printed on every document
    gross_income_number: Mapped[str] = mapped_column(sa.String(30), default="")
    activity_start: Mapped[dt.date | None] = mapped_column(sa.Date)
    # 1 products, 2 services, 3 both
    concept: Mapped[int] = mapped_column(default=2)
    # point of sale of new documents
    point_of_sale: Mapped[int] = mapped_column(default=1)
    # RI that ARCA does not let issue plain A: types 51 to 54
    restricted_a: Mapped[bool] = mapped_column(default=False)
    # credit invoices (FCE MiPyME): whether they are issued, the account they are paid to, how they circulate
    credit_invoices: Mapped[bool] = mapped_column(default=False)
    cbu: Mapped[str] = mapped_column(sa.String(22), default="")
    transfer: Mapped[str] = mapped_column(sa.String(3), default="SCA")
    # beginning of the QR's address; "" is ARCA's present one
    qr_host: Mapped[str] = mapped_column(sa.String(200), default="")
    # documents per request, as ARCA said on that day
    batch_size: Mapped[int] = mapped_column(default=0)
    batch_size_on: Mapped[dt.date | None] = mapped_column(sa.Date)

    __table_args__ = (sa.UniqueConstraint("company_id"), sa.CheckConstraint(_ENVIRONMENT, name="environment"),
                      sa.CheckConstraint("concept IN (1, 2, 3)", name="concept"),
                      sa.CheckConstraint("transfer IN ('SCA', 'ADC')", name="transfer"))

    def __str__(self) -> str:
        return f"{self.point_of_sale:05d}"


class Threshold(CompanyScoped, Model):
    """An amount that the law moves: from `valid_from` on, in pesos."""

    __tablename__ = "einvoice_ar_threshold"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # identify: final consumers are identified from this total on; fce: credit invoices from this total on
    code: Mapped[str] = mapped_column(sa.String(20))
    valid_from: Mapped[dt.date] = mapped_column(sa.Date)
    amount: Mapped[Decimal] = mapped_column(Amount)

    __table_args__ = (sa.UniqueConstraint("company_id", "code", "valid_from"),)

    def __str__(self) -> str:
        return f"{self.code} {self.valid_from}"


class ServiceAddress(CompanyScoped, Model):
    """Where one of ARCA's services is, for when ARCA renames a host before this program knows it."""

    __tablename__ = "einvoice_ar_address"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # testing or production; the rehearsal's is the simulator
    environment: Mapped[str] = mapped_column(sa.String(12))
    service: Mapped[str] = mapped_column(sa.String(12))
    url: Mapped[str] = mapped_column(sa.String(300))

    __table_args__ = (sa.UniqueConstraint("company_id", "environment", "service"),
                      sa.CheckConstraint("environment IN ('testing', 'production')", name="environment"),
                      sa.CheckConstraint(f"service IN ({', '.join(repr(name) for name in SERVICES)})", name="service"))

    def __str__(self) -> str:
        return f"{self.service} ({self.environment})"


class CustomerProfile(CompanyScoped, Model):
    """What ARCA's register says of a customer, beside what staff has chosen; and whether he gets credit invoices."""

    __tablename__ = "einvoice_ar_customer"

    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), primary_key=True, autoincrement=False)
    # a large company, or one that opted for the regime: from an amount on it gets credit invoices (FCE)
    gets_credit_invoices: Mapped[bool] = mapped_column(default=False)
    # the number that was asked about, and when
    cuit: Mapped[str] = mapped_column(sa.String(11), default="")
    checked_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # False where the register does not know the number
    known: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    # a code of crm (RI, MO, MS, EX); "" where the register does not tell
    condition: Mapped[str] = mapped_column(sa.String(4), default="")
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    # the register's remarks
    remarks: Mapped[str] = mapped_column(sa.Text, default="")


class Perception(CompanyScoped, Model):
    """A perception that the company must collect from a day on: for whom, on what, at which rate.

    What single customers have of their own (a rate of the province's list, an exclusion) is in CustomerPerception.
    """

    __tablename__ = "einvoice_ar_perception"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # a key of catalogs.TRIBUTES
    code: Mapped[str] = mapped_column(sa.String(20))
    # of IIBB the province's code (901 to 924), of municipal ones the municipality, else ""
    jurisdiction: Mapped[str] = mapped_column(sa.String(60), default="")
    # as it is printed and sent; "" is ARCA's name of it
    description: Mapped[str] = mapped_column(sa.String(50), default="")
    # percent
    rate: Mapped[Decimal] = mapped_column(Scaled(2))
    # net: without taxes; taxed: only what bears IVA; total: with IVA
    base: Mapped[str] = mapped_column(sa.String(5), default="net")
    # in pesos: below this base, or this amount, nothing is collected
    minimum_base: Mapped[Decimal] = mapped_column(Amount, default=Decimal("0.00"))
    minimum_amount: Mapped[Decimal] = mapped_column(Amount, default=Decimal("0.00"))
    # listed: only customers that have it of their own; residents: also those of the province; all
    applies_to: Mapped[str] = mapped_column(sa.String(9), default="listed")
    # of customers without a rate of their own: their VAT conditions, like "RI,MO"; "" is any
    conditions: Mapped[str] = mapped_column(sa.String(40), default="RI,MO")
    valid_from: Mapped[dt.date] = mapped_column(sa.Date)
    valid_until: Mapped[dt.date | None] = mapped_column(sa.Date)

    __table_args__ = (
        sa.UniqueConstraint("company_id", "code", "jurisdiction", "valid_from", name="uq_einvoice_ar_perception"),
        sa.CheckConstraint("base IN ('net', 'taxed', 'total')", name="base"),
        sa.CheckConstraint("applies_to IN ('listed', 'residents', 'all')", name="applies_to"),
        sa.CheckConstraint("rate >= 0 AND minimum_base >= 0 AND minimum_amount >= 0", name="not_negative"))

    def __str__(self) -> str:
        return f"{self.code} {self.jurisdiction}".strip()


class CustomerPerception(CompanyScoped, Model):
    """What one customer has of a perception: a rate of its own, to be listed at all, or a certificate of exclusion."""

    __tablename__ = "einvoice_ar_customer_perception"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), index=True)
    # of which perceptions (Perception's own, whatever their dates)
    code: Mapped[str] = mapped_column(sa.String(20))
    jurisdiction: Mapped[str] = mapped_column(sa.String(60), default="")
    # percent; null is the perception's rate
    rate: Mapped[Decimal | None] = mapped_column(Scaled(2))
    # nothing is collected, whatever else stands here; the certificate's number
    excluded: Mapped[bool] = mapped_column(default=False)
    certificate: Mapped[str] = mapped_column(sa.String(60), default="")
    valid_from: Mapped[dt.date] = mapped_column(sa.Date)
    valid_until: Mapped[dt.date | None] = mapped_column(sa.Date)

    customer: Mapped[Customer] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("company_id", "customer_id", "code", "jurisdiction", "excluded", "valid_from",
                            name="uq_einvoice_ar_customer_perception"),
        sa.CheckConstraint("rate IS NULL OR (rate >= 0 AND NOT excluded)", name="rate"))

    def __str__(self) -> str:
        return f"{self.code} {self.jurisdiction}".strip()


class PointOfSale(CompanyScoped, Model):
    """A point of sale as ARCA lists it, or as typed where its testing service lists none."""

    __tablename__ = "einvoice_ar_point_of_sale"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    environment: Mapped[str] = mapped_column(sa.String(12))
    number: Mapped[int]
    # "CAE - Ri Iva" and the like, as ARCA words it
    kind: Mapped[str] = mapped_column(sa.String(60), default="CAE")
    blocked: Mapped[bool] = mapped_column(default=False)
    closed_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    # read from ARCA, or null where typed
    read_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (sa.UniqueConstraint("company_id", "environment", "number"),
                      sa.CheckConstraint("number BETWEEN 1 AND 99998", name="number"))

    @property
    def usable(self) -> bool:
        """Open, not blocked, and of a kind that gets a CAE."""
        return not self.blocked and self.closed_on is None and not self.kind.upper().startswith("CAEA")

    def __str__(self) -> str:
        return f"{self.number:05d}"


class Certificate(CompanyScoped, Model):
    """A key pair of the company and, once ARCA has issued it, its certificate."""

    __tablename__ = "einvoice_ar_certificate"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    environment: Mapped[str] = mapped_column(sa.String(12))
    alias: Mapped[str] = mapped_column(sa.String(60))
    # PEM; never shown, never exported
    private_key: Mapped[str] = secret()
    csr: Mapped[str] = mapped_column(sa.Text, default="")
    # "" until the certificate has been uploaded
    pem: Mapped[str] = mapped_column(sa.Text, default="")
    # CUIT in the subject: the company's own, or of the person who represents it
    cuit: Mapped[str] = mapped_column(sa.String(11), default="")
    issuer: Mapped[str] = mapped_column(sa.String(200), default="")
    valid_from: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    valid_until: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # the one in use; a renewal retires the one before
    active: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        sa.CheckConstraint(_ENVIRONMENT, name="environment"),
        sa.Index("ix_einvoice_ar_certificate_active", "company_id", "environment", unique=True,
                 sqlite_where=sa.text("active"), postgresql_where=sa.text("active")),
    )

    def __str__(self) -> str:
        return f"{self.alias} ({self.environment})"


class AccessTicket(CompanyScoped, Model):
    """WSAA's ticket for one service, shared by all workers for its whole life; WSAA never gives it twice."""

    __tablename__ = "einvoice_ar_ticket"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    certificate_id: Mapped[int] = mapped_column(sa.ForeignKey("einvoice_ar_certificate.id"))
    environment: Mapped[str] = mapped_column(sa.String(12))
    service: Mapped[str] = mapped_column(sa.String(40))
    token: Mapped[str | None] = secret()
    sign: Mapped[str | None] = secret()
    expires_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # WSAA is not asked again before: its retention window, or a pause after a fault
    not_before: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # the last fault, for the screen
    fault_code: Mapped[str] = mapped_column(sa.String(60), default="")
    fault_text: Mapped[str] = mapped_column(sa.Text, default="")

    certificate: Mapped[Certificate] = relationship(Certificate)

    __table_args__ = (sa.UniqueConstraint("certificate_id", "environment", "service"),)


class CatalogEntry(CompanyScoped, Model):
    """An entry of one of ARCA's lists of codes as ARCA gave it to this company, with its dates of validity."""

    __tablename__ = "einvoice_ar_catalog"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # the file of data/*.csv that it belongs to: tipos_cbte, tipos_iva ...
    catalog: Mapped[str] = mapped_column(sa.String(30))
    code: Mapped[str] = mapped_column(sa.String(10))
    text: Mapped[str] = mapped_column(sa.String(250))
    valid_from: Mapped[dt.date | None] = mapped_column(sa.Date)
    valid_until: Mapped[dt.date | None] = mapped_column(sa.Date)
    read_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("company_id", "catalog", "code"),)

    def __str__(self) -> str:
        return f"{self.catalog} {self.code}"


class Notice(CompanyScoped, Model):
    """An announcement that ARCA sent along with an answer; shown once."""

    __tablename__ = "einvoice_ar_notice"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20))
    text: Mapped[str] = mapped_column(sa.String(1000))
    received_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    seen_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (sa.UniqueConstraint("company_id", "code", "text"),)
