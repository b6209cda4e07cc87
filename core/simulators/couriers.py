"""Notices that a simulator sends by itself: real requests, in threads, repeated until they are taken or given up."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from core.http import proxies_for, session

SECONDS = 22.0
# threads of one courier: a receiver that hangs must not hold up the others
THREADS = 3


@dataclass
class Letter:
    """One notice on its way: where to, what, how often it was tried and what came back (None: no answer)."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"
    tries: int = 0
    status: int | None = None
    # waiting, taken, given_up
    state: str = "waiting"
    tag: Mapping[str, Any] = field(default_factory=dict)

    def content(self) -> bytes:
        """What is sent this time; services that count their tries in it write it anew."""
        return self.body

    def as_json(self) -> dict[str, Any]:
        return {"url": self.url, "tries": self.tries, "status": self.status, "state": self.state, **self.tag}


class Courier:
    """Sends letters. `again(tries)` gives the seconds to the next try, None to give up; `taken` judges a status.

    `manual`: nothing leaves by itself; `deliver` sends what waits, in the caller's thread, which tests want.
    """

    def __init__(self, again: Callable[[int], float | None], taken: Callable[[int], bool] = lambda code: code < 300,
                 seconds: float = SECONDS) -> None:
        self.again, self.taken, self.seconds, self.manual = again, taken, seconds, False
        self._waiting: list[tuple[float, int, Letter]] = []
        self._number, self._ready = itertools.count(), threading.Condition()
        self._threads: list[threading.Thread] = []
        self._stopped = False

    def send(self, letter: Letter, after: float = 0.0) -> Letter:
        """Put it on its way, `after` seconds from now."""
        with self._ready:
            heapq.heappush(self._waiting, (time.monotonic() + after, next(self._number), letter))
            if not self.manual:
                self._start()
            self._ready.notify()
        return letter

    def deliver(self) -> list[Letter]:
        """Try everything that waits once, now, in order; those letters."""
        with self._ready:
            found = [one for _due, _number, one in sorted(self._waiting, key=lambda row: row[:2])]
            self._waiting.clear()
        for letter in found:
            self._try(letter)
        return found

    def clear(self) -> None:
        """Forget what waits."""
        with self._ready:
            self._waiting.clear()

    def stop(self) -> None:
        """End the threads; what waits is lost."""
        with self._ready:
            self._stopped = True
            self._waiting.clear()
            self._ready.notify_all()
        for thread in self._threads:
            thread.join(1)

    def _start(self) -> None:
        while len(self._threads) < THREADS and not self._stopped:
            thread = threading.Thread(target=self._run, daemon=True, name="courier")
            self._threads.append(thread)
            thread.start()

    def _run(self) -> None:
        while (letter := self._next()) is not None:
            self._try(letter)

    def _next(self) -> Letter | None:
        """The letter whose time has come; waits for it. None at the end."""
        with self._ready:
            while not self._stopped:
                due = self._waiting[0][0] if self._waiting and not self.manual else None
                if due is not None and due <= time.monotonic():
                    return heapq.heappop(self._waiting)[2]
                self._ready.wait(None if due is None else max(due - time.monotonic(), 0))
        return None

    def _try(self, letter: Letter) -> None:
        letter.tries += 1
        letter.status = self._sent(letter)
        if letter.status is not None and self.taken(letter.status):
            letter.state = "taken"
            return
        wait = self.again(letter.tries)
        if wait is None:
            letter.state = "given_up"
        else:
            self.send(letter, wait)

    def _sent(self, letter: Letter) -> int | None:
        try:
            with session().request(letter.method, letter.url, data=letter.content(), headers=dict(letter.headers),
                                   timeout=self.seconds, allow_redirects=False, proxies=proxies_for(letter.url),
                                   stream=True) as answer:
                return answer.status_code
        except (requests.RequestException, ValueError):
            return None


class Mailbox:
    """What an account was told, and what is on its way; leaves by itself, or when it is told to (`manual`)."""

    REMEMBERED = 1000

    def __init__(self, again: Callable[[int], float | None], taken: Callable[[int], bool]) -> None:
        self.courier = Courier(again, taken)
        self.told: deque[Letter] = deque(maxlen=self.REMEMBERED)

    def follow(self, way: str) -> None:
        """auto or manual, as `_sim/config` says."""
        self.courier.manual = way == "manual"

    def post(self, letter: Letter, after: float = 0.0) -> None:
        """Put it on its way."""
        self.told.append(letter)
        self.courier.send(letter, after)

    def deliver(self) -> list[dict[str, Any]]:
        """Send what waits, now; what became of it."""
        return [one.as_json() for one in self.courier.deliver()]

    def forget(self) -> None:
        """Nothing was told."""
        self.courier.clear()
        self.told.clear()


def way_of(value: Any) -> str:
    """How notices leave, as `_sim/config` takes it: auto, manual, off. ValueError for anything else."""
    if value not in ("auto", "manual", "off"):
        raise ValueError(value)
    return str(value)
