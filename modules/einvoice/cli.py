"""`abona einvoice …`"""

from __future__ import annotations

import click

from modules.einvoice import commands
from modules.einvoice.paper import paper
from modules.einvoice.previewing import preview


@click.group(name="einvoice")
def cli() -> None:
    """Electronic invoices: previewing, sending, comparing, enabling."""


cli.add_command(preview)
cli.add_command(paper)
commands.register(cli)
