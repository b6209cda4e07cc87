"""Invoices, credit and debit notes: what was issued, as it was issued."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, JSONText, Model, Scaled, UTCDateTime
from modules.accounting import labels
from modules.crm.models import Customer

ZERO = Decimal("0.00")
# ordered by its bytes on every server, so that the numbers with one beginning lie together: see numbers.py
NUMBER = sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql")
# what somebody owes: the words of the partial index, which a select must repeat to be answered from it
OWED = "open_amount <> 0 AND state = 'issued' AND kind <> 'credit_note'"
LEGAL_STATES = ("not_required", "pending", "signed", "authorized", "rejected", "unknown", "cancelled")
# it can be printed and handed over; of what is signed the authority decides later
READY_STATES = ("not_required", "signed", "authorized")


def _due_on(context: Any) -> Any:
    given = context.get_current_parameters()
    return given.get("due_date") or given["issue_date"]


class Invoice(CompanyScoped, Model):
    """An issued document. Amounts are positive also on credit notes; `kind` says which way they count."""

    __tablename__ = "accounting_invoice"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # invoice, credit_note, debit_note
    kind: Mapped[str] = mapped_column(sa.String(12), default="invoice")
    # issued, cancelled (by a reversing entry)
    state: Mapped[str] = mapped_column(sa.String(10), default="issued")
    # what the tax authority says; one of LEGAL_STATES
    legal_state: Mapped[str] = mapped_column(sa.String(12), default="not_required")
    # as people write it, like "B 0003-00000119"; "" until it has one
    legal_number: Mapped[str] = mapped_column(NUMBER, default="")
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("crm_customer.id"))
    issue_date: Mapped[dt.date] = mapped_column(sa.Date)
    due_date: Mapped[dt.date | None] = mapped_column(sa.Date)
    # the due date, else the day of issue: what lists are ordered by is never empty
    due_on: Mapped[dt.date] = mapped_column(sa.Date, default=_due_on)
    second_due_date: Mapped[dt.date | None] = mapped_column(sa.Date)
    second_due_total: Mapped[Decimal | None] = mapped_column(Amount)
    service_from: Mapped[dt.date | None] = mapped_column(sa.Date)
    service_to: Mapped[dt.date | None] = mapped_column(sa.Date)
    currency: Mapped[str] = mapped_column(sa.String(3), default="ARS")
    # units of the company's currency for one of this
    exchange_rate: Mapped[Decimal] = mapped_column(Scaled(6), default=Decimal(1))
    net: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    untaxed: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    exempt: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    discount: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    tax_total: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    withheld: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    total: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    # what is not yet paid; of a credit note, what is not yet used
    open_amount: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    # billing, manual, import
    origin: Mapped[str] = mapped_column(sa.String(10), default="manual")
    # the document that a note corrects, and why
    original_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_invoice.id"))
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    # the day and the reason of the reversing entry
    cancelled_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    cancel_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    # copies of all that is printed: sheets.py says what it holds
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    pdf_file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_file.id"))
    # a form sent twice issues once
    form_key: Mapped[str | None] = mapped_column(sa.String(80))
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))

    customer: Mapped[Customer] = relationship()
    original: Mapped[Invoice | None] = relationship(remote_side=[id])
    lines: Mapped[list[InvoiceLine]] = relationship(order_by="InvoiceLine.position", back_populates="invoice")
    taxes: Mapped[list[InvoiceTax]] = relationship(order_by="InvoiceTax.id", back_populates="invoice")

    __table_args__ = (
        sa.UniqueConstraint("company_id", "form_key"),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note', 'debit_note')", name="kind"),
        sa.CheckConstraint("state IN ('issued', 'cancelled')", name="state"),
        sa.CheckConstraint(
            f"legal_state IN ({', '.join(repr(state) for state in LEGAL_STATES)})", name="legal_state"),
        sa.CheckConstraint("open_amount BETWEEN 0 AND total", name="open_amount"),
        sa.Index("ix_accounting_invoice_list", "company_id", "issue_date", "id"),
        sa.Index("ix_accounting_invoice_due_list", "company_id", "due_on", "id"),
        sa.Index("ix_accounting_invoice_total_list", "company_id", "total", "id"),
        sa.Index("ix_accounting_invoice_customer", "customer_id", "issue_date", "id"),
        sa.Index("ix_accounting_invoice_number", "company_id", "legal_number"),
        sa.Index("ix_accounting_invoice_original", "original_id",
                 sqlite_where=sa.text("original_id IS NOT NULL"), postgresql_where=sa.text("original_id IS NOT NULL")),
        sa.Index("ix_accounting_invoice_open", "customer_id", "due_date", "id",
                 sqlite_where=sa.text("open_amount <> 0"), postgresql_where=sa.text("open_amount <> 0")),
        # holds all that the ageing adds up: the documents themselves are not read
        sa.Index("ix_accounting_invoice_ageing", "company_id", "currency", "due_date", "issue_date", "open_amount",
                 "kind", "state",  # SQLite looks at them again
                 sqlite_where=sa.text(OWED), postgresql_where=sa.text(OWED)),
        sa.Index("ix_accounting_invoice_waiting", "company_id", "legal_state", "id",
                 sqlite_where=sa.text("legal_state IN ('pending', 'rejected', 'unknown')"),
                 postgresql_where=sa.text("legal_state IN ('pending', 'rejected', 'unknown')")),
    )

    @property
    def sign(self) -> int:
        """1 where the document adds to what the customer owes, -1 for credit notes."""
        return -1 if self.kind == "credit_note" else 1

    def __str__(self) -> str:
        return labels.short_of(self)


class InvoiceLine(Model):
    """A line as it was issued; nets, taxes and totals of all lines add up to the document's."""

    __tablename__ = "accounting_invoice_line"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"), index=True)
    position: Mapped[int] = mapped_column(sa.SmallInteger)
    code: Mapped[str] = mapped_column(sa.String(60), default="")
    description: Mapped[str] = mapped_column(sa.String(500))
    quantity: Mapped[Decimal] = mapped_column(Scaled(6))
    unit_price: Mapped[Decimal] = mapped_column(Scaled(6))
    price_includes_tax: Mapped[bool] = mapped_column(default=False)
    discount: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    net: Mapped[Decimal] = mapped_column(Amount)
    tax: Mapped[Decimal] = mapped_column(Amount)
    total: Mapped[Decimal] = mapped_column(Amount)
    # [{"code": "VAT", "rate": "21"}]
    taxes: Mapped[list[dict[str, Any]]] = mapped_column(JSONText, default=list)
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_account.id"))
    extra: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)

    invoice: Mapped[Invoice] = relationship(back_populates="lines")


class InvoiceTax(Model):
    """A tax of the document with its base and amount; `of_document` where it is on the whole (a perception)."""

    __tablename__ = "accounting_invoice_tax"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(20))
    # percent; null where the category says that none applies
    rate: Mapped[Decimal | None] = mapped_column(Scaled(4))
    category: Mapped[str] = mapped_column(sa.String(12), default="")
    base: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    amount: Mapped[Decimal] = mapped_column(Amount, default=ZERO)
    withheld: Mapped[bool] = mapped_column(default=False)
    of_document: Mapped[bool] = mapped_column(default=False)
    jurisdiction: Mapped[str] = mapped_column(sa.String(60), default="")
    description: Mapped[str] = mapped_column(sa.String(150), default="")

    invoice: Mapped[Invoice] = relationship(back_populates="taxes")


class Numbering(CompanyScoped, Model):
    """The next number of what the company numbers itself; its row lock orders those who ask at once."""

    __tablename__ = "accounting_numbering"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # receipt, or a kind of document that no authority numbers
    name: Mapped[str] = mapped_column(sa.String(20))
    next_number: Mapped[int] = mapped_column(sa.BigInteger, default=1)

    __table_args__ = (sa.UniqueConstraint("company_id", "name"),)
