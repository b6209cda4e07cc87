"""5,000 contracts cut on 20 routers, three of them dead and one slow, against a bare socket with the same sentences.

The routers are simulated in a process of their own, each sentence taking 20 ms as over a good line. First one router
alone, in turns with the bare socket; then all of them by eight threads, as `abona serve` works; then the dead ones are
back. At the end every secret was set once and every session thrown off once, as the routers counted it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask import Flask

from core import jobs, schema
from core.config import ROOT
from core.db import db, find
from core.models import Job
from core.scope import company_scope
from modules.networking import reconciling, services
from modules.networking.models import Connection, Router
from tests.bench.measure import Measure, note, tell
from tests.bench.place import place
from tests.installation import eventually, free_port
from tests.modules.networking import crowd
from tests.modules.networking.raw import Raw

ROUTERS, DEAD, THREADS, TURNS = 20, 3, 8, 3
LINE, SLOW = 0.02, 1.0
# of the reference; the product also pauses between writes, keeps a record of each, and reads again
GOAL = 0.5


def run(count: int, server: str) -> bool:
    """250 contracts a router; N below 20,000 makes them fewer."""
    each = max(min(count // 80, 250), 10)
    sizes = {f"r{number:02}": each for number in range(1, ROUTERS + 1)} | {f"one{n}": each for n in range(TURNS)}
    with place(server) as where, _simulators() as routers:
        app = where.app(worker_threads=THREADS)
        with app.app_context():
            schema.upgrade()
            company_id = crowd.make(routers.post, sizes).id
            note(f"{sum(sizes.values())} contracts on {len(sizes)} routers")
            crowd.cut_all(company_id)
            good = _one_by_one(routers, company_id, each)
            good = _all(app, routers, company_id, each) and good
            db.session.remove()
            db.engine.dispose()
    return good


class Routers:
    """The simulators' process."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def post(self, name: str, path: str, body: Any = None) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.url}/{name}/_sim/{path}", json.dumps(body or {}).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def state(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/routeros/_sim/state", timeout=120) as answer:
            found: dict[str, Any] = json.load(answer)["routers"]
        return found

    def fault(self, fault: str, **values: Any) -> None:
        self.post("routeros", "faults", {"fault": fault, **values})

    def answers(self) -> bool:
        try:
            return bool(urllib.request.urlopen(f"{self.url}/", timeout=2).read())
        except OSError:
            return False


@contextmanager
def _simulators() -> Iterator[Routers]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "core.simulators", "serve", "routeros", "--port", str(port)],
                               cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        found = Routers(port)
        eventually(found.answers, 60)
        yield found
    finally:
        process.terminate()
        process.wait(30)


def _one_by_one(routers: Routers, company_id: int, each: int) -> bool:
    """One router's cut-off, in turns with the same sentences over a bare socket."""
    measure = Measure("network_one_router", each, "the same sentences over a bare socket", GOAL)
    routers.fault("slow", seconds=LINE)
    with company_scope(company_id):
        for turn in range(TURNS):
            port = _twin(routers, f"raw{turn}", each)
            began = time.perf_counter()
            _bare(port)
            limit = time.perf_counter() - began
            router_id = db.session.scalars(sa.select(Router.id).where(Router.name == f"one{turn}")).one()
            began = time.perf_counter()
            result = reconciling.run(router_id, db.session.commit)
            measure.add(time.perf_counter() - began, limit)
            assert not result.trouble and result.waiting == 0, result
    return measure.report(line_ms=int(LINE * 1000))


def _twin(routers: Routers, name: str, each: int) -> int:
    """A router like those of the product, that nobody uses but the bare socket."""
    secrets = crowd.secrets_of(name, each)
    port: int = routers.post("routeros", "routers", {"routers": [{
        "name": name, "password": "secreta", "clients": [one["name"] for one in secrets],
        "tables": {"/ppp/profile": crowd.PROFILES, "/ppp/secret": secrets}}]})["routers"][name]["port"]
    return port


def _bare(port: int) -> None:
    """What a session of the product says, as bytes: who are you, read, set, throw off, read again."""
    raw = Raw(port)
    raw.login()
    for menu in ("/system/identity", "/system/routerboard", "/system/resource"):
        raw.ask(f"{menu}/print")
    secrets, sessions = _read(raw)
    for at in range(0, len(secrets), 50):
        raw.ask("/ppp/secret/set", f"=.id={','.join(secrets[at:at + 50])}", "=profile=abona-cut")
    for at in range(0, len(sessions), 50):
        raw.ask("/ppp/active/remove", f"=.id={','.join(sessions[at:at + 50])}")
    _read(raw)


def _read(raw: Raw) -> tuple[list[str], list[str]]:
    found = []
    for menu, fields in (("/ppp/secret", ".id,name,disabled,profile,comment"), ("/ppp/active", ".id,name,address"),
                         ("/ppp/profile", "name,rate-limit,address-list"),
                         ("/ip/firewall/address-list", ".id,list,address,comment,dynamic")):
        rows = raw.ask(f"{menu}/print", f"=.proplist={fields}")
        found.append([word.removeprefix("=.id=") for row in rows for word in row if word.startswith("=.id=")])
    return found[0], found[1]


def _all(app: Flask, routers: Routers, company_id: int, each: int) -> bool:
    """Twenty routers by eight threads; then the dead ones are back."""
    dead = [f"r{number:02}" for number in range(1, DEAD + 1)]
    routers.fault("dead", only=",".join(dead))
    routers.fault("slow", seconds=SLOW, only="r04")
    began = time.perf_counter()
    _drain(app)
    seconds = time.perf_counter() - began
    waiting = _waiting(company_id)
    alive = ROUTERS - DEAD
    routers.post("routeros", "faults", {"fault": "dead", "rate": 0})
    routers.post("routeros", "faults", {"fault": "slow", "rate": 0})
    with company_scope(company_id):
        for row in db.session.scalars(sa.select(Router).where(Router.name.in_(dead))):
            services.try_now(find(Router, row.id))
        db.session.commit()
    back = time.perf_counter()
    _drain(app)
    back = time.perf_counter() - back
    once = _all_once(routers, each)
    tell({"name": "network_twenty_routers", "n": alive * each, "seconds": round(seconds, 3),
          "per_second": round(alive * each / seconds, 1), "waiting_for_the_dead": waiting,
          "back_seconds": round(back, 3), "left": _waiting(company_id), "once": once})
    return waiting == DEAD * each and _waiting(company_id) == 0 and once


def _drain(app: Flask) -> None:
    """Threads take jobs until none is due, each in a context of its own."""
    def work(_number: int) -> None:
        with app.app_context():
            while found := jobs.due(20, ("network",)):
                if not sum(jobs.run(job_id) for job_id, _queue in found) and not _running():
                    break
                time.sleep(0.02)
            db.session.remove()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))


def _running() -> bool:
    found = db.session.scalar(sa.select(Job.id).where(Job.state == "running").limit(1)) is not None
    db.session.rollback()
    return found


def _waiting(company_id: int) -> int:
    with company_scope(company_id):
        found = db.session.scalar(sa.select(sa.func.count()).select_from(Connection).where(
            Connection.waits_since.is_not(None))) or 0
        db.session.rollback()
    return found


def _all_once(routers: Routers, each: int) -> bool:
    """Each secret set once and each session thrown off once, by the routers' own logs."""
    for name, state in routers.state().items():
        if name.startswith("raw"):
            continue
        for command in ("/ppp/secret/set", "/ppp/active/remove"):
            times = Counter(row for one in state["log"] if one["command"] == command for row in one["rows"])
            if len(times) != each or set(times.values()) != {1}:
                note(f"{name}: {command} {len(times)} of {each}, {max(times.values(), default=0)} times")
                return False
    return True
