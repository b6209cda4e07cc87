"""kill -9 while the other countries' authorities and providers fail: in the end they have exactly what we have."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.conftest import ROUNDS, embedded
from tests.chaos.site import Command, Site, build, moments

pytestmark = pytest.mark.slow
KILLS = 4
# the authority's or provider's simulator of each company: the key of its documents' codes in its state
CODES = {"EC": ("sri", lambda one: one["clave"] if one["estado"] == "AUTORIZADO" else None),
         "CO": ("hka", lambda one: one["cufe"]), "MX": ("facturacion_moderna", lambda one: one["uuid"]),
         "PE": ("nubefact", lambda one: one["hash"]),
         "CO.siigo": ("siigo", lambda one: one["stamp"]["cufe"])}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A provider in each of the countries, Colombia's twice: by The Factory HKA and by Siigo."""
    made = build(tmp_path_factory.mktemp("countries") / "original", "tests.chaos.state:load_countries", 14)
    yield made
    made.drop()


@pytest.fixture
def countries(loaded: Site, tmp_path: Path) -> Iterator[Site]:
    made = loaded.copy(tmp_path / "site")
    made.simulate()
    yield made
    made.stop()
    made.drop()


def with_faults(site: Site, seed: int) -> None:
    """Of each service a fifth of the answers is lost, a fifth is an error, a fifth never comes."""
    for place, (name, _code) in enumerate(CODES.values()):
        for index, fault in enumerate(("lost_answer", "error_500", "timeout_before")):
            more = {"seconds": 0.05} if fault == "timeout_before" else {}
            site.simulator(name, "faults", {"fault": fault, "rate": 0.2, "seed": seed + 10 * place + index, **more})


def finish(site: Site) -> None:
    """Bill to the end; a clerk who finds it waiting for long has it tried at once."""
    for _time in range(8):
        command = site.bill()
        if waited(command, 25) and site.call("tests.chaos.state:is_settled"):
            break
        command.kill()
        site.call("tests.chaos.state:hurry")


def waited(command: Command, seconds: float) -> bool:
    """Whether it ended by itself."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and command.poll() is None:
        time.sleep(0.1)
    return command.poll() is not None


@embedded
@pytest.mark.parametrize("seed", range(600, 600 + ROUNDS))
def test_all_services_fail_and_everything_is_killed(countries: Site, seed: int) -> None:
    with_faults(countries, seed)
    for moment in moments(seed, KILLS, 12):
        command = countries.bill()
        time.sleep(moment)
        command.kill()
    for name, _code in CODES.values():
        countries.simulator(name, "faults", {"fault": "lost_answer", "rate": 0.1, "seed": seed})
    finish(countries)
    assert countries.call("tests.chaos.state:wrong_anywhere") == []
    ours = countries.call("tests.chaos.state:codes")
    for key, (name, code) in CODES.items():
        theirs = [text for one in countries.simulator(name, "state")["documents"] if (text := code(one))]
        assert sorted(theirs) == sorted(ours[key]), key
        assert len(ours[key]) > 10, key
