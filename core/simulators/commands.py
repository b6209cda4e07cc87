"""`abona simulators`: list them, serve them. Needs no installation and no database."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import click

from core.i18n import _


@click.group("simulators")
def cli() -> None:
    """Authorities and gateways as one local server."""


@cli.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_simulators(as_json: bool) -> None:
    """Every simulator with the faults that it can have."""
    from core.simulators.discovery import available

    found = list(available().values())
    if as_json:
        rows = [{"name": one.name, "title": str(one.title), "path": f"/{one.name}/",
                 "faults": {name: str(title) for name, title in one.all_faults().items()}} for one in found]
        click.echo(json.dumps({"simulators": rows}, ensure_ascii=False, indent=2))
        return
    for one in found:
        click.echo(f"{one.name}  {one.title}")
        for name, title in one.all_faults().items():
            click.echo(f"    {name:24} {title}")


@cli.command("serve")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--port", default=9100, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--fault", "faults", multiple=True, metavar="NAME:FAULT=RATE", help="Fail on purpose; repeatable.")
@click.option("--state", "folder", type=click.Path(file_okay=False, path_type=Path), envvar="ABONA_SIMULATORS_STATE",
              help="Folder that keeps what the simulators know; without it they forget when they end.")
@click.option("--with-parent", "parent", type=int, metavar="PID", help="End when this process is gone.")
def serve_simulators(names: tuple[str, ...], port: int, host: str, faults: tuple[str, ...],
                     folder: Path | None, parent: int | None) -> None:
    """Serve the named simulators (all by default) until stopped."""
    from core.simulators.discovery import UnknownSimulator
    from core.simulators.faults import BadFault
    from core.simulators.serving import make_server

    try:
        server = make_server(names, port, faults, folder=folder, host=host)
    except (UnknownSimulator, BadFault) as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.ClickException(_("The simulators cannot listen on %(host)s:%(port)s: %(reason)s", host=host,
                                     port=port, reason=error.strerror or error)) from error
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if parent is not None:
        _end_with(parent)
    click.echo(_("Simulators listen on http://%(host)s:%(port)s: %(names)s", host=host,
                 port=server.server_address[1], names=", ".join(server.site.mounted)), err=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo(_("Stopping."), err=True)
    finally:
        server.server_close()


def _end_with(parent: int) -> None:
    """Who was killed stops nobody: without this what it started would keep the port, and answer from a former state."""
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="parent").start()
