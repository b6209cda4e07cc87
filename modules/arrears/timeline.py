"""Why a service is as it is: all that happened to it, in words that can be read aloud to the subscriber."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import url_for

from core import clock
from core.db import among, db
from core.i18n import _, format_amount
from core.models import AuditRecord, User
from core.scope import current_company
from modules.accounting import labels
from modules.accounting import queries as accounting
from modules.accounting.models import Invoice, Payment
from modules.arrears import reading, wording
from modules.arrears.models import Cut, Deed, Promise, Proof
from modules.arrears.ports import TimelineEvent, timeline
from modules.contracts.models import Contract, Suspension
from modules.notifications.models import Message

# of each kind; the page shows so many in all
NEWEST = 40
# what is written in one transaction is of one moment, but for so much
NEAR = dt.timedelta(seconds=30)


def of(contract: Contract, limit: int = 100) -> list[TimelineEvent]:
    """What happened to a contract, the newest first; what other modules know of it comes by the port `timeline`."""
    names = {row.id: row.name or row.email for row in db.session.execute(sa.select(User.id, User.name, User.email))}
    authors = _Authors(contract, names)
    # of one moment the consequence stands above its cause: the router obeys, and letters tell, what was decided
    found = [event for _key, source in timeline.items() for event in source.events(contract)]
    found += [*_notices(contract), *_suspensions(contract, authors), *_proofs(contract, names),
              *_promises(contract, names, authors), *_payments(contract, names), *_deeds(contract, names),
              *_documents(contract, names)]
    return sorted(found, key=lambda one: one.at, reverse=True)[:limit]


class _Authors:
    """Who did to a contract what keeps no author of its own: by the records of audit, of the same moment."""

    def __init__(self, contract: Contract, names: dict[int, str]) -> None:
        rows = db.session.execute(
            sa.select(AuditRecord.action, AuditRecord.at, AuditRecord.user_id)
            .where(AuditRecord.object_type == Contract.__tablename__, AuditRecord.object_id == contract.id,
                   AuditRecord.action.in_(("contracts.suspend", "contracts.restore", "arrears.withdraw_promise")))
            .order_by(AuditRecord.id.desc()).limit(3 * NEWEST)).all()
        self.found = [(row.action, row.at, names.get(row.user_id or 0, "")) for row in rows]

    def of(self, action: str, moment: dt.datetime) -> str:
        """"" where it came by itself."""
        near = [(abs(at - moment), name) for one, at, name in self.found if one == action and abs(at - moment) <= NEAR]
        return min(near)[1] if near else ""


def _documents(contract: Contract, names: dict[int, str]) -> Iterator[TimelineEvent]:
    """The documents of the customer that bill this contract, or none."""
    rows = list(db.session.scalars(
        sa.select(Invoice).where(Invoice.customer_id == contract.customer_id, Invoice.kind != "credit_note")
        .order_by(Invoice.id.desc()).limit(NEWEST)))
    billed = reading.contracts_of({row.id for row in rows}) if rows else {}
    undone = _undone("accounting.cancel_invoice", Invoice.__tablename__,
                     [row.id for row in rows if row.state == "cancelled"], names)
    for row in rows:
        if contract.id not in billed.get(row.id, [contract.id]):
            continue
        url, total = url_for("accounting.invoice", invoice_id=row.id), format_amount(row.total, row.currency)
        title = labels.title_of(row)
        words = _("Issued: %(document)s, %(amount)s", document=title, amount=total)
        yield TimelineEvent(row.created_at, "", words, url)
        if row.state == "cancelled" and row.cancelled_on:
            at, who = undone.get(row.id, (_end_of(row.cancelled_on), ""))
            yield TimelineEvent(at, who, _("Annulled: %(document)s", document=title), url, "warn")
            continue
        for day, words in ((row.due_date, _("Due: %(document)s", document=title)),
                           (row.second_due_date, _("Second due date: %(document)s", document=title))):
            if day and day < clock.today():
                yield TimelineEvent(_end_of(day), "", words, url, "warn" if row.open_amount else "mute")


def _undone(action: str, kind: str, ids: Sequence[int], names: dict[int, str]) -> dict[int, tuple[dt.datetime, str]]:
    """When each of these was taken back, and by whom, as the audit has it: the rows themselves keep the day alone."""
    return {row.object_id: (row.at, names.get(row.user_id or 0, "")) for row in db.session.execute(
        sa.select(AuditRecord.object_id, AuditRecord.at, AuditRecord.user_id).where(
            AuditRecord.object_type == kind, among(AuditRecord.object_id, ids), AuditRecord.action == action)
        .order_by(AuditRecord.id))} if ids else {}


def _end_of(day: dt.date) -> dt.datetime:
    """The end of a day in the company's zone."""
    zone = ZoneInfo(current_company().timezone)
    return dt.datetime.combine(day, dt.time(23, 59), zone).astimezone(dt.UTC)


def _notices(contract: Contract) -> Iterator[TimelineEvent]:
    """Notices of documents and debts; those of another contract's cut are left out."""
    rows = db.session.scalars(
        sa.select(Message).where(Message.customer_id == contract.customer_id, sa.or_(
            Message.kind.like("arrears.%"), Message.kind == "accounting.invoice_ready"))
        .order_by(Message.id.desc()).limit(NEWEST)).all()
    for row in rows:
        parts = row.subject_key.split(":")
        if parts[0] in ("cut", "notice") and parts[-1] == "cut" and parts[1] != str(contract.id):
            continue
        url = url_for("notifications.message", message_id=row.id)
        if row.state == "sent":
            words = _("Told by %(address)s: %(subject)s", address=row.address, subject=row.subject)
            yield TimelineEvent(row.sent_at or row.created_at, "", words, url)
        else:
            waits = row.state in ("queued", "sending")
            words = _("Not told yet: %(subject)s", subject=row.subject) if waits else _(
                "Could not be told: %(subject)s", subject=row.subject)
            yield TimelineEvent(row.created_at, "", words, url, "mute" if waits else "warn")


def _payments(contract: Contract, names: dict[int, str]) -> Iterator[TimelineEvent]:
    rows = accounting.last_payments([contract.customer_id], NEWEST, reversed_too=True).get(contract.customer_id, [])
    undone = _undone("accounting.reverse_payment", Payment.__tablename__,
                     [row.id for row in rows if row.state == "reversed"], names)
    for row in rows:
        url, amount = url_for("accounting.payment", payment_id=row.id), format_amount(row.amount, row.currency)
        yield TimelineEvent(row.created_at, names.get(row.created_by or 0, ""), _(
            "Paid: %(amount)s (%(how)s)", amount=amount, how=labels.how_paid(row)[0]), url, "ok")
        if row.state == "reversed" and row.reversed_on:
            at, who = undone.get(row.id, (_end_of(row.reversed_on), ""))
            yield TimelineEvent(at, who, _("Payment taken back: %(amount)s", amount=amount), url, "warn")


def _deeds(contract: Contract, names: dict[int, str]) -> Iterator[TimelineEvent]:
    """Surcharges and cuts with the rule; that it was restored is told by the suspension."""
    for row in db.session.scalars(sa.select(Deed).where(
            Deed.contract_id == contract.id, Deed.action.in_(("surcharge", "cut", "promise_broken")))
            .order_by(Deed.id.desc()).limit(NEWEST)):
        yield TimelineEvent(row.at, names.get(row.by_id or 0, ""), _(
            "%(what)s: %(rule)s. %(reason)s", what=str(wording.ACTIONS[row.action]), reason=row.reason,
            rule=str(wording.RULES.get(row.rule, row.rule))), "", "bad" if row.action == "cut" else "warn")


def _promises(contract: Contract, names: dict[int, str], authors: _Authors) -> Iterator[TimelineEvent]:
    for row in db.session.scalars(sa.select(Promise).where(Promise.contract_id == contract.id)
                                  .order_by(Promise.id.desc()).limit(NEWEST)):
        yield TimelineEvent(row.made_at, names.get(row.made_by or 0, ""), _(
            "Promised to pay %(amount)s until %(moment)s", moment=wording.moment(row.until),
            amount=format_amount(row.amount, row.currency)), "", "info")
        if row.state == "kept" and row.ended_at:
            yield TimelineEvent(row.ended_at, "", _("The promise was kept"), "", "ok")
        if row.state == "withdrawn" and row.ended_at:
            yield TimelineEvent(row.ended_at, authors.of("arrears.withdraw_promise", row.ended_at), _(
                "The promise was taken back"), "", "warn")


def _proofs(contract: Contract, names: dict[int, str]) -> Iterator[TimelineEvent]:
    for row in db.session.scalars(sa.select(Proof).where(Proof.customer_id == contract.customer_id)
                                  .order_by(Proof.id.desc()).limit(NEWEST)):
        url = url_for("arrears.proof", proof_id=row.id)
        yield TimelineEvent(row.sent_at, names.get(row.sent_by or 0, ""), _("Proof of payment sent"), url, "info")
        if row.decided_at:
            words = _("Proof of payment accepted") if row.state == "accepted" else _(
                "Proof of payment refused: %(reason)s", reason=row.reason)
            yield TimelineEvent(row.decided_at, names.get(row.decided_by or 0, ""), words, url,
                                "ok" if row.state == "accepted" else "bad")


def _suspensions(contract: Contract, authors: _Authors) -> Iterator[TimelineEvent]:
    """Cut and back, whoever did it; a cut of our own is told with its rule."""
    rows = db.session.scalars(sa.select(Suspension).where(Suspension.contract_id == contract.id)
                              .order_by(Suspension.id.desc()).limit(NEWEST)).all()
    own = _own([row.id for row in rows])
    for row in rows:
        if row.id not in own:
            why = {"request": _("at your wish"), "arrears": _("for debt")}.get(row.cause, "")
            words = " ".join(part for part in (_("Service cut"), why) if part)
            words += f": {row.reason}" if row.reason else ""
            yield TimelineEvent(row.started_at, authors.of("contracts.suspend", row.started_at), words, "", "bad")
        if row.ended_at:
            by = own.get(row.id, "")
            yield TimelineEvent(row.ended_at, authors.of("contracts.restore", row.ended_at), _(
                "Service restored (%(why)s)", why=str(wording.ENDED[by])) if by in wording.ENDED else _(
                "Service restored"), "", "ok")


def _own(suspension_ids: Sequence[int]) -> dict[int, str]:
    """By suspension: what ended the cut that this module made."""
    return {row.suspension_id: row.ended_by for row in db.session.execute(
        sa.select(Cut.suspension_id, Cut.ended_by).where(among(Cut.suspension_id, suspension_ids)))}
