"""What a measure is, and how it is printed: one JSON line, its limit measured in the same run."""

from __future__ import annotations

import gc
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

ROUNDS = 3
# how often a page is asked for
TIMES = 7


@dataclass
class Measure:
    """Seconds of the product and of its control, round by round. `goal` is the least that `of_limit` may be."""

    name: str
    n: int
    control: str
    goal: float
    ours: list[float] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    def add(self, ours: float, limit: float) -> None:
        self.ours.append(ours)
        self.limits.append(limit)

    @property
    def of_limit(self) -> float:
        return statistics.median(self.limits) / statistics.median(self.ours)

    def report(self, **more: Any) -> bool:
        """Print the line; whether the goal is met."""
        middle, limit = statistics.median(self.ours), statistics.median(self.limits)
        met = self.of_limit >= self.goal
        tell({"name": self.name, "n": self.n, "seconds": round(middle, 6), "per_second": round(self.n / middle, 1),
              "peak_mb": peak_mb(), "limit_per_second": round(self.n / limit, 1), "of_limit": round(self.of_limit, 3),
              "control": self.control, "goal": self.goal, "met": met, "min": round(min(self.ours), 6),
              "max": round(max(self.ours), 6), **self.more, **more})
        return met


def rounds(measure: Measure, product: Callable[[], Any], control: Callable[[], Any], times: int = ROUNDS) -> Measure:
    """Product and control in turns, after one round of each that does not count."""
    product(), control()
    for _number in range(times):
        measure.add(seconds(product), seconds(control))
    return measure


def seconds(action: Callable[[], Any]) -> float:
    gc.collect()
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def tell(line: dict[str, Any]) -> None:
    """One measure, on standard output."""
    print(json.dumps(line, ensure_ascii=False), flush=True)


def note(text: str) -> None:
    """A remark, on standard error."""
    print(text, file=sys.stderr, flush=True)


def peak_mb() -> float:
    """The most memory that this process ever had.

    Not getrusage's: that one goes on with what the process that started this one had.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found, "the system does not tell"
    return round(int(found[1]) / 1024, 1)


@contextmanager
def counting() -> Iterator[list[str]]:
    """The SQL statements of the block, transaction control aside."""
    seen: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "SAVEPOINT" not in statement:
            seen.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)


def middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def timed(action: Callable[[], Any]) -> tuple[float, int]:
    """(middle of some milliseconds, statements of one time)."""
    took = []
    action()
    with counting() as seen:
        action()
    for _number in range(TIMES):
        began = time.perf_counter()
        action()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), len([one for one in seen if not one.startswith("BEGIN")])
