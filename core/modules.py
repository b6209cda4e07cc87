"""Modules: found on disk by their manifests, sorted by their depends, loaded file by file.

A module is a package under `modules/` whose files have fixed names (docs/architecture.md lists them).
Reading a manifest imports nothing else of the module.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType
from typing import Any

import modules as package
from core.errors import CannotRun
from core.i18n import _, lazy


@dataclass(frozen=True)
class MenuItem:
    """One line of the side menu, shown to who has the permission; `about` is its sentence on the page of settings."""

    label: Any
    endpoint: str
    permission: str
    group: str = "billing"
    order: int = 50
    about: Any = ""


@dataclass(frozen=True)
class Manifest:
    """What a module is. `permissions` are (code, title, sentence); `country` limits it to companies of one country."""

    title: Any
    depends: tuple[str, ...] = ()
    country: str | None = None
    permissions: tuple[tuple[Any, ...], ...] = ()
    menu: tuple[MenuItem, ...] = field(default=())
    # a sentence for the page of modules
    about: Any = ""


# What the frame itself guards.
CORE_PERMISSIONS: tuple[tuple[Any, ...], ...] = (
    ("core.view_jobs", lazy("See background jobs"),
     lazy("Opens the list of background jobs and queues, with what each was given and why it failed.")),
    ("core.run_jobs", lazy("Run jobs again and cancel them"),
     lazy("Runs failed jobs again, and cancels jobs that are not wanted any more.")),
    ("core.manage_users", lazy("Manage people and their roles"),
     lazy("Invites people, gives and takes roles in this company, disables logins and ends their sessions. Nobody "
          "gives a role that can do more than he can himself.")),
    ("core.manage_roles", lazy("Change what roles may do"),
     lazy("Opens the roles, shows what each of them sees, and lets one look through its eyes. Changing a role is "
          "left to administrators.")),
    ("core.edit_company", lazy("Edit the company"),
     lazy("Changes name, address and contact of the company, as documents print them.")),
    ("core.view_audit", lazy("See who did what"),
     lazy("Searches and exports the record of everything that people did, and proves that it is whole.")),
    ("core.view_system", lazy("See the state of the installation"),
     lazy("Opens the health page, the modules and the settings in force. Switching modules is left to "
          "administrators.")),
    ("core.share_views", lazy("Share views of lists with the company"),
     lazy("Makes a saved view of a list the one that everybody in the company sees.")),
    ("core.view_runs", lazy("See exports and mass actions of others"),
     lazy("Opens the exports and mass actions that other people started, and their files.")),
)

# The parts that importing is enough for, in the order that loading needs: every model before any handler.
PARTS = ("models", "ports", "events", "notices", "providers", "handlers", "jobs", "checks")


def extend(paths: Iterable[str]) -> None:
    """Look for modules in these folders too (ABONA_MODULES_PATH): a module may live outside the product's folder."""
    for path in paths:
        folder = str(Path(path).resolve())
        if folder not in package.__path__:
            package.__path__.append(folder)


def folder(name: str) -> Path:
    """Where a module is on disk."""
    return Path(str(importlib.import_module(f"modules.{name}").__file__)).parent


def available() -> dict[str, Manifest]:
    """The manifests of all modules on disk, also of those that are not enabled."""
    return {name: _manifest(name) for name in _names_on_disk(tuple(package.__path__))}


def country_of(name: str) -> str | None:
    """The country of the module that a dotted name lies in; None for the frame and for modules of every country."""
    parts = name.split(".")
    known = available() if parts[0] == "modules" else {}
    return known[parts[1]].country if len(parts) > 1 and parts[1] in known else None


def _manifest(name: str) -> Manifest:
    found = getattr(importlib.import_module(f"modules.{name}"), "MANIFEST", None)
    if not isinstance(found, Manifest):
        raise CannotRun(_("To start, the folder %(folder)s must hold a module (its __init__.py has no MANIFEST), or be "
                          "taken away.", folder=folder(name)))
    return found


@lru_cache(maxsize=8)
def _names_on_disk(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(info.name for info in pkgutil.iter_modules(paths) if info.ispkg))


def resolve(wanted: Iterable[str]) -> list[str]:
    """The wanted modules and all they depend on, lower ones first; the order is stable."""
    manifests, graph = available(), {}
    waiting = sorted(set(wanted))
    required_by: dict[str, str] = {}
    while waiting:
        name = waiting.pop(0)
        if name in graph:
            continue
        if name not in manifests:
            raise CannotRun(_missing(name, required_by.get(name)))
        graph[name] = sorted(manifests[name].depends)
        required_by.update(dict.fromkeys(graph[name], name))
        waiting.extend(graph[name])
    return _sorted(graph)


def enabled(wanted: Iterable[str], off: Iterable[str]) -> list[str]:
    """The wanted modules (all on disk where none is named), without those switched off and what stands on them."""
    manifests, gone = available(), set(off)
    found = []
    for name in resolve(wanted or manifests):
        if name in gone or gone & set(manifests[name].depends):
            gone.add(name)
        else:
            found.append(name)
    return found


def _sorted(graph: dict[str, list[str]]) -> list[str]:
    try:
        return list(TopologicalSorter({name: graph[name] for name in sorted(graph)}).static_order())
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise CannotRun(_("To start, the modules must not depend on each other in a circle: %(circle)s.",
                          circle=circle)) from None


def _missing(name: str, by: str | None) -> str:
    if by:
        return _("To start, module %(name)s (required by %(by)s) must be installed.", name=name, by=by)
    return _("To start, module %(name)s must be installed, or taken out of ABONA_MODULES.", name=name)


def part(name: str, file: str) -> ModuleType | None:
    """The file `file` of module `name`, imported; None where the module has no such file."""
    path = f"modules.{name}.{file}"
    if importlib.util.find_spec(path) is None:
        return None
    return importlib.import_module(path)


def parts(names: Iterable[str], file: str) -> Iterator[tuple[str, ModuleType]]:
    """That file of each module that has it, in load order."""
    for name in names:
        found = part(name, file)
        if found is not None:
            yield name, found


def import_parts(names: list[str]) -> None:
    """Import what only needs importing, file by file and inside that module by module."""
    for file in PARTS:
        for _name, _module in parts(names, file):
            pass


def permissions(names: Iterable[str]) -> dict[str, Any]:
    """Every permission of these modules with its title."""
    return {one.code: one.title for _name, _title, found in permission_groups(names) for one in found}


@dataclass(frozen=True)
class Permission:
    """Something that a role may let people do: a short title, and a sentence that says what it opens."""

    code: str
    title: Any
    about: Any = ""


def permission_groups(names: Iterable[str]) -> list[tuple[str, Any, list[Permission]]]:
    """(module, its title, its permissions) of the frame and of each module that has some, in load order."""
    manifests = available()
    own = [("core", lazy("Abona itself"), CORE_PERMISSIONS)]
    own += [(name, manifests[name].title, manifests[name].permissions) for name in names]
    return [(name, title, [Permission(*one) for one in found]) for name, title, found in own if found]
