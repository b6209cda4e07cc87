"""Two runs of arrears at once, and kill -9 in the middle of them: nobody is cut, told or charged twice, nobody left."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import config
from tests.chaos.conftest import ROUNDS
from tests.chaos.site import Site, build
from tests.forks import Command, eventually
from tests.installation import free_port

pytestmark = pytest.mark.slow
PEOPLE = 120
SMALL_PARTS = Path(__file__).with_name("small_parts.py")
CUT = "arrears_cut WHERE batch_id IS NOT NULL AND ended_at IS NULL"
Peace = dict[str, Any]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = build(tmp_path_factory.mktemp("arrears") / "original", "tests.chaos.debtors:load", PEOPLE)
    yield made
    made.drop()


def copied(loaded: Site, folder: Path) -> Iterator[Site]:
    made = loaded.copy(folder)
    made.settings["RUN_FIRST"] = str(SMALL_PARTS)
    yield made
    made.stop()
    made.drop()


@pytest.fixture
def isp(loaded: Site, tmp_path: Path) -> Iterator[Site]:
    yield from copied(loaded, tmp_path / "site")


@pytest.fixture(scope="module")
def peace(loaded: Site, tmp_path_factory: pytest.TempPathFactory) -> Peace:
    """How the run ends where nothing happens."""
    sites = copied(loaded, tmp_path_factory.mktemp("peace") / "site")
    site = next(sites)
    told = answer(arrears(site))
    found = site.call("tests.chaos.debtors:collect")
    assert found["wrong"] == []
    sites.close()  # type: ignore[attr-defined]
    sixth = PEOPLE // 6
    assert {name: len(rows) for name, rows in found["same"].items() if name != "jobs"} == {
        "deeds": 8 * sixth, "cuts": 3 * sixth, "suspensions": 3 * sixth, "contracts": PEOPLE, "notices": 7 * sixth,
        "charges": 2 * sixth, "promises": sixth}
    assert len(told) == 7 * sixth
    return dict(found["same"])


def arrears(site: Site, *words: str) -> Command:
    """Start a run of yesterday, looked at as a whole: no hour keeps anybody from being cut."""
    return site.start("arrears", "run", "--date", site.call("tests.chaos.debtors:date"), "--json", *words)


def answer(command: Command) -> list[dict[str, Any]]:
    assert command.wait() == 0, command.err[-3000:]
    return list(json.loads(command.out)["actions"])


def compare(site: Site, peace: Peace) -> None:
    found = site.call("tests.chaos.debtors:collect")
    assert found["wrong"] == []
    for name, rows in peace.items():
        assert found["same"][name] == rows, name


def dies(site: Site, point: str, *words: str) -> Command:
    """A process of `arrears run`, or of these words, that is killed at this point."""
    site.settings["DIE_AT"] = point
    try:
        return site.start(*words) if words else arrears(site)
    finally:
        del site.settings["DIE_AT"]


def killed(command: Command) -> None:
    assert command.wait() == -signal.SIGKILL, (command.returncode, command.err[-3000:])
    command.kill()


def points(seed: int, count: int) -> list[str]:
    """Where kill -9 comes: within a part or around its commit; never so late that nothing is left to do."""
    chance = random.Random(seed)
    late = {"note": (4, 7), "tell": (3, 6), "suspend_many": (2, 3), "restore_many": (2, 2),
            "before_commit": (2, 4), "after_commit": (2, 4)}
    chosen = [*late, *(chance.choice(list(late)) for _number in range(count))]
    return [f"{point} {chance.randint(*late[point])}" for point in chosen]


def count(site: Site, what: str) -> int:
    """Rows of a table, as they lie there."""
    engine = sa.create_engine(config._with_driver(site.database_url))
    with engine.connect() as connection:
        found = connection.execute(sa.text(f"SELECT count(*) FROM {what}")).scalar()
    engine.dispose()
    return int(found or 0)


def test_two_runs_at_once_do_everything_once(isp: Site, peace: Peace) -> None:
    both = [arrears(isp), arrears(isp)]
    for one in both:
        answer(one)
    compare(isp, peace)
    assert answer(arrears(isp)) == []


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_runs_that_are_killed_in_the_middle_leave_nothing_out_and_do_nothing_twice(
        isp: Site, peace: Peace, seed: int) -> None:
    done = []
    for point in points(seed, 3):
        killed(dies(isp, point))
        done.append(count(isp, "arrears_deed"))
    assert done == sorted(done) and done[0] < done[-1] < len(peace["deeds"])
    pair = [dies(isp, "note 2"), arrears(isp)]
    answer(pair[1])
    assert pair[0].wait() in (0, -signal.SIGKILL)  # the other may have left it nothing to do
    answer(arrears(isp))
    compare(isp, peace)


def test_what_the_dry_run_says_is_what_the_run_does(isp: Site, peace: Peace) -> None:
    said = answer(arrears(isp, "--dry-run"))
    found = isp.call("tests.chaos.debtors:collect")["same"]
    assert len(found["deeds"]) < len(peace["deeds"]) and len(found["charges"]) == 0
    assert answer(arrears(isp)) == said and len(said) > PEOPLE
    compare(isp, peace)


def test_a_cut_off_by_hand_that_is_killed_again_and_again_is_complete_in_the_end(isp: Site) -> None:
    due, cut = 2 * PEOPLE // 6, []
    isp.call("tests.chaos.debtors:approve")
    for point in ("suspend_many 3", "tell 4", "suspend_many 2", "tell 2"):
        killed(dies(isp, point, "serve", "--port", str(free_port())))
        cut.append(count(isp, CUT))
    assert cut == sorted(cut) and 0 < cut[0] < cut[-1] < due
    serve = isp.start("serve", "--port", str(free_port()))
    eventually(lambda: isp.call("tests.chaos.debtors:batch")["state"] == "done", 60, 0.2)
    serve.kill()
    found = isp.call("tests.chaos.debtors:batch")
    assert (found["items"], found["open"], found["twice"]) == ({"cut": due}, due, [])
    isp.call("tests.chaos.debtors:undo")
    left = [due]
    for point in ("restore_many 4", "give_back_many 4"):
        killed(dies(isp, point, "serve", "--port", str(free_port())))
        left.append(count(isp, CUT))
    assert 0 < left[2] < left[1] < left[0]
    serve = isp.start("serve", "--port", str(free_port()))
    eventually(lambda: count(isp, CUT) == 0, 60, 0.1)
    serve.kill()
    assert isp.call("tests.chaos.debtors:batch")["items"] == {"undone": due}
