"""Charts of contracts for the home page: who came and who left by month, and how many each plan has."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup

from core import charts, clock, lists
from core.charts import Part, Series
from core.db import db
from core.i18n import _, ngettext
from core.models import Company
from core.scope import current_company_id
from core.templating import number
from modules.contracts import states
from modules.contracts.models import Contract, Plan

# plans with a row of their own; the others share one
ROWS = 8


def comings(company: Company) -> Markup:
    """Contracts that began and that ended by month, and the difference as a line."""
    from modules.contracts.lists import CONTRACTS

    months = charts.months_until(clock.today(company))
    came, left = _came_and_left(months)
    if not any([*came, *left]):
        return Markup("")
    spans = [(first.isoformat(), last.isoformat()) for first, last in months]
    title = _("Contracts that began and ended")
    return charts.card(title, charts.bars(
        "comings", title, [charts.month_words(first) for first, _last in months],
        [Series(_("began"), came, [lists.url_of(CONTRACTS, since_from=a, since_to=b) for a, b in spans]),
         Series(_("gone"), left, [lists.url_of(CONTRACTS, state="ended", ends_from=a, ends_to=b) for a, b in spans])],
        Series(_("difference"), [one - other for one, other in zip(came, left, strict=True)]), show=number),
        _balance(sum(came) - sum(left)))


def _balance(net: int) -> str:
    if net < 0:
        return ngettext("%(num)s contract fewer than a year ago", "%(num)s contracts fewer than a year ago", -net)
    return ngettext("%(num)s contract more than a year ago", "%(num)s contracts more than a year ago", net)


def _came_and_left(months: list[tuple[dt.date, dt.date]]) -> tuple[list[int], list[int]]:
    """How many contracts began, and how many ended, in each month: one statement, two ranges of an index."""
    came = _by_month("came", Contract.billing_from, months, Contract.state.in_(
        (states.ACTIVE, states.SUSPENDED, states.ENDED)))
    left = _by_month("left", Contract.ends_on, months, Contract.state == states.ENDED)
    found = {(row[0], int(row[1]), int(row[2])): row[3] for row in db.session.execute(sa.union_all(came, left))}
    began, gone = ([found.get((what, first.year, first.month), 0) for first, _last in months]
                   for what in ("came", "left"))
    return began, gone


def _by_month(what: str, column: Any, months: list[tuple[dt.date, dt.date]], condition: Any) -> sa.Select[Any]:
    year, month = sa.extract("year", column), sa.extract("month", column)
    return sa.select(sa.literal(what), year, month, sa.func.count(Contract.id)).where(
        column.between(months[0][0], months[-1][1]), condition,
        Contract.company_id == current_company_id()).group_by(year, month)


def plans(_company: Company) -> Markup:
    """Contracts in service by plan, the largest first."""
    from modules.contracts.lists import CONTRACTS

    of_each = sa.select(Contract.plan_id, sa.func.count(Contract.id).label("contracts")).where(
        Contract.state == states.ACTIVE).group_by(Contract.plan_id).subquery()
    rows = db.session.execute(sa.select(Plan.id, Plan.name, of_each.c.contracts).join(
        of_each, of_each.c.plan_id == Plan.id)).all()
    if not rows:
        return Markup("")
    counts, names = {row[0]: row[2] for row in rows}, {row[0]: row[1] for row in rows}
    ranked = sorted(counts, key=lambda plan_id: (-counts[plan_id], names[plan_id]))
    parts = [Part(names[one], counts[one], lists.url_of(CONTRACTS, state="active", plan=one)) for one in ranked[:ROWS]]
    if rest := ranked[ROWS:]:
        parts.append(Part(_("other plans"), sum(counts[one] for one in rest), lists.url_of(
            CONTRACTS, state="active", plan=",".join(map(str, rest[:50])))))
    title = _("Active contracts by plan")
    return charts.card(title, charts.ranked("plans", title, parts, show=number))
