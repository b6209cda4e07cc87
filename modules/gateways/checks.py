"""What must hold of files of debts, and what is missed, as `abona check` and the page of health tell it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from core import companies
from core.checks import Result, Words, check
from core.db import db
from core.i18n import _, format_date, lazy
from core.scope import company_scope
from modules.gateways import inbox, plans
from modules.gateways.models import Account, DebtLine, File, Told

WRITTEN = ("made", "sending", "sent", "unknown", "taken", "withdrawn")


def _answer(found: list[str]) -> Result:
    return not found, len(found), "; ".join(found[:3])


def _by_company(ask: Any) -> Iterator[Any]:
    for company in companies.active_companies():
        with company_scope(company):
            yield from list(ask())


@check("debt_files_whole", words=Words(
    lazy("Files of debts hold their lines"), live=False,
    means=lazy("A file says another count or total than the debts that were put into it."),
    hurts=lazy("A gateway may ask for what nobody owes, or not ask."),
    cure=lazy("Withdraw the file and make a new one.")))
def debt_files_whole() -> Result:
    """Count, total and hash of every file of debts are those of its lines."""
    lines = (sa.select(DebtLine.file_id, sa.func.count().label("count"), sa.func.sum(DebtLine.amount).label("total"),
                       sa.func.max(DebtLine.position).label("last")).group_by(DebtLine.file_id).subquery())
    wrong = db.session.execute(
        sa.select(File.name).outerjoin(lines, lines.c.file_id == File.id)
        .where(File.direction == "out", File.kind == "debts", File.state.in_(WRITTEN), File.sha256 != "", sa.or_(
            File.count != sa.func.coalesce(lines.c.count, 0), File.count != sa.func.coalesce(lines.c.last, 0),
            sa.func.coalesce(lines.c.total, 0) != File.total)).order_by(File.id)).scalars().all()
    return _answer(list(wrong))


@check("debt_files_planned", words=Words(
    lazy("Planned files of debts"),
    means=lazy("A file of debts was not made in time."),
    hurts=lazy("Subscribers cannot pay at that gateway what they owe since then."),
    cure=lazy("Open the files of gateways and make it; the page says what holds it back.")))
def debt_files_planned() -> Result:
    """Every plan's last file was begun."""
    return _answer([_("%(account)s since %(day)s", account=account.name, day=format_date(day))
                    for account, day in _by_company(plans.missed)])


@check("payment_files_arrive", words=Words(
    lazy("Files of payments arrive"),
    means=lazy("A gateway that sends a file of payments every day has sent none for some business days."),
    hurts=lazy("Who paid there counts as a debtor, and may be cut off."),
    cure=lazy("Ask the gateway for its files, and bring them.")))
def payment_files_arrive() -> Result:
    """No gateway is silent for longer than its plan allows."""
    return _answer([_("%(account)s since %(day)s", account=account.name, day=format_date(day))
                    for account, day in _by_company(plans.silent)])


@check("debt_files_settled", words=Words(
    lazy("Files of debts that may have arrived"),
    means=lazy("A file was sent, and the gateway did not answer."),
    hurts=lazy("Nobody knows whether its debts can be paid."),
    cure=lazy("Look at the gateway's own screen, and say on the page of the file what you found.")))
def debt_files_settled() -> Result:
    """No file waits for somebody to find out whether it arrived."""
    return _answer(list(db.session.scalars(sa.select(File.name).where(File.direction == "out", File.state == "unknown")
                                           .order_by(File.id))))


@check("forged_notices", words=Words(
    lazy("Forged notices of gateways"),
    means=lazy("Somebody who does not know the shared secret pretends to be a gateway."),
    hurts=lazy("Nothing was booked. Where it is the gateway itself, its payments are not heard."),
    cure=lazy("Compare the secret on both sides; else leave it, or close the address.")))
def forged_notices() -> Result:
    """No account got more forged notices within an hour than a mistake explains."""
    names = {row.id: row.name for row in db.session.execute(sa.select(Account.id, Account.name))}
    return _answer([names.get(key, str(key)) for key in inbox.forged_lately()])


@check("network_answers", words=Words(lazy("Answers to networks"), live=False))
def network_answers() -> Result:
    """Every payment that a network told has its transaction and its answer."""
    return _answer(list(db.session.scalars(sa.select(Told.number).where(
        Told.verb == "pay", Told.transaction_id.is_(None)).order_by(Told.id))))
