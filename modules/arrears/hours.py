"""When people are cut by hand: as by the rules neither at night nor on a free day, unless somebody says why it must be.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.db import db
from modules.arrears import reading, running, wording
from modules.arrears.facts import Spared
from modules.arrears.models import BatchItem
from modules.contracts.models import Contract
from modules.crm import regions
from modules.crm.models import Address, Customer

# what the calendar depends on: profile, zone, province as written
Group = tuple[int | None, int | None, str | None]


@dataclass(frozen=True)
class Shut:
    """Those of a cut-off whom the calendar forbids to cut now, and when it first allows one of them."""

    groups: tuple[Group, ...]
    words: str
    until: dt.datetime
    # nobody is left who may be cut now
    everybody: bool

    def others(self) -> tuple[sa.ColumnElement[bool], ...]:
        """The items that are not of these."""
        found = (sa.select(Contract.id).join(Customer, Customer.id == Contract.customer_id)
                 .outerjoin(Address, Address.id == Contract.address_id)
                 .where(sa.or_(*(_is(one) for one in self.groups))))
        return (sa.false(),) if self.everybody else (BatchItem.contract_id.not_in(found),)


def waiting(batch_id: int, stages: int) -> tuple[sa.ColumnElement[bool], ...]:
    """The items that are still to be cut in the first so many stages."""
    return BatchItem.batch_id == batch_id, BatchItem.state == "waiting", BatchItem.stage < stages


def shut(batch_id: int, stages: int) -> Shut | None:
    """Whom of these stages the calendar spares now; None where it spares nobody."""
    known, moment = reading.context(), running.now()
    groups: list[Group] = [(row[0], row[1], row[2]) for row in db.session.execute(
        sa.select(Contract.profile_id, Customer.zone_id, Address.region).distinct().select_from(BatchItem)
        .join(Contract, Contract.id == BatchItem.contract_id).join(Customer, Customer.id == Contract.customer_id)
        .outerjoin(Address, Address.id == Contract.address_id).where(*waiting(batch_id, stages)))]
    found: list[tuple[dt.datetime, str, Group]] = []
    for profile_id, zone_id, region in groups:
        rules = known.rules_of(profile_id, zone_id)
        where = zone_id, regions.code(known.company.country, region or "") or known.region
        why, name = known.calendar.refuses(rules, moment, *where)
        if why:
            data: dict[str, Any] = {"name": name, "from": rules.cut_hour, "to": rules.cut_until_hour}
            found.append((known.calendar.opening(rules, moment.local, *where).astimezone(dt.UTC),
                          wording.spared(Spared(0, "", 0, "", why, data=data)), (profile_id, zone_id, region)))
    if not found:
        return None
    first = min(found, key=lambda one: one[0])
    return Shut(tuple(one[2] for one in found), first[1], first[0], len(found) == len(groups))


def _is(group: Group) -> sa.ColumnElement[bool]:
    profile_id, zone_id, region = group
    return sa.and_(Contract.profile_id.is_not_distinct_from(profile_id), Customer.zone_id.is_not_distinct_from(zone_id),
                   Address.region.is_not_distinct_from(region))
