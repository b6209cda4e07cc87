"""Tables of the lists: saved views, and what was done to many rows at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import BigId, CompanyScoped, JSONText, Model, UTCDateTime
from core.models import Job, StoredFile, User

OF_ONE, OF_ALL = sa.text("is_default AND NOT shared"), sa.text("is_default AND shared")


class SavedView(CompanyScoped, Model):
    """Filters, order and columns of a list under a name: of one person, or shared with the company."""

    __tablename__ = "core_list_view"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id", ondelete="CASCADE"))
    # key of the list
    list_key: Mapped[str] = mapped_column(sa.String(80))
    name: Mapped[str] = mapped_column(sa.String(80))
    # the address: {name: [values]}
    query: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    shared: Mapped[bool] = mapped_column(default=False)
    # the list opens with it: for its owner, or for everybody where it is shared
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    user: Mapped[User] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("company_id", "list_key", "user_id", "name"),
        sa.Index("uq_core_list_view_default_of_one", "company_id", "list_key", "user_id", unique=True,
                 sqlite_where=OF_ONE, postgresql_where=OF_ONE),
        sa.Index("uq_core_list_view_default_of_all", "company_id", "list_key", unique=True,
                 sqlite_where=OF_ALL, postgresql_where=OF_ALL),
    )

    def __str__(self) -> str:
        return self.name


class Run(Model):
    """Something done to many rows of a list: a mass action, or an export with its file."""

    __tablename__ = "core_list_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # null where the list was used without a company
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_company.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id"))
    list_key: Mapped[str] = mapped_column(sa.String(80))
    # the action's key; csv, csv_plain, xlsx, pdf or zip for an export
    action: Mapped[str] = mapped_column(sa.String(40))
    is_export: Mapped[bool] = mapped_column(default=False)
    # prepared (asked, not confirmed), queued, done, stopped
    state: Mapped[str] = mapped_column(sa.String(10), default="prepared")
    # core.lists.selection.Selection as JSON
    selection: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # the values of the action's form; columns, language and zone of an export
    options: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # rows asked for, done and refused so far; the id that an action has come to
    total: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    done: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    failed: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    last_id: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    stop_asked: Mapped[bool] = mapped_column(default=False)
    # why it ended before its time
    error: Mapped[str] = mapped_column(sa.Text, default="")
    # core_job.id; no foreign key, since finished jobs are forgotten earlier
    job_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    # the run whose rows this one puts back: once
    undo_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_list_run.id"), unique=True)
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_file.id"))
    # a form sent twice asks once
    form_key: Mapped[str | None] = mapped_column(sa.String(80))
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    started_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # the file is deleted then
    expires_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    user: Mapped[User] = relationship()
    file: Mapped[StoredFile | None] = relationship()
    job: Mapped[Job | None] = relationship(primaryjoin=lambda: Run.job_id == Job.id, foreign_keys=lambda: [Run.job_id],
                                           viewonly=True)
    undo_of: Mapped[Run | None] = relationship(remote_side=[id], back_populates="undone_by")
    undone_by: Mapped[Run | None] = relationship(back_populates="undo_of", uselist=False)

    __table_args__ = (
        sa.UniqueConstraint("user_id", "form_key"),
        sa.CheckConstraint("state IN ('prepared', 'queued', 'done', 'stopped')", name="state"),
        sa.Index("ix_core_list_run_user", "user_id", "id"),
        sa.Index("ix_core_list_run_expires", "expires_at",
                 sqlite_where=sa.text("file_id IS NOT NULL"), postgresql_where=sa.text("file_id IS NOT NULL")),
    )

    @property
    def is_open(self) -> bool:
        """Whether a worker has something to do for it, or is at it."""
        return self.state == "queued"

    def __str__(self) -> str:
        return f"{self.list_key} · {self.action}"


class RunItem(Model):
    """What became of one row in a run."""

    __tablename__ = "core_list_run_item"

    run_id: Mapped[int] = mapped_column(sa.ForeignKey("core_list_run.id", ondelete="CASCADE"), primary_key=True)
    row_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    ok: Mapped[bool]
    # why it was refused; for a row that was done, what the action needs to undo it
    note: Mapped[str] = mapped_column(sa.Text, default="")
