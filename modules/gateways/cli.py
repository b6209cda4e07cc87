"""`abona gateways …`"""

from __future__ import annotations

import click

from modules.gateways import commands, offline


@click.group(name="gateways")
def cli() -> None:
    """Gateways: files, coupons, notices, the inbox of payments."""


offline.register(cli)
commands.register(cli)
