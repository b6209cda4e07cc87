"""Charts of contracts for the home page: who came and who left by month, and how many each plan has."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup

from core import charts, clock, lists, once
from core.charts import Part, Series
from core.db import db
from core.i18n import _, format_amount, ngettext
from core.models import Company
from core.scope import current_company_id
from core.security import can
from core.templating import number
from modules.accounting import queries as accounting
from modules.contracts import queries, states
from modules.contracts.models import Contract, Plan

CENT, ZERO = Decimal("0.01"), Decimal("0.00")
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
    """How many contracts began, and how many ended, in each month; two charts ask."""
    return once.a_request(("contracts.came_and_left", months[0], months[-1]), lambda: _movement(months))


def _movement(months: list[tuple[dt.date, dt.date]]) -> tuple[list[int], list[int]]:
    """The same from the database: one statement, two ranges of an index."""
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


def arpu(company: Company) -> Markup:
    """What was billed per contract by month, in the company's currency: the average revenue per user."""
    if not can("accounting.view_documents"):
        return Markup("")
    invoices, months = lists.lists.get("accounting.invoices"), charts.months_until(clock.today(company))
    billed, contracts = accounting.billed_by_month(company), _in_use(months)
    of_each = {first: (billed[first] / count).quantize(CENT) if count else ZERO
               for (first, _last), count in zip(months, contracts, strict=True)}
    if not any(of_each.values()):
        return Markup("")
    shown = charts.since_something(months, lambda first, _last: bool(of_each[first]))
    title, words = _("Billed per contract (ARPU)"), [charts.month_words(first) for first, _last in shown]
    return charts.card(title, charts.bars("arpu", title, words, [Series(
        _("billed per contract"), [of_each[first] for first, _last in shown],
        [lists.url_of(invoices, origin="ours", date_from=first.isoformat(), date_to=last.isoformat())
         for first, last in shown])],
        show=lambda value: format_amount(value, company.currency)))


def _in_use(months: list[tuple[dt.date, dt.date]]) -> list[int]:
    """How many contracts there were at the end of each month: those of today, less who came, more who left since."""
    counts = queries.state_counts()
    now, found = counts.get(states.ACTIVE, 0) + counts.get(states.SUSPENDED, 0), []
    for came, left in reversed(list(zip(*_came_and_left(months), strict=True))):
        found.append(max(now, 0))
        now += left - came
    return found[::-1]


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
