"""The network of a made-up company: nodes, simulated routers that its contracts hang on, and what goes wrong there.

One router does not answer, one lacks a subscriber, one is another brand that a person looks after. The routers are in
the simulators' process; what they know is kept with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core import clock
from core.db import db, write_rows
from core.models import Company
from modules.contracts.models import Contract, Plan
from modules.demo import facts
from modules.demo.surroundings import Simulators
from modules.networking import services
from modules.networking.models import Connection, Node, Pool, Router

# more than these would only make the simulators' process slow
MOST = 600
DEAD = "torre-vieja"
MOST_WEIGHT = 5


@dataclass(frozen=True)
class Machine:
    """A router of the demonstration. `weight`: its share of the contracts."""

    key: str
    name: str
    node: str
    weight: int
    method: str = "pppoe_profile"
    version: str = "7.12"
    driver: str = "routeros"


MACHINES = (Machine("norte", "Norte", "Torre Norte", 5), Machine("centro", "Centro", "Nodo Centro", 3, version="7.21"),
            Machine("sur", "Sur", "Nodo Centro", 2, "address_list", "6.49"),
            Machine(DEAD, "Torre Vieja", "Torre Vieja", 1), Machine("otra", "Otra marca", "Torre Vieja", 1,
                                                                    driver="manual"))


def make(company: Company, simulators: Simulators) -> None:
    """Routers with who hangs on them, once; afterwards only where they are. The caller commits."""
    rows = {row.name: row for row in db.session.scalars(sa.select(Router))}
    fresh = not rows
    nodes = _nodes() if fresh else {}
    groups = _groups() if fresh else {}
    for machine in MACHINES:
        router = rows.get(machine.name) or _router(company, machine, nodes[machine.node])
        if machine.driver == "routeros":
            _place(company, machine, router, simulators, groups.get(machine.key, ()))
        if fresh:
            _connect(router, groups[machine.key], machine)
    if fresh:
        db.session.add(Pool(name="Norte", ranges="10.60.0.10-10.60.3.250"))
        _odd(company, simulators, groups["norte"])
    dead = ",".join(_name(one.company["code"], DEAD) for one in map(facts.of, facts.COUNTRIES))
    simulators.post("routeros", "faults", {"fault": "dead", "only": dead})
    db.session.flush()


def _name(code: str, key: str) -> str:
    return f"{code}-{key}"


def _nodes() -> dict[str, Node]:
    made = {name: Node(name=name) for name in dict.fromkeys(machine.node for machine in MACHINES)}
    db.session.add_all(made.values())
    db.session.flush()
    return made


def _router(company: Company, machine: Machine, node: Node) -> Router:
    row = Router(name=machine.name, node_id=node.id, driver=machine.driver, method=machine.method, username="abona",
                 password=f"demo-{company.code}", sets_speed=machine.method == "pppoe_profile")
    if machine.driver != "manual":
        row.armed_at = clock.now()
    db.session.add(row)
    db.session.flush()
    return row


def _groups() -> dict[str, list[Any]]:
    """Contracts in service, dealt out to the routers by their weights."""
    rows = db.session.execute(
        sa.select(Contract.id, Contract.number, Contract.state, Contract.pppoe_user, Contract.ip, Plan.code,
                  Plan.id.label("plan_id"),
                  Plan.speed_up_kbps, Plan.speed_down_kbps)
        .join(Plan, Plan.id == Contract.plan_id).where(Contract.state.in_(("active", "suspended")),
                                                       Contract.pppoe_user != "", Contract.ip != "")
        .order_by(Contract.id).limit(MOST)).all()
    deal = [machine.key for share in range(MOST_WEIGHT) for machine in MACHINES if share < machine.weight]
    groups: dict[str, list[Any]] = {machine.key: [] for machine in MACHINES}
    for place, row in enumerate(rows):
        groups[deal[place % len(deal)]].append(row)
    return groups


def _place(company: Company, machine: Machine, router: Router, simulators: Simulators, rows: Sequence[Any]) -> None:
    """The simulated machine; where it is there already, only its port is taken over."""
    name = _name(company.code, machine.key)
    secrets = [{"name": row.pppoe_user, "password": "demo", "profile": _profile(row), "remote-address": row.ip}
               for row in rows]
    profiles = [{"name": "abona-cut", "address-list": "abona-cut", "rate-limit": "512k/512k"}, *(
        {"name": _profile(row), "rate-limit": f"{row.speed_up_kbps or 1000}k/{row.speed_down_kbps or 1000}k"}
        for row in {_profile(one): one for one in rows}.values())]
    found = simulators.post("routeros", "routers", {"routers": [{
        "name": name, "version": machine.version, "user": router.username, "password": router.password,
        "serial": f"HEX{company.country}{machine.key.upper()[:6]}", "clients": [one["name"] for one in secrets],
        "tables": {"/ppp/profile": profiles, "/ppp/secret": secrets}}]})["routers"][name]
    router.host, router.port = found["host"], found["tls_port"]


def _profile(row: Any) -> str:
    """As the product names it, so that nobody is thrown off when it first looks."""
    return f"abona-{row.code}-{row.plan_id}"


def _connect(router: Router, rows: Sequence[Any], machine: Machine) -> None:
    """All at once, as an import does it."""
    moment = clock.now()
    write_rows(Connection.__table__, [
        {"company_id": router.company_id, "contract_id": row.id, "router_id": router.id, "method": "",
         "key": row.ip if machine.method == "address_list" else row.pppoe_user, "address": row.ip, "address6": "",
         "former": {}, "desired": services.state_of(row.state), "applied": "", "cause": "linked",
         "speed": f"{row.speed_up_kbps}/{row.speed_down_kbps}" if row.speed_up_kbps and row.speed_down_kbps else "",
         "applied_speed": "", "waits_since": moment, "applied_at": None, "kick": "", "difference": "",
         "created_at": moment} for row in rows])
    services.ask([router.id])


def _odd(company: Company, simulators: Simulators, rows: Sequence[Any]) -> None:
    """Somebody renamed a secret: the connection is not on the router any more."""
    name = _name(company.code, "norte")
    if rows:
        simulators.post("routeros", "change", {"router": name, "menu": "/ppp/secret",
                                               "where": {"name": rows[-1].pppoe_user},
                                               "to": {"name": f"{rows[-1].pppoe_user}-viejo"}})
