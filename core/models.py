"""Tables of the frame: companies, people, jobs, audit, files."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_login import UserMixin
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import BigId, JSONText, Model, UTCDateTime, secret


class Company(Model):
    """A legal entity that issues documents. Its country selects issuer, taxes and document names."""

    __tablename__ = "core_company"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # short name for commands and addresses, like "norte"
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    trade_name: Mapped[str] = mapped_column(sa.String(200), default="")
    # ISO 3166 alpha-2
    country: Mapped[str] = mapped_column(sa.String(2))
    # compact, as the country's tax authority writes it
    tax_id: Mapped[str] = mapped_column(sa.String(20))
    tax_condition: Mapped[str] = mapped_column(sa.String(10), default="")
    currency: Mapped[str] = mapped_column(sa.String(3))
    timezone: Mapped[str] = mapped_column(sa.String(50))
    locale: Mapped[str] = mapped_column(sa.String(10), default="es")
    # point (1,234.56) or comma (1.234,56); "" is the way of the language that is read
    number_style: Mapped[str] = mapped_column(sa.String(5), default="", server_default="")
    street: Mapped[str] = mapped_column(sa.String(200), default="")
    city: Mapped[str] = mapped_column(sa.String(100), default="")
    region: Mapped[str] = mapped_column(sa.String(100), default="")
    postal_code: Mapped[str] = mapped_column(sa.String(20), default="")
    email: Mapped[str] = mapped_column(sa.String(200), default="")
    phone: Mapped[str] = mapped_column(sa.String(40), default="")
    website: Mapped[str] = mapped_column(sa.String(200), default="")
    # "#rrggbb", on documents and in the portal
    color: Mapped[str] = mapped_column(sa.String(7), default="#0f766e")
    # core_file.id; no foreign key, since files point to companies
    logo_file_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    # in rehearsal every outside service is its simulator and every document bears a watermark
    environment: Mapped[str] = mapped_column(sa.String(12), default="rehearsal")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (sa.CheckConstraint("environment IN ('rehearsal', 'production')", name="environment"),
                      sa.CheckConstraint("number_style IN ('', 'point', 'comma')", name="number_style"))

    @property
    def is_rehearsal(self) -> bool:
        return self.environment == "rehearsal"

    def __str__(self) -> str:
        return self.trade_name or self.name


class User(UserMixin, Model):
    """A person who logs in."""

    __tablename__ = "core_user"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # lower case; the login name
    email: Mapped[str] = mapped_column(sa.String(200), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    password_hash: Mapped[str] = mapped_column(sa.String(200), default="")
    locale: Mapped[str] = mapped_column(sa.String(10), default="")
    # whether a letter alone does something on screens (WCAG 2.1.4: who speaks to the machine switches it off)
    single_keys: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    # may do everything in every company
    is_admin: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    last_login_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    password_changed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    totp_secret: Mapped[str | None] = secret()
    # the last accepted time step: a code works once
    totp_step: Mapped[int | None]
    # SHA-256 of the recovery codes that were not used yet
    recovery_hashes: Mapped[list[str]] = mapped_column(JSONText, default=list, server_default="[]", deferred=True)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    memberships: Mapped[list[Membership]] = relationship(back_populates="user", cascade="all, delete-orphan")

    @property
    def has_second_factor(self) -> bool:
        """Whether a login asks for a code; without reading the secret, whose key may be lost."""
        return self.totp_step is not None

    def __str__(self) -> str:
        return self.name or self.email


class Role(Model):
    """A named set of permissions, the same in every company."""

    __tablename__ = "core_role"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    description: Mapped[str] = mapped_column(sa.String(300), default="")
    # who has it must set up a second factor at the next login
    needs_second_factor: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    permissions: Mapped[list[RolePermission]] = relationship(cascade="all, delete-orphan")

    def __str__(self) -> str:
        return self.name


class RolePermission(Model):
    """One permission of a role; the strings come from the manifests."""

    __tablename__ = "core_role_permission"

    role_id: Mapped[int] = mapped_column(sa.ForeignKey("core_role.id", ondelete="CASCADE"), primary_key=True)
    permission: Mapped[str] = mapped_column(sa.String(80), primary_key=True)


class Membership(Model):
    """What a person may do in a company."""

    __tablename__ = "core_membership"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id", ondelete="CASCADE"))
    company_id: Mapped[int] = mapped_column(sa.ForeignKey("core_company.id"))
    role_id: Mapped[int] = mapped_column(sa.ForeignKey("core_role.id"))

    user: Mapped[User] = relationship(back_populates="memberships")
    company: Mapped[Company] = relationship()
    role: Mapped[Role] = relationship()

    __table_args__ = (sa.UniqueConstraint("user_id", "company_id", "role_id"),)


class UserSession(Model):
    """A login on one device; revoking the row logs it out."""

    __tablename__ = "core_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # SHA-256 of the cookie's token: the table does not open doors
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("core_user.id", ondelete="CASCADE"), index=True)
    # the company chosen in the header
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_company.id"))
    address: Mapped[str] = mapped_column(sa.String(60), default="")
    agent: Mapped[str] = mapped_column(sa.String(300), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    last_seen_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    expires_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    user: Mapped[User] = relationship()


class Job(Model):
    """Work to be done once; the row is the truth, Redis or a thread only wakes a worker."""

    __tablename__ = "core_job"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_company.id"))
    # the person whose action asked for it
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    function: Mapped[str] = mapped_column(sa.String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    # work with a meaning runs once
    key: Mapped[str | None] = mapped_column(sa.String(200), unique=True)
    queue: Mapped[str] = mapped_column(sa.String(20), default="default")
    state: Mapped[str] = mapped_column(sa.String(10), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    # how often in a row a worker that ran it was killed or lost
    losses: Mapped[int] = mapped_column(default=0)
    run_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    lease_until: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    # place:pid:start of the process that holds the lease
    worker: Mapped[str] = mapped_column(sa.String(120), default="")
    # when Redis was last told
    sent_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str] = mapped_column(sa.Text, default="")
    request_id: Mapped[str] = mapped_column(sa.String(40), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    finished_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        sa.CheckConstraint("state IN ('pending', 'running', 'done', 'failed', 'cancelled')", name="state"),
        sa.Index("ix_core_job_due", "run_at", "id",
                 sqlite_where=sa.text("state IN ('pending', 'running')"),
                 postgresql_where=sa.text("state IN ('pending', 'running')")),
        sa.Index("ix_core_job_state", "state", "id"),
    )


class AuditRecord(Model):
    """Who did what, when, and to what; each record carries the hash of the one before it."""

    __tablename__ = "core_audit"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_company.id"))
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    action: Mapped[str] = mapped_column(sa.String(80))
    # table and id of what was touched
    object_type: Mapped[str] = mapped_column(sa.String(60), default="")
    object_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    label: Mapped[str] = mapped_column(sa.String(200), default="")
    changes: Mapped[dict[str, Any]] = mapped_column(JSONText, default=dict)
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    request_id: Mapped[str] = mapped_column(sa.String(40), default="")
    # position in the chain of the installation; null only inside the writing transaction
    position: Mapped[int | None] = mapped_column(sa.BigInteger, unique=True)
    hash: Mapped[str] = mapped_column(sa.String(64), default="")

    __table_args__ = (sa.Index("ix_core_audit_object", "object_type", "object_id", "id"),
                      sa.Index("ix_core_audit_company", "company_id", "id"))


class AuditHead(Model):
    """The end of the audit chain; its row lock orders the writers."""

    __tablename__ = "core_audit_head"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    position: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    hash: Mapped[str] = mapped_column(sa.String(64), default="")

    def __str__(self) -> str:
        return f"#{self.position}"


class StoredFile(Model):
    """A file kept by the hash of its content."""

    __tablename__ = "core_file"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_company.id"), index=True)
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)


class Backup(Model):
    """A backup that was made: what `abona check` looks at."""

    __tablename__ = "core_backup"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    made_at: Mapped[dt.datetime] = mapped_column(UTCDateTime)
    # where it was written, as the command was told
    path: Mapped[str] = mapped_column(sa.String(500))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    # rows of all tables, and stored files
    rows: Mapped[int] = mapped_column(sa.BigInteger)
    files: Mapped[int] = mapped_column(sa.BigInteger)


class Lease(Model):
    """A name that one process holds for a while: the embedded worker, the renewal of a ticket."""

    __tablename__ = "core_lease"

    name: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(120))
    until: Mapped[dt.datetime] = mapped_column(UTCDateTime)
