"""Many contracts on simulated routers, made in bulk, and all of them cut at once: for the long tests and the bench."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from core import clock, companies
from core.db import db, write_rows
from core.models import Company
from core.scope import company_scope
from modules.contracts import bulk
from modules.contracts.drafts import ContractData
from modules.contracts.models import Contract, Plan, PlanPrice
from modules.crm import bulk as crm
from modules.crm.drafts import CustomerData
from modules.networking import services
from modules.networking.models import Connection, Router

PROFILES = [{"name": "100M", "rate-limit": "20M/100M"},
            {"name": "abona-cut", "address-list": "abona-cut", "rate-limit": "512k/512k"}]
Post = Callable[..., Mapping[str, Any]]


def make(post: Post, sizes: Mapping[str, int], method: str = "pppoe_profile") -> Company:
    """A company whose contracts hang on routers of these names, so many on each; all connected, and armed."""
    company = companies.create_company("AR", "Red de Pruebas S.A.", "30990005008", code="red", tax_condition="RI")
    with company_scope(company):
        ids = _contracts(sum(sizes.values()))
        for name, size in sizes.items():
            _router(company, name, [ids.pop() for _number in range(size)], post, method)
        db.session.commit()
    return company


def _contracts(count: int) -> list[int]:
    plan = Plan(code="100M", name="100 megas", prices=[PlanPrice(price=Decimal(1000), valid_from=dt.date(2020, 1, 1))])
    db.session.add(plan)
    db.session.flush()
    made: list[int] = []
    for start in range(0, count, 1000):
        people = crm.create_many([CustomerData(name=f"Abonado {n}", code=str(n + 1), tax_condition="CF")
                                  for n in range(start, min(start + 1000, count))])
        made += bulk.create_many([ContractData(customer_id=one, plan_id=plan.id, state="active",
                                               billing_from=dt.date(2026, 1, 1)) for one in people])
    return made


def secrets_of(name: str, size: int) -> list[dict[str, str]]:
    """The secrets of a router with so many subscribers."""
    return [{"name": f"{name}-{number}", "password": "clave", "profile": "100M",
             "remote-address": f"10.5.{number // 250}.{number % 250 + 1}"} for number in range(size)]


def _router(company: Company, name: str, contract_ids: list[int], post: Post, method: str) -> None:
    secrets = secrets_of(name, len(contract_ids))
    ports = post("routeros", "routers", {"routers": [{
        "name": name, "password": "secreta", "clients": [one["name"] for one in secrets],
        "tables": {"/ppp/profile": PROFILES, "/ppp/secret": secrets}}]})["routers"][name]
    row = Router(name=name, host="127.0.0.1", port=ports["port"], tls="plain", username="abona", password="secreta",
                 armed_at=clock.now(), method=method)
    db.session.add(row)
    db.session.flush()
    write_rows(Connection.__table__, [
        {"company_id": company.id, "contract_id": contract_id, "router_id": row.id, "method": "", "key": one["name"],
         "address": one["remote-address"], "address6": "", "former": {}, "desired": "on", "applied": "on",
         "cause": "linked", "speed": "", "applied_speed": "", "waits_since": None, "applied_at": None, "kick": "",
         "difference": "", "created_at": clock.now()} for contract_id, one in zip(contract_ids, secrets, strict=True)])


def cut_all(company_id: int) -> int:
    """All contracts are suspended, as a cut-off does it, and their connections follow; how many."""
    with company_scope(company_id):
        db.session.execute(sa.update(Contract).values(state="suspended").execution_options(synchronize_session=False))
        ids = list(db.session.scalars(sa.select(Contract.id).order_by(Contract.id)))
        for chunk in services.chunks(ids):
            services.follow(chunk, "suspended:arrears")
        db.session.commit()
    return len(ids)


def restore_all(**speeds: int) -> None:
    """All contracts are active again; with speeds their plan has these, and routers set them. Commits."""
    db.session.execute(sa.update(Contract).values(state="active").execution_options(synchronize_session=False))
    if speeds:
        db.session.execute(sa.update(Plan).values(**speeds).execution_options(synchronize_session=False))
        db.session.execute(sa.update(Router).values(sets_speed=True).execution_options(synchronize_session=False))
    services.follow_all("restored")
    db.session.commit()
