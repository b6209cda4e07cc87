"""Jobs: telling Redis about many of them; and running rows without Redis."""

from __future__ import annotations

import os
from typing import Any

from core import jobs, schema, worker
from core.db import db
from tests.bench.measure import Measure, note, rounds, seconds, tell
from tests.bench.place import place

TIMES, ROWS = 3000, 400
PER_SECOND = 9000
GOAL = 1 / 4


def run(_count: int, _server: str) -> bool:
    """Both measures; without Redis only the second."""
    address = os.environ.get("REDIS") or os.environ.get("ABONA_TEST_REDIS_URL", "")
    if not address:
        note("jobs: no Redis (REDIS=redis://…), so only rows are measured")
        return _rows()
    return all([_enqueue(address), _rows()])


def _enqueue(address: str) -> bool:
    """After the commit: messages for many jobs in a pipeline, against one push and pop per message."""
    with place("") as where, where.app(redis_url=address).app_context():
        redis: Any = worker.redis()
        rows = [(number, "bench") for number in range(TIMES)]

        def product() -> None:
            worker._send(rows)
            redis.delete("rq:queue:bench")

        def control() -> None:
            for number in range(TIMES):
                redis.rpush("abona:bench", number)
                redis.lpop("abona:bench")

        measure = Measure("job_enqueue", TIMES, "Redis push and pop, one by one", 0.0)
        rounds(measure, product, control)
        _tidy(redis)
    fast = TIMES / sorted(measure.ours)[1]
    measure.report(per_second_goal=PER_SECOND, met=fast >= PER_SECOND)
    return fast >= PER_SECOND


def _tidy(redis: Any) -> None:
    """RQ keeps a hash per message; those of this benchmark hold its own function only."""
    for key in redis.scan_iter("rq:job:*", count=1000):
        if b"run_by_rq" in (redis.hget(key, "description") or b""):
            redis.delete(key)


def nothing() -> None:
    """A job that does nothing."""


def _rows() -> bool:
    """Rows claimed, run and recorded one by one in one thread, against two bare updates each."""
    with place("") as where, where.app().app_context():
        schema.upgrade()
        jobs.job()(nothing)
        took, limits = [], []
        for _number in range(4):
            for _index in range(ROWS):
                jobs.enqueue(nothing)
            db.session.commit()
            took.append(seconds(lambda: jobs.run_jobs()))
            limits.append(seconds(_updates))
        db.session.remove()
        db.engine.dispose()
    measure = Measure("job_rows", ROWS, "two updates and commits per row with the bare driver", 0.0, took[1:],
                      limits[1:])
    measure.report()
    tell({"name": "job_overhead", "n": ROWS, "ms_per_job": round(sorted(took[1:])[1] / ROWS * 1000, 3), "met": True,
          "control": "none: a job in bulk work carries half a second of work or more"})
    return True


def _updates() -> None:
    driver: Any = db.engine.raw_connection()
    cursor = driver.cursor()
    for number in range(1, ROWS + 1):
        for state in ("running", "done"):
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("UPDATE core_job SET state = ? WHERE id = ?", (state, number))
            cursor.execute("COMMIT")
    driver.close()
