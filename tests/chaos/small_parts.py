"""Run first in every process of these tests: a hundred debtors go through as many parts as thousands would.

DIE_AT names a point and how often it is passed before kill -9 comes there: "note 7", "after_commit 3".
"""

import os
import signal
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from core.db import db
from modules.arrears import batches, running, services, telling
from modules.contracts import services as contracts
from tests.chaos import small_batches

assert small_batches.SMALL and running.run.__kwdefaults__
running.run.__kwdefaults__["size"] = 5
batches.STEP = 3
left = 0


def pass_by(*_given: Any) -> None:
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def deadly(place: Any, name: str) -> None:
    known: Callable[..., Any] = getattr(place, name)

    def call(*given: Any, **named: Any) -> Any:
        found = known(*given, **named)
        pass_by()
        return found

    setattr(place, name, call)


if wish := os.environ.get("DIE_AT"):
    point, _space, times = wish.partition(" ")
    left = int(times)
    if point.endswith("_commit"):
        sa.event.listen(db.session, point, pass_by)
    else:
        deadly({"note": services, "give_back_many": services, "tell": telling, "suspend_many": contracts,
                 "restore_many": contracts}[point], point)
