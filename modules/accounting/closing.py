"""What accounting itself says about a month that is to be closed; other modules add theirs to `ports.closing`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app, url_for

from core import clock, modules, months
from core.db import db
from core.i18n import _, lazy, ngettext
from core.lists.filters import midnight
from core.scope import current_company
from core.security import can
from modules.accounting import queries
from modules.accounting.models import Entry, Invoice, Numbering, Payment
from modules.accounting.models.documents import READY_STATES
from modules.accounting.numbering import RECEIPT
from modules.accounting.ports import OpenPoint, closing
from modules.notifications.models import Message


def count(wanted: sa.Select[Any]) -> int:
    """How many rows a select of ids has."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0


def between(column: Any, first: dt.date, last: dt.date) -> sa.ColumnElement[bool]:
    """The moments of these days in the company's zone."""
    return sa.and_(column >= midnight(first), column < midnight(last + dt.timedelta(days=1)))


class Payments:
    """Money that came and pays nothing, while something of the same customer is open."""

    title = lazy("Payments")
    permission = "accounting.view_payments"
    order = 20

    def open_points(self, first: dt.date, last: dt.date) -> list[OpenPoint]:
        days: dict[str, Any] = {"date_from": first.isoformat(), "date_to": last.isoformat()}
        free = sa.select(Payment.id).where(Payment.paid_on.between(first, last), Payment.state == "recorded",
                                           Payment.open_amount != 0)
        debt = sa.exists().where(Invoice.customer_id == Payment.customer_id, Invoice.currency == Payment.currency,
                                 Invoice.open_amount != 0, Invoice.kind != "credit_note", Invoice.state == "issued")
        waiting, favour = count(free.where(debt)), count(free.where(~debt))
        url = url_for("accounting.payments", state="favour", **days)
        found = []
        if waiting:
            found.append(OpenPoint(ngettext(
                "%(num)s payment is not used although its customer owes",
                "%(num)s payments are not used although their customers owe", waiting), url, "bad"))
        if favour:
            found.append(OpenPoint(ngettext(
                "%(num)s payment belongs to no document: it is in favour",
                "%(num)s payments belong to no document: they are in favour", favour), url))
        return found


class Numbers:
    """Receipts are numbered without gaps."""

    title = lazy("Numbers of receipts")
    permission = "accounting.view_payments"
    order = 40

    def open_points(self, first: dt.date, last: dt.date) -> list[OpenPoint]:
        given = db.session.scalar(sa.select(Numbering.next_number).where(Numbering.name == RECEIPT)) or 1
        ours = Payment.company_id == current_company().id
        missing = given - 1 - (db.session.scalar(sa.select(sa.func.count()).select_from(Payment).where(ours)) or 0)
        return [OpenPoint(ngettext("%(num)s number of a receipt is missing: %(which)s",
                                   "%(num)s numbers of receipts are missing: %(which)s", missing,
                                   which=queries.gaps(Payment.number, 1, given - 1, ours)),
                          url_for("accounting.payments"), "bad")] if missing else []


class Papers:
    """Documents that are final have their PDF."""

    title = lazy("Printed documents")
    permission = "accounting.view_documents"
    order = 50

    def open_points(self, first: dt.date, last: dt.date) -> list[OpenPoint]:
        missing = count(sa.select(Invoice.id).where(
            Invoice.issue_date.between(first, last), Invoice.state == "issued", Invoice.pdf_file_id.is_(None),
            Invoice.legal_state.in_(READY_STATES), Invoice.origin != "import"))
        url = url_for("accounting.invoices", paper="missing", date_from=first.isoformat(), date_to=last.isoformat())
        return [OpenPoint(ngettext("%(num)s document has no PDF yet", "%(num)s documents have no PDF yet", missing),
                          url)] if missing else []


class Notices:
    """What customers should have been sent. Notices lie below accounting and cannot say so themselves."""

    title = lazy("Notices")
    permission = "notifications.view_messages"
    order = 60
    GROUPS = (("waiting", ("queued", "sending"), "warn"), ("problem", ("failed", "unknown"), "bad"),
              ("returned", ("bounced", "suppressed"), "warn"), ("no_address", ("no_address",), "warn"))

    def open_points(self, first: dt.date, last: dt.date) -> list[OpenPoint]:
        rows = db.session.execute(sa.select(Message.state, sa.func.count()).where(
            between(Message.created_at, first, last), Message.state != "sent",
            Message.customer_id.is_not(None)).group_by(Message.state))  # without tests of a text
        known: dict[str, int] = dict(rows.tuples().all())
        days: dict[str, Any] = {"queued_from": first.isoformat(), "queued_to": last.isoformat()}
        return [OpenPoint(_words(group, number), url_for("notifications.outbox", group=group, **days), tone)
                for group, states, tone in self.GROUPS if (number := sum(known.get(state, 0) for state in states))]


def _words(group: str, number: int) -> str:
    if group == "waiting":
        return ngettext("%(num)s notice waits to be sent", "%(num)s notices wait to be sent", number)
    if group == "problem":
        return ngettext("%(num)s notice was not sent", "%(num)s notices were not sent", number)
    if group == "returned":
        return ngettext("%(num)s notice came back", "%(num)s notices came back", number)
    return ngettext("%(num)s notice had no address to go to", "%(num)s notices had no address to go to", number)


# --- the list ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Point:
    """A line of the month-end list: what was looked at, and what is open there.

    `hidden` is the title of the permission that the person lacks: then nothing was looked at.
    """

    title: Any
    points: list[OpenPoint]
    hidden: Any = ""


def month_end(first: dt.date, last: dt.date) -> list[Point]:
    """Every check of the company's country with what is open in these days; those that the person may not see last."""
    here = (None, current_company().country)
    wanted = sorted(((not can(check.permission), check.order, key, check) for key, check in closing.items()
                     if modules.country_of(type(check).__module__) in here), key=lambda one: one[:3])
    titles = modules.permissions(current_app.extensions["abona_modules"])
    return [Point(check.title, [], titles.get(check.permission, check.permission)) if hidden else
            Point(check.title, list(check.open_points(first, last))) for hidden, _order, _key, check in wanted]


def answer(checks: Sequence[Point]) -> str:
    """What the list says in one line. A check that the person may not see is never called in order."""
    found, hidden = sum(len(one.points) for one in checks), sum(bool(one.hidden) for one in checks)
    said = [ngettext("%(num)s thing is not closed.", "%(num)s things are not closed.", found)] if found else []
    if hidden:
        said.append(ngettext("%(num)s check you may not see.", "%(num)s checks you may not see.", hidden))
    return " ".join(said) or _("Nothing is open: the month can be closed.")


def months_with_entries() -> Iterator[dt.date]:
    """The first days of the months in which anything was booked, the latest first; two years at most."""
    edges = db.session.execute(sa.select(sa.func.min(Entry.date), sa.func.max(Entry.date)).where(
        Entry.company_id == current_company().id)).one()
    month = max(edges[1] or clock.today(), clock.today()).replace(day=1)
    begin = (edges[0] or month).replace(day=1)
    for _number in range(24):
        if month < begin:
            return
        yield month
        month = months.add(month, -1)
