"""Charts of money for the home page: billed and collected by month with what is owed, and how old that is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup

from core import charts, clock, lists, once
from core.charts import Part, Series
from core.db import db
from core.i18n import _, format_amount, format_date
from core.lists.filters import Days
from core.models import Company
from core.scope import current_company
from core.security import can
from modules.accounting import labels, overdue, summaries
from modules.accounting.models import Invoice
from modules.accounting.models.documents import OWED
from modules.accounting.summaries import Summary

ZERO = Decimal("0.00")
# how long documents are due, in days: (words, from, until, tone); None is open
AGES: tuple[tuple[Callable[[], str], int | None, int | None, str], ...] = (
    (lambda: _("not due yet"), None, 0, "ok"), (lambda: _("1 to 30 days"), 1, 30, "2"),
    (lambda: _("31 to 60 days"), 31, 60, "warn"), (lambda: _("61 to 90 days"), 61, 90, "late"),
    (lambda: _("more than 90 days"), 91, None, "bad"))


def money_year() -> dict[str, Summary]:
    """Thirteen months of each currency, read once per request and company."""
    first = charts.months_until(clock.today())[0][0]
    return dict(once.a_request("accounting.money_year", lambda: summaries.read(first)))


def this_month(what: str) -> Decimal:
    """What was billed or collected since the first, in the company's currency."""
    today = clock.today()
    month = charts.months_until(today, 1)[0]
    return money_year()[current_company().currency].between(what, *month)


def by_this_day_of_last_month(what: str) -> Decimal:
    """The same of last month, until the same day of it."""
    today = clock.today()
    first, last = charts.months_until(today, 2)[0]
    until = min(first + dt.timedelta(days=today.day - 1), last)
    return money_year()[current_company().currency].between(what, first, until)


def of_days(what: str, days: Days | None) -> Decimal | None:
    """What was billed or collected in these days, in the company's currency: what a bar says of the list it opens.

    A payment that is taken back counts on the day of that, and the list of the day that it came does not hold it any
    more: so the list alone does not add up to the bar. None where the days have no beginning or end.
    """
    if days is None or days.first is None or days.last is None:
        return None
    return summaries.read(days.first)[current_company().currency].between(what, days.first, days.last)


def money(_company: Company) -> Markup:
    """Billed and collected by month, with what was owed at its end: a chart per currency that moved."""
    if not can("accounting.view_payments"):
        return Markup("")
    home = current_company().currency
    moved = {currency: one for currency, one in money_year().items() if one.days or (currency == home and one.before)}
    return Markup("").join(charts.card(_title(currency, home), _by_month(currency, one))
                           for currency, one in moved.items())


def _title(currency: str, home: str) -> str:
    return _("Billed, collected, owed") if currency == home else _("Billed, collected, owed in %(currency)s",
                                                                   currency=currency)


def _by_month(currency: str, year: Summary) -> Markup:
    from modules.accounting.lists import DEBTORS, INVOICES, PAYMENTS

    billed, collected = year.by_month("billed"), year.by_month("collected")
    months = charts.since_something(charts.months_until(clock.today()), lambda first, last: bool(
        billed[first] or collected[first] or year.owed_after(last)))
    spans: list[dict[str, Any]] = [{"date_from": first.isoformat(), "date_to": last.isoformat()}
                                   for first, last in months]
    return charts.bars(
        f"money-{currency}", _title(currency, currency), [charts.month_words(first) for first, _last in months],
        [Series(_("billed"), [billed[first] for first, _last in months],
                [lists.url_of(INVOICES, origin="ours", **span) for span in spans]),
         Series(_("collected"), [collected[first] for first, _last in months],
                [lists.url_of(PAYMENTS, state="recorded", **span) for span in spans])],
        Series(_("owed at its end, less what was in favour"), [year.owed_after(last) for _first, last in months],
               [*[""] * (len(months) - 1), lists.url_of(DEBTORS)]),
        show=lambda value: format_amount(value, currency))


def by_day(company: Company) -> Markup:
    """What was collected on each day of this month, with the same day of last month as a line."""
    from modules.accounting.lists import PAYMENTS

    (before, end), (first, last) = charts.months_until(clock.today(company), 2)
    days = [first + dt.timedelta(days=place) for place in range(last.day)]
    collected = _collected(days)
    former = _collected([min(before + dt.timedelta(days=place), end) for place in range(last.day)])
    former[end.day:] = [ZERO] * len(former[end.day:])  # a shorter month has no 31st
    if not any(collected) and not any(former):
        return Markup("")
    title, spans = _("Collected per day of this month"), [day.isoformat() for day in days]
    return charts.card(title, charts.bars(
        "by-day", title, [(str(day.day), format_date(day)) for day in days],
        [Series(_("collected"), collected, [
            lists.url_of(PAYMENTS, state="recorded", date_from=day, date_to=day) for day in spans])],
        Series(_("on the same day of last month"), former), show=lambda value: format_amount(value, company.currency)))


def _collected(days: list[dt.date]) -> list[Decimal]:
    year = money_year()[current_company().currency]
    return [year.on("collected", day) for day in days]


def by_method(company: Company) -> Markup:
    """How this month's money came: each method of payment with its share."""
    from modules.accounting.lists import PAYMENTS

    first, last = charts.months_until(clock.today(company), 1)[0]
    amounts = summaries.by_method(company.currency, first, last)
    total = sum(amounts.values(), ZERO)
    if total <= 0:
        return Markup("")
    span: dict[str, Any] = {"state": "recorded", "date_from": first.isoformat(), "date_to": last.isoformat()}
    parts = [Part(labels.method_of(code), amount, lists.url_of(PAYMENTS, method=code, **span))
             for code, amount in sorted(amounts.items(), key=lambda one: (-one[1], one[0]))]
    title = _("Collected this month, by payment method")
    return charts.card(title, charts.ranked("by-method", title, parts, show=lambda value: _(
        "%(amount)s · %(share)s %%", amount=format_amount(value, company.currency), share=round(value * 100 / total))))


def ageing(company: Company) -> Markup:
    """What is not paid, by how long it is due, in the company's currency."""
    from modules.accounting.lists import INVOICES

    amounts = _open_by_age(company, clock.today(company))
    if not any(amounts):
        return Markup("")
    parts = [Part(words(), amounts[place], lists.url_of(INVOICES, state="open", **_due(company, since, until)), tone)
             for place, (words, since, until, tone) in enumerate(AGES)]
    return charts.card(_("Not paid, by how long it is due"), charts.stacked(
        "ageing", _("Not paid, by how long it is due"), parts,
        show=lambda value: format_amount(value, company.currency)))


def _open_by_age(company: Company, today: dt.date) -> list[Decimal]:
    """One pass over the index of what is owed: no document is read, whether open or paid."""
    rows = db.session.execute(_by_age(company, today))
    found = {row[0]: row[1] for row in rows}
    # what comes in another way is as old as its own day says
    for before, after, amount in overdue.moved(company.id, company.currency, lambda day: _age(day, today)):
        found[before], found[after] = (found.get(before) or ZERO) - amount, (found.get(after) or ZERO) + amount
    return [found.get(index) or ZERO for index in range(len(AGES))]


def _age(day: Any, today: dt.date) -> Any:
    """The place in AGES of an expression of a day."""
    starts: list[Any] = [(day >= today - dt.timedelta(days=until), place)
                         for place, (_words, _since, until, _tone) in enumerate(AGES) if until is not None]
    return sa.case(*starts, else_=len(AGES) - 1)


def _by_age(company: Company, today: dt.date) -> sa.Select[Any]:
    place = _age(sa.func.coalesce(Invoice.due_date, Invoice.issue_date), today)
    return sa.select(place, sa.func.sum(Invoice.open_amount)).where(
        sa.text(OWED), Invoice.company_id == company.id, Invoice.currency == company.currency).group_by(place)


def _due(company: Company, since: int | None, until: int | None) -> dict[str, Any]:
    today = clock.today(company)
    ends = {"due_to": since, "due_from": until}
    return {name: (today - dt.timedelta(days=days)).isoformat() for name, days in ends.items() if days is not None}
