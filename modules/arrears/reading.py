"""Reads what `facts` needs for many customers at once: a fixed number of selects for a chunk."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import among, db
from core.errors import DomainError
from core.i18n import _
from core.models import Company
from core.money import quantize
from core.scope import current_company
from modules.accounting import labels
from modules.accounting import queries as accounting
from modules.accounting.models import Invoice, Payment
from modules.accounting.ports import Elsewhere
from modules.arrears.calendar import Calendar, OwnDay, Stay
from modules.arrears.facts import ZERO, Debt, Debtor, Given, LastCut, Rules, Shown
from modules.arrears.models import ArrearsPolicy, Cut, Day, Deed, Moratorium, Promise, Proof
from modules.contracts.models import BilledPeriod, BillingProfile, Contract, Suspension, ZoneProfile
from modules.crm import regions
from modules.crm.models import Address, Customer

CHUNK = 1000
# what was done so long ago does not come up again
REMEMBERED = dt.timedelta(days=400)
LIVE = ("active", "suspended")
OWN = tuple(name for name in Rules.__dataclass_fields__ if hasattr(ArrearsPolicy, name) and name != "profile_id")
OF_PROFILE = ("name", "notice_days", "cut_after_days", "cut_minimum_debt", "cut_hour", "reconnection_charge")


@dataclass(frozen=True)
class Context:
    """What holds for the whole company: read once per run."""

    company: Company
    calendar: Calendar
    rules: Mapping[int, Rules]
    by_zone: Mapping[int, int]
    default: int
    region: str

    def rules_of(self, profile_id: int | None, zone_id: int | None) -> Rules:
        return self.rules[profile_id or self.by_zone.get(zone_id or 0) or self.default]


def context() -> Context:
    """Of the company in scope: rules by profile, calendar."""
    company = current_company()
    profiles = {row.id: row for row in db.session.scalars(sa.select(BillingProfile))}
    own = {row.profile_id: row for row in db.session.scalars(sa.select(ArrearsPolicy))}
    default = next((row.id for row in profiles.values() if row.is_default), None)
    if default is None:
        raise DomainError(_("To look after arrears you must first make one billing profile the default one."),
                          code="no_profile")
    days = tuple(OwnDay(row.day, row.works, row.zone_id, row.name) for row in db.session.scalars(sa.select(Day)))
    stays = tuple(Stay(row.id, row.first_day, row.last_day, row.catch_up_days, row.zone_id, row.reason,
                       row.ended_at and clock.local(row.ended_at, company))
                  for row in db.session.scalars(sa.select(Moratorium)))
    zones = {row.zone_id: row.profile_id for row in db.session.scalars(sa.select(ZoneProfile))}
    return Context(company, Calendar(company.country, days, stays),
                   {key: rules_of(row, own.get(key)) for key, row in profiles.items()}, zones, default,
                   regions.code(company.country, company.region))


def rules_of(profile: BillingProfile, policy: ArrearsPolicy | None) -> Rules:
    """A profile's rules; without a policy of its own those that the tables have by default."""
    values: dict[str, Any] = {name: getattr(profile, name) for name in OF_PROFILE}
    if policy is not None:
        values |= {name: getattr(policy, name) for name in OWN}
    for name in ("notice_days", "second_notice_days"):
        values[name] = tuple(values.get(name) or ())
    if "free_weekdays" in values:
        values["free_weekdays"] = frozenset(values["free_weekdays"] or ())
    return Rules(profile.id, **values)


# --- who -----------------------------------------------------------------------------------------------------


def chunks(size: int = CHUNK) -> Iterator[list[int]]:
    """The ids of customers that a run must look at, in order: who owes, is cut, or promised."""
    after = 0
    while found := _next(after, size):
        yield found
        after = found[-1]


def _next(after: int, size: int) -> list[int]:
    owes = sa.exists().where(Invoice.customer_id == Customer.id, Invoice.open_amount != 0,
                             Invoice.kind != "credit_note", Invoice.state == "issued")
    cut = sa.exists().where(Contract.customer_id == Customer.id, Contract.state == "suspended")
    promised = sa.exists().where(Promise.customer_id == Customer.id, Promise.state == "open")
    serviced = sa.exists().where(Contract.customer_id == Customer.id, Contract.state.in_(LIVE))
    return list(db.session.scalars(
        sa.select(Customer.id).where(Customer.company_id == current_company().id, Customer.id > after, serviced,
                                     sa.or_(owes, cut, promised)).order_by(Customer.id).limit(size)))


def debtors(known: Context, customer_ids: Sequence[int], day: dt.date | None = None) -> list[Debtor]:
    """The contracts in service, or cut, of these customers with what they owe on that day (today)."""
    rows = db.session.execute(
        sa.select(Contract.id, Contract.number, Contract.customer_id, Customer.code, Contract.state,
                  Contract.profile_id, Contract.billing_from, Contract.activated_at, Contract.courtesy_from,
                  Contract.courtesy_until, Customer.zone_id, Address.region)
        .join(Customer, Customer.id == Contract.customer_id).outerjoin(Address, Address.id == Contract.address_id)
        .where(among(Contract.customer_id, customer_ids), Contract.state.in_(LIVE))
        .order_by(Contract.customer_id, Contract.id)).all()
    inside = [row.id for row in rows]
    parts = _Parts(inside, customer_ids)
    owed = _debts(known, customer_ids, day or clock.today(known.company))
    serviced: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        serviced[row.customer_id].add(row.id)
    return [_debtor(known, row, parts, owed.get(row.customer_id, ()), serviced[row.customer_id]) for row in rows]


class _Parts:
    """What happened to these contracts, read with one select each."""

    def __init__(self, inside: Sequence[int], customer_ids: Sequence[int]) -> None:
        since = clock.now() - REMEMBERED
        self.suspensions = {row.contract_id: row for row in db.session.execute(
            sa.select(Suspension.contract_id, Suspension.id, Suspension.cause)
            .where(among(Suspension.contract_id, inside), Suspension.ended_at.is_(None)))}
        self.promises = _grouped(db.session.execute(
            sa.select(Promise.contract_id, Promise.id, Promise.made_at, Promise.until, Promise.state,
                      Promise.ended_at).where(among(Promise.contract_id, inside), Promise.made_at > since)
            .order_by(Promise.id)))
        self.proofs = _grouped(db.session.execute(
            sa.select(Proof.customer_id, Proof.id, Proof.keeps_until, Proof.state, Proof.decided_at)
            .where(among(Proof.customer_id, customer_ids), Proof.sent_at > since).order_by(Proof.id)))
        self.cuts = _grouped(db.session.execute(
            sa.select(Cut.contract_id, Cut.id, Cut.invoice_id, Cut.at, Cut.ended_by, Cut.ended_at)
            .where(among(Cut.contract_id, inside)).order_by(Cut.id)))
        self.done = _grouped(db.session.execute(
            sa.select(Deed.customer_id, Deed.key).where(
                among(Deed.customer_id, customer_ids), Deed.action.in_(("notice", "surcharge")), Deed.at > since)))


def _grouped(rows: Any) -> dict[int, list[Any]]:
    """Rows by their first column."""
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row[1:])
    return found


def _debtor(known: Context, row: Any, parts: _Parts, owed: Sequence[Debt], serviced: set[int]) -> Debtor:
    rules = known.rules_of(row.profile_id, row.zone_id)
    suspension = parts.suspensions.get(row.id)
    cuts = parts.cuts.get(row.id, ())
    began = clock.local(row.activated_at, known.company).date() if row.activated_at else row.billing_from
    courtesy = None
    if row.courtesy_from or row.courtesy_until:
        courtesy = (row.courtesy_from or dt.date.min, row.courtesy_until or dt.date.max)
    return Debtor(
        row.id, row.number, row.customer_id, row.code, row.state, rules, max(began, row.billing_from), row.zone_id,
        regions.code(known.company.country, row.region or "") or known.region,
        suspension.cause if suspension and row.state == "suspended" else "", suspension.id if suspension else None,
        courtesy, tuple(_own(row.id, owed, serviced, rules)),
        tuple(Given(*one) for one in parts.promises.get(row.id, ())),
        tuple(Shown(*one) for one in parts.proofs.get(row.customer_id, ())),
        LastCut(*cuts[-1]) if cuts else None, len(cuts), frozenset(one[0] for one in parts.done.get(
            row.customer_id, ())))


def _own(contract_id: int, owed: Sequence[Debt], serviced: set[int], rules: Rules) -> Iterator[Debt]:
    """The debts that this contract answers for: its own, and where the rules say so those of no contract in service."""
    for debt in owed:
        billed = [one for one in debt.contracts if one in serviced]
        if contract_id in billed or (not billed and rules.counts_other_debt):
            yield replace(debt, contracts=tuple(billed))


# --- what they owe -----------------------------------------------------------------------------------------------


def _debts(known: Context, customer_ids: Sequence[int], day: dt.date) -> dict[int, list[Debt]]:
    """By customer, the oldest first, less what is in favour and what is paid elsewhere and not due there yet."""
    invoices = db.session.execute(
        sa.select(Invoice.id, Invoice.customer_id, Invoice.kind, Invoice.origin, Invoice.legal_number,
                  Invoice.issue_date, Invoice.due_date, Invoice.second_due_date, Invoice.second_due_total,
                  Invoice.total, Invoice.open_amount, Invoice.currency, Invoice.exchange_rate, Invoice.original_id)
        .where(among(Invoice.customer_id, customer_ids), Invoice.open_amount != 0, Invoice.kind != "credit_note",
               Invoice.state == "issued")
        .order_by(sa.func.coalesce(Invoice.due_date, Invoice.issue_date), Invoice.id)).all()
    ids = [row.id for row in invoices]
    parts, credit = accounting.paid_elsewhere(ids) if ids else {}, _credit(customer_ids)
    billed = contracts_of({row.original_id or row.id for row in invoices} | set(ids))
    found: dict[int, list[Debt]] = defaultdict(list)
    for row in invoices:
        apart = parts.get(row.id, [])
        left, reason = row.open_amount - _not_due(apart, day), "paid_elsewhere"
        key = (row.customer_id, row.currency)
        used = min(max(left, ZERO), credit.get(key, ZERO))
        if used > 0:
            credit[key] -= used
            left, reason = left - used, "credit"
        found[row.customer_id].append(_debt(known, row, left, reason if left <= 0 else "",
                                            billed.get(row.id) or billed.get(row.original_id or 0) or (),
                                            accounting.due_day_of(row, row.open_amount, apart)))
    return {key: sorted(debts, key=lambda debt: debt.due) for key, debts in found.items()}


def _debt(known: Context, row: Any, left: Decimal, reason: str, contracts: Sequence[int], due: dt.date) -> Debt:
    value = left if row.currency == known.company.currency else quantize(left * row.exchange_rate,
                                                                       known.company.currency)
    surcharge = row.second_due_total - row.total if row.second_due_date and row.second_due_total else ZERO
    return Debt(row.id, labels.short_of(row), due, max(left, ZERO), max(value, ZERO),
                row.currency, tuple(contracts), row.second_due_date, max(surcharge, ZERO), reason)


def _not_due(parts: Sequence[Elsewhere], day: dt.date) -> Decimal:
    """What of a document nobody is in arrears with on that day: until its own one."""
    return sum((part.amount for part in parts if part.until >= day), ZERO)


def _credit(customer_ids: Sequence[int]) -> dict[tuple[int, str], Decimal]:
    """What is in favour of each customer, by currency: payments and credit notes that no document has used yet."""
    found: dict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
    for model, more in ((Payment, []), (Invoice, [Invoice.kind == "credit_note", Invoice.state == "issued"])):
        for row in db.session.execute(
                sa.select(model.customer_id, model.currency, sa.func.sum(model.open_amount).label("amount"))
                .where(among(model.customer_id, customer_ids), model.open_amount != 0, *more)
                .group_by(model.customer_id, model.currency)):
            found[row.customer_id, row.currency] += row.amount
    return found


def contracts_of(invoice_ids: set[int]) -> dict[int, list[int]]:
    """The contracts that each document bills; of one issued instead of another, what that one billed."""
    chains = accounting.instead_of_others()
    first = {row.right_id: row.first_id for row in db.session.execute(
        sa.select(chains.c.right_id, chains.c.first_id).where(among(chains.c.right_id, invoice_ids)))}
    wanted = invoice_ids | set(first.values())
    found: dict[int, list[int]] = defaultdict(list)
    for row in db.session.execute(
            sa.select(BilledPeriod.invoice_id, BilledPeriod.contract_id)
            .where(among(BilledPeriod.invoice_id, wanted)).distinct().order_by(BilledPeriod.contract_id)):
        found[row.invoice_id].append(row.contract_id)
    for right_id, first_id in first.items():
        found[right_id] = found[right_id] or found[first_id]
    return found
