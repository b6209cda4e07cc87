"""When debt files are made, what holds the next one back, and what is missed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import audit, clock
from core.db import among, db
from core.errors import DomainError
from core.i18n import _, format_date, lazy
from core.scope import current_company
from modules.crm import holidays
from modules.gateways import ports
from modules.gateways.models import Account, File, FilePlan
from modules.gateways.models.plans import EVERY

DAY = dt.timedelta(days=1)
# so long after its hour a file that was not made is missed
PATIENCE = dt.timedelta(hours=2)
AT_GATEWAY = ("sending", "sent", "unknown", "taken")
DEFAULTS: dict[str, Any] = {
    "every": "never", "day": 1, "hour": 6, "deliver": False, "minimum": Decimal("0.00"), "overdue_days": 30,
    "second_due": True, "wait_for_payments": False, "alarm_days": 0}
WORDS = {"never": lazy("By hand only"), "daily": lazy("Every business day"), "weekly": lazy("Every week"),
         "monthly": lazy("Every month")}
NUMBERS = {"day": (1, 28), "hour": (0, 23), "overdue_days": (0, 365), "alarm_days": (0, 60)}
FLAGS = ("deliver", "second_due", "wait_for_payments")


def of(account: Account) -> FilePlan:
    """The account's plan; where none was saved, what its network is used to (not in the database)."""
    found = db.session.scalar(sa.select(FilePlan).where(FilePlan.account_id == account.id))
    if found is not None:
        return found
    provider = ports.providers.find(account.provider)
    usual = provider.extra.get("plan", {}) if provider else {}
    # made by hand until somebody saves a plan
    return FilePlan(account_id=account.id, **{**DEFAULTS, **usual, "every": "never"})


def start(account: Account) -> None:
    """Keep what the network is used to, where it is used to something; files are made by hand until somebody plans."""
    provider = ports.providers.find(account.provider)
    if provider and provider.extra.get("plan"):
        db.session.add(of(account))
        db.session.flush()


def usual(account: Account) -> FilePlan:
    """The plan that is proposed where none was saved."""
    plan = of(account)
    provider = ports.providers.find(account.provider)
    if plan.every == "never" and plan.since is None and provider:
        plan.every = provider.extra.get("plan", {}).get("every", plan.every)
    return plan


def save(account: Account, given: Mapping[str, str]) -> FilePlan:
    """Take over what was entered; DomainError names what is wrong."""
    values = {"every": _every(given.get("every", "")), "minimum": _amount(given.get("minimum", "")),
              **{name: _number(name, given.get(name, "")) for name in NUMBERS},
              **{name: bool(given.get(name)) for name in FLAGS}}
    plan = of(account)
    if plan.id is None:
        db.session.add(plan)
    elif values["every"] != plan.every:
        plan.since = clock.now()
    for name, value in values.items():
        setattr(plan, name, value)
    db.session.flush()
    audit.record("gateways.plan_debt_files", account, {name: str(value) for name, value in values.items()})
    return plan


def _every(text: str) -> str:
    if text not in EVERY:
        raise DomainError(_("Choose when files are made."), field="every")
    return text


def _number(name: str, text: str) -> int:
    least, most = NUMBERS[name]
    if not (text.strip().isdecimal() and len(text.strip()) < 5 and least <= int(text) <= most):
        raise DomainError(_("This must be a whole number from %(least)s to %(most)s; found: %(found)s.", least=least,
                            most=most, found=text[:20] or "-"), field=name)
    return int(text)


def _amount(text: str) -> Decimal:
    wanted = text.strip().replace(",", ".") or "0"
    whole, _dot, cents = wanted.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 13 and len(cents) < 3 and (not cents or (
            cents.isascii() and cents.isdigit()))):
        raise DomainError(_("The minimum must be an amount like 100.00; found: %(found)s.", found=text[:20]),
                          field="minimum")
    return Decimal(wanted).quantize(Decimal("0.01"))


# --- what holds a file back ----------------------------------------------------------------------------------


def locked(account: Account, plan: FilePlan) -> str:
    """Why no new file may be made, in words: payments of the former are not in. "" where it may."""
    if not plan.wait_for_payments:
        return ""
    former = db.session.scalar(sa.select(File).where(
        File.account_id == account.id, File.direction == "out", File.kind == "debts", File.state.in_(AT_GATEWAY))
        .order_by(File.id.desc()).limit(1))
    expected = _business_day_before(clock.today())
    if former is None or former.day is None or former.day > expected or _payments_until(account, expected):
        return ""
    return _("The payments of %(day)s for the former file (%(name)s) are not in: a new file would ask for what was "
             "paid already. Bring the file of payments first.", day=format_date(expected), name=former.name)


def _business_day_before(day: dt.date) -> dt.date:
    day -= DAY
    while not holidays.is_business_day(day, current_company().country):
        day -= DAY
    return day


def _payments_until(account: Account, day: dt.date) -> bool:
    """Whether a file of payments of that day, or a later one, was imported; one that tells no day counts by ours."""
    rows = db.session.execute(
        sa.select(File.day, File.created_at).where(
            File.account_id == account.id, File.direction == "in", File.kind == "payments", File.state == "imported")
        .order_by(File.id.desc()).limit(50))
    return any((row.day or clock.local(row.created_at).date() - DAY) >= day for row in rows)


# --- when ----------------------------------------------------------------------------------------------------


def due_day(plan: FilePlan, moment: dt.datetime) -> dt.date | None:
    """The last day on which the plan wanted a file, up to this moment of the company; None for never."""
    day = moment.date() if moment.hour >= plan.hour else moment.date() - DAY
    if plan.every == "daily":
        return day if holidays.is_business_day(day, current_company().country) else _business_day_before(day)
    if plan.every == "weekly":
        return day - dt.timedelta(days=(day.isoweekday() - plan.day) % 7)
    if plan.every == "monthly":
        first = day if day.day >= plan.day else day.replace(day=1) - DAY
        return first.replace(day=plan.day)
    return None


def waiting_for(plan: FilePlan, moment: dt.datetime) -> dt.date | None:
    """The day whose file was not begun yet; None where nothing is to be done."""
    day = due_day(plan, moment)
    if day is None or clock.local(plan.since).replace(tzinfo=None) > dt.datetime.combine(day, dt.time(plan.hour)):
        return None
    begun = sa.select(File.id).where(File.account_id == plan.account_id, File.direction == "out",
                                     File.kind == "debts", File.day >= day, File.state != "refused")
    return None if db.session.scalar(begun.limit(1)) else day


def watched() -> Sequence[tuple[Account, FilePlan | None]]:
    """The accounts in use that have a plan, or cannot be reached: one select."""
    return db.session.execute(  # type: ignore[return-value]
        sa.select(Account, FilePlan).outerjoin(FilePlan, FilePlan.account_id == Account.id)
        .where(Account.active, sa.or_(Account.trouble != "", FilePlan.id.is_not(None))).order_by(Account.id)).all()


def planned() -> list[FilePlan]:
    """The plans of the accounts in use."""
    return [plan for _account, plan in watched() if plan is not None]


def missed(plans: Sequence[FilePlan] | None = None) -> Iterator[tuple[Account, dt.date]]:
    """Accounts of the company whose planned file was not made in time, with the day it was planned for."""
    moment = clock.local(clock.now())
    for plan in planned() if plans is None else plans:
        if plan.every != "never" and (day := waiting_for(plan, moment - PATIENCE)):
            yield plan.account, day


def silent(plans: Sequence[FilePlan] | None = None) -> Iterator[tuple[Account, dt.date]]:
    """Accounts of the company whose file of payments is missed, with the day from which on none came."""
    today, country = clock.today(), current_company().country
    watched = [plan for plan in (planned() if plans is None else plans) if plan.alarm_days > 0]
    came = _came([plan.account_id for plan in watched])
    for plan in watched:
        since = clock.local(max(came.get(plan.account_id, plan.since), plan.since)).date()
        if today > holidays.after_business_days(since, plan.alarm_days, country):
            yield plan.account, since


def _came(account_ids: Sequence[int]) -> dict[int, dt.datetime]:
    """When the last file of payments of these accounts came."""
    rows = db.session.execute(sa.select(File.account_id, sa.func.max(File.created_at)).where(
        among(File.account_id, account_ids), File.direction == "in", File.kind == "payments",
        File.state == "imported").group_by(File.account_id)) if account_ids else ()
    return {row[0]: row[1] for row in rows}
