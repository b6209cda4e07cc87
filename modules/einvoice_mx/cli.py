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
from modules.einvoice_mx import gathering, recovering
from modules.einvoice_mx.models import GlobalInvoice


@click.group(name="cfdi")
def cli() -> None:
    """CFDI of Mexico: global invoices, stamped XML by hand."""


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


@cli.command(name="global")
@company_option
@json_option
@with_app
def global_(company_code: str | None, as_json: bool) -> int:
    """Make the global invoices of the sales whose days have ended, and have them stamped by the jobs."""
    with company_scope(chosen_company(company_code)):
        made = []
        while (row := gathering.make_next()) is not None:
            made.append(_told(row))
            db.session.commit()
        waiting = [{"first_day": one.first_day.isoformat(), "last_day": one.last_day.isoformat(), "sales": one.count,
                    "total": f"{one.total:.2f}"} for one in gathering.waiting()]
    if as_json:
        echo_json({"made": made, "waiting": waiting})
    else:
        _show(made, waiting)
    return NEEDS_PERSON if any(one["state"] == "rejected" for one in made) else DONE


def _told(row: GlobalInvoice) -> dict[str, Any]:
    return {"number": str(row), "first_day": row.first_day.isoformat(), "last_day": row.last_day.isoformat(),
            "sales": row.sales, "total": f"{row.total:.2f}", "state": row.state,
            "problems": [dict(one) for one in row.problems]}


def _show(made: list[dict[str, Any]], waiting: list[dict[str, Any]]) -> None:
    for one in made:
        click.echo(_("%(number)s: %(sales)s sales, %(total)s, %(first)s to %(last)s", number=one["number"],
                     sales=one["sales"], total=one["total"], first=one["first_day"], last=one["last_day"]))
        for problem in one["problems"]:
            click.echo(f"  {problem['message']} ({problem['code']})")
    if not made:
        click.echo(_("No global invoice is due: no sale waits whose days have ended."))
    for one in waiting:
        click.echo(_("%(sales)s sales of %(first)s to %(last)s wait until these days have ended: %(total)s",
                     sales=one["sales"], total=one["total"], first=one["first_day"], last=one["last_day"]))


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
