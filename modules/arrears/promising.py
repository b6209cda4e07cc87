"""Whether a promise of payment is possible, until when it would last, and the sentence that says why not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import sqlalchemy as sa

from core import clock
from core.db import db
from core.i18n import _, format_date
from modules.accounting.models import Invoice
from modules.arrears import deciding, reading, wording
from modules.arrears.facts import ARREARS, ZERO, Debtor, Moment
from modules.arrears.models import Promise
from modules.arrears.reading import Context
from modules.contracts.models import Contract


def now() -> Moment:
    """This moment in the zone of the company in scope."""
    return Moment(clock.local(clock.now()))


def of(contract: Contract) -> tuple[Debtor | None, Context, Moment]:
    """The contract as a debtor (None: it is not in service), the company's rules, and now."""
    known, moment = reading.context(), now()
    found = [one for one in reading.debtors(known, [contract.customer_id]) if one.contract_id == contract.id]
    return (found[0] if found else None), known, moment


def open_promise(contract_id: int) -> Promise | None:
    return db.session.scalar(sa.select(Promise).where(Promise.contract_id == contract_id, Promise.state == "open"))


def refusal(debtor: Debtor | None, moment: Moment, online: bool) -> str:
    """Why a promise is not possible, and what to do; "" where it is."""
    if debtor is None or debtor.suspended_by not in ("", ARREARS):
        return _("A promise of payment is not possible because the service is not cut for debt.")
    rules = debtor.rules
    if not deciding.overdue(debtor, moment.day):
        return _("A promise of payment is not necessary: nothing is overdue.")
    if held := debtor.promised(moment.local):
        return _("There is a promise of payment already, until %(moment)s.", moment=wording.moment(held.until))
    if online and not rules.promises_online:
        return _("A promise of payment cannot be made here. Ask us.")
    return _too_often(debtor, moment)


def _too_often(debtor: Debtor, moment: Moment) -> str:
    rules = debtor.rules
    if rules.promises_most == 0:
        return _("Promises of payment are not granted. The service comes back with the payment.")
    window = dt.timedelta(days=rules.promises_days)
    recent = [one for one in debtor.promises if one.made_at > moment.local - window and one.state != "withdrawn"]
    broken = [one for one in recent if one.state == "broken" or (one.until <= moment.local and one.state == "open")]
    if rules.promises_broken_most and len(broken) >= rules.promises_broken_most:
        again = broken[-rules.promises_broken_most].made_at + window
        return _("Another promise of payment is not possible until %(day)s because %(count)s promises were not kept.",
                 day=format_date(clock.local(again).date()), count=len(broken))
    if len(recent) >= rules.promises_most:
        again = recent[-rules.promises_most].made_at + window
        return _("Another promise of payment is not possible until %(day)s: there were %(count)s within %(days)s days.",
                 day=format_date(clock.local(again).date()), count=len(recent), days=rules.promises_days)
    return ""


def ends(debtor: Debtor | None, known: Context, moment: Moment, until: dt.datetime | None = None) -> dt.datetime:
    """When a promise made now ends: never at night nor on a day without staff."""
    assert debtor is not None
    wanted = clock.local(until) if until else moment.local + dt.timedelta(hours=debtor.rules.promise_hours)
    return known.calendar.opening(debtor.rules, wanted, debtor.zone_id, debtor.region).astimezone(dt.UTC)


def owed(debtor: Debtor | None) -> tuple[Decimal, str]:
    """(what is overdue in the company's currency, which that is)."""
    from core.scope import current_company

    late = deciding.overdue(debtor, now().day) if debtor else []
    return (deciding.total(late) if late else ZERO), current_company().currency


def oldest(debtor: Debtor | None) -> Invoice | None:
    """The document that has been overdue for longest."""
    late = deciding.overdue(debtor, now().day) if debtor else []
    return db.session.get(Invoice, late[0].invoice_id) if late else None
