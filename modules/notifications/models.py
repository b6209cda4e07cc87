"""Templates, messages, the mail account, and the addresses that are not written to."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import BigId, CompanyScoped, JSONText, Model, UTCDateTime, secret
from core.models import User
from modules.crm.models import Customer

# queued: waits · sending: claimed · sent: the server took it · bounced: the address is bad · failed: given up
# unknown: handed over, no answer · suppressed: the address is not written to · no_address: there is none
STATES = ("queued", "sending", "sent", "bounced", "failed", "unknown", "suppressed", "no_address")

# notices to customers: not those that try a text
TO_CUSTOMERS = "test_by_id IS NULL"


class Template(CompanyScoped, Model):
    """One revision of a company's own text; the newest is used, and the product's default where there is none."""

    __tablename__ = "notifications_template"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(80))
    language: Mapped[str] = mapped_column(sa.String(10))
    channel: Mapped[str] = mapped_column(sa.String(20))
    revision: Mapped[int]
    subject: Mapped[str] = mapped_column(sa.String(300), default="")
    # empty: the product's text is used again
    body: Mapped[str] = mapped_column(sa.Text)
    # a kind that is switched off is not sent
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("company_id", "kind", "language", "channel", "revision",
                                          name="uq_notifications_template_revision"),)


class Message(CompanyScoped, Model):
    """One notice to one customer over one channel: the log, and the queue.

    A test of a text goes to somebody of the staff instead: it has `test_by_id` and no customer, and is never queued.
    """

    __tablename__ = "notifications_message"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("crm_customer.id"))
    # who tried a text with it
    test_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    kind: Mapped[str] = mapped_column(sa.String(80))
    # what it is about: "invoice:123"; the same notice about the same thing is sent once
    subject_key: Mapped[str] = mapped_column(sa.String(120))
    channel: Mapped[str] = mapped_column(sa.String(20))
    address: Mapped[str] = mapped_column(sa.String(254), default="")
    language: Mapped[str] = mapped_column(sa.String(10), default="")
    template_id: Mapped[int | None] = mapped_column(sa.ForeignKey("notifications_template.id"))
    subject: Mapped[str] = mapped_column(sa.String(300), default="")
    body: Mapped[str] = mapped_column(sa.Text, default="")
    # core_file.id of what goes with it
    attachments: Mapped[list[int]] = mapped_column(JSONText, default=list)
    state: Mapped[str] = mapped_column(sa.String(12), default="queued")
    # the server's words, or why not
    answer: Mapped[str] = mapped_column(sa.String(1000), default="")
    external_id: Mapped[str] = mapped_column(sa.String(200), default="")
    attempts: Mapped[int] = mapped_column(default=0)
    # how often a person had it sent again
    sendings: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    next_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    sent_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    customer: Mapped[Customer | None] = relationship()
    test_by: Mapped[User | None] = relationship()

    @property
    def is_test(self) -> bool:
        """Whether it was sent to try a text; it counts nowhere."""
        return self.test_by_id is not None

    __table_args__ = (
        sa.UniqueConstraint("customer_id", "kind", "subject_key", "channel"),
        sa.CheckConstraint("(customer_id IS NULL) = (test_by_id IS NOT NULL)", name="to_whom"),
        sa.Index("ix_notifications_message_test", "company_id", "state", sqlite_where=sa.text("test_by_id IS NOT NULL"),
                 postgresql_where=sa.text("test_by_id IS NOT NULL")),
        sa.CheckConstraint("state IN (" + ", ".join(f"'{state}'" for state in STATES) + ")", name="state"),
        sa.Index("ix_notifications_message_list", "company_id", "id"),
        sa.Index("ix_notifications_message_customer", "customer_id", "id"),
        sa.Index("ix_notifications_message_state", "company_id", "state", "id"),
        sa.Index("ix_notifications_message_sent", "company_id", "channel", "sent_at"),
        # the chart of the home page reads nothing else
        sa.Index("ix_notifications_message_chart", "company_id", "created_at", "channel", "state",
                 sqlite_where=sa.text(TO_CUSTOMERS), postgresql_where=sa.text(TO_CUSTOMERS)),
        sa.Index("ix_notifications_message_subject", "company_id", "subject_key"),
        sa.Index("ix_notifications_message_address", "company_id", "address"),
    )


class Attempt(CompanyScoped, Model):
    """A try that a message does not tell of itself any more: it was refused, or the message was sent again since."""

    __tablename__ = "notifications_attempt"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("notifications_message.id"), index=True)
    at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    address: Mapped[str] = mapped_column(sa.String(254), default="")
    state: Mapped[str] = mapped_column(sa.String(12))
    answer: Mapped[str] = mapped_column(sa.String(1000), default="")


class Suppression(CompanyScoped, Model):
    """An address that is not written to: it bounced, or its owner asked for it."""

    __tablename__ = "notifications_suppression"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(sa.String(20))
    address: Mapped[str] = mapped_column(sa.String(254))
    # bounced: nothing is sent · unsubscribed: only what must be sent (invoices, receipts)
    reason: Mapped[str] = mapped_column(sa.String(12))
    detail: Mapped[str] = mapped_column(sa.String(1000), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("company_id", "channel", "address", "reason"),
                      sa.CheckConstraint("reason IN ('bounced', 'unsubscribed')", name="reason"))


class ChannelState(CompanyScoped, Model):
    """Whether a channel was tried with success, and since when it reaches customers: without that it rehearses."""

    __tablename__ = "notifications_channel_state"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(sa.String(20))
    tested_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    live_since: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (sa.UniqueConstraint("company_id", "channel"),)


class MailAccount(CompanyScoped, Model):
    """The company's mail server. Without one the installation's is used, and without that the file outbox."""

    __tablename__ = "notifications_mail_account"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    active: Mapped[bool] = mapped_column(default=True)
    host: Mapped[str] = mapped_column(sa.String(200))
    port: Mapped[int] = mapped_column(default=587)
    security: Mapped[str] = mapped_column(sa.String(10), default="starttls")
    user: Mapped[str] = mapped_column(sa.String(200), default="")
    password: Mapped[str | None] = secret()
    sender_name: Mapped[str] = mapped_column(sa.String(200), default="")
    sender_address: Mapped[str] = mapped_column(sa.String(254))
    reply_to: Mapped[str] = mapped_column(sa.String(254), default="")
    # what the provider allows; 0: no limit
    per_minute: Mapped[int] = mapped_column(default=0)
    # what the server refused last (a wrong password); empty: nothing
    problem: Mapped[str] = mapped_column(sa.String(1000), default="")

    __table_args__ = (sa.UniqueConstraint("company_id"),
                      sa.CheckConstraint("security IN ('none', 'starttls', 'tls')", name="security"))
