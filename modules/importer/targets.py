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
from core.db import allocate_ids, db, write_rows
from core.i18n import _
from core.models import Company
from core.scope import current_company
from modules.contracts import bulk as contracts
from modules.contracts.drafts import ContractData
from modules.contracts.models import Contract, Plan, PlanPrice
from modules.crm import names
from modules.crm.models import Customer
from modules.importer import proof
from modules.importer.arranging import ZERO, WantedService
from modules.importer.comparing import Step, batches
from modules.importer.models import ImportLink

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

    def know(self, wanted: Iterable[WantedService]) -> int:
        """Make the plans that are missing; how many."""
        groups: dict[PlanKey, list[WantedService]] = {}
        for one in wanted:
            groups.setdefault(_key(one), []).append(one)
        missing = {key: services for key, services in groups.items() if key not in self.found}
        self._make(missing)
        return len(missing)

    def of(self, service: WantedService) -> KnownPlan:
        return self.found[_key(service)]

    def _make(self, missing: dict[PlanKey, list[WantedService]]) -> None:
        company, codes = current_company(), _Codes()
        ids, moment = allocate_ids(Plan.__table__, len(missing)), clock.now()
        plans, prices = [], []
        for plan_id, (key, services) in zip(ids, missing.items(), strict=True):
            price = Counter(one.service.price for one in services).most_common(1)[0][0]
            speed = next((one.service.megabits for one in services if one.service.megabits), None)
            plans.append({
                "id": plan_id, "company_id": company.id, "code": codes.free(key[0]), "name": services[0].service.plan,
                "speed_down_kbps": speed * 1000 if speed else None, "speed_up_kbps": None, "period_months": 1,
                "currency": "", "includes_tax": key[1], "taxes": taxes_of(company), "product_codes": {},
                "account_id": None, "valid_from": None, "valid_to": None, "notes": "", "active": True,
                "created_at": moment})
            prices.append({"company_id": company.id, "plan_id": plan_id, "valid_from": _since(services),
                           "price": price, "revision_id": None})
            self.found[key] = KnownPlan(plan_id, price)
        write_rows(Plan.__table__, plans)
        write_rows(PlanPrice.__table__, prices)


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


def _since(services: Sequence[WantedService]) -> dt.date:
    """The file's price holds for as long as anybody has the plan: no earlier price is known."""
    started = [one.service.started_on for one in services if one.service.started_on]
    return min([*started, clock.today().replace(month=1, day=1)])


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


def in_the_books(steps: Sequence[Step]) -> proof.Totals:
    """What stands in the books of what the file brought: customers, contracts and entries that exist."""
    from modules.accounting import opening

    people = {step.customer_id for step in steps if step.customer_id}
    keys = [step.wanted.key for step in steps]
    services = [service.key for step in steps for service in step.wanted.services]
    debt = opening.sum_of_opening_balances(_targets("debt", keys))
    credit = opening.sum_of_opening_balances(_targets("credit", keys))
    return proof.Totals(_existing(Customer, people), _existing(Contract, _targets("contract", services)),
                        debt or ZERO, -credit if credit else ZERO)


def _targets(kind: str, keys: Sequence[str]) -> list[int]:
    found: list[int] = []
    for batch in batches(keys):
        found += db.session.scalars(sa.select(ImportLink.target_id).where(
            ImportLink.kind == kind, ImportLink.source_key.in_(batch)))
    return found


def _existing(model: Any, ids: Iterable[int]) -> int:
    """How many of these rows there are."""
    every, found = list(ids), 0
    for start in range(0, len(every), 500):
        part = sa.select(sa.func.count()).select_from(model).where(model.id.in_(every[start:start + 500]))
        found += db.session.scalar(part) or 0
    return found
