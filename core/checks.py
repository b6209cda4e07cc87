"""The doctor: invariants of the data and state of the environment, as `abona check` prints them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any

from core import logs
from core.db import reading
from core.errors import DomainError
from core.i18n import _
from core.registry import Registry
from core.scope import every_company

Result = tuple[bool, int, str]
log = logs.get(__name__)
checks: Registry[Callable[[], Result]] = Registry("checks")
# those that look at the machine and its services rather than at the data: a restored copy may answer differently
environment_checks: set[str] = set()


@dataclass(frozen=True)
class Finding:
    """The answer of one check; `count` is how many things are wrong."""

    name: str
    ok: bool
    count: int
    detail: str


@dataclass(frozen=True)
class Words:
    """What a check says to people: its name and, where it is not well, what that means, whom it hurts, what to do.

    `live`: quick enough to be asked whenever somebody opens the health page.
    """

    title: Any
    means: Any = ""
    hurts: Any = ""
    cure: Any = ""
    live: bool = True


words_of: dict[str, Words] = {}


def check(name: str, *, environment: bool = False,
          words: Words | None = None) -> Callable[[Callable[[], Result]], Callable[[], Result]]:
    """Make a function a check: it answers (ok, count, detail) and runs over every company.

    `environment`: it looks at the machine (clock, mail, Redis, backups), not at the data. `words`: what the health
    page says of it.
    """

    def declare(function: Callable[[], Result]) -> Callable[[], Result]:
        if environment:
            environment_checks.add(name)
        if words is not None:
            words_of[name] = words
        return checks.register(name, function)

    return declare


def run_all(only: Collection[str] = ()) -> list[Finding]:
    """Run the checks in order of name; one that breaks is a finding, not the end of the others.

    A name in `only` that is none is a DomainError.
    """
    for name in only:
        if name not in checks:
            raise DomainError(_("There is no check %(name)s; there are: %(known)s.", name=name,
                                known=", ".join(key for key, _function in checks.items())))
    return [_run(name, function) for name, function in checks.items() if not only or name in only]


def data_checks() -> set[str]:
    """The names of the checks that look at the data alone."""
    return {name for name, _function in checks.items()} - environment_checks


def _run(name: str, function: Callable[[], Result]) -> Finding:
    try:
        with reading(), every_company():
            ok, count, detail = function()
    except Exception as error:
        log.error("check_broke", check=name, exc_info=error)
        ok, count, detail = False, 1, f"{type(error).__name__}: {error}".splitlines()[0]
    return Finding(name, ok, count, str(detail))


def as_json(findings: list[Finding]) -> dict[str, Any]:
    """{"ok", "checks": [{"name", "ok", "count", "detail"}]}"""
    return {"ok": all(finding.ok for finding in findings), "checks": [asdict(finding) for finding in findings]}
