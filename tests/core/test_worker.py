"""Workers in real processes: killed halfway, told to stop, without Redis and with it, and Redis away in the middle."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.installation import Installation, RedisServer, eventually, free_port

pytestmark = pytest.mark.slow

JOBS = '''
    """Jobs that can be watched: `slow` says by a file that it is halfway, and goes on when another file is there."""
    import time
    from pathlib import Path

    from core.db import db
    from core.jobs import job, schedule
    from core.models import Role


    @job()
    def write(code):
        db.session.add(Role(code=code, name=code))


    @job(queue="einvoice")
    def slow(code, folder):
        db.session.add(Role(code=code, name=code))
        db.session.flush()
        Path(folder, "halfway").touch()
        while not Path(folder, "go").exists():
            time.sleep(0.05)


    @schedule("* * * * *")
    def minute():
        pass
'''


@pytest.fixture
def made(installation: Installation) -> Iterator[Installation]:
    """An installation with the module `probe`."""
    installation.write_module("probe", jobs=JOBS)
    installation.settings["ABONA_MODULES"] = "probe"
    installation.init()
    yield installation


def enqueue(made: Installation, name: str, **values: Any) -> int:
    """Ask for a job from a process of its own."""
    words = ", ".join(f"{key}={value!r}" for key, value in values.items())
    return int(made.python(f'''
        from core import jobs
        print(jobs.enqueue("modules.probe.jobs.{name}", {words}))
        db.session.commit()'''))


def job(made: Installation, job_id: int) -> tuple[str, int]:
    """(state, attempts) of a job."""
    with made.app():
        from core.db import db, reading
        from core.models import Job

        with reading():
            row = db.session.get(Job, job_id)
            assert row is not None
            return row.state, row.attempts


def roles(made: Installation, code: str) -> int:
    with made.app():
        import sqlalchemy as sa

        from core.db import db, reading
        from core.models import Role

        with reading():
            return int(db.session.scalar(sa.select(sa.func.count()).select_from(Role).where(Role.code == code)) or 0)


def serve(made: Installation) -> subprocess.Popen[str]:
    """`abona serve`, and wait until it works."""
    process = made.start("serve", "--port", str(free_port()))
    eventually(lambda: "http://127.0.0.1" in made.log(process) or process.poll() is not None)
    return process


def until_halfway(made: Installation) -> None:
    eventually((made.folder / "halfway").exists)


def go(made: Installation) -> None:
    (made.folder / "go").touch()


# --- embedded -----------------------------------------------------------------------------------------------


def test_serving_does_the_jobs_that_other_processes_asked_for(made: Installation) -> None:
    serve(made)
    job_id = enqueue(made, "write", code="t-1")
    eventually(lambda: job(made, job_id) == ("done", 1))
    assert roles(made, "t-1") == 1


def test_a_process_killed_halfway_leaves_nothing_and_the_job_is_done_by_the_next(made: Installation) -> None:
    process = serve(made)
    job_id = enqueue(made, "slow", code="t-1", folder=str(made.folder))
    until_halfway(made)
    process.kill()
    process.wait(10)
    assert job(made, job_id)[0] == "running" and roles(made, "t-1") == 0
    go(made)
    serve(made)
    eventually(lambda: job(made, job_id) == ("done", 2))
    assert roles(made, "t-1") == 1


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_process_told_to_stop_lets_its_job_end(made: Installation, told: signal.Signals) -> None:
    process = serve(made)
    job_id = enqueue(made, "slow", code="t-1", folder=str(made.folder))
    until_halfway(made)
    process.send_signal(told)
    go(made)
    assert process.wait(30) == 0
    assert job(made, job_id) == ("done", 1)


def test_jobs_that_do_not_end_hold_nobody_up_for_longer_than_was_said(made: Installation) -> None:
    with made.app() as app:
        from core import jobs, worker

        embedded = worker.Embedded(app, threads=4)
        jobs.job()(_stuck)
        for _number in range(4):
            jobs.enqueue(_stuck)
        from core.db import db

        db.session.commit()
        embedded.start()
        eventually(lambda: _begun.value == 4)
        started = time.monotonic()
        embedded.stop(timeout=1)
        assert time.monotonic() - started < 3
        _end.set()


_end = threading.Event()
_begun = SimpleNamespace(value=0)


def _stuck() -> None:
    from core.db import db

    db.session.rollback()
    _begun.value += 1
    _end.wait(30)


def test_a_second_embedded_worker_is_refused_while_the_first_lives(made: Installation) -> None:
    first = serve(made)
    refused = made.abona("serve", "--port", str(free_port()), code=4)
    assert str(first.pid) in refused.err and "Traceback" not in refused.err
    first.kill()
    first.wait(10)
    second = serve(made)
    assert second.poll() is None, made.log(second)


def test_a_restart_makes_up_for_the_latest_minute_once(made: Installation) -> None:
    first = serve(made)
    eventually(lambda: ticks(made))
    first.send_signal(signal.SIGTERM)
    first.wait(30)
    serve(made)
    assert len(eventually(lambda: ticks(made))) == len(set(ticks(made)))


def ticks(made: Installation) -> list[str]:
    """The minutes that were run, by their keys."""
    with made.app():
        import sqlalchemy as sa

        from core.db import db, reading
        from core.models import Job

        with reading():
            return list(db.session.scalars(sa.select(Job.key).where(Job.function == "modules.probe.jobs.minute",
                                                                    Job.state == "done")))


def test_a_command_that_waits_does_the_work_itself_where_nobody_else_does(made: Installation) -> None:
    job_id = enqueue(made, "write", code="t-1")
    made.python('''
        from core import jobs, worker
        worker.work_until(lambda: jobs.open_jobs() == 0)''')
    assert job(made, job_id) == ("done", 1)


# --- RQ ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def with_redis(made: Installation, redis_server: RedisServer) -> Installation:
    made.settings["ABONA_REDIS_URL"] = redis_server.url
    return made


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in found]


def test_worker_and_scheduler_need_redis(made: Installation) -> None:
    for command in ("worker", "scheduler"):
        assert "ABONA_REDIS_URL" in made.abona(command, code=4).err


def test_workers_take_what_other_processes_ask_for_and_the_scheduler_what_is_for_later(
        with_redis: Installation) -> None:
    with_redis.start("worker")
    with_redis.start("scheduler")
    now = enqueue(with_redis, "write", code="t-now")
    later = int(with_redis.python('''
        import datetime as dt
        from core import clock, jobs
        print(jobs.enqueue("modules.probe.jobs.write", code="t-later", run_at=clock.now() + dt.timedelta(seconds=4)))
        db.session.commit()'''))
    eventually(lambda: job(with_redis, now) == ("done", 1))
    assert job(with_redis, later)[0] == "pending"
    eventually(lambda: job(with_redis, later) == ("done", 1))


def test_a_worker_killed_with_its_child_halfway_leaves_nothing_and_another_does_it(with_redis: Installation) -> None:
    with_redis.start("scheduler")
    worker = with_redis.start("worker", "einvoice")
    job_id = enqueue(with_redis, "slow", code="t-1", folder=str(with_redis.folder))
    until_halfway(with_redis)
    for pid in [worker.pid, *children(worker.pid)]:
        subprocess.run(["kill", "-9", str(pid)], check=True)
    worker.wait(10)
    assert roles(with_redis, "t-1") == 0
    go(with_redis)
    with_redis.start("worker")
    eventually(lambda: job(with_redis, job_id) == ("done", 2), 60)
    assert roles(with_redis, "t-1") == 1


def test_many_messages_for_one_row_and_two_workers_run_it_once(with_redis: Installation) -> None:
    go(with_redis)
    job_id = enqueue(with_redis, "slow", code="t-1", folder=str(with_redis.folder))
    with_redis.python(f'''
        from core import worker
        worker._send([({job_id}, "einvoice")] * 20)''')
    for _number in range(2):
        with_redis.start("worker")
    eventually(lambda: job(with_redis, job_id) == ("done", 1))
    last = enqueue(with_redis, "slow", code="t-2", folder=str(with_redis.folder))
    eventually(lambda: job(with_redis, last) == ("done", 1))
    assert roles(with_redis, "t-1") == 1 and job(with_redis, job_id) == ("done", 1)


def test_redis_away_in_the_middle_loses_nothing(with_redis: Installation, redis_server: RedisServer) -> None:
    worker, scheduler = with_redis.start("worker"), with_redis.start("scheduler")
    before = enqueue(with_redis, "write", code="t-before")
    eventually(lambda: job(with_redis, before) == ("done", 1))
    redis_server.stop()
    during = enqueue(with_redis, "write", code="t-during")
    assert job(with_redis, during)[0] == "pending"
    checked = with_redis.abona("check", "--only", "redis", "--json", code=1).json["checks"][0]
    assert checked["name"] == "redis" and not checked["ok"]
    redis_server.start()
    eventually(lambda: job(with_redis, during) == ("done", 1), 90)
    after = enqueue(with_redis, "write", code="t-after")
    eventually(lambda: job(with_redis, after) == ("done", 1), 60)
    assert worker.poll() is None and scheduler.poll() is None


def test_two_schedulers_run_each_minute_once(with_redis: Installation) -> None:
    with_redis.start("worker")
    for _number in range(2):
        with_redis.start("scheduler")
    assert len(eventually(lambda: ticks(with_redis))) == len(set(ticks(with_redis)))


def test_a_worker_of_some_queues_leaves_the_others_alone(with_redis: Installation) -> None:
    go(with_redis)
    with_redis.start("worker", "einvoice")
    other, mine = enqueue(with_redis, "write", code="t-1"), enqueue(with_redis, "slow", code="t-2",
                                                                     folder=str(with_redis.folder))
    eventually(lambda: job(with_redis, mine) == ("done", 1))
    assert job(with_redis, other)[0] == "pending"
