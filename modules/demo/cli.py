"""`abona demo load`, `abona demo run`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from core import config
from core.cli import DONE, UNREACHABLE, app, echo_json, echo_table, json_option, note, with_app
from core.db import reading
from core.errors import DomainError
from core.i18n import _
from modules.demo import running, services
from modules.demo.facts import COUNTRIES
from modules.demo.services import Wishes
from modules.demo.surroundings import simulators

WEB_PORT = 8000
LOCAL = ("127.0.0.1", "localhost")


class Countries(click.ParamType):
    """AR,EC,…"""

    name = "countries"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        found = tuple(dict.fromkeys(part.strip().upper() for part in value.split(",") if part.strip()))
        wrong = [part for part in found if part not in COUNTRIES]
        if wrong or not found:
            self.fail(f"{', '.join(wrong) or value!r} is not among {', '.join(COUNTRIES)}", param, context)
        return found


def wishes_options(subscribers: int, history: int) -> Any:
    """The options that say what is made up."""

    def decorate(function: Any) -> Any:
        for option in (
            click.option("--history", type=click.IntRange(0, 36), default=history, show_default=True,
                         help="Months of the past: billed, authorised and paid."),
            click.option("--seed", default=1, show_default=True, help="Another number, other people."),
            click.option("--countries", type=Countries(), default=",".join(COUNTRIES), show_default=True,
                         help="Like AR,EC,MX."),
            click.option("--subscribers", type=click.IntRange(1, 900_000), default=subscribers, show_default=True,
                         help="Customers per country."),
        ):
            function = option(function)
        return function

    return decorate


@click.group("demo")
def cli() -> None:
    """A made-up provider to look at, to learn with and to measure with."""
    os.environ.setdefault("ABONA_LOG_LEVEL", "WARNING")  # progress is for people here


@cli.command()
@wishes_options(subscribers=200, history=0)
@json_option
@with_app
def load(subscribers: int, countries: tuple[str, ...], seed: int, history: int, as_json: bool) -> int:
    """Load a made-up provider per country; the same numbers give the same people. What is loaded is left alone."""
    wishes = Wishes(subscribers, countries, seed, history)
    services.check(wishes)
    if services.needs_simulators(wishes):
        with simulators() as found:
            companies = services.load(wishes, found, note)
    else:
        companies = services.load(wishes, None, note)
    rows = services.summary(companies)
    if as_json:
        echo_json({"companies": rows})
    else:
        _show(rows)
    return DONE


def _show(rows: list[dict[str, Any]]) -> None:
    echo_table((_("company"), _("name"), _("country"), _("customers"), _("contracts"), _("invoices"), _("payments")),
               [(row["company"], row["name"], row["country"], row["customers"], row["contracts"], row["invoices"],
                 row["payments"]) for row in rows])
    _tell_internal(rows)


def _tell_internal(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if not row["legal_documents"]:
            click.echo(_("%(company)s: no module issues electronic invoices in %(country)s yet; its documents are "
                         "internal ones.", company=row["company"], country=row["country"]))


@cli.command()
@wishes_options(subscribers=100, history=3)
@click.option("--host", default="127.0.0.1", show_default=True, envvar="ABONA_DEMO_HOST", show_envvar=True)
@click.option("--port", default=WEB_PORT, show_default=True, envvar="ABONA_DEMO_PORT", show_envvar=True)
@click.option("--simulators-port", type=int, envvar="ABONA_DEMO_SIMULATORS_PORT", show_envvar=True,
              help="By default that of ABONA_SIMULATORS_URL, or a free one.")
@click.option("--serve/--no-serve", "serving", default=True, help="Do everything and end without serving.")
@json_option
def run(subscribers: int, countries: tuple[str, ...], seed: int, history: int, host: str, port: int,
        simulators_port: int | None, serving: bool, as_json: bool) -> int:
    """Everything: install, load, bill this month, authorise, draw, send, serve. Goes on where it was left.

    Needs no Redis and no PostgreSQL. Ctrl-C ends it. The password is ABONA_DEMO_PASSWORD, or one made here.
    """
    known = config.load()
    config.make_key_file(known.instance)
    if serving:
        _need_free(host, port)
    if host in LOCAL and known.public_url == config.Settings.public_url:
        # where gateways and links find it; another address was chosen by somebody
        os.environ["ABONA_PUBLIC_URL"] = f"http://{host}:{port}"
    with app().app_context(), running.running(Wishes(subscribers, countries, seed, history), simulators_port,
                                              note) as outcome:
        address = f"http://{host}:{port}"
        if as_json:
            echo_json(_as_json(outcome, address))
        else:
            _tell(outcome, serving)
        if serving:
            _serve(host, port, lambda: None if as_json else click.echo(
                _("Open %(address)s (Ctrl-C ends it).", address=address)))
    return UNREACHABLE if outcome.trouble else DONE


def _need_free(host: str, port: int) -> None:
    """Say at once, not after minutes, that the port is taken."""
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise DomainError(_("To serve the demonstration you must choose another port with --port or "
                                "ABONA_DEMO_PORT: %(port)s cannot be used (%(reason)s).", port=port,
                                reason=error.strerror or error)) from error


def _serve(host: str, port: int, listening: Callable[[], None]) -> None:
    from core import worker
    from core.commands import run_web

    embedded = None if app().extensions["abona"].redis_url else worker.Embedded(app())
    if embedded:
        embedded.start()
    try:
        run_web(host, port, listening=listening)
    finally:
        if embedded:
            embedded.stop()


def _as_json(outcome: running.Outcome, address: str) -> dict[str, Any]:
    return {"address": address, "simulators": outcome.simulators_url, "seconds": round(outcome.seconds, 1),
            "trouble": outcome.trouble,
            "logins": [{"role": one.role, "email": one.email, "password": one.password} for one in outcome.people],
            "companies": outcome.results}


def _tell(outcome: running.Outcome, serving: bool) -> None:
    """What there is, where to look, who may log in."""
    from modules.contracts import reporting

    for result in outcome.results:
        click.echo()
        reporting.result_text(result)
    with reading():  # an open transaction would keep the web and the jobs out of SQLite
        _tell_internal(services.summary(outcome.companies))
    if outcome.trouble:
        click.echo(_("Not all is done: %(reason)s The same command goes on from here.", reason=outcome.trouble))
    click.echo()
    click.echo(_("Ready after %(seconds)s seconds. Simulators of the outside services: %(url)s",
                 seconds=round(outcome.seconds), url=outcome.simulators_url))
    echo_table((_("role"), _("login"), _("password")),
               [(one.role, one.email, one.password) for one in outcome.people])
    if not serving:
        click.echo(_("To open it: abona demo run"))
