"""What is around goes away and comes back: nothing is lost, nothing is done twice, and it goes on when it is cured."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.conftest import Undisturbed, embedded, with_workers
from tests.chaos.farm import Farm
from tests.chaos.site import Site
from tests.installation import SERVER, RedisServer, free_port

pytestmark = pytest.mark.slow
Compare = Callable[[Site], None]


@embedded
def test_two_runs_started_at_once_are_one(site: Site, compare: Compare) -> None:
    commands = [site.bill() for _number in range(3)]
    assert {command.wait() for command in commands} == {1}
    compare(site)
    site.finish()  # nobody is left to bill
    compare(site)


@with_workers
def test_two_runs_started_at_once_with_workers(site: Site, compare: Compare, redis_server: RedisServer) -> None:
    farm = Farm(site, redis_server)
    farm.start()
    commands = [site.bill() for _number in range(3)]
    assert {command.wait() for command in commands} == {1}
    farm.kill()
    compare(site)


@embedded
def test_arca_is_restarted_in_the_middle(site: Site, undisturbed: Undisturbed, compare: Compare) -> None:
    arca = site.commands[0]
    command = site.bill()
    for _number in range(2):
        time.sleep(undisturbed.seconds * 0.2)
        arca.kill()
        time.sleep(0.5)
        arca = site.simulate()
    assert command.wait() == 1
    compare(site)


@embedded
def test_arca_is_away_and_the_command_says_so(site: Site, compare: Compare) -> None:
    site.commands[0].kill()
    away = site.start("billing", "run", "--period", time.strftime("%Y-%m"), "--wait", "--patience", "6")
    assert away.wait() == 3
    assert str(site.port) in away.err
    site.simulate()
    site.finish()
    compare(site)


@with_workers
def test_redis_is_killed_in_the_middle_and_comes_back(site: Site, undisturbed: Undisturbed, compare: Compare,
                                                      redis_server: RedisServer) -> None:
    farm = Farm(site, redis_server)
    farm.start()
    command = site.bill()
    time.sleep(undisturbed.seconds * 0.4)
    redis_server.stop()
    time.sleep(2)
    redis_server.start()
    farm.kill()  # whoever watches over workers starts them again
    farm.start()
    assert command.wait() == 1
    farm.kill()
    compare(site)


@with_workers
def test_redis_is_down_when_the_month_is_billed(site: Site, compare: Compare, redis_server: RedisServer) -> None:
    redis_server.stop()
    farm = Farm(site, redis_server)
    begun = site.start("billing", "run", "--period", time.strftime("%Y-%m"), "--patience", "2")
    time.sleep(3)
    redis_server.start()
    farm.start()
    begun.wait()
    site.finish()
    farm.kill()
    compare(site)


# --- mail ------------------------------------------------------------------------------------------------------


class Inbox:
    """A mail server that can be switched on and off; it keeps what it took."""

    def __init__(self) -> None:
        self.port, self.letters = free_port(), []  # type: ignore[var-annotated]
        self._controller: Any = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.append(message_from_bytes(envelope.content))
        return "250 taken"

    def start(self) -> None:
        from aiosmtpd.controller import Controller

        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    made = Inbox()
    yield made
    made.stop()


@embedded
def test_the_mail_server_is_down_and_comes_back(site: Site, undisturbed: Undisturbed, compare: Compare,
                                                inbox: Inbox) -> None:
    site.settings["ABONA_SMTP_URL"] = f"smtp+plain://127.0.0.1:{inbox.port}"
    down = site.start("billing", "run", "--period", time.strftime("%Y-%m"), "--wait", "--patience", "5")
    assert down.wait() == 3
    assert "Connection refused" in down.err
    inbox.start()
    site.finish()
    compare(site)
    sent = dict(undisturbed.same["notices"])["sent"]
    assert len(inbox.letters) == sent == len({letter["Message-ID"] for letter in inbox.letters})


# --- disk ------------------------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A file system of this size at the folder; the answer makes it another size."""
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True).returncode:
        pytest.skip("only who may mount a file system can make a small one")

    def resize(wanted: str) -> None:
        subprocess.run(["mount", "-o", f"remount,size={wanted}", str(folder)], check=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@embedded
def test_the_disk_is_full_while_pdfs_are_written(site: Site, compare: Compare) -> None:
    with small_disk(site.folder / "files", "100k") as resize:
        full = site.start("billing", "run", "--period", time.strftime("%Y-%m"), "--wait", "--patience", "6")
        assert full.wait() == 3
        assert re.search(r"disk|disco", full.err)
        resize("2g")  # room as the doctor wants it
        site.call("tests.chaos.state:hurry")  # the waits of the jobs are over
        site.finish()
        compare(site)


@pytest.mark.skipif(not SERVER, reason="SQLite's own file would be too large too")
def test_no_file_may_grow_while_pdfs_are_written(site: Site, compare: Compare) -> None:
    full = site.start("billing", "run", "--period", time.strftime("%Y-%m"), "--wait", "--patience", "6",
                      file_size=4096)
    assert full.wait() == 3
    assert re.search(r"disk|disco", full.err)
    site.call("tests.chaos.state:hurry")
    site.finish()
    compare(site)
