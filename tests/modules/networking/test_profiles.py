"""Each plan has a profile of its own on a router, however alike the codes of plans are."""

from __future__ import annotations

from collections.abc import Callable

from core.db import db
from modules.contracts.models import Contract, Plan
from modules.networking import services
from modules.networking.models import Router
from tests.modules.networking.conftest import PROFILES, Net
from tests.modules.networking.test_reconciling import KICK, SET

Run = Callable[[], int]
CODES = {"Fibra 20": 20_000, "Fibra_20": 40_000, "Año 20": 60_000, "Aéo 20": 80_000}


def plans(make_contract: Callable[..., Contract], router: Router) -> dict[str, Plan]:
    """A contract of each plan, on the secrets u1, u2, …"""
    made = {}
    for number, (code, speed) in enumerate(CODES.items(), 1):
        made[code] = Plan(code=code, name=code, speed_up_kbps=speed, speed_down_kbps=speed)
        db.session.add(made[code])
        db.session.flush()
        contract = make_contract()
        contract.plan_id = made[code].id
        db.session.flush()
        db.session.refresh(contract)
        services.link(contract, router, f"u{number}")
    db.session.commit()
    return made


def rates(net: Net) -> dict[str, str]:
    return {row["name"]: row.get("rate-limit", "") for row in net.table("/ppp/profile")}


def test_plans_whose_codes_look_alike_have_profiles_and_speeds_of_their_own(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    router = make_router(users=4, sets_speed=True)
    plans(make_contract, router)
    run_jobs()
    net.advance()
    found = rates(net)
    for number, speed in enumerate(CODES.values(), 1):
        assert found[net.sees(f"u{number}")] == f"{speed}k/{speed}k"
    assert len({net.sees(f"u{number}") for number in range(1, 5)}) == 4


def test_who_was_served_right_by_a_shared_profile_stays_connected_while_it_gets_a_name_of_its_own(
        net: Net, make_router: Callable[..., Router], make_contract: Callable[..., Contract], run_jobs: Run) -> None:
    """As it was on routers of before: one profile for both, with the speed of the one that was written last."""
    secrets = [{"name": name, "password": "clave", "profile": "abona-Fibra-20", "remote-address": f"10.5.0.{number}"}
               for number, name in enumerate(("u1", "u2"), 1)]
    shared = {"name": "abona-Fibra-20", "rate-limit": "40000k/40000k", "comment": "abona:rule"}
    router = make_router(users=0, sets_speed=True, simulated={
        "clients": ["u1", "u2"], "tables": {"/ppp/profile": [*PROFILES, shared], "/ppp/secret": secrets}})
    made = plans(make_contract, router)
    run_jobs()
    kicked = [name for one in net.state()["log"] if one["command"] == KICK for name in one["rows"]]
    assert kicked == ["u1"]
    net.advance()
    profiles = {row["name"]: row["profile"] for row in net.table("/ppp/secret")}
    assert profiles == {"u1": f"abona-Fibra-20-{made['Fibra 20'].id}", "u2": f"abona-Fibra-20-{made['Fibra_20'].id}"}
    assert rates(net)[net.sees("u1")] == "20000k/20000k" and rates(net)[net.sees("u2")] == "40000k/40000k"
    writes = net.count(SET)
    services.ask([router.id])
    db.session.commit()
    run_jobs()
    assert (net.count(SET), net.count(KICK)) == (writes, 1)
