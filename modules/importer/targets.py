"""Where services and balances of a file go: contracts and the ledger. The only place that knows those modules."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import allocate_ids, db, find, refresh_statistics, write_rows
from core.i18n import _
from core.models import Company
from core.scope import current_company
from modules.contracts import bulk as contracts
from modules.contracts import services as contract_verbs
from modules.contracts.drafts import ContractData
from modules.contracts.models import Contract, Plan, PlanPrice
from modules.crm import names
from modules.crm.models import Customer
from modules.importer import links
from modules.importer.arranging import WantedCustomer, WantedService
from modules.importer.models import ImportLink
from modules.importer.proof import ZERO, Totals

PlanKey = tuple[str, bool]
# General rate of the tax on services; a company that is under no such tax has none (see `taxes_of`).
VAT = {"AR": "21", "EC": "15", "CO": "19", "MX": "16", "PE": "18"}
WITHOUT_VAT = {("AR", "MO"), ("AR", "EX"), ("EC", "RIMPE_NP"), ("CO", "49")}


def taxes_of(company: Company) -> list[dict[str, Any]]:
    """The taxes of an imported plan: the general rate, where the company charges it."""
    if (company.country, company.tax_condition) in WITHOUT_VAT or company.country not in VAT:
        return []
    return [{"code": "VAT", "rate": VAT[company.country]}]


# --- plans -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class KnownPlan:
    """A plan and what it costs today."""

    id: int
    price: Decimal


class Plans:
    """The plans of the company by name and kind of price; those that a file brings are made with its usual price."""

    def __init__(self) -> None:
        self.found: dict[PlanKey, KnownPlan] = {}
        today = clock.today()
        rows = db.session.execute(
            sa.select(Plan.id, Plan.name, Plan.includes_tax, PlanPrice.price)
            .join(PlanPrice, PlanPrice.plan_id == Plan.id)
            .where(PlanPrice.valid_from <= today).order_by(Plan.active, Plan.id.desc(), PlanPrice.valid_from))
        for plan_id, name, includes_tax, price in rows:
            self.found[(names.fold(name), includes_tax)] = KnownPlan(plan_id, price)

    def know(self, wanted: Iterable[WantedService], usual: UsualPrices) -> int:
        """Make the plans that are missing for these services, at their usual price in the file; how many."""
        missing: dict[PlanKey, WantedService] = {}
        for one in wanted:
            if _key(one) not in self.found:
                missing.setdefault(_key(one), one)
        self._make(missing, usual)
        return len(missing)

    def of(self, service: WantedService) -> KnownPlan:
        return self.found[_key(service)]

    def _make(self, missing: dict[PlanKey, WantedService], usual: UsualPrices) -> None:
        company, codes = current_company(), _Codes()
        ids, moment = allocate_ids(Plan.__table__, len(missing)), clock.now()
        plans, prices = [], []
        for plan_id, (key, one) in zip(ids, missing.items(), strict=True):
            price, speed = usual.price(key) or one.service.price, usual.speeds.get(key)
            plans.append({
                "id": plan_id, "company_id": company.id, "code": codes.free(key[0]), "name": one.service.plan,
                "speed_down_kbps": speed * 1000 if speed else None, "speed_up_kbps": None, "period_months": 1,
                "currency": "", "includes_tax": key[1], "taxes": taxes_of(company), "product_codes": {},
                "account_id": None, "valid_from": None, "valid_to": None, "notes": "", "active": True,
                "created_at": moment})
            prices.append({"company_id": company.id, "plan_id": plan_id, "valid_from": usual.since(key),
                           "price": price, "revision_id": None})
            self.found[key] = KnownPlan(plan_id, price)
        write_rows(Plan.__table__, plans)
        write_rows(PlanPrice.__table__, prices)


class UsualPrices:
    """What the services of a whole file cost, by plan; grows with the number of plans, not of customers."""

    def __init__(self, customers: Iterable[WantedCustomer]) -> None:
        self._prices: dict[PlanKey, Counter[Decimal]] = {}
        self._starts: dict[PlanKey, dt.date] = {}
        self.speeds: dict[PlanKey, int] = {}
        for one in (one for wanted in customers for one in wanted.services):
            key, service = _key(one), one.service
            self._prices.setdefault(key, Counter())[service.price] += 1
            if service.megabits:
                self.speeds.setdefault(key, service.megabits)
            if service.started_on:
                self._starts[key] = min(self._starts.get(key, service.started_on), service.started_on)

    def price(self, key: PlanKey) -> Decimal | None:
        """The price that most services of the plan have."""
        found = self._prices.get(key)
        return found.most_common(1)[0][0] if found else None

    def since(self, key: PlanKey) -> dt.date:
        """The file's price holds for as long as anybody has the plan: no earlier price is known."""
        first = clock.today().replace(month=1, day=1)
        return min(first, self._starts.get(key, first))


class _Codes:
    """Codes of plans out of their names, each once."""

    def __init__(self) -> None:
        self.taken = set(db.session.scalars(sa.select(Plan.code)))

    def free(self, folded: str) -> str:
        base = "-".join(folded.split())[:36].upper() or "PLAN"
        code, number = base, 1
        while code in self.taken:
            number += 1
            code = f"{base}-{number}"
        self.taken.add(code)
        return code


def _key(one: WantedService) -> PlanKey:
    return (names.fold(one.service.plan), one.service.includes_tax)


# --- contracts -------------------------------------------------------------------------------------------


def create_contracts(rows: Sequence[tuple[int, WantedService, int | None]], plans: Plans, today: dt.date) -> list[int]:
    """Make the contracts of (customer id, service, address id); their ids in the same order.

    They come as they are (active, suspended, ended): nothing is sent to anybody, nothing billed for the past.
    """
    return contracts.create_many([_contract(*row, plans, today) for row in rows])


def _contract(customer_id: int, one: WantedService, address_id: int | None, plans: Plans,
              today: dt.date) -> ContractData:
    service, plan = one.service, plans.of(one)
    begins = service.started_on or today.replace(day=1)
    ended = service.state == "ended"
    last = max(service.ended_on or today.replace(day=1) - dt.timedelta(days=1), begins)
    return ContractData(
        customer_id=customer_id, plan_id=plan.id, address_id=address_id, state=service.state,
        installed_on=service.started_on, billing_from=begins, ends_on=last if ended else None,
        end_reason=_("ended before the import") if ended else "", due_day=service.due_day,
        price=service.price if service.price != plan.price else None, ip=service.ip,
        pppoe_user=service.pppoe_user, pppoe_password=service.pppoe_password)


def change_network(contract_id: int, one: WantedService) -> None:
    """What an import may change of a contract later: how it is connected, and its due day; nothing is emptied."""
    service = one.service
    fields = {name: getattr(service, name) for name in ("ip", "pppoe_user", "pppoe_password", "due_day")
              if getattr(service, name)}
    contract_verbs.update_contract(find(Contract, contract_id), **fields)


def owners_of_contracts(customer_ids: Sequence[int]) -> dict[int, int]:
    """Contract id -> customer id of all contracts of these customers."""
    found: dict[int, int] = {}
    for start in range(0, len(customer_ids), 500):
        found.update(db.session.execute(sa.select(Contract.id, Contract.customer_id).where(
            Contract.customer_id.in_(customer_ids[start:start + 500]))).tuples().all())
    return found


# --- the ledger ------------------------------------------------------------------------------------------


def record_opening_balances(rows: Sequence[tuple[int, Decimal, str]], today: dt.date) -> list[int]:
    """Write (customer id, amount, key) into the current accounts, debts positive; the ids of the entries in order."""
    from modules.accounting import opening

    return opening.record_opening_balances(rows, today) if rows else []


def balance_doubt(before: Decimal, now: Decimal) -> str:
    """What is said when a balance that was loaded is another one in the file now."""
    return _("The balance was loaded as %(before)s and is now %(now)s in the file; correct it in the account.",
             before=f"{before:.2f}", now=f"{now:.2f}")


# --- the proof -------------------------------------------------------------------------------------------


def look_at_tables() -> None:
    """Have the database look at the tables that an import fills."""
    from modules.accounting.models import Entry, Invoice, Posting

    refresh_statistics(ImportLink, Customer, Contract, Invoice, Entry, Posting)


def in_the_books(customers: Sequence[WantedCustomer]) -> Totals:
    """What stands in the books of what these customers of the file brought: measured, not counted while writing."""
    from modules.accounting import opening

    keys = [wanted.key for wanted in customers]
    people = [link.target_id for link in links.find("customer", keys).values()]
    services = [one.key for wanted in customers for one in wanted.services]
    debt = opening.sum_of_opening_balances(_targets("debt", keys))
    credit = opening.sum_of_opening_balances(_targets("credit", keys))
    here = _existing(Customer, people)
    return Totals(sum(person in here for person in people), len(_existing(Contract, _targets("contract", services))),
                  debt or ZERO, -credit if credit else ZERO)


def _targets(kind: str, keys: Sequence[str]) -> list[int]:
    return [link.target_id for link in links.find(kind, keys).values()]


def _existing(model: Any, ids: Iterable[int]) -> set[int]:
    """Which of these rows there are."""
    every, found = sorted(set(ids)), set()
    for start in range(0, len(every), 500):
        found |= set(db.session.scalars(sa.select(model.id).where(model.id.in_(every[start:start + 500]))))
    return found
