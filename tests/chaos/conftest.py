"""One made-up provider per database and worker process; each test gets a copy of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.site import Site, build
from tests.installation import SERVER

# how many seeds each disturbance is tried with; more than one also tries all of them on either database
ROUNDS = int(os.environ.get("ABONA_CHAOS_ROUNDS", "1"))
embedded = pytest.mark.skipif(ROUNDS == 1 and bool(SERVER), reason="done on SQLite; ABONA_CHAOS_ROUNDS=2 does it here")
with_workers = pytest.mark.skipif(ROUNDS == 1 and not SERVER, reason="done on PostgreSQL; ABONA_CHAOS_ROUNDS=2 does it")


@dataclass
class Undisturbed:
    """How the month ends where nothing happens, and how long that takes."""

    same: dict[str, Any]
    seconds: float


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The provider before its month is billed."""
    made = build(tmp_path_factory.mktemp("chaos") / "original")
    yield made
    made.drop()


@pytest.fixture
def site(original: Site, tmp_path: Path) -> Iterator[Site]:
    """A copy of it with its simulator running."""
    made = original.copy(tmp_path / "site")
    made.simulate()
    yield made
    made.stop()
    made.drop()


@pytest.fixture(scope="session")
def undisturbed(original: Site, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The month billed in peace."""
    site = original.copy(tmp_path_factory.mktemp("peace") / "site")
    site.simulate()
    try:
        began = time.monotonic()
        site.finish()
        seconds = time.monotonic() - began
        found = site.state()
        check(site, found)
    finally:
        site.stop()
        site.drop()
    assert len(found["same"]["invoices"]) > 20 and len(found["documents"]) > 20
    return Undisturbed(found["same"], seconds)


@pytest.fixture
def compare(undisturbed: Undisturbed) -> Callable[[Site], None]:
    """`compare(site)`: everything is as if nothing had happened."""

    def run(site: Site) -> None:
        found = site.state()
        check(site, found)
        for name, value in undisturbed.same.items():
            assert found["same"][name] == value, name

    return run


def check(site: Site, found: dict[str, Any]) -> None:
    """Nothing is wrong here, and ARCA has exactly what we have."""
    assert found["wrong"] == []
    theirs = sorted([one["type"], one["number"], one["cae"], f"{float(one['total']):.2f}"]
                    for one in site.arca("state", documents=10_000)["documents"])
    assert theirs == found["documents"]
