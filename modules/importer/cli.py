"""`abona import`: bringing data in from a spreadsheet."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click

from core import clock, leases, processes
from core.cli import (
    NEEDS_PERSON,
    ExistingFile,
    chosen_company,
    company_option,
    echo_json,
    echo_table,
    json_option,
    note,
    with_app,
)
from core.db import db
from core.errors import CannotRun, DomainError
from core.i18n import _
from core.models import Company
from core.scope import company_scope
from modules.importer import answers, handback, jobs, reader, services
from modules.importer.outcome import outcome
from modules.importer.services import Examined

LISTED = 200


@click.group("import")
def cli() -> None:
    """Bring customers, contracts and balances in."""


@cli.command("spreadsheet")
@click.argument("source", type=ExistingFile())
@company_option
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--map", "map_file", type=ExistingFile(),
              help='JSON: {"columns": {heading: field}, "prices", "dates", "decimals"}.')
@click.option("--prices", type=click.Choice(answers.CHOICES["prices"]), help="Are prices with tax (gross) or without?")
@click.option("--dates", type=click.Choice(answers.CHOICES["dates"]), help="What stands first in 03/02/2021?")
@click.option("--refused", "refused_file", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the refused rows to this file (.csv or .xlsx).")
@click.option("--sheet", "page", help="The sheet of a workbook to read; by default the one with the best headings.")
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
        examined = _examined(company, source, given)
        if dry_run:
            for _done in services.survey(examined):
                db.session.rollback()
        else:
            _load(company, examined)
        result = outcome(examined, loaded=not dry_run)
    result["refused_file"] = _write_refused(examined, source, refused_file, dry_run)
    result["seconds"] = round(time.monotonic() - began, 1)
    if as_json:
        echo_json(result)
    else:
        _show(result)
    return NEEDS_PERSON if result["refused_rows"] or result["assumed"] or not result["proof"]["ok"] else 0


def _examined(company: Company, source: Path, given: dict[str, Any]) -> Examined:
    """The file understood, with no transaction open meanwhile; at a terminal, what it cannot tell is asked."""
    country, today = company.country, clock.today(company)
    with source.open("rb") as file:
        sheet = reader.read(file, source.name, given.get("page") or "")
    note(_("%(rows)s rows read", rows=len(sheet.rows)))
    settled = services.settle(sheet, given)
    db.session.rollback()
    examined = services.understand(sheet, settled, country, today)
    if not (examined.setup.assumed and sys.stdin.isatty() and sys.stderr.isatty()):
        return examined
    for name, message in answers.questions(examined.setup.assumed).items():
        settled[name] = click.prompt(message, type=click.Choice(answers.CHOICES[name]),
                                     default=examined.setup.assumed[name], err=True)
    return services.understand(sheet, settled, country, today)


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


def _load(company: Company, examined: Examined) -> None:
    """Chunk after chunk, each committed; one import of a company at a time."""
    name, owner = jobs.lease_name(company.id), f"{processes.identity()}#command"
    if not leases.acquire(name, jobs.LEASE_SECONDS, owner):
        raise CannotRun(_("To import you must wait: another import of this company is running."))
    try:
        for done in services.load(examined):
            db.session.commit()
            leases.acquire(name, jobs.LEASE_SECONDS, owner)
            note(_("%(done)s of %(total)s customers", done=done, total=len(examined.arrangement.customers)))
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
    if not len(refused) or (dry_run and wanted is None):
        return None
    target = wanted or _default_target(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        handback.write(out, target.suffix.lower().lstrip("."), handback.headings_of(examined.sheet),
                       handback.of_records(refused))
    return str(target)


def _default_target(source: Path) -> Path:
    from core.cli import app

    kind = "xlsx" if source.suffix.lower() in (".xlsx", ".xlsm") else "csv"
    return Path(app().extensions["abona"].instance) / "imports" / f"{source.stem}-refused.{kind}"


def _show(result: dict[str, Any]) -> None:
    """The outcome for people."""
    click.echo(_(
        "%(file)s: %(created)s created, %(updated)s updated, %(unchanged)s unchanged, %(refused)s rows refused.",
        file=result["file"], created=result["created"], updated=result["updated"], unchanged=result["unchanged"],
        refused=result["refused_rows"]))
    if result["dry_run"]:
        click.echo(_("This was a dry run: nothing was written."))
    for one in result["assumed"]:
        click.echo(f"! {one['message']}")
    for title in result["read"]["other_pages"]:
        click.echo(_("! The sheet %(other)s has headings too and was not read: import it with --sheet.", other=title))
    if result["refused"]:
        echo_table((_("line"), _("refused"), _("reason")),
                   [(one["line"], one["name"], one["reason"]) for one in result["refused"][:LISTED]])
    if result["warnings"]:
        echo_table((_("line"), _("remark")), [(one["line"], one["message"]) for one in result["warnings"][:LISTED]])
    if max(result["refused_rows"], result["remarks"]) > LISTED:
        click.echo(_("The first %(number)s are shown; --json and the file of refused rows have more.", number=LISTED))
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
