"""Imports, what each loaded row became, and the remembered mappings of columns."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import BigId, CompanyScoped, JSONText, Model, UTCDateTime
from core.models import StoredFile, User


class ImportRun(CompanyScoped, Model):
    """One file brought in on screen or by command: what it was, how it was understood, what came of it."""

    __tablename__ = "importer_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # customers, payments
    kind: Mapped[str] = mapped_column(sa.String(10), default="customers", server_default="customers")
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("core_file.id"))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    state: Mapped[str] = mapped_column(sa.String(10), default="checking")
    # what a person said: {"columns": {label: field}, "prices", "dates", "decimals", "page"}
    given: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # the outcome as `abona import --json` prints it, with the first rows only; while loading, of the last check
    result: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # samples of columns and customers, see outcome.looks
    looks: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # customers done, of how many; what became of those done, should the loading go on after a kill
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, int]] = mapped_column(JSONText, default=dict)
    began_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    finished_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    file: Mapped[StoredFile] = relationship()
    user: Mapped[User | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint("state IN ('checking', 'checked', 'loading', 'loaded', 'failed')", name="state"),
        sa.Index("ix_importer_run_list", "company_id", "id"),
        sa.CheckConstraint("kind IN ('customers', 'payments')", name="kind"),
    )

    def __str__(self) -> str:
        return self.file.name


class ImportRefusal(CompanyScoped, Model):
    """A row that was not loaded, kept so that it can be given back as a file."""

    __tablename__ = "importer_refusal"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("importer_run.id"))
    line: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    reason: Mapped[str] = mapped_column(sa.Text)
    balance: Mapped[str] = mapped_column(sa.String(60), default="")
    # as handback.as_json writes them
    cells: Mapped[list[Any]] = mapped_column(JSONText, default=list)

    __table_args__ = (sa.UniqueConstraint("run_id", "line"),)


class ImportLink(CompanyScoped, Model):
    """What something in a file became. Its uniqueness is what makes loading a file twice harmless."""

    __tablename__ = "importer_row"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # customer, contract, debt, credit
    kind: Mapped[str] = mapped_column(sa.String(10))
    # as in `arranging`: "code:3", "code:3|user:agro"
    source_key: Mapped[str] = mapped_column(sa.String(320))
    # crm_customer.id, contracts_contract.id or accounting_entry.id; no foreign key, since it may be any
    target_id: Mapped[int] = mapped_column(sa.BigInteger)
    # of what was loaded, to see whether the file has changed
    digest: Mapped[str] = mapped_column(sa.String(64), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("company_id", "kind", "source_key"),
                      sa.Index("ix_importer_row_target", "target_id", "kind"),
                      sa.CheckConstraint("kind IN ('customer', 'contract', 'debt', 'credit')", name="kind"))


class ImportMapping(CompanyScoped, Model):
    """What was said about files with these headings, for the next one."""

    __tablename__ = "importer_mapping"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # hash of the headings, see columns.signature
    signature: Mapped[str] = mapped_column(sa.String(64))
    given: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    updated_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now, onupdate=clock.now)

    __table_args__ = (sa.UniqueConstraint("company_id", "signature"),)
