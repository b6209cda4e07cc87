"""`abona import`: bringing data in from a spreadsheet."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from core import leases, processes
from core.cli import NEEDS_PERSON, chosen_company, company_option, echo_json, echo_table, json_option, note, with_app
from core.db import db
from core.errors import CannotRun, DomainError
from core.i18n import _
from core.models import Company
from core.scope import company_scope
from modules.importer import answers, handback, services
from modules.importer.services import Examined


@click.group("import")
def cli() -> None:
    """Bring customers, contracts and balances in."""


@cli.command("spreadsheet")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@company_option
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--map", "map_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help='JSON: {"columns": {heading: field}, "prices", "dates", "decimals"}.')
@click.option("--prices", type=click.Choice(answers.CHOICES["prices"]), help="Are prices with tax (gross) or without?")
@click.option("--dates", type=click.Choice(answers.CHOICES["dates"]), help="What stands first in 03/02/2021?")
@click.option("--refused", "refused_file", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the refused rows to this file (.csv or .xlsx).")
@json_option
@with_app
def spreadsheet(source: Path, company_code: str | None, dry_run: bool, map_file: Path | None, as_json: bool,
                refused_file: Path | None, **said: str | None) -> int:
    """Load a CSV or XLSX file; loading it again changes nothing.

    Exit status 1 when rows were refused or something was assumed.
    """
    company = chosen_company(company_code)
    given = _given(map_file) | {name: value for name, value in said.items() if value}
    began = time.monotonic()
    with company_scope(company):
        examined = services.examine(source.read_bytes(), source.name, _asked(source, given))
        if not dry_run:
            _load(company, examined)
        result = services.outcome(examined, loaded=not dry_run)
    result["refused_file"] = _write_refused(examined, source, refused_file, dry_run)
    result["seconds"] = round(time.monotonic() - began, 1)
    if as_json:
        echo_json(result)
    else:
        _show(result)
    return NEEDS_PERSON if result["refused"] or result["assumed"] or not result["proof"]["ok"] else 0


def _given(map_file: Path | None) -> dict[str, Any]:
    if map_file is None:
        return {}
    try:
        found = json.loads(map_file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DomainError(_("%(file)s is not JSON: %(reason)s.", file=str(map_file), reason=str(error))) from None
    if not isinstance(found, dict):
        raise DomainError(_("%(file)s must hold an object like %(example)s.", file=str(map_file),
                            example='{"columns": {"Abono": "price"}, "prices": "net"}'))
    return found


def _asked(source: Path, given: dict[str, Any]) -> dict[str, Any]:
    """At a terminal, ask what the file cannot tell; elsewhere the assumption stands and is reported."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return given
    examined = services.examine(source.read_bytes(), source.name, given)
    for name, message in answers.questions(examined.setup.assumed).items():
        given = given | {name: click.prompt(message, type=click.Choice(answers.CHOICES[name]),
                                            default=examined.setup.assumed[name], err=True)}
    return given


def _load(company: Company, examined: Examined) -> None:
    """Chunk after chunk, each committed; one import of a company at a time."""
    name, owner = f"importer:{company.id}", f"{processes.identity()}#command"
    if not leases.acquire(name, 900, owner):
        raise CannotRun(_("To import you must wait: another import of this company is running."))
    try:
        for done in services.load(examined):
            db.session.commit()
            note(_("%(done)s of %(total)s customers", done=done, total=len(examined.steps)))
        services.remember(examined)
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        leases.release(name, owner)


def _write_refused(examined: Examined, source: Path, wanted: Path | None, dry_run: bool) -> str | None:
    """The refused rows as a file: where it was asked for, else in the instance folder."""
    refused = examined.arrangement.refused
    if not refused or (dry_run and wanted is None):
        return None
    target = wanted or _default_target(source)
    write = handback.as_xlsx if target.suffix.lower() == ".xlsx" else handback.as_csv
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(write(examined.sheet, refused))
    return str(target)


def _default_target(source: Path) -> Path:
    from core.cli import app

    return Path(app().extensions["abona"].instance) / "imports" / f"{source.stem}-refused{source.suffix.lower()}"


def _show(result: dict[str, Any]) -> None:
    """The outcome for people."""
    click.echo(_(
        "%(file)s: %(created)s created, %(updated)s updated, %(unchanged)s unchanged, %(refused)s rows refused.",
        file=result["file"], created=result["created"], updated=result["updated"], unchanged=result["unchanged"],
        refused=len(result["refused"])))
    if result["dry_run"]:
        click.echo(_("This was a dry run: nothing was written."))
    for one in result["assumed"]:
        click.echo(f"! {one['message']}")
    if result["refused"]:
        echo_table((_("line"), _("refused"), _("reason")),
                   [(one["line"], one["name"], one["reason"]) for one in result["refused"]])
    if result["warnings"]:
        echo_table((_("line"), _("remark")), [(one["line"], one["message"]) for one in result["warnings"]])
    _show_proof(result["proof"])
    if result["refused_file"]:
        click.echo(_("The refused rows are in %(file)s; correct them there and load that file.",
                     file=result["refused_file"]))


def _show_proof(proof: dict[str, Any]) -> None:
    labels = {"customers": _("customers"), "contracts": _("contracts"), "debt": _("debt"), "credit": _("credit")}
    echo_table(("", _("in the file"), _("loaded"), _("refused"), _("difference")),
               [(label, *(proof[figure][part] for part in ("file", "loaded", "refused", "difference")))
                for figure, label in labels.items()])
    click.echo(_("The proof holds: the difference is zero.") if proof["ok"]
               else _("The proof does not hold: look at the differences."))
