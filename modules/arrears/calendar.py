"""When nobody is cut: nights, holidays of the country and the province, days without staff, moratoria. Pure.

The days of rest and the laws they come from stand in crm's table of holidays; days of the company's own are rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from modules.arrears.facts import Debtor, Moment, Rules
from modules.crm import holidays

DAY = dt.timedelta(days=1)
# a day on which cuts are possible comes within so many days, or the rules forbid every day
LONGEST = 60


@dataclass(frozen=True)
class OwnDay:
    """A day of the company's own: without staff, or worked although the calendar says otherwise. zone: where."""

    day: dt.date
    works: bool
    zone_id: int | None = None
    name: str = ""


@dataclass(frozen=True)
class Stay:
    """A moratorium: nobody of the zone is cut from `first` to `last`, nor within `catch_up` days after it.

    `ended`: when somebody ended it before, in the company's zone. Of that day only the hours before were spared; it is
    the first of the days after it.
    """

    id: int
    first: dt.date
    last: dt.date | None
    catch_up: int
    zone_id: int | None = None
    reason: str = ""
    ended: dt.datetime | None = None

    @property
    def through(self) -> dt.date | None:
        """The last day that it spares as a whole; None while it has no end."""
        return self.ended.date() - DAY if self.ended else self.last

    def holds(self, day: dt.date, moment: dt.datetime | None = None) -> bool:
        """On that day as a whole, or at a moment of it."""
        held_then = moment is not None and self.ended is not None and moment < self.ended
        return self.first <= day and (held_then or self.through is None or day <= self.through)

    def follows(self, day: dt.date) -> bool:
        """Whether it is over, but who is due is being told first."""
        return self.through is not None and self.through < day <= self.through + self.catch_up * DAY


@dataclass(frozen=True)
class Calendar:
    """The company's country and its own days."""

    country: str
    own: tuple[OwnDay, ...] = ()
    stays: tuple[Stay, ...] = ()
    _known: dict[tuple[dt.date, int | None], OwnDay] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for one in self.own:
            self._known[one.day, one.zone_id] = one

    def free(self, rules: Rules, day: dt.date, zone_id: int | None = None, region: str = "") -> tuple[str, str]:
        """(why nobody works on that day, its name): holiday, no_staff; ("", "") where somebody does."""
        own = self._known.get((day, zone_id)) or self._known.get((day, None))
        if own is not None:
            return ("", "") if own.works else ("no_staff", own.name)
        if rules.free_holidays and (name := holidays.name_of(day, self.country, region)):
            return "holiday", name
        return ("no_staff", "") if day.weekday() in rules.free_weekdays else ("", "")

    def refuses(self, rules: Rules, moment: Moment, zone_id: int | None = None, region: str = "") -> tuple[str, str]:
        """(why nobody is cut at that moment, a name): holiday, no_staff, eve, hour; ("", "") where one may."""
        if (why := self.refuses_day(rules, moment.day, zone_id, region))[0]:
            return why
        open_now = moment.whole_day or rules.cut_hour <= moment.local.hour < max(rules.cut_until_hour,
                                                                                 rules.cut_hour + 1)
        return ("", "") if open_now else ("hour", "")

    def refuses_day(self, rules: Rules, day: dt.date, zone_id: int | None = None, region: str = "") -> tuple[str, str]:
        """As `refuses`, whatever the hour."""
        if (why := self.free(rules, day, zone_id, region))[0]:
            return why
        if rules.free_eves and (why := self.free(rules, day + DAY, zone_id, region))[0]:
            return "eve", why[1]
        return "", ""

    def opening(self, rules: Rules, local: dt.datetime, zone_id: int | None = None, region: str = "") -> dt.datetime:
        """That time, or the next one at which people are there: a promise never ends at night or on a free day."""
        for day in _days(local.date()):
            if self.refuses_day(rules, day, zone_id, region)[0]:
                continue
            first = dt.datetime.combine(day, dt.time(rules.cut_hour), local.tzinfo)
            last = first + dt.timedelta(hours=max(rules.cut_until_hour - rules.cut_hour, 1))
            if local < last:
                return max(local, first)
        return local

    def cut_day(self, debtor: Debtor, day: dt.date) -> dt.date | None:
        """The first day from `day` on, on which this debtor can be cut; None within the longest time."""
        for one in _days(day):
            if not self.stay(debtor.zone_id, one)[0] and not self.refuses_day(debtor.rules, one, debtor.zone_id,
                                                                               debtor.region)[0]:
                return one
        return None

    def stay(self, zone_id: int | None, day: dt.date, moment: dt.datetime | None = None) -> tuple[str, Stay | None]:
        """(moratorium or after_moratorium, which); ("", None) where there is none. `moment`: not the whole day."""
        own = [one for one in self.stays if one.zone_id in (None, zone_id)]
        for one in own:
            if one.holds(day, moment):
                return "moratorium", one
        for one in own:
            if one.follows(day):
                return "after_moratorium", one
        return "", None

    def latest_stay(self, zone_id: int | None, day: dt.date) -> Stay | None:
        """The moratorium that holds or was over last: who was due then is told anew."""
        own: Sequence[Stay] = [one for one in self.stays if one.zone_id in (None, zone_id) and one.first <= day]
        return max(own, key=lambda one: (one.through or dt.date.max, one.id), default=None)


def _days(first: dt.date) -> Iterator[dt.date]:
    for count in range(LONGEST):
        yield first + count * DAY
