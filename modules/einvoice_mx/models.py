"""What a Mexican company issues with: fiscal profile, digital seals (CSD), accounts at the PAC, customers' data."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, JSONText, Model, UTCDateTime, db, secret
from modules.accounting.models import Invoice, Payment
from modules.crm.models import Customer

ENVIRONMENTS = ("rehearsal", "testing", "production")
_ENVIRONMENT = f"environment IN ({', '.join(repr(name) for name in ENVIRONMENTS)})"


class FiscalProfile(CompanyScoped, Model):
    """How the company issues."""

    __tablename__ = "einvoice_mx_profile"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # where it issues once the company has left rehearsal: testing or production
    environment: Mapped[str] = mapped_column(sa.String(12), default="rehearsal")
    # the name as the SAT has registered it, without the kind of company; "" is the company's own in capitals
    legal_name: Mapped[str] = mapped_column(sa.String(300), default="")
    # CP of the place of issue; "" is that of the company's address
    place: Mapped[str] = mapped_column(sa.String(5), default="")
    # Serie of invoices and debit notes, and of credit notes
    series: Mapped[str] = mapped_column(sa.String(20), default="A")
    credit_series: Mapped[str] = mapped_column(sa.String(20), default="NC")
    # and of receipts of payment (P)
    payment_series: Mapped[str] = mapped_column(sa.String(20), default="P")
    # of sales to the general public: c_Periodicidad of their global invoice; "" gives each a CFDI of its own
    global_period: Mapped[str] = mapped_column(sa.String(2), default="", server_default="")
    # Serie of global invoices, and how many sales one of them holds at most
    global_series: Mapped[str] = mapped_column(sa.String(20), default="G", server_default="G")
    global_size: Mapped[int] = mapped_column(default=1000, server_default="1000")
    # PPD: paid later, or PUE: paid at once
    method: Mapped[str] = mapped_column(sa.String(3), default="PPD")
    # FormaPago of what is paid at once
    form: Mapped[str] = mapped_column(sa.String(2), default="03")
    # IVA of 8 %: registered in the stimulus of the border region
    border_region: Mapped[bool] = mapped_column(default=False)
    # timbres that were bought, as typed on that day: the PAC has no question for what is left
    stamps_bought: Mapped[int | None] = mapped_column()
    stamps_counted_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (sa.UniqueConstraint("company_id"), sa.CheckConstraint(_ENVIRONMENT, name="environment"),
                      sa.CheckConstraint("method IN ('PPD', 'PUE')", name="method"),
                      sa.CheckConstraint("series <> credit_series", name="series"),
                      sa.CheckConstraint("global_period IN ('', '01', '02', '03', '04', '05')", name="global_period"),
                      sa.CheckConstraint("global_size BETWEEN 1 AND 5000", name="global_size"))

    def __str__(self) -> str:
        return self.series


class Account(CompanyScoped, Model):
    """The company's account at the PAC, in one environment."""

    __tablename__ = "einvoice_mx_account"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    environment: Mapped[str] = mapped_column(sa.String(12))
    user: Mapped[str] = mapped_column(sa.String(60))
    password: Mapped[str] = secret()
    # given at sign-up; "" is the provider's usual one
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    # the PAC last accepted it
    checked_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # the PAC got the CSD with this number, to sign cancellations
    activated_number: Mapped[str] = mapped_column(sa.String(20), default="")

    __table_args__ = (sa.UniqueConstraint("company_id", "environment"),
                      sa.CheckConstraint(_ENVIRONMENT, name="environment"))

    def __str__(self) -> str:
        return f"{self.user} ({self.environment})"


class Certificate(CompanyScoped, Model):
    """A digital seal (CSD): certificate and key as the SAT issues them."""

    __tablename__ = "einvoice_mx_certificate"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    environment: Mapped[str] = mapped_column(sa.String(12))
    number: Mapped[str] = mapped_column(sa.String(20))
    rfc: Mapped[str] = mapped_column(sa.String(13))
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    # the .cer, and the .key as it came (still locked by its password), in base64; key and password are never shown
    cer: Mapped[str] = mapped_column(sa.Text)
    key: Mapped[str] = secret()
    password: Mapped[str] = secret()
    valid_from: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    valid_until: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    # the one in use; a renewal retires the one before
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        sa.CheckConstraint(_ENVIRONMENT, name="environment"),
        sa.Index("ix_einvoice_mx_certificate_active", "company_id", "environment", unique=True,
                 sqlite_where=sa.text("active"), postgresql_where=sa.text("active")),
    )

    def __str__(self) -> str:
        return f"{self.number} ({self.environment})"


class CustomerProfile(CompanyScoped, Model):
    """What the tax certificate (constancia) of a customer says beside RFC and regime, and how he is invoiced."""

    __tablename__ = "einvoice_mx_customer"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"), unique=True)
    # "" is the customer's own in capitals
    legal_name: Mapped[str] = mapped_column(sa.String(300), default="")
    # "" is that of the customer's address
    postal_code: Mapped[str] = mapped_column(sa.String(5), default="")
    # UsoCFDI; "" is what goes with the regime
    use: Mapped[str] = mapped_column(sa.String(4), default="")
    # "" is the company's: PPD or PUE, and the form of what is paid at once
    method: Mapped[str] = mapped_column(sa.String(3), default="")
    form: Mapped[str] = mapped_column(sa.String(2), default="")

    customer: Mapped[Customer] = relationship()

    def __str__(self) -> str:
        return self.legal_name or str(self.customer_id)


class Stampable(CompanyScoped):
    """A CFDI that is no document of accounting: numbered, sealed, stamped and cancelled by itself."""

    if TYPE_CHECKING:
        __table__: ClassVar[sa.FromClause]
        __tablename__: Any

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    environment: Mapped[str] = mapped_column(sa.String(12))
    # pending, sending (sealed; asked about by sending the same bytes), authorized, rejected, cancelling, cancelled
    state: Mapped[str] = mapped_column(sa.String(12), default="pending")
    series: Mapped[str] = mapped_column(sa.String(20))
    number: Mapped[int] = mapped_column(sa.BigInteger)
    uuid: Mapped[str] = mapped_column(sa.String(36), default="")
    # as it is sent, and as the PAC gave it back
    xml: Mapped[str] = mapped_column(sa.Text)
    stamped_xml: Mapped[str] = mapped_column(sa.Text, default="")
    # [{"code", "message"}]: why it was refused, or why it waits
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONText, default=list)
    # how often these bytes were sent
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    next_try: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # motive (c_Motivo), our words for it, and whether the PAC has the request
    cancel_code: Mapped[str] = mapped_column(sa.String(2), default="", server_default="")
    cancel_text: Mapped[str] = mapped_column(sa.String(300), default="", server_default="")
    cancel_asked_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    cancel_sent: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # what the law wants kept: the stamped XML, its printed sheet, the proof of its cancelling
    xml_file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_file.id"))
    pdf_file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_file.id"))
    proof_file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_file.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    @property
    def substitute(self) -> str:
        """The UUID of what takes its place where it is cancelled with motive 01 (FolioSustitucion), else ""."""
        return ""

    def __str__(self) -> str:
        return f"{self.series} {self.number}"


def _stampable() -> tuple[sa.schema.SchemaItem, ...]:
    """What must be true of every such table."""
    return (
        sa.CheckConstraint("state IN ('pending', 'sending', 'authorized', 'rejected', 'cancelling', 'cancelled')",
                           name="state"),
        sa.CheckConstraint("state <> 'authorized' OR uuid <> ''", name="authorized_is_complete"),
        sa.UniqueConstraint("company_id", "environment", "series", "number"),
    )


class PaymentReceipt(Stampable, Model):
    """A receipt of payment (CFDI of kind P): what one payment pays of stamped invoices that are paid later (PPD)."""

    __tablename__ = "einvoice_mx_payment_receipt"

    payment_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_payment.id"), index=True)

    payment: Mapped[Payment] = relationship()
    parts: Mapped[list[PaidPart]] = relationship(back_populates="receipt", order_by="PaidPart.id")

    __table_args__ = (*_stampable(), sa.Index("ix_einvoice_mx_payment_receipt_work", "company_id", "state", "id"))


class PaidPart(Model):
    """What a receipt says of one invoice; an allocation stands on one receipt only."""

    __tablename__ = "einvoice_mx_paid_part"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    receipt_id: Mapped[int] = mapped_column(sa.ForeignKey("einvoice_mx_payment_receipt.id"), index=True)
    allocation_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_allocation.id"), unique=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"), index=True)
    # NumParcialidad, ImpSaldoAnt, ImpPagado
    instalment: Mapped[int]
    before: Mapped[Decimal] = mapped_column(Amount)
    paid: Mapped[Decimal] = mapped_column(Amount)

    receipt: Mapped[PaymentReceipt] = relationship(back_populates="parts")


class GlobalInvoice(Stampable, Model):
    """A global invoice (CFDI of kind I to PUBLICO EN GENERAL): the sales of a period that have no CFDI of their own."""

    __tablename__ = "einvoice_mx_global"

    # c_Periodicidad, and the days that it is of
    period: Mapped[str] = mapped_column(sa.String(2))
    first_day: Mapped[dt.date] = mapped_column(sa.Date)
    last_day: Mapped[dt.date] = mapped_column(sa.Date)
    sales: Mapped[int]
    total: Mapped[Decimal] = mapped_column(Amount)
    # the stamped one that it takes the place of (relation 04), and which is cancelled with motive 01 once this is
    # stamped
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("einvoice_mx_global.id"))

    @property
    def substitute(self) -> str:
        """That of the stamped one that takes its place."""
        if self.cancel_code != "01":
            return ""
        found = db.session.scalar(sa.select(GlobalInvoice.uuid).where(
            GlobalInvoice.replaces_id == self.id, GlobalInvoice.state == "authorized"))
        return str(found or "")

    __table_args__ = (*_stampable(), sa.Index("ix_einvoice_mx_global_work", "company_id", "state", "id"),
                      sa.Index("ix_einvoice_mx_global_days", "company_id", "last_day", "id"))


class PublicSale(CompanyScoped, Model):
    """A document that names nobody: it has no CFDI of its own, and goes into the global invoice of its days."""

    __tablename__ = "einvoice_mx_public_sale"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"), unique=True)
    environment: Mapped[str] = mapped_column(sa.String(12))
    # its kind and own number, which the global invoice names it by (NoIdentificacion)
    kind: Mapped[str] = mapped_column(sa.String(12))
    number: Mapped[int] = mapped_column(sa.BigInteger)
    # as it was when the sale was made: c_Periodicidad and the days
    period: Mapped[str] = mapped_column(sa.String(2))
    first_day: Mapped[dt.date] = mapped_column(sa.Date)
    last_day: Mapped[dt.date] = mapped_column(sa.Date)
    global_id: Mapped[int | None] = mapped_column(sa.ForeignKey("einvoice_mx_global.id"), index=True)
    # when the customer asked for a CFDI of his own: it is in no global invoice any more once this was cancelled
    asked_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    invoice: Mapped[Invoice] = relationship()
    gathered: Mapped[GlobalInvoice | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint("kind IN ('invoice', 'debit_note')", name="kind"),
        # what waits for its global invoice
        sa.Index("ix_einvoice_mx_public_sale_free", "company_id", "environment", "last_day", "id",
                 sqlite_where=sa.text("global_id IS NULL AND asked_at IS NULL"),
                 postgresql_where=sa.text("global_id IS NULL AND asked_at IS NULL")),
    )
