"""By which rules one is warned, cut and spared, beside what the billing profile says; and the calendar of cut-offs."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core import clock
from core.db import BigId, CompanyScoped, JSONText, Model, UTCDateTime
from core.models import User
from modules.contracts.models import BillingProfile
from modules.crm.models import Zone


class ArrearsPolicy(CompanyScoped, Model):
    """What a billing profile does not say about arrears. Days of notices, day and hour of the cut, smallest debt,
    surcharge and charge for reconnection stand in the profile; a profile without a row here has these defaults."""

    __tablename__ = "arrears_policy"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    profile_id: Mapped[int] = mapped_column(sa.ForeignKey("contracts_billing_profile.id"), unique=True)
    # cut by itself; else somebody approves each cut-off
    automatic: Mapped[bool] = mapped_column(default=True)
    # how many documents must be overdue
    minimum_invoices: Mapped[int] = mapped_column(sa.SmallInteger, default=1)
    # nobody is cut within so many days of his first day of service
    new_customer_days: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    # contracts that are free of charge are not cut
    spare_courtesy: Mapped[bool] = mapped_column(default=True)
    # debts that no contract was billed for (antennas by hand, opening balances) count for all of the customer's
    counts_other_debt: Mapped[bool] = mapped_column(default=True)
    # days before (negative: after) the second due date on which notices go out
    second_notice_days: Mapped[list[int]] = mapped_column(JSONText, default=list)
    # a last notice so many days before the cut; null: none
    warn_days: Mapped[int | None] = mapped_column(sa.SmallInteger, default=1)
    # no cut from this hour on, in the company's zone; it begins at the profile's hour
    cut_until_hour: Mapped[int] = mapped_column(sa.SmallInteger, default=17)
    # days of the week without staff, Monday is 0; on the day before one, who pays late would stay cut over it
    free_weekdays: Mapped[list[int]] = mapped_column(JSONText, default=lambda: [5, 6])
    free_holidays: Mapped[bool] = mapped_column(default=True)
    free_eves: Mapped[bool] = mapped_column(default=True)
    # promises: how long they last, how many within so many days, and whether the subscriber can make them himself
    promise_hours: Mapped[int] = mapped_column(sa.SmallInteger, default=48)
    promises_most: Mapped[int] = mapped_column(sa.SmallInteger, default=3)
    promises_days: Mapped[int] = mapped_column(sa.SmallInteger, default=60)
    # after so many broken ones within those days there is none
    promises_broken_most: Mapped[int] = mapped_column(sa.SmallInteger, default=2)
    promises_online: Mapped[bool] = mapped_column(default=True)
    # a proof of payment restores for so long while it waits to be looked at
    proof_hours: Mapped[int] = mapped_column(sa.SmallInteger, default=72)

    profile: Mapped[BillingProfile] = relationship()

    __table_args__ = (
        sa.CheckConstraint("minimum_invoices >= 1 AND new_customer_days >= 0", name="spared"),
        sa.CheckConstraint("cut_until_hour BETWEEN 1 AND 24", name="hours"),
        sa.CheckConstraint("warn_days IS NULL OR warn_days >= 0", name="warning"),
        sa.CheckConstraint("promise_hours BETWEEN 1 AND 480 AND promises_most >= 0 AND promises_days >= 1 AND "
                           "promises_broken_most >= 0 AND proof_hours BETWEEN 1 AND 480", name="relief"),
    )

    def __str__(self) -> str:
        return str(self.profile or "")


class Day(CompanyScoped, Model):
    """A day that is otherwise than the calendar says: without staff, or worked although it is a holiday."""

    __tablename__ = "arrears_day"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[dt.date] = mapped_column(sa.Date)
    # there is staff on that day: cuts are possible
    works: Mapped[bool] = mapped_column(default=False)
    # null: everywhere
    zone_id: Mapped[int | None] = mapped_column(sa.ForeignKey("crm_zone.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(100), default="")

    zone: Mapped[Zone | None] = relationship()

    __table_args__ = (sa.Index("ix_arrears_day_list", "company_id", "day"),)

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y} {self.name}".strip()


class Moratorium(CompanyScoped, Model):
    """Days on which nobody of a zone (of all zones) is cut: a flood, an order of the regulator."""

    __tablename__ = "arrears_moratorium"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    zone_id: Mapped[int | None] = mapped_column(sa.ForeignKey("crm_zone.id"), index=True)
    first_day: Mapped[dt.date] = mapped_column(sa.Date)
    # null: until it is switched off; of one that was, the day of that
    last_day: Mapped[dt.date | None] = mapped_column(sa.Date)
    # after it cuts go on so many days later, and who is due is told before
    catch_up_days: Mapped[int] = mapped_column(sa.SmallInteger, default=3)
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UTCDateTime, default=clock.now)
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))
    # somebody switched it off: from this moment on it spares nobody
    ended_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[int | None] = mapped_column(sa.ForeignKey("core_user.id"))

    zone: Mapped[Zone | None] = relationship()
    ender: Mapped[User | None] = relationship(foreign_keys=[ended_by])

    __table_args__ = (
        sa.CheckConstraint("last_day IS NULL OR last_day >= first_day", name="days"),
        sa.CheckConstraint("catch_up_days >= 0", name="catch_up"),
    )

    def __str__(self) -> str:
        return self.reason or f"{self.first_day:%d/%m/%Y}"
