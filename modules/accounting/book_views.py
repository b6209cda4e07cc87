"""Staff pages of the accountant: what is not closed, the ledger, its entries."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import render_template, request
from markupsafe import Markup

from core import clock, lists, months
from core.db import db, find
from core.models import User
from core.security import require
from modules.accounting import books, closing, ledger
from modules.accounting.blueprint import bp
from modules.accounting.books import ENTRIES
from modules.accounting.models import Entry, Invoice, Payment


def month_of(text: str) -> tuple[dt.date, dt.date]:
    """First and last day of a month written as 2026-11; of the month before this one where it is not one."""
    try:
        first = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        first = months.add(months.of(clock.today()), -1)
    return months.bounds(first)


@bp.get("/month-end")
@require("accounting.view_ledger")
def month_end() -> Any:
    """What keeps a month from being closed, each with its list."""
    first, last = month_of(request.args.get("month", ""))
    checks = closing.month_end(first, last)
    policy = ledger.policy()
    person = db.session.get(User, policy.locked_by) if policy.locked_by else None
    return render_template("accounting/month_end.html", first=first, last=last, checks=checks,
                           answer=closing.answer(checks), policy=policy, person=person,
                           months=list(closing.months_with_entries()), over=last < clock.today())


@bp.get("/ledger")
@require("accounting.view_ledger")
def books_page() -> Any:
    """Every account with what moved on it in a month; each figure opens its entries."""
    first, last = month_of(request.args.get("month") or clock.today().strftime("%Y-%m"))
    known = books.currencies()
    currency = request.args.get("currency", "")
    currency = currency if currency in known else known[0]
    return render_template("accounting/books.html", first=first, last=last, currency=currency, currencies=known,
                           accounts=books.moved(first, last, currency), months=list(closing.months_with_entries()))


@lists.at(bp, "/ledger/entries", ENTRIES)
def entries(shown: lists.Shown) -> Any:
    """The entries, the latest first."""
    return shown.render()


@bp.get("/ledger/entries/<int:entry_id>")
@require("accounting.view_ledger")
def entry(entry_id: int) -> Any:
    """One entry: its sides, and the document or payment that it books."""
    row = find(Entry, entry_id)
    return render_template("accounting/entry.html", entry=row, title=books.title_of(row), sides=books.sides(row),
                           kinds=books.KINDS)


def entries_part(row: Invoice | Payment) -> Markup:
    """The entries of a document or payment, on its page."""
    what = {"payment_id": row.id} if isinstance(row, Payment) else {"invoice_id": row.id}
    found = books.entries_of(**what)
    return Markup(render_template("accounting/_entries.html", entries=found, kinds=books.KINDS) if found else "")
