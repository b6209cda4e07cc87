"""The chart of arrears on the home page: services that were cut and restored on each day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup

from core import charts, clock, lists
from core.charts import Series
from core.db import db
from core.i18n import _, format_date
from core.lists.filters import midnight
from core.models import Company
from core.templating import number
from modules.arrears.lists import CUTS
from modules.arrears.models import Cut

DAYS = 30


def cut_and_restored(company: Company) -> Markup:
    """How many services were cut for debt, and how many came back, on each of the last thirty days."""
    today = clock.today(company)
    days = [today - dt.timedelta(days=back) for back in reversed(range(DAYS))]
    cut, restored = _by_day(days)
    if not any([*cut, *restored]):
        return Markup("")
    title, spans = _("Cut for debt and restored, by day"), [day.isoformat() for day in days]
    return charts.card(title, charts.bars(
        "cuts", title, [(str(day.day), format_date(day)) for day in days],
        [Series(_("services cut"), cut, [lists.url_of(CUTS, at_from=day, at_to=day) for day in spans]),
         Series(_("services restored"), restored, [lists.url_of(CUTS, ended_from=day, ended_to=day) for day in spans])],
        show=number))


def _by_day(days: list[dt.date]) -> tuple[list[int], list[int]]:
    """(cut, restored) by day, in the company's zone: one statement, a range of an index for each."""
    found = {(row[0], row[1]): row[2] for row in db.session.execute(
        sa.union_all(_counted("cut", Cut.at, days), _counted("restored", Cut.ended_at, days)))}
    cut, restored = ([found.get((what, place), 0) for place in range(len(days))] for what in ("cut", "restored"))
    return cut, restored


def _counted(what: str, column: Any, days: list[dt.date]) -> sa.Select[Any]:
    """(what, place of the day, how many); a day begins at the company's midnight, which a column of UTC cannot know."""
    starts = [midnight(day) for day in days]
    place = sa.case(*((column < start, index) for index, start in enumerate(starts[1:])), else_=len(starts) - 1)
    return sa.select(sa.literal(what).label("what"), place.label("place"), sa.func.count()).where(
        column >= starts[0], column < midnight(days[-1] + dt.timedelta(days=1))).group_by(sa.text("2"))
