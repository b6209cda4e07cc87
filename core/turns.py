"""Turns at SQLite's write lock: within one process, who asked first writes first.

SQLite's own waiting is a lottery that whoever begins anew right after a commit wins: while a month was billed, a
person's request could wait for half a minute and then be refused. Other processes still wait as SQLite has it.
"""

from __future__ import annotations

import os
import threading
from collections import deque

Turn = threading.Event


class Turns:
    """The queue of one database; the first in it may write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[Turn] = deque()

    def take(self, seconds: float) -> Turn | None:
        """Wait until it is one's turn; None where it did not come in time."""
        mine = Turn()
        with self._lock:
            self._queue.append(mine)
            if self._queue[0] is mine:
                return mine
        mine.wait(seconds)
        with self._lock:
            if mine.is_set():
                return mine
            self._queue.remove(mine)
            return None

    def give(self, mine: Turn) -> None:
        """Let the next one write; doing it again does nothing."""
        with self._lock:
            if self._queue and self._queue[0] is mine:
                self._queue.popleft()
                if self._queue:
                    self._queue[0].set()


_known: dict[str, Turns] = {}
_guard = threading.Lock()


def of(database: str) -> Turns:
    """The queue of a database file."""
    with _guard:
        return _known.setdefault(database, Turns())


def _forget() -> None:
    """A forked process has none of the threads that its parent's queues wait for."""
    global _guard
    _guard = threading.Lock()
    _known.clear()


os.register_at_fork(after_in_child=_forget)
