"""A company with contracts, and simulated routers that they hang on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from core.db import db
from core.models import Company
from core.simulators import Running, running
from modules.contracts.drafts import ContractData
from modules.contracts.models import Contract, Plan, PlanPrice
from modules.contracts.services import create_contract
from modules.crm.drafts import CustomerData
from modules.crm.services import create_customer
from modules.networking import services
from modules.networking.drivers.routeros import client
from modules.networking.models import Connection, Router

PROFILES = [{"name": "100M", "rate-limit": "20M/100M"},
            {"name": "abona-cut", "address-list": "abona-cut", "rate-limit": "512k/512k"}]


class Net:
    """The simulated routers, and what a test wants of them."""

    def __init__(self, simulator: Running) -> None:
        self.simulator = simulator
        self.contracts: dict[str, Contract] = {}

    def fault(self, name: str, **options: Any) -> None:
        self.simulator.fault("routeros", name, **options)

    def end_faults(self) -> None:
        self.simulator.site.mounted["routeros"].faults.clear()

    def advance(self, seconds: int = 3) -> None:
        self.simulator.post("routeros", "advance", {"seconds": seconds})

    def state(self, router: str = "norte") -> dict[str, Any]:
        found: dict[str, Any] = self.simulator.state("routeros", router=router)["routers"][router]
        return found

    def sees(self, name: str, router: str = "norte") -> str:
        """The profile of somebody's session, "" where he is not connected."""
        return str(self.state(router)["connected"].get(name, {}).get("profile", ""))

    def table(self, menu: str, router: str = "norte") -> list[dict[str, str]]:
        rows: list[dict[str, str]] = self.state(router)["tables"].get(menu, [])
        return rows

    def count(self, verb: str, router: str = "norte") -> int:
        return int(self.state(router)["counts"].get(verb, 0))

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        return self.simulator.post("routeros", path, body)


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Net]:
    monkeypatch.setattr(client, "PAUSE", 0)
    monkeypatch.setattr(client, "CONNECT_SECONDS", 0.5)
    with running(["routeros"]) as found:
        yield Net(found)


@pytest.fixture
def plan(company: Company, frozen: Callable[..., dt.datetime]) -> Plan:
    """It is 10 November 2026, noon in Argentina."""
    frozen(2026, 11, 10, 15)
    made = Plan(code="100M", name="100 megas", speed_up_kbps=20_000, speed_down_kbps=100_000,
                taxes=[{"code": "VAT", "rate": "21"}],
                prices=[PlanPrice(price=Decimal(10_000), valid_from=dt.date(2026, 1, 1))])
    db.session.add(made)
    db.session.flush()
    return made


@pytest.fixture
def make_contract(plan: Plan) -> Callable[..., Contract]:
    count = iter(range(1, 10_000))

    def make(**values: Any) -> Contract:
        number = next(count)
        customer = create_customer(CustomerData(name=f"Cliente {number}", code=str(1000 + number), tax_condition="CF"))
        return create_contract(ContractData(customer_id=customer.id, plan_id=plan.id, state="active",
                                            billing_from=dt.date(2026, 11, 1), **values))

    return make


@pytest.fixture
def make_router(net: Net, company: Company) -> Callable[..., Router]:
    """`make_router("norte", users=3)`: a router with secrets u1 … u3 whose people are connected, armed."""
    def make(name: str = "norte", users: int = 3, *, simulated: dict[str, Any] | None = None, armed: bool = True,
             **values: Any) -> Router:
        secrets = [{"name": f"u{number}", "password": "clave", "profile": "100M", "remote-address": f"10.5.0.{number}"}
                   for number in range(1, users + 1)]
        given = {"name": name, "password": "secreta", "clients": [one["name"] for one in secrets],
                 "tables": {"/ppp/profile": PROFILES, "/ppp/secret": secrets}, **(simulated or {})}
        ports = net.post("routers", routers=[given])["routers"][name]
        row = Router(name=name, host="127.0.0.1", username="abona", password="secreta",
                     port=ports["port" if values.get("tls") == "plain" else "tls_port"], **values)
        db.session.add(row)
        db.session.flush()
        if armed:
            services.arm(row)
        return row

    return make


@pytest.fixture
def norte(net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract],
          run_jobs: Callable[[], int]) -> Router:
    """Router "norte" with three contracts on its secrets u1, u2, u3, which are as they should be."""
    router = make_router()
    for name in ("u1", "u2", "u3"):
        net.contracts[name] = make_contract(pppoe_user=name)
        services.link(net.contracts[name], router, name, address=f"10.5.0.{name[1:]}")
    db.session.commit()
    run_jobs()
    return router


def connection_of(contract: Contract) -> Connection:
    db.session.expire_all()
    return db.session.query(Connection).filter_by(contract_id=contract.id).one()
