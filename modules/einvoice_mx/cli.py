"""`abona cfdi …`: what only Mexico has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from core.cli import DONE, NEEDS_PERSON, chosen_company, company_option, echo_json, json_option, with_app
from core.db import db
from core.errors import DomainError
from core.i18n import _
from core.scope import company_scope
from modules.einvoice_mx import recovering


@click.group(name="cfdi")
def cli() -> None:
    """CFDI of Mexico: stamped XML by hand."""


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@company_option
@json_option
@with_app
def upload(files: tuple[Path, ...], company_code: str | None, as_json: bool) -> int:
    """Take stamped XML or acuses, downloaded from the PAC's or the SAT's site; each file by itself."""
    found = []
    with company_scope(chosen_company(company_code)):
        for path in files:
            found.append({"file": str(path), **_adopt(path)})
    if as_json:
        echo_json({"files": found})
    else:
        for one in found:
            click.echo(f"{one['file']}: {one['message']}")
    return DONE if all(one["adopted"] for one in found) else NEEDS_PERSON


def _adopt(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        return {"adopted": False, "message": _("To go on you must name a file that can be read: %(path)s (%(reason)s).",
                                               path=path, reason=error.strerror)}
    try:
        text = recovering.adopt(data).text
    except DomainError as error:
        db.session.rollback()
        return {"adopted": False, "message": str(error)}
    db.session.commit()
    return {"adopted": True, "message": text}
