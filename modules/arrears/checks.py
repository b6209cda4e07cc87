"""What must always be true of cuts and promises; looked at in chunks, in constant memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import sqlalchemy as sa

from core import clock
from core.checks import Result, Words, check
from core.companies import active_companies
from core.db import db
from core.i18n import _, lazy
from core.scope import company_scope
from modules.accounting.models import Payment
from modules.arrears import deciding, reading, running
from modules.arrears.calendar import Calendar
from modules.arrears.facts import ARREARS, Action, Debtor, Moment
from modules.arrears.models import Promise
from modules.contracts.models import Contract, Suspension

# what the handlers and the hourly run may still be at
SOON, LATE = dt.timedelta(minutes=5), dt.timedelta(hours=2)
WHAT_TO_DO = lazy("Look whether background work is running; then run abona arrears run.")


@check("paid_but_cut", words=Words(
    lazy("Nobody who paid is cut"), lazy("Some services are still cut although their debt is paid."),
    lazy("Subscribers who paid and have no service."), WHAT_TO_DO, live=False))
def paid_but_cut() -> Result:
    """No service is cut for debt whose debt would not cut it, longer than it takes to restore it."""
    wrong = sum(1 for debtor, moment in _debtors(_cut_ids) if _restores(debtor, moment))
    return not wrong, wrong, _("%(count)s services are cut although nothing old is owed", count=wrong) if wrong else ""


def _restores(debtor: Debtor, moment: Moment) -> bool:
    if debtor.suspended_by != ARREARS or deciding.is_due(debtor, moment.day):
        return False
    newest = db.session.scalar(sa.select(sa.func.max(Payment.created_at)).where(
        Payment.customer_id == debtor.customer_id))
    return newest is None or newest < clock.now() - SOON


@check("promise_over_not_cut", words=Words(
    lazy("No promise forgotten"), lazy("Promises of payment ran out, and the service was not cut again."),
    lazy("The provider: who does not pay goes on using the service."), WHAT_TO_DO, live=False))
def promise_over_not_cut() -> Result:
    """Every promise that ran out was looked at, and who broke one is cut where the rules let him be."""
    forgotten = db.session.scalar(sa.select(sa.func.count(Promise.id)).where(
        Promise.state == "open", Promise.until < clock.now() - LATE)) or 0
    uncut = sum(1 for debtor, moment in _debtors(_broken_ids) if _should_be_cut(debtor, moment))
    found = {_("promises whose time is over and that nobody looked at"): forgotten,
             _("services that are on although a promise was not kept"): uncut}
    return not any(found.values()), sum(found.values()), ", ".join(
        f"{count} {words}" for words, count in found.items() if count)


def _should_be_cut(debtor: Debtor, moment: Moment) -> bool:
    """Whether the run of the hour before should have done it."""
    earlier = Moment(moment.local - LATE)
    if earlier.day != moment.day or debtor.ran_out(moment.local):
        return False
    cuts: list[Action] = []
    for at in (earlier, moment):
        cuts += [one for one in deciding.decide(debtor, _calendar(), at).actions
                 if one.action == "cut" and one.rule == "promise_broken"]
    return len(cuts) == 2


def _calendar() -> Calendar:
    return reading.context().calendar


def _debtors(select: Callable[[int], list[int]]) -> Iterator[tuple[Debtor, Moment]]:
    for company in active_companies():
        with company_scope(company):
            known, moment, after = reading.context(), running.now(), 0
            while found := select(after):
                for debtor in reading.debtors(known, found):
                    yield debtor, moment
                after = found[-1]


def _cut_ids(after: int) -> list[int]:
    """The next customers with a service that is cut for debt."""
    open_ones = sa.select(Suspension.contract_id).where(Suspension.ended_at.is_(None), Suspension.cause == ARREARS)
    return list(db.session.scalars(
        sa.select(Contract.customer_id).where(Contract.state == "suspended", Contract.id.in_(open_ones),
                                              Contract.customer_id > after)
        .distinct().order_by(Contract.customer_id).limit(reading.CHUNK)))


def _broken_ids(after: int) -> list[int]:
    """The next customers who broke a promise and are on."""
    since = clock.now() - reading.REMEMBERED
    return list(db.session.scalars(
        sa.select(Promise.customer_id).where(Promise.state == "broken", Promise.ended_at > since,
                                             Promise.customer_id > after)
        .distinct().order_by(Promise.customer_id).limit(reading.CHUNK)))

