"""When an account's debt files are made, what goes into them, and what is expected back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import Amount, BigId, CompanyScoped, Model, UTCDateTime
from modules.gateways.models.accounts import Account

EVERY = ("never", "daily", "weekly", "monthly")


class FilePlan(CompanyScoped, Model):
    """The plan of an account's debt files; without one they are made by hand only."""

    __tablename__ = "gateways_file_plan"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("gateways_account.id"), unique=True)
    # never, daily (business days), weekly (`day` 1 is Monday), monthly (`day` 1 to 28), from this hour on
    every: Mapped[str] = mapped_column(sa.String(8), default="never")
    day: Mapped[int] = mapped_column(sa.SmallInteger, default=1)
    hour: Mapped[int] = mapped_column(sa.SmallInteger, default=6)
    # take it to the gateway by itself, where that can be
    deliver: Mapped[bool] = mapped_column(default=False)
    # the least that is asked for; less stays out
    minimum: Mapped[Decimal] = mapped_column(Amount, default=Decimal("0.00"))
    # so many days from the file's day on overdue debts can be paid; 0 leaves them out
    overdue_days: Mapped[int] = mapped_column(sa.SmallInteger, default=30)
    # the second due date of documents with its surcharge goes along
    second_due: Mapped[bool] = mapped_column(default=True)
    # no new file while the payments of the former are not in
    wait_for_payments: Mapped[bool] = mapped_column(default=False)
    # business days after which a file of payments is missed; 0 never
    alarm_days: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    # from when on the plan is followed
    since: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)

    account: Mapped[Account] = relationship(Account)

    __table_args__ = (
        sa.CheckConstraint(f"every IN ({', '.join(repr(one) for one in EVERY)})", name="every"),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        sa.CheckConstraint("day BETWEEN 1 AND 28", name="day"),
    )
