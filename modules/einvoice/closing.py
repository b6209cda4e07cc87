"""What legal documents say about a month that is to be closed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import url_for

from core import lists
from core.db import db
from core.i18n import _, lazy, ngettext
from core.scope import current_company_id
from modules.accounting import queries as accounting
from modules.accounting.ports import OpenPoint
from modules.einvoice import queries, states
from modules.einvoice.models import Document, Sequence


class Documents:
    """Everything that was sent has its answer, and the authority's numbers have no gap."""

    title = lazy("Electronic documents")
    permission = "einvoice.view_documents"
    order = 10

    def open_points(self, first: dt.date, last: dt.date) -> list[OpenPoint]:
        rows = db.session.execute(sa.select(Document.state, sa.func.count()).where(
            Document.company_id == current_company_id(), Document.issue_date.between(first, last))
            .group_by(Document.state))
        counts: dict[str, int] = dict(rows.tuples().all())
        return [*_states(counts, first, last), *_gaps(first, last), *_stopped()]


def _states(counts: dict[str, int], first: dt.date, last: dt.date) -> list[OpenPoint]:
    from modules.einvoice.lists import DOCUMENTS

    def url(state: str) -> str:
        return lists.url_of(DOCUMENTS, state=state, date_from=first.isoformat(), date_to=last.isoformat())

    found = []
    if refused := counts.get(states.REJECTED, 0):
        found.append(OpenPoint(ngettext("%(num)s document is refused", "%(num)s documents are refused", refused),
                               url("rejected"), "bad"))
    if lost := counts.get(states.UNKNOWN, 0):
        found.append(OpenPoint(ngettext("%(num)s document is without answer", "%(num)s documents are without answer",
                                        lost), url("unknown"), "bad"))
    if undecided := counts.get(states.SIGNED, 0):
        found.append(OpenPoint(ngettext("%(num)s document is not decided by the authority yet",
                                        "%(num)s documents are not decided by the authority yet", undecided),
                               url("signed")))
    if waiting := counts.get(states.PENDING, 0) + counts.get(states.SENDING, 0):
        found.append(OpenPoint(ngettext("%(num)s document waits for the authority",
                                        "%(num)s documents wait for the authority", waiting), url("pending")))
    return found


def _gaps(first: dt.date, last: dt.date) -> list[OpenPoint]:
    """Sequences that used fewer numbers in these days than lie between the first and the last of them."""
    low, high = sa.func.min(Document.number), sa.func.max(Document.number)
    rows: Any = db.session.execute(
        sa.select(Sequence.id, Sequence.series, Sequence.kind, low.label("low"), high.label("high"))
        .join(Document, Document.sequence_id == Sequence.id)
        .where(Sequence.company_id == current_company_id(), Document.issue_date.between(first, last),
               Document.number.is_not(None))
        .group_by(Sequence.id, Sequence.series, Sequence.kind).having(high - low + 1 > sa.func.count())).all()
    found = ((row, accounting.gaps(Document.number, row.low, row.high, Document.sequence_id == row.id)) for row in rows)
    return [_gap(row, which, first, last) for row, which in found if which]  # a number of another month is no gap


def _gap(row: Any, which: str, first: dt.date, last: dt.date) -> OpenPoint:
    from modules.einvoice.lists import DOCUMENTS

    url = lists.url_of(DOCUMENTS, sequence=row.id, date_from=first.isoformat(), date_to=last.isoformat())
    return OpenPoint(_("Numbers missing at series %(series)s: %(which)s", series=f"{row.series}/{row.kind}",
                       which=which), url, "bad")


def _stopped() -> list[OpenPoint]:
    stopped = [row for row in queries.troubled_sequences() if row.blocked_code]
    return [OpenPoint(ngettext("%(num)s series is stopped", "%(num)s series are stopped", len(stopped)),
                      url_for("einvoice.documents"), "bad")] if stopped else []
