"""What runs out: numbers of the range, days of the resolution, folios of the provider."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from core import clock
from core.db import db
from core.i18n import _, format_date
from modules.einvoice.models import Sequence
from modules.einvoice_co.models import ProviderAccess, Resolution

# days before its end from which a resolution is told, and from which it is urgent
TOLD, URGENT = 60, 7
# a range or a stock of folios is told when a tenth is left, at most this many
FEW = 1000


@dataclass(frozen=True)
class Ending:
    """Something that runs out, in a sentence; `step` of enabling mends it."""

    text: str
    urgent: bool
    step: str


def endings() -> list[Ending]:
    """Of the company in scope; a rehearsal's are nobody's concern."""
    found = [one for row in db.session.scalars(sa.select(Resolution).where(
        Resolution.active, Resolution.environment == "production")) for one in _of_resolution(row)]
    rows = db.session.scalars(sa.select(ProviderAccess).where(
        ProviderAccess.environment == "production", ProviderAccess.folios.is_not(None), ProviderAccess.folios < FEW))
    return found + [Ending(_("The Factory HKA has %(count)s documents left for us: buy more.", count=row.folios),
                           (row.folios or 0) < FEW // 10, "production.access") for row in rows]


def _of_resolution(row: Resolution) -> list[Ending]:
    found, today = [], clock.today()
    left = (row.valid_until - today).days
    if left < 0:
        found.append(Ending(_("The numbering resolution %(number)s ended on %(day)s: ask the DIAN for a new one to go "
                              "on issuing.", number=row.number, day=format_date(row.valid_until)), True,
                            "production.numbering"))
    elif row.valid_until <= today + dt.timedelta(days=TOLD):
        found.append(Ending(_("The numbering resolution %(number)s ends on %(day)s, in %(left)s days: ask the DIAN for "
                              "a new one.", number=row.number, day=format_date(row.valid_until), left=left),
                            left <= URGENT, "production.numbering"))
    numbers = row.last - max(_last(row), row.first - 1)
    if numbers <= min(FEW, (row.last - row.first + 1) // 10):
        found.append(Ending(_("%(count)s numbers of the range %(prefix)s are left: ask the DIAN for a new range.",
                              count=numbers, prefix=row.prefix), numbers <= FEW // 10, "production.numbering"))
    return found


def _last(row: Resolution) -> int:
    return int(db.session.scalar(sa.select(Sequence.last_number).where(
        Sequence.environment == row.environment, Sequence.series == row.prefix, Sequence.kind == "01")) or 0)
