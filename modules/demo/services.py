"""Loading the demonstration: companies with subscribers and, if wanted, a past. What is there already is left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core import audit, clock, companies, months, worker
from core.db import db
from core.errors import CannotRun
from core.i18n import _, use_locale
from core.models import AuditRecord, Company
from core.scope import company_scope, every_company
from modules.accounting import bulk_payments
from modules.contracts import services as contracts
from modules.demo import collecting, debtors, enabling, facts, lent, network, oddities, past, stock, takings_before
from modules.demo.cast import Cast
from modules.demo.loading import Loader
from modules.demo.surroundings import Simulators
from modules.einvoice.ports import issuers

LOADED = "demo.load"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Wishes:
    """What is to be loaded, per country."""

    subscribers: int = 200
    countries: tuple[str, ...] = ("AR",)
    seed: int = 1
    history: int = 0


def check(wishes: Wishes) -> None:
    """Refuse what cannot be loaded, and an installation that is not for playing."""
    for country in wishes.countries:
        facts.of(country)
    with every_company():
        real = db.session.scalar(sa.select(Company.code).where(Company.environment == "production").limit(1))
    db.session.rollback()
    if real:
        raise CannotRun(_("To load the demonstration you must use another installation: company %(code)s of this one "
                          "issues real documents. Set ABONA_INSTANCE to another folder.", code=real))
    if wishes.history and worker.is_working():
        raise CannotRun(_("To load a past you must first stop the running Abona (serve and workers): the clock is held "
                          "at days gone by meanwhile."))


def needs_simulators(wishes: Wishes) -> bool:
    """Whether anything is authorised while loading."""
    return bool(wishes.history) and any(issuers.find(country) for country in wishes.countries)


def load(wishes: Wishes, simulators: Simulators | None, say: Say) -> list[Company]:
    """Load what is missing; the companies in the order of the wishes. Commits; may be killed and repeated."""
    for country in wishes.countries if simulators else ():
        # where a former load was killed, its clock stands still
        simulators.hold(facts.of(country).simulators, None)  # type: ignore[union-attr]
    if simulators is not None:
        takings_before.release(simulators)
    return [load_company(country, wishes, simulators, say) for country in wishes.countries]


def load_company(country: str, wishes: Wishes, simulators: Simulators | None, say: Say) -> Company:
    """The company of a country with its subscribers and its past."""
    own = simulators if issuers.find(country) else None
    company = find(country)
    if company is None:
        company = _populate(facts.of(country), wishes, own, say)
    elif own is not None:
        enabling.enable(company)
    _live(company, own, say)
    if simulators is not None:
        with company_scope(company):
            network.make(company, simulators)
            db.session.commit()
    return company


def find(country: str) -> Company | None:
    """The made-up company of a country, if it was loaded."""
    return db.session.scalar(sa.select(Company).where(Company.code == facts.of(country).company["code"]))


def loaded_as(company: Company) -> dict[str, Any]:
    """What the company was loaded with: subscribers, seed, first day, day of loading."""
    with company_scope(company):
        found = db.session.scalar(sa.select(AuditRecord.changes).where(
            AuditRecord.company_id == company.id, AuditRecord.action == LOADED).limit(1))
    return dict(found or {})


def _populate(known: facts.Facts, wishes: Wishes, simulators: Simulators | None, say: Say) -> Company:
    """Company and subscribers in one transaction: all of them, or none where this is killed."""
    today = day_in(known.country)
    start = past.begin(today, wishes.history)
    with _on(start, today):
        made = stock.make(known)
        with company_scope(made.company), use_locale(made.company.locale):
            collecting.make(made.company, made.bank)
            cast = Cast(known, wishes.seed, made.zone_ids)
            count = oddities.make(made, cast, today)
            for done in Loader(made, cast, wishes.seed, start, today).load(max(wishes.subscribers - count, 0)):
                say(_("%(company)s: %(done)s of %(total)s customers", company=made.company.code, done=done + count,
                      total=max(wishes.subscribers, count)))
            audit.record(LOADED, made.company, {
                "subscribers": wishes.subscribers, "seed": wishes.seed, "start": start.isoformat(),
                "today": today.isoformat(), "history": wishes.history})
        db.session.commit()
        if simulators is not None:
            with past.at(made.company, start, simulators, hour=8) if wishes.history else _now():
                enabling.enable(made.company)
    return made.company


def day_in(country: str) -> dt.date:
    """Today in the zone that a company of this country gets."""
    _currency, zone, _locale = companies.COUNTRIES[country]
    return clock.now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def _on(start: dt.date, today: dt.date) -> Iterator[None]:
    """With a past, the company begins on its first morning."""
    if start == today:
        yield
        return
    with clock.freeze(dt.datetime.combine(start, dt.time(11), dt.UTC)):
        yield


@contextmanager
def _now() -> Iterator[None]:
    yield


def _live(company: Company, simulators: Simulators | None, say: Say) -> None:
    """The months of the past that are still missing, then what they led to."""
    plan = loaded_as(company)
    if not plan:
        return
    start, today, seed = dt.date.fromisoformat(plan["start"]), dt.date.fromisoformat(plan["today"]), plan["seed"]
    left = past.months_left(company, months.of(start), today) if plan["history"] else []
    for month in left:
        past.live_through(company, month, seed, simulators)
        say(_("%(company)s: %(month)s is billed and paid", company=company.code, month=months.show(month)))
    with company_scope(company), use_locale(company.locale):
        if not plan["history"]:
            _pay_last_month(company, today, seed)
        contracts.follow_calendar(clock.today())
        lent.make(company.country)
        past.gather(company)
        db.session.commit()
        debtors.make(company, today, plan["history"])
    if plan["history"] and simulators is not None:
        takings_before.make(company, today, simulators, say)


def _pay_last_month(company: Company, today: dt.date, seed: int) -> None:
    """Without a past, some of the balances that were brought along were paid last month."""
    month = months.add(months.of(today), -1)
    if not past.is_paid(company, month):
        bulk_payments.record_many(past.payments(company, month, seed))


def summary(companies: Sequence[Company]) -> list[dict[str, Any]]:
    """What was loaded, for people and scripts."""
    found = []
    for company in companies:
        with company_scope(company):
            found.append({
                "company": company.code, "name": company.name, "country": company.country,
                "customers": _count("crm_customer", company), "contracts": _count("contracts_contract", company),
                "invoices": _count("accounting_invoice", company), "payments": _count("accounting_payment", company),
                "legal_documents": issuers.find(company.country) is not None})
    return found


def _count(table: str, company: Company) -> int:
    wanted = db.metadata.tables[table]
    return db.session.scalar(sa.select(sa.func.count()).select_from(wanted).where(
        wanted.c.company_id == company.id)) or 0
