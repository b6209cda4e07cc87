"""Switching modules off and on: what is off is not loaded at the next start; tables and data stay.

The names stand in `modules.off` of the instance folder, so that building the app needs no database. Only what a
person switched off stands there: what stands on it goes and comes back with it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask, current_app

from core import audit, clock, config, modules
from core.config import Settings
from core.db import db
from core.errors import DomainError, NotFound
from core.i18n import _
from core.models import Job, User

# by then a process that starts itself again has done so
RESTART = dt.timedelta(seconds=20)


@dataclass(frozen=True)
class State:
    """A module as the screen shows it; `needs` and `above`: titles of what it stands on, and of what stands on it."""

    name: str
    title: Any
    about: Any
    country: str | None
    is_on: bool
    # it is to be on, or off, from the next start
    will_be_on: bool
    # switched off by a person, and not only with something below it
    is_own_choice: bool
    needs: list[Any]
    above: list[Any]
    waiting: int


def wanted(settings: Settings) -> list[str]:
    """The modules that the next start loads."""
    return modules.enabled(settings.modules, off(settings))


def off(settings: Settings) -> tuple[str, ...]:
    """What is switched off, as the file says now."""
    return config.off_from_file(settings.instance) if is_ours(settings) else settings.modules_off


def is_ours(settings: Settings) -> bool:
    """Whether the file decides, and not ABONA_MODULES_OFF or instance/config.py."""
    return config.load(instance=settings.instance).modules_off == config.off_from_file(settings.instance)


def is_stale(app: Flask) -> bool:
    """Whether this process runs with other modules than the next start would; cheap enough to ask all the time."""
    settings = app.extensions["abona"]
    if config.off_from_file(settings.instance) == settings.modules_off or not is_ours(settings):
        return False
    return wanted(settings) != app.extensions["abona_modules"]


def restarts_itself(app: Flask) -> None:
    """Note that this process starts again by itself when modules are switched."""
    app.extensions["abona_restarts"] = True


def states() -> list[State]:
    """Every module on disk, lower ones first."""
    settings, manifests = current_app.extensions["abona"], modules.available()
    running, next_time = current_app.extensions["abona_modules"], wanted(settings)
    switched, waiting = off(settings), _waiting()
    order = modules.resolve(manifests)
    return [State(
        name, manifests[name].title, manifests[name].about, manifests[name].country, name in running, name in next_time,
        name in switched, [manifests[one].title for one in manifests[name].depends],
        [manifests[one].title for one in _above(name, order)], waiting.get(name, 0)) for name in order]


def _above(name: str, names: list[str]) -> list[str]:
    """Those among `names` that stand on it, directly or not."""
    return [one for one in names if one != name and name in modules.resolve([one])]


def _waiting() -> dict[str, int]:
    """Jobs of each module that are open."""
    found: dict[str, int] = {}
    for function, count in db.session.execute(
            sa.select(Job.function, sa.func.count()).where(Job.state.in_(("pending", "running")))
            .group_by(Job.function)):
        name = function.split(".")[1] if function.startswith("modules.") else "core"
        found[name] = found.get(name, 0) + count
    return found


def switch(name: str, on: bool, *, by: User | None = None) -> list[str]:
    """Switch a module on or off from the next start; the names of all that change with it.

    `by` is None for the command line, whose user owns the installation.
    """
    settings, known = current_app.extensions["abona"], modules.available()
    if by is not None and not by.is_admin:
        raise DomainError(_("To switch modules you must be an administrator of the installation."), code="not_allowed")
    if name not in known:
        raise NotFound(_("There is no module %(name)s; there are: %(known)s.", name=name, known=", ".join(known)))
    if not is_ours(settings):
        raise DomainError(_("To switch modules here you must take ABONA_MODULES_OFF out of the settings of the "
                            "installation: it decides."))
    if on and settings.modules and name not in modules.resolve(settings.modules):
        raise DomainError(_("To switch %(name)s on you must add it to ABONA_MODULES in the settings of the "
                            "installation.", name=name))
    before, left = wanted(settings), set(off(settings))
    left = left - set(modules.resolve([name])) if on else left | {name}
    config.write_secret(settings.instance / config.OFF_FILE, "".join(f"{one}\n" for one in sorted(left)))
    changed = sorted(set(before) ^ set(wanted(settings)))
    audit.record("core.switch_module_on" if on else "core.switch_module_off", None,
                 {"module": name, "changed": changed})
    if on:
        _let_go_on(changed)
    return changed


def _let_go_on(names: list[str]) -> None:
    """Work that waited for its module is done soon after the next start."""
    moment = clock.now() + RESTART
    for name in names:
        db.session.execute(
            sa.update(Job).where(Job.state == "pending", Job.run_at > moment, Job.error.startswith("its module is"),
                                 Job.function.startswith(f"modules.{name}."))
            .values(run_at=moment, error="", sent_at=None).execution_options(synchronize_session=False))
