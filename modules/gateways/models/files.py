"""Files that came from gateways and went to them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, JSONText, Model, UTCDateTime
from core.models import StoredFile
from modules.accounting.models import Invoice
from modules.gateways.models.accounts import Account

# a file of debts that is on its way: an account has one at a time
MAKING = "direction = 'out' AND state = 'making'"


class File(CompanyScoped, Model):
    """A file of payments that came in, or of debts that went out; a file is taken as a whole or not at all."""

    __tablename__ = "gateways_file"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"))
    # in, out
    direction: Mapped[str] = mapped_column(sa.String(3))
    # payments, debts, answer (to debts), statement, bank
    kind: Mapped[str] = mapped_column(sa.String(12))
    name: Mapped[str] = mapped_column(sa.String(200))
    # hex; of what came in: of the content without its line ends
    sha256: Mapped[str] = mapped_column(sa.String(64))
    # null while it is made, and where it holds numbers of cards: it is then made anew whenever it is wanted
    stored_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_file.id"))
    # in: proving, refused, importing, imported, undone
    # out: making -> made | empty; made -> sending -> sent | unknown -> taken | refused; withdrawn
    state: Mapped[str] = mapped_column(sa.String(10))
    # the file's own day, and of debt files the number within it
    day: Mapped[dt.date | None] = mapped_column(sa.Date)
    number: Mapped[int] = mapped_column(default=1)
    count: Mapped[int] = mapped_column(default=0)
    total: Mapped[Decimal] = mapped_column(Amount, default=Decimal("0.00"))
    # readings of it that were taken so far, debts that were put into it: where a killed job goes on
    done: Mapped[int] = mapped_column(default=0)
    # out: the last document that was looked at
    cursor: Mapped[int] = mapped_column(BigId, default=0, server_default="0")
    facts: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # out: what it was made from besides its lines, so that it can be made again byte for byte
    recipe: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict, server_default="{}")
    # out: the gateway's number of it, and when to ask next what became of it
    remote: Mapped[str] = mapped_column(sa.String(80), default="", server_default="")
    asked_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # why it was refused, and the first bad line
    error: Mapped[str] = mapped_column(sa.String(500), default="")
    line: Mapped[int | None] = mapped_column(sa.Integer)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    ended_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    account: Mapped[Account] = relationship(Account)
    stored: Mapped[StoredFile | None] = relationship()

    def __str__(self) -> str:
        return self.name

    __table_args__ = (
        # the same file is imported once; a refused one may be brought again
        sa.Index("uq_gateways_file_in", "account_id", "sha256", unique=True,
                 sqlite_where=sa.text("direction = 'in' AND state NOT IN ('refused', 'undone')"),
                 postgresql_where=sa.text("direction = 'in' AND state NOT IN ('refused', 'undone')")),
        sa.Index("uq_gateways_file_out", "account_id", "day", "number", unique=True,
                 sqlite_where=sa.text("direction = 'out'"), postgresql_where=sa.text("direction = 'out'")),
        sa.Index("uq_gateways_file_making", "account_id", unique=True, sqlite_where=sa.text(MAKING),
                 postgresql_where=sa.text(MAKING)),
        sa.CheckConstraint("direction IN ('in', 'out')", name="direction"),
        sa.Index("ix_gateways_file_list", "company_id", "created_at", "id"),
    )


class FileProblem(Model):
    """A line of a file that is no payment and spoils nothing; of a debt file, a document that is not in it, and why."""

    __tablename__ = "gateways_file_problem"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_file.id"), index=True)
    line: Mapped[int] = mapped_column(sa.Integer)
    code: Mapped[str] = mapped_column(sa.String(40))
    message: Mapped[str] = mapped_column(sa.String(500))
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("accounting_invoice.id"), index=True)


class DebtLine(CompanyScoped, Model):
    """A debt that a file told a gateway of: once per document and file."""

    __tablename__ = "gateways_debt_line"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"))
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_file.id"))
    # from 1, in the order of the file
    position: Mapped[int] = mapped_column(sa.Integer)
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("accounting_invoice.id"))
    # what identifies it in the gateway's base: never used again; null where the gateway compares nothing
    key: Mapped[str | None] = mapped_column(sa.String(120))
    # as the payment will name it
    customer_code: Mapped[str] = mapped_column(sa.String(80))
    invoice_code: Mapped[str] = mapped_column(sa.String(80))
    # what is asked until its first day; what was open of the document then; the last day on which it can be paid
    amount: Mapped[Decimal] = mapped_column(Amount)
    open_amount: Mapped[Decimal] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(sa.String(3))
    until: Mapped[dt.date] = mapped_column(sa.Date)
    # the debt as it was written, as jsonform.debt_json; no numbers of cards
    data: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # why the gateway refused it, in its words; "" where it did not
    refusal: Mapped[str] = mapped_column(sa.String(300), default="")

    invoice: Mapped[Invoice] = relationship()
    file: Mapped[File] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("account_id", "key"),
        sa.UniqueConstraint("file_id", "position"),
        sa.UniqueConstraint("file_id", "invoice_id"),
        sa.Index("ix_gateways_debt_line_code", "account_id", "invoice_code"),
        sa.Index("ix_gateways_debt_line_invoice", "invoice_id", "account_id", "id"),
    )
