"""The frame's own commands: installation, serving, workers, checks, companies, users, modules, keys."""

from __future__ import annotations

import signal
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import waitress

from core import config, processes
from core.cli import (
    NEEDS_PERSON,
    app,
    echo_json,
    echo_table,
    json_option,
    note,
    read_password,
    with_app,
)
from core.db import db
from core.errors import CannotRun, DomainError
from core.i18n import _


def register(group: click.Group) -> None:
    """Add every command of the frame."""
    from core import audit_cli, backups_cli, simulators, users_cli

    for command in (init, upgrade, serve, worker_command, scheduler, check, show_config, backups_cli.backup,
                    backups_cli.restore, modules_group, keys, company, users_cli.cli, audit_cli.cli, simulators.cli):
        group.add_command(command)


@click.command()
@click.option("--admin-email", help="Login of the first administrator.")
@click.option("--password-stdin", is_flag=True, help="Read the administrator's password from standard input.")
def init(admin_email: str | None, password_stdin: bool) -> None:
    """Folder, key, database and first administrator."""
    from core import installation

    settings = config.load()
    if password_stdin and not admin_email:
        raise DomainError(_("To set a password you must also say whose: --admin-email."))
    password = read_password() if password_stdin else None
    config.make_key_file(settings.instance)
    with app().app_context():
        made = installation.prepare(admin_email, password)
    click.echo(_("The installation is ready in %(folder)s.", folder=settings.instance))
    if made:
        click.echo(_("Log in as %(email)s with %(password)s and change it.", email=admin_email, password=made))


@click.command()
def upgrade() -> None:
    """Bring the database up to date with the modules."""
    from core import installation, schema

    with app().app_context():
        done = schema.upgrade()
        installation.make_roles()
        db.session.commit()
    click.echo(_("Applied: %(revisions)s", revisions=", ".join(done)) if done else _("The database is up to date."))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--threads", default=8, show_default=True, help="Web threads.")
def serve(host: str, port: int, threads: int) -> None:
    """Serve the web, and do the jobs unless Redis is set."""
    from core import schema, switches, worker

    with app().app_context():
        schema.require_current()
    embedded = None if app().extensions["abona"].redis_url else worker.Embedded(app())
    if embedded:
        embedded.start()
    switches.restarts_itself(app())
    try:
        again = run_web(host, port, threads, until=lambda: switches.is_stale(app()), listening=lambda: note(
            _("Abona listens on http://%(host)s:%(port)s", host=host, port=port)))
    finally:
        if embedded:
            embedded.stop()
    if again:
        processes.restart()


def run_web(host: str, port: int, threads: int = 8, *, listening: Callable[[], None],
            until: Callable[[], bool] = lambda: False) -> bool:
    """Serve until SIGTERM or Ctrl-C; then requests that are being answered end, and so may running jobs.

    `listening()` is called as soon as who opens the address is answered. Also ends when `until()` holds, and then
    answers True.

    The signal only sets a flag: an exception out of a handler may be lost wherever the program happens to be.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_signal: stopping.set())
    processes.settle()
    server = waitress.create_server(app(), host=host, port=port, threads=threads, ident="abona", channel_timeout=120)
    listening()
    thread = threading.Thread(target=server.run, daemon=True, name="web")
    thread.start()
    ended = False
    while thread.is_alive() and not ended and not stopping.wait(0.5):
        ended = until()
    note(_("Starting again.") if ended else _("Stopping."))
    server.task_dispatcher.shutdown()
    if ended:
        server.close()
    return ended


@click.command("worker")
@click.argument("queues", nargs=-1)
def worker_command(queues: tuple[str, ...]) -> None:
    """Do jobs of these queues (all by default) for Redis."""
    from core import schema, worker

    _need_redis()
    with app().app_context():
        schema.require_current()
    processes.settle()
    worker.work_by_rq(app(), list(queues))


@click.command()
def scheduler() -> None:
    """The tick: schedules, and jobs that Redis lost."""
    from core import worker

    _need_redis()
    loop = worker.Scheduler(app())
    signal.signal(signal.SIGTERM, loop.stop)
    signal.signal(signal.SIGINT, loop.stop)
    loop.run()


def _need_redis() -> None:
    if not app().extensions["abona"].redis_url:
        raise CannotRun(_("To run this you must set ABONA_REDIS_URL. Without Redis, abona serve does the jobs itself."))


@click.command()
@click.option("--only", multiple=True, help="Run only this check; may be given several times.")
@json_option
def check(only: tuple[str, ...], as_json: bool) -> int:
    """The doctor: invariants of the data, state of the machine."""
    from core import checks, schema

    with app().app_context():
        current = schema.is_current()
        findings = checks.run_all(only if current else ("migrations_current",))
    if as_json:
        echo_json(checks.as_json(findings))
    else:
        echo_table(("", _("check"), _("count"), _("detail")),
                   [("✓" if f.ok else "✗", f.name, f.count or "", f.detail) for f in findings])
    if not current:
        raise CannotRun(_("To start you must first bring the database up to date: abona upgrade"))
    return 0 if all(finding.ok for finding in findings) else NEEDS_PERSON


@click.command("config")
@json_option
def show_config(as_json: bool) -> None:
    """The settings in force, secrets masked."""
    shown = config.masked(config.load())
    if as_json:
        echo_json(shown)
    else:
        echo_table((_("setting"), _("value")), [("ABONA_" + name.upper(), value) for name, value in shown.items()])


@click.group("modules")
def modules_group() -> None:
    """What is on disk and enabled; removing one's tables."""


@modules_group.command("list")
@json_option
def list_modules(as_json: bool) -> None:
    """All modules on disk, lower ones first."""
    from core import modules

    settings, known = config.load(), modules.available()
    enabled = set(modules.enabled(settings.modules, settings.modules_off))
    rows: list[dict[str, Any]] = [{"name": name, "title": str(known[name].title), "enabled": name in enabled,
             "depends": list(known[name].depends), "country": known[name].country} for name in modules.resolve(known)]
    if as_json:
        echo_json({"modules": rows})
    else:
        echo_table((_("module"), _("enabled"), _("needs"), _("title")),
                   [(r["name"], "✓" if r["enabled"] else "", ", ".join(r["depends"]), r["title"]) for r in rows])


@modules_group.command("off")
@click.argument("name")
@with_app
def switch_module_off(name: str) -> None:
    """Switch a module off, with what stands on it; its data stays."""
    from core import switches

    gone = switches.switch(name, False)
    click.echo(_("Off from the next start: %(modules)s. The data stays.", modules=", ".join(gone)))


@modules_group.command("on")
@click.argument("name")
@with_app
def switch_module_on(name: str) -> None:
    """Switch a module on again, with what it stands on."""
    from core import switches

    back = switches.switch(name, True)
    click.echo(_("On from the next start: %(modules)s.", modules=", ".join(back)))


@modules_group.command("drop")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop_module(name: str, yes: bool) -> None:
    """Remove the tables of a module that is switched off. Its data is gone."""
    from core import schema

    if not yes:
        click.confirm(_("Remove all data of %(name)s?", name=name), abort=True)
    with app().app_context():
        schema.drop(name)
    click.echo(_("The tables of %(name)s are gone.", name=name))


@modules_group.command("revision")
@click.argument("name")
@click.option("-m", "--message", required=True)
def make_revision(name: str, message: str) -> None:
    """Write the next migration of a module, which must be enabled (for its developers)."""
    from core import schema
    from core.app import create_app

    # against a scratch database that holds what all modules on disk made so far: the installation's own may not
    with tempfile.TemporaryDirectory(prefix="abona-revision-") as folder:
        settings = replace(config.load(), instance=Path(folder), database_url=f"sqlite:///{folder}/scratch.sqlite")
        scratch = create_app(replace(settings, secret_key=settings.secret_key or "scratch"))
        with scratch.app_context():
            if name != "core" and name not in scratch.extensions["abona_modules"]:
                raise DomainError(_("To write a migration you must name a module that is enabled: %(name)s is none.",
                                    name=name))
            click.echo(str(schema.revision(name, message)))
            db.engine.dispose()


@click.group()
def keys() -> None:
    """The keys that encrypt secrets."""


@keys.command("rotate")
@click.option("--new-key", is_flag=True, help="Make a new key first (in the key file of the instance folder).")
@with_app
def rotate_keys(new_key: bool) -> int:
    """Re-encrypt every secret with the newest key."""
    from core import audit, secrets_store

    extensions = app().extensions
    if new_key:
        extensions["abona"] = config.add_encryption_key(extensions["abona"])
    done, unreadable = secrets_store.rotate_all()
    audit.record("core.rotate_keys", None, {"secrets": done, "unreadable": unreadable})
    click.echo(_("%(done)s secrets are under the newest key; %(bad)s could not be read.", done=done, bad=unreadable))
    return NEEDS_PERSON if unreadable else 0


@click.group()
def company() -> None:
    """The companies of this installation."""


@company.command("create")
@click.option("--country", required=True)
@click.option("--name", required=True)
@click.option("--tax-id", required=True)
@click.option("--code", help="Short name for commands; made from the name by default.")
@click.option("--tax-condition", default="", help="Tax condition, in the country's codes (AR: RI, MO, EX).")
@click.option("--trade-name", default="")
@click.option("--street", default="")
@click.option("--city", default="")
@click.option("--region", default="")
@click.option("--postal-code", default="")
@click.option("--email", default="")
@click.option("--phone", default="")
@json_option
@with_app
def create(as_json: bool, country: str, name: str, tax_id: str, **details: Any) -> None:
    """Create a company with its country's chart, taxes and policies."""
    from core import companies

    made = companies.create_company(country, name, tax_id, **{k: v for k, v in details.items() if v})
    if as_json:
        echo_json({"id": made.id, "code": made.code})
    else:
        click.echo(_("Company %(code)s is ready, in rehearsal mode.", code=made.code))


@company.command("list")
@json_option
@with_app
def list_companies(as_json: bool) -> None:
    """All companies."""
    from core import companies

    rows = [{"id": c.id, "code": c.code, "name": c.name, "country": c.country, "tax_id": c.tax_id,
             "environment": c.environment} for c in companies.active_companies()]
    if as_json:
        echo_json({"companies": rows})
    else:
        echo_table((_("code"), _("name"), _("country"), _("tax id"), _("mode")),
                   [(r["code"], r["name"], r["country"], r["tax_id"], r["environment"]) for r in rows])
