"""The schema's life: upgrade enabled modules, make a revision for one, drop a module's tables."""

from __future__ import annotations

import fcntl
import hashlib
import os
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import autogenerate, command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import Migrate

from core import modules
from core.config import ROOT
from core.db import Base, db, is_postgresql
from core.errors import CannotRun, DomainError
from core.i18n import _
from core.types import render_item

UPGRADE_LOCK = 0x41626F6E61  # "Abona"
FOLDER = ROOT / "core" / "migrations"
migrate = Migrate(directory=str(FOLDER), render_as_batch=True, render_item=render_item)


def init_app(app: Flask) -> None:
    """Register Flask-Migrate, so that `flask db ...` works too."""
    migrate.init_app(app, db)
    migrate.configure(_point)


def config() -> Config:
    """The alembic configuration: versions of all modules on disk, also of those that are not enabled.

    A database may hold the branch of a module that was switched off: alembic must find its revisions.
    """
    return _point(Config(cmd_opts=Namespace(quiet=True)))  # what commands print on standard output is theirs alone


def _point(found: Config) -> Config:
    found.set_main_option("script_location", str(FOLDER))
    found.set_main_option("path_separator", "os")
    found.set_main_option("version_locations", os.pathsep.join(str(path) for path in _locations()))
    return found


def _locations() -> list[Path]:
    paths = [FOLDER / "versions"]
    for name in modules.available():
        folder = modules.folder(name) / "migrations"
        if folder.is_dir():
            paths.append(folder)
    return paths


def upgrade() -> list[str]:
    """Bring core and every enabled module to its head, lower ones first; the revisions that ran.

    Processes that start together wait for each other: one upgrades, the others find nothing to do.
    """
    found = config()
    script = ScriptDirectory.from_config(found)
    with _alone():
        before = _known_heads(script)
        for branch in ["core", *current_app.extensions["abona_modules"]]:
            if _has_branch(script, branch):
                command.upgrade(found, f"{branch}@head")
        return sorted(_applied(script, current()) - _applied(script, before))


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time changes the schema."""
    if is_postgresql():
        with db.engine.connect() as connection:
            connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": UPGRADE_LOCK})
            try:
                yield
            finally:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": UPGRADE_LOCK})
        return
    folder: Path = current_app.extensions["abona"].instance
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "upgrade.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # given back when the file is closed, or its process is gone
        yield


def is_current() -> bool:
    """True where every enabled module's newest revision has been applied."""
    script = ScriptDirectory.from_config(config())
    wanted = {head for branch in ["core", *current_app.extensions["abona_modules"]]
              if _has_branch(script, branch) for head in _heads(script, branch)}
    return wanted <= _applied(script, _known_heads(script))


def _known_heads(script: ScriptDirectory) -> set[str]:
    """The heads that the database holds; CannotRun where one belongs to a module whose folder is gone."""
    heads = current()
    unknown = heads - {entry.revision for entry in script.walk_revisions()}
    if unknown:
        raise CannotRun(_("To start you must put back the folder of the module that made revision %(revision)s (or the "
                          "version of Abona that knows it). A module's tables are removed with abona modules drop, "
                          "before its folder.", revision=sorted(unknown)[0]))
    return heads


def _applied(script: ScriptDirectory, heads: set[str]) -> set[str]:
    return {revision.revision for head in heads for revision in script.iterate_revisions(head, "base")}


def require_current() -> None:
    """Raise CannotRun with the command that cures it, unless the schema is at head."""
    if not is_current():
        raise CannotRun(_("To start you must first bring the database up to date: abona upgrade"))


def current() -> set[str]:
    """The heads that the database holds."""
    with db.engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads())


def differences() -> list[Any]:
    """What separates the models of enabled modules from the database; empty when they agree."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={
            "include_object": only_tables_of(None), "compare_type": True, "render_item": render_item,
            "target_metadata": Base.metadata})
        return list(autogenerate.compare_metadata(context, Base.metadata))


def revision(name: str, message: str) -> Path:
    """Write the next revision of a module (or "core") from the difference between models and an empty database.

    The database of the app is brought to what all modules on disk made so far; DomainError where nothing differs.
    """
    path = _folder(name)
    path.mkdir(parents=True, exist_ok=True)  # before the configuration is read: only folders that exist are locations
    found = config()
    found.attributes["only_module"] = name
    script = ScriptDirectory.from_config(found)
    command.upgrade(found, "heads")
    first = not _has_branch(script, name)
    made = command.revision(
        found, message=message, autogenerate=True, version_path=str(path), rev_id=_revision_id(name, message),
        **({"head": "base", "branch_label": name, "depends_on": _parents(script, name)} if first
           else {"head": f"{name}@head"}))
    if made is None or isinstance(made, list):
        raise DomainError(_("The models of %(name)s and its migrations agree: there is nothing to write.", name=name))
    return Path(made.path)


def drop(name: str) -> None:
    """Remove the tables of a module that is switched off. Its data is gone."""
    if name in current_app.extensions["abona_modules"]:
        raise DomainError(_("To drop module %(name)s you must first take it out of ABONA_MODULES.", name=name))
    found = config()
    script = ScriptDirectory.from_config(found)
    with _alone():
        applied = _applied(script, _known_heads(script))
        if name == "core" or not _of_branch(script, name) & applied:
            raise DomainError(_("Module %(name)s has no tables to drop.", name=name))
        above = [other for other in modules.available()
                 if name in modules.resolve([other])[:-1] and _of_branch(script, other) & applied]
        if above:
            raise DomainError(_("To drop module %(name)s you must first drop those whose tables point to it: "
                                "%(above)s.", name=name, above=", ".join(sorted(above))))
        command.downgrade(found, f"{name}@base")


def _of_branch(script: ScriptDirectory, name: str) -> set[str]:
    """The revisions of one module."""
    if name not in modules.available():
        return set()
    folder = _folder(name)
    return {entry.revision for entry in script.walk_revisions() if Path(entry.path).parent == folder}


def only_tables_of(name: str | None) -> Callable[..., bool]:
    """Which tables autogenerate may see: those with a class, and of one module when a name is given."""
    owners = {mapper.local_table.name: mapper.class_.__module__ for mapper in Base.registry.mappers
              if isinstance(mapper.local_table, sa.Table)}

    def include(item: Any, item_name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
        table = item if kind == "table" else getattr(item, "table", None)
        owner = owners.get(table.name) if table is not None else None
        if owner is None:
            return False
        return owner.startswith(("core.", "modules.") if name is None else "core." if name == "core"
                                else f"modules.{name}.")

    return include


def drop_empty(found: Config) -> Callable[..., None]:
    """Do not write a revision that changes nothing."""

    def process(context: Any, revision: Any, directives: list[Any]) -> None:
        if found.attributes.get("only_module") and directives and directives[0].upgrade_ops.is_empty():
            directives[:] = []

    return process


def _folder(name: str) -> Path:
    return FOLDER / "versions" if name == "core" else modules.folder(name) / "migrations"


def _has_branch(script: ScriptDirectory, name: str) -> bool:
    return any(name in (entry.branch_labels or ()) for entry in script.walk_revisions())


def _heads(script: ScriptDirectory, name: str) -> list[str]:
    return [entry.revision for entry in script.get_revisions(f"{name}@head")]


def _parents(script: ScriptDirectory, name: str) -> list[str] | None:
    if name == "core":
        return None
    below = ["core", *modules.available()[name].depends]
    return [f"{branch}@head" for branch in below if _has_branch(script, branch)] or None


def _revision_id(name: str, message: str) -> str:
    """A readable id that two builders do not choose alike."""
    return f"{name[:12]}_{hashlib.sha256(f'{name}{message}'.encode()).hexdigest()[:8]}"
