"""The `abona` command: one click group, made of this file and of each module's cli.py."""

from __future__ import annotations

import functools
import gc
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from flask import Flask
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import OperationalError, ProgrammingError

from core import config
from core.db import db, dump_json
from core.errors import CannotRun, DomainError, OutsideError, Rejected
from core.i18n import _, speak

DONE, NEEDS_PERSON, BAD_INPUT, UNREACHABLE, CANNOT_RUN = 0, 1, 2, 3, 4
# the order in which `abona --help` shows the groups: from making an installation to working with it
ORDER = ("init", "upgrade", "serve", "worker", "scheduler", "check", "config", "backup", "restore", "modules", "keys",
         "users", "demo", "simulators", "company", "taxid", "import", "billing", "einvoice", "gateways", "arrears",
         "network", "tills", "report")


class AbonaGroup(click.Group):
    """Shows commands in the documented order, and turns errors into a sentence and an exit code."""

    def list_commands(self, context: click.Context) -> list[str]:
        known = {name: index for index, name in enumerate(ORDER)}
        return sorted(self.commands, key=lambda name: (known.get(name, 99), name))

    def main(self, args: Any = None, *more: Any, **options: Any) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        try:
            result = super().main([one for one in given if one != "--debug"], *more,
                                  **{**options, "standalone_mode": False})
        except click.exceptions.Abort:
            return _end(_("Stopped. What was done so far is kept; the same command goes on from here."), 130)
        except click.ClickException as error:
            error.show(sys.stderr)
            sys.exit(BAD_INPUT)
        except BrokenPipeError:  # whoever reads has seen enough
            sys.exit(DONE)
        except Exception as error:
            if "--debug" in given:
                raise
            return _end(*explain(error))
        sys.exit(result if isinstance(result, int) else DONE)


def explain(error: BaseException) -> tuple[str, int]:
    """A sentence for people and the exit code of an error."""
    if isinstance(error, CannotRun):
        return str(error), CANNOT_RUN
    if isinstance(error, DomainError):
        return str(error), BAD_INPUT
    if isinstance(error, Rejected):
        return str(error), NEEDS_PERSON
    if isinstance(error, OutsideError):
        return _("%(what)s Nothing is lost; it will be tried again.", what=str(error)), UNREACHABLE
    if isinstance(error, RedisError):
        return _("Redis cannot be reached: %(reason)s", reason=error), UNREACHABLE
    if isinstance(error, (OperationalError, ProgrammingError)):
        return _database_trouble(error), CANNOT_RUN
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(str(part) for part in (error.filename, error.strerror) if part), BAD_INPUT
    return _("Something unexpected happened (%(kind)s). Nothing was left half done. Run again with --debug to see "
             "the details.", kind=type(error).__name__), BAD_INPUT


def _database_trouble(error: OperationalError | ProgrammingError) -> str:
    text = str(error.orig).lower()
    if any(words in text for words in ("no such table", "no such column", "does not exist")):
        return _("To run this you must first prepare the database: abona init (or abona upgrade).")
    if "locked" in text:
        return _("The database is locked by another program. Stop it, or wait and run this again.")
    if "full" in text or "no space" in text:
        return _("The disk of the database is full. Make room and run this again; nothing was left half done.")
    return _("The database cannot be reached: %(reason)s", reason=str(error.orig).splitlines()[0])


def _end(message: str, code: int) -> None:
    click.echo(message, err=True)
    sys.exit(code)


# --- helpers for every command -------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def app() -> Flask:
    """The app of this process, built when a command first needs it."""
    from core.app import create_app

    made = create_app()
    gc.freeze()  # what was loaded stays: the collector need not look through it again and again during bulk work
    return made


def with_app(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run a command inside the app, with the schema at head; what it changed is committed if it succeeds."""

    @functools.wraps(function)
    def wrapped(*args: Any, **options: Any) -> Any:
        from core import schema

        with app().app_context():
            schema.require_current()
            result = function(*args, **options)
            db.session.commit()
            return result

    return wrapped


class ExistingFile(click.Path):
    """A file that must be there; said in the language of the installation, where click has only its own."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> Any:
        path = Path(value)
        if not path.exists():
            raise DomainError(_("To read %(file)s it must exist: there is no such file in %(folder)s.", file=path.name,
                                folder=path.absolute().parent))
        if path.is_dir():
            raise DomainError(_("To go on you must name a file: %(file)s is a folder.", file=value))
        return super().convert(value, param, context)


def company_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--company C` (code, id or tax id)."""
    return click.option("--company", "company_code", help="Company (code, id or tax id).")(function)


def chosen_companies(code: str | None) -> list[Any]:
    """The company that was named, or all of them; DomainError where there is none."""
    from core import companies

    found = [companies.find_company(code)] if code else companies.active_companies()
    if not found:
        raise DomainError(_("To do this you must first create a company: abona company create"))
    return found


def chosen_company(code: str | None) -> Any:
    """The company that was named, or the only one."""
    found = chosen_companies(code)
    if len(found) > 1:
        raise DomainError(_("To do this you must say which company with --company: %(known)s.",
                            known=", ".join(company.code for company in found)))
    return found[0]


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`: exactly one JSON document on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def echo_json(value: Any) -> None:
    click.echo(json.dumps(json.loads(dump_json(value)), ensure_ascii=False, indent=2))


def echo_table(headers: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """An aligned table; columns of numbers to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    listed = [[("" if cell is None else str(cell)) for cell in row] for row in rows]
    for index, header in enumerate(headers):
        numeric = all(row[index][:1].isdigit() or row[index][:1] in "-$" for row in listed if row[index])
        table.add_column(str(header), justify="right" if numeric and listed else "left")
    for row in listed:
        table.add_row(*row)
    Console(file=sys.stdout, width=200, highlight=False).print(table)


def read_password() -> str:
    """From standard input, or asked for twice at a terminal; never empty. An easy one is told, not refused."""
    from core.security.passwords import check_strength

    if sys.stdin.isatty():
        found = str(click.prompt(_("Password"), hide_input=True, confirmation_prompt=True))
    else:
        found = sys.stdin.readline().rstrip("\r\n")
    if not found:
        raise DomainError(_("To set a password you must write it on standard input, in one line."))
    try:
        check_strength(found)
    except DomainError as error:
        note(str(error))
    return found


def note(message: str) -> None:
    """A line for people on standard error: progress and remarks."""
    click.echo(message, err=True)


class Abona(AbonaGroup):
    """The whole command: its groups come from the frame and the modules, found when they are first needed."""

    _attached = False

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        self._attach()
        return super().parse_args(context, args)

    def _attach(self) -> None:
        """Without a key file (before `abona init`) all modules on disk are offered: some need no installation."""
        from core import commands, modules

        if self._attached:
            return
        commands.register(self)
        settings = config.load()
        speak(settings.language)
        modules.extend(settings.modules_path)
        for _name, part in modules.parts(modules.enabled(settings.modules, settings.modules_off), "cli"):
            for command in part.cli if isinstance(part.cli, list) else [part.cli]:
                self.add_command(command)
        self._attached = True


@click.group(cls=Abona, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the details of an error; may stand anywhere.")
@click.version_option(package_name="abona", message="Abona %(version)s")
def cli(debug: bool) -> None:
    """Abona: the billing back office of internet providers."""


def main() -> None:
    """Entry point of the console script."""
    cli()
