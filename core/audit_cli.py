"""`abona audit`: the record of who did what."""

from __future__ import annotations

import click

from core.cli import NEEDS_PERSON, echo_json, json_option, with_app
from core.i18n import _


@click.group("audit")
def cli() -> None:
    """The record of who did what."""


@cli.command()
@json_option
@with_app
def verify(as_json: bool) -> int:
    """Prove that no record was altered, removed or put in."""
    from core import proofs

    found = proofs.prove().changes
    if as_json:
        echo_json({"ok": found["broken"] is None, **found})
    elif found["broken"] is None:
        click.echo(_("The audit is whole: %(count)s records.", count=found["records"]))
    else:
        click.echo(_("The chain is broken at record %(position)s: a record was altered or removed.",
                     position=found["broken"]))
    return 0 if found["broken"] is None else NEEDS_PERSON
