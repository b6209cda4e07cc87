"""Waiting for runs at the terminal, working here where nobody else does, and showing how far it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from core import worker
from core.cli import note
from core.db import db, find
from core.i18n import _
from core.models import Company
from core.scope import company_scope
from modules.contracts import stages
from modules.contracts.models import BillingRun
from modules.contracts.stages import Stage

# seconds without any change: after these, see whether anybody is there who works
SILENCE = 15
# longest pause between two looks, in seconds: on a busy machine one slow look must not delay the end for minutes
LONGEST = 15


class Display(Protocol):
    """Shows stages as they move."""

    def show(self, name: str, found: Sequence[Stage]) -> None: ...

    def say(self, text: str) -> None:
        """A sentence between them."""


class Watch:
    """Whether the runs are decided. Asked often; looks about a tenth of its time."""

    def __init__(self, runs: Iterable[tuple[Company, BillingRun]], *, everything: bool, patience: float,
                 display: Display) -> None:
        self.runs = [(company.id, run.id) for company, run in runs]
        self.everything, self.patience, self.display = everything, patience, display
        self.decided = False
        # why waiting was given up: what the outside said, or "" while it was not
        self.trouble = ""
        self._seen: list[Stage] = []
        self._said = ""
        self._changed = self._next = time.monotonic()

    def is_over(self) -> bool:
        """True when all is decided, when it is of no use to wait longer, or when whoever worked is gone."""
        if time.monotonic() < self._next:
            return False
        began = time.monotonic()
        found, left, reason = self._look()
        self._next = time.monotonic() + min(max(0.5, 10 * (time.monotonic() - began)), LONGEST)
        if found != self._seen:
            self._seen, self._changed = found, time.monotonic()
        self.decided = not left
        self._tell(reason)
        silent = time.monotonic() - self._changed
        if silent > self.patience and left:
            self.trouble = reason or _("Nothing moved for %(seconds)s seconds.", seconds=int(silent))
        return self.decided or bool(self.trouble) or (silent > SILENCE and not worker.is_working())

    def _tell(self, reason: str) -> None:
        """Why it takes longer, once: whoever waits may want to do something about it."""
        if reason and reason != self._said:
            self._said = reason
            self.display.say(_("Waiting: %(reason)s", reason=reason))

    def _look(self) -> tuple[list[Stage], bool, str]:
        """(all stages, whether something is left to do, why something is tried again)."""
        every: list[Stage] = []
        left, reason = False, ""
        for company_id, run_id in self.runs:
            with company_scope(company_id):
                company = db.session.get(Company, company_id)
                assert company is not None
                run = find(BillingRun, run_id)
                found = stages.of_run(company, run) if self.everything else stages.of_run(company, run, _NONE)[:1]
                jobs, why = stages.work_left(company)
            self.display.show(company.code, found)
            every += found
            left = left or (bool(jobs) and (self.everything or run.state != "billed"))
            reason = reason or why
        return every, left, reason


_NONE = {"invoices": 0, "pdfs": 0, "documents": {"not_required": 0, "rejected": 0},
         "notices": {"sent": 0, "failed": 0, "not_sent": 0}}


def wait(watch: Watch) -> None:
    """Until the watch is over. Where no worker is about, or it went away, this process does the work."""
    while not (watch.decided or watch.trouble):
        worker.work_until(watch.is_over, every=0.2)


# --- showing -----------------------------------------------------------------------------------------------


class Lines:
    """A line per thousand, for logs."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._said: dict[tuple[str, str], tuple[int, bool]] = {}

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_error: object) -> None:
        """Nothing to tidy."""

    def show(self, name: str, found: Sequence[Stage]) -> None:
        for stage in found:
            mark = (stage.done // 1000, stage.complete and stage.done > 0)
            if mark != self._said.get((name, stage.key), (0, False)):
                self._said[name, stage.key] = mark
                self._say(name, stage)

    def say(self, text: str) -> None:
        note(text)

    def _say(self, name: str, stage: Stage) -> None:
        speed = stage.done / max(time.monotonic() - self._began, 0.001)
        note(_("%(company)s: %(stage)s %(done)s of %(total)s (%(speed)s per second)", company=name, stage=stage.label,
               done=stage.done, total=stage.total, speed=round(speed)))


class Bars:
    """A bar per stage, for a terminal."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(), console=Console(stderr=True))
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._progress.stop()

    def show(self, name: str, found: Sequence[Stage]) -> None:
        for stage in found:
            key = (name, stage.key)
            if key not in self._tasks:
                self._tasks[key] = self._progress.add_task(f"{name}: {stage.label}", total=stage.total, speed="")
            speed = self._progress.tasks[self._tasks[key]].speed
            self._progress.update(self._tasks[key], completed=stage.done, total=stage.total,
                                  speed=f"{speed:,.0f}/s" if speed else "")

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False)


def display() -> Lines | Bars:
    """Bars where standard error is a terminal, lines elsewhere."""
    return Bars() if sys.stderr.isatty() else Lines()
