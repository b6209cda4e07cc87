"""Which automatic runs are due: the profile's day and hour, by the clock of the company."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from core import months
from core.db import db
from core.models import Company
from modules.contracts.models import BillingProfile, Contract

# how many days a run that was missed (the machine was off) is made up for
LATE = 3


@dataclass(frozen=True)
class Due:
    """A run of the contracts of a profile whose billing day is `billing_day`."""

    profile_id: int
    billing_day: int
    day: dt.date
    month: dt.date


def due(company: Company, moment: dt.datetime) -> list[Due]:
    """What is due at this local moment of the company, today's or missed in the last days."""
    profiles = db.session.scalars(sa.select(BillingProfile).where(
        BillingProfile.company_id == company.id, BillingProfile.automatic, BillingProfile.active)).all()
    found = []
    for profile in profiles:
        for billing_day in sorted({profile.billing_day, *_own_days(company)}):
            found += [Due(profile.id, billing_day, day, months.of(day)) for day in _days(moment, profile.run_hour)
                      if day.day == billing_day]
    return found


def _days(moment: dt.datetime, hour: int) -> list[dt.date]:
    """The days, of the last few, whose hour has come."""
    today = moment.date()
    newest = today if moment.hour >= hour else today - dt.timedelta(days=1)
    return [newest - dt.timedelta(days=back) for back in range(LATE)]


def _own_days(company: Company) -> list[int]:
    """The billing days that contracts have of their own."""
    return list(db.session.scalars(sa.select(Contract.billing_day).distinct().where(
        Contract.company_id == company.id, Contract.billing_day.is_not(None))))
