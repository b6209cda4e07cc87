"""What gateways put on the home page: money that waits for a person, gateways that are away, forged notices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from flask import render_template, url_for
from markupsafe import Markup

from core.db import db
from core.i18n import _, format_date, lazy, ngettext
from core.lists import url_of
from core.slots import NOTICE
from modules.gateways import inbox, payers, plans
from modules.gateways.lists import FILES, NOTICES, TRANSACTIONS, WAITS
from modules.gateways.models import File, FilePlan, Transaction

# files that somebody must look at
UNSENT = {"unknown": lazy("not known whether it arrived"), "made": lazy("made, not sent")}


def todo(_company: Any) -> Markup:
    """Lines that open their lists; nothing where nothing waits."""
    return Markup("").join(NOTICE.format(*line) for line in _lines())


def payer_codes(customer: Any) -> str:
    """The tab of a customer: by which codes gateways know him."""
    return render_template("gateways/payer_codes.html", customer=customer, known=payers.known(customer),
                           words=payers.WORDS)


def _lines() -> Iterator[tuple[str, str, str]]:
    count, forged = _counted()
    if count:
        yield "warn", url_of(TRANSACTIONS, state="waiting"), ngettext(
            "%(num)s payment of a gateway waits for you", "%(num)s payments of gateways wait for you", count)
    watched = plans.watched()
    for account in (account for account, _plan in watched if account.trouble):
        yield "bad", url_for("gateways.account_list"), _("%(account)s cannot be reached, or does not take its keys",
                                                        account=account.name)
    yield from _files([plan for _account, plan in watched if plan is not None])
    if forged:
        yield "bad", url_of(NOTICES, state="refused"), ngettext(
            "%(num)s forged notice of a gateway within an hour", "%(num)s forged notices of gateways within an hour",
            forged)


def _counted() -> tuple[int, int]:
    """(payments that wait for a person, forged notices where they are many), in one statement."""
    waiting = sa.select(sa.func.count()).select_from(Transaction).where(WAITS)
    forged = inbox.forged_lately_by_account().subquery()
    row = db.session.execute(sa.select(waiting.scalar_subquery(),
                                       sa.select(sa.func.sum(forged.c.count)).scalar_subquery())).one()
    return int(row[0] or 0), int(row[1] or 0)


def _files(known: Sequence[FilePlan]) -> Iterator[tuple[str, str, str]]:
    """Files that were not made or did not come, and those that somebody must look at."""
    for account, day in plans.missed(known):
        yield "bad", url_of(FILES, direction="out"), _("%(account)s: the file of debts of %(day)s was not made",
                                                       account=account.name, day=format_date(day))
    for account, day in plans.silent(known):
        yield "bad", url_of(FILES, direction="in"), _("%(account)s: no file of payments since %(day)s",
                                                      account=account.name, day=format_date(day))
    for row in db.session.execute(sa.select(File.id, File.name, File.state).where(
            File.direction == "out", File.state.in_(UNSENT)).order_by(File.id.desc()).limit(10)):
        yield "bad" if row.state == "unknown" else "warn", url_for("gateways.file", file_id=row.id), _(
            "%(file)s: %(state)s", file=row.name, state=str(UNSENT[row.state]))
