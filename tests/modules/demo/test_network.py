"""The made-up company's routers: who hangs on them, and what goes wrong there on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Company
from core.scope import company_scope
from core.simulators import Running, running
from modules.demo import network
from modules.networking import reconciling
from modules.networking.drivers.routeros import client
from modules.networking.models import Connection, Router


@pytest.fixture
def simulators(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(client, "PAUSE", 0)
    monkeypatch.setattr(client, "CONNECT_SECONDS", 0.3)
    with running(["routeros"]) as found:
        yield found


def test_routers_obey_but_for_the_dead_one_and_the_renamed_secret(
        load: Callable[..., list[Company]], simulators: Running) -> None:
    (company,) = load(countries=("AR",))
    with company_scope(company):
        for _twice in range(2):
            network.make(company, simulators)  # type: ignore[arg-type]
            db.session.commit()
        routers: Any = {row.name: row for row in db.session.scalars(sa.select(Router))}
        assert len(routers) == 5
        for row in routers.values():
            if row.driver == "routeros":
                reconciling.run(row.id, db.session.commit)
        simulators.post("routeros", "advance", {"seconds": 10})
        db.session.expire_all()
        assert {name: row.state for name, row in routers.items()} == {
            "Norte": "ok", "Centro": "ok", "Sur": "ok", "Torre Vieja": "away", "Otra marca": "new"}
        differing = db.session.scalars(sa.select(Connection).where(Connection.difference != "")).all()
        assert [(row.router.name, row.difference) for row in differing] == [("Norte", "missing")]
        cut = db.session.scalars(sa.select(Connection).where(Connection.desired == "cut",
                                                             Connection.router_id == routers["Norte"].id)).all()
        seen = simulators.state("routeros")["routers"][f"{company.code}-norte"]["connected"]
        assert all(seen[row.key]["profile"] == "abona-cut" for row in cut if row.difference == "")
