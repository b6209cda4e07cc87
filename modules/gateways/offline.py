"""`abona gateways parse | build | coupon | notice`: what a provider's folder does, without database or installation."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any, TypeVar

import click

from core import modules
from core.cli import BAD_INPUT, DONE, NEEDS_PERSON, ExistingFile, echo_json, echo_table, json_option
from core.errors import DomainError
from core.i18n import _, format_amount, format_date
from core.registry import Registry
from modules.gateways import jsonform, ports
from modules.gateways.errors import BadFile
from modules.gateways.shapes import Control, Problem, Reading

T = TypeVar("T")
account_option = click.option("--account", "account_file", type=ExistingFile(), metavar="ACCOUNT.json",
                              help="The account's settings, so that a file of somebody else is refused.")


def register(group: click.Group) -> None:
    """Add these commands to `abona gateways`."""
    for command in (parse, build, coupon, notice):
        group.add_command(command)


def entry(registry: Registry[T], provider: str, what: str) -> T:
    """What a provider has of a kind; DomainError names those that have it."""
    modules.part("gateways", "providers")  # the module need not be enabled
    found = registry.find(provider)
    if found is None:
        known = ", ".join(key for key, _entry in registry.items())
        raise DomainError(_("%(provider)s has no %(what)s here; these have: %(known)s.", provider=provider, what=what,
                            known=known))
    return found


@click.command()
@click.argument("provider")
@click.argument("file", type=ExistingFile())
@account_option
@json_option
def parse(provider: str, file: Path, account_file: Path | None, as_json: bool) -> int:
    """Read a payment file. One that is not whole gives no payments and ends with 2."""
    reader = entry(ports.payment_files, provider, _("payment files"))
    account = jsonform.load(account_file.read_bytes()) if account_file else {}
    payments: list[Reading] = []
    problems: list[Problem] = []
    control: Control | None = None
    try:
        with file.open("rb") as opened:
            for one in reader.read(opened, jsonform.access_of(provider, account)):
                if isinstance(one, Reading):
                    payments.append(one)
                elif isinstance(one, Problem):
                    problems.append(one)
                else:
                    control = one
    except BadFile as error:
        return _refused(provider, error, as_json)
    if as_json:
        echo_json({"provider": provider, "control": jsonform.control_json(control),
                   "payments": [jsonform.reading_json(one) for one in payments],
                   "problems": [jsonform.problem_json(one) for one in problems]})
    else:
        _show(payments, problems, control)
    return NEEDS_PERSON if problems else DONE


def _refused(provider: str, error: BadFile, as_json: bool) -> int:
    if as_json:
        echo_json({"provider": provider, "control": jsonform.control_json(None), "payments": [],
                   "problems": [{"line": error.line, "code": error.code, "message": str(error)}]})
    click.echo(str(error), err=True)
    return BAD_INPUT


def _show(payments: list[Reading], problems: list[Problem], control: Control | None) -> None:
    echo_table((_("line"), _("paid"), _("customer"), _("invoice"), _("amount"), _("state")), [
        (one.line or "", format_date(one.paid_at) if one.paid_at else "", one.reference.customer, one.reference.invoice,
         format_amount(one.amount, one.currency), one.status) for one in payments])
    for problem in problems:
        click.echo(f"{problem.line}: {problem.message}")
    if control:
        click.echo(_("%(count)s payments, %(total)s: as the file says.", count=control.count,
                     total=f"{control.total:.2f}"))


@click.command()
@click.argument("provider")
@click.argument("debts", metavar="DEBTS.json", type=ExistingFile())
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the file.")
def build(provider: str, debts: Path, output: Path | None) -> int:
    """Make a debt file, byte for byte; the name that the gateway wants goes to standard error."""
    writer = entry(ports.debt_files, provider, _("debt files"))
    given = jsonform.load(debts.read_bytes())
    access = jsonform.access_of(provider, _account(given))
    made = jsonform.made_of(given)
    rows = given.get("debts")
    if not isinstance(rows, list):
        raise DomainError(_("DEBTS.json must hold a list “debts”."))
    wanted = [jsonform.debt_of(one, f"debts[{index}]") for index, one in enumerate(rows)]
    for index, debt in enumerate(wanted):
        if problem := writer.problem(access, debt):
            raise DomainError(f"debts[{index}]: {problem}")
    made_file = io.BytesIO()
    writer.write(made_file, access, wanted, made)
    click.echo(writer.name(access, made), err=True)
    if output:
        output.write_bytes(made_file.getvalue())
    else:
        sys.stdout.buffer.write(made_file.getvalue())
    return DONE


@click.command()
@click.argument("provider")
@click.argument("file", metavar="COUPON.json", type=ExistingFile())
@json_option
def coupon(provider: str, file: Path, as_json: bool) -> int:
    """Show the bar code and the words of a coupon."""
    maker = entry(ports.coupons, provider, _("coupons"))
    given = jsonform.load(file.read_bytes())
    found = maker.coupon(jsonform.access_of(provider, _account(given)), jsonform.debt_of(given.get("debt")))
    if as_json:
        echo_json(jsonform.coupon_json(found))
    else:
        click.echo("\n".join(one for one in (found.barcode, found.text, found.link) if one))
    return DONE


@click.command()
@click.argument("provider")
@click.argument("file", metavar="REQUEST.json", type=ExistingFile())
@json_option
def notice(provider: str, file: Path, as_json: bool) -> int:
    """Judge a request of a gateway. Exit 1 where it is not authentic."""
    webhook = entry(ports.webhooks, provider, _("notices"))
    incoming, credentials = jsonform.incoming_of(jsonform.load(file.read_bytes()))
    found = webhook.notice(jsonform.access_of(provider, credentials), incoming)
    if as_json:
        echo_json(jsonform.notice_json(found))
    else:
        click.echo(_("authentic") if found.authentic else _("not authentic: %(reason)s", reason=found.reason))
    return DONE if found.authentic else NEEDS_PERSON


def _account(given: dict[str, Any]) -> dict[str, Any]:
    account = given.get("account")
    if not isinstance(account, dict):
        raise DomainError(_("This file must hold an object “account” with the settings of the account."))
    return account
