"""kill -9 of everything at any moment of the month, then started again: as if nothing had happened."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.chaos.conftest import ROUNDS, Undisturbed, embedded, with_workers
from tests.chaos.farm import Farm
from tests.chaos.site import Site, moments
from tests.installation import RedisServer, eventually, free_port

pytestmark = pytest.mark.slow
Compare = Callable[[Site], None]
KILLS = 3


def with_faults(site: Site, seed: int) -> None:
    """A fifth of ARCA's answers is lost, a fifth is an error, a fifth never comes."""
    site.fault("lost_answer", 0.2, seed)
    site.fault("error_500", 0.2, seed + 1)
    site.fault("timeout_before", 0.2, seed + 2, seconds=0.1)


@pytest.mark.parametrize("seed", range(ROUNDS * 2))
def test_the_command_is_killed_again_and_again(site: Site, undisturbed: Undisturbed, seed: int,
                                               compare: Compare) -> None:
    for moment in moments(seed, KILLS, undisturbed.seconds):
        command = site.bill()
        time.sleep(moment)
        command.kill()
    site.finish()
    compare(site)


@embedded
@pytest.mark.parametrize("seed", range(100, 100 + ROUNDS))
def test_it_is_killed_while_arca_fails(site: Site, undisturbed: Undisturbed, seed: int, compare: Compare) -> None:
    with_faults(site, seed)
    for moment in moments(seed, KILLS, undisturbed.seconds * 1.5):
        command = site.bill()
        time.sleep(moment)
        command.kill()
    site.finish()
    compare(site)


@embedded
@pytest.mark.parametrize("seed", range(200, 200 + ROUNDS))
def test_it_is_killed_when_arca_has_decided_and_we_do_not_know_it(site: Site, seed: int, compare: Compare) -> None:
    for _number in range(2):
        command, before = site.bill(), site.arca("state", documents=0)["documents_total"]
        eventually(lambda known=before, running=command: running.poll() is not None
                   or site.arca("state", documents=0)["documents_total"] > known, 60, 0.002)
        command.kill()
    site.finish()
    compare(site)


@embedded
@pytest.mark.parametrize("seed", range(300, 300 + ROUNDS))
def test_the_server_is_killed_and_goes_on_by_itself(site: Site, undisturbed: Undisturbed, seed: int,
                                                    compare: Compare) -> None:
    serve = site.start("serve", "--port", str(free_port()))
    began = site.start("billing", "run", "--period", time.strftime("%Y-%m"))
    for moment in moments(seed, KILLS, undisturbed.seconds):
        time.sleep(moment)
        serve.kill()
        serve = site.start("serve", "--port", str(free_port()))
    began.wait()
    eventually(lambda: site.call("tests.chaos.state:is_settled"), 120, 1)
    serve.kill()
    compare(site)


@with_workers
@pytest.mark.parametrize("seed", range(400, 400 + ROUNDS))
def test_workers_and_scheduler_are_killed(site: Site, undisturbed: Undisturbed, seed: int, compare: Compare,
                                          redis_server: RedisServer) -> None:
    farm = Farm(site, redis_server)
    for moment in moments(seed, KILLS, undisturbed.seconds * 1.5):
        farm.start()
        command = site.bill()
        time.sleep(moment)
        farm.kill(command)
    farm.start()
    site.finish()
    farm.kill()
    compare(site)


@with_workers
def test_workers_are_killed_while_arca_fails(site: Site, undisturbed: Undisturbed, compare: Compare,
                                             redis_server: RedisServer) -> None:
    farm = Farm(site, redis_server)
    with_faults(site, 7)
    for moment in moments(500, KILLS, undisturbed.seconds * 1.5):
        farm.start()
        command = site.bill()
        time.sleep(moment)
        farm.kill(command)
    farm.start()
    site.finish()
    farm.kill()
    compare(site)
