"""`abona taxid`: checks a tax number without an installation."""

from __future__ import annotations

import click

from core.cli import NEEDS_PERSON, echo_json, json_option
from core.errors import DomainError
from core.i18n import _
from modules.crm import countries


@click.command("taxid")
@click.argument("country", metavar="CC")
@click.argument("number")
@click.option("--kind", help="Kind of document (CUIT, RUC, DNI…); by default the one that it looks like.")
@json_option
def taxid(country: str, number: str, kind: str | None, as_json: bool) -> int:
    """Check a tax number of a country. Needs no database. Exit status 1 when it is not valid."""
    rules = _rules(country)
    if kind and kind.upper() not in rules.TAX_ID_KINDS:
        raise DomainError(_("To check this number you must name one of these kinds: %(known)s.",
                            known=", ".join(rules.TAX_ID_KINDS)))
    found = rules.validate(kind.upper() if kind else None, number)
    if as_json:
        echo_json({"valid": found.valid, "kind": found.kind or None, "compact": found.compact,
                   "formatted": found.formatted or None, "reason": found.reason or None,
                   "warning": found.warning or None})
    else:
        click.echo(" ".join(part for part in (found.kind, found.formatted, found.reason, found.warning) if part))
    return 0 if found.valid else NEEDS_PERSON


def _rules(country: str) -> countries.Country:
    try:
        return countries.get(country)
    except countries.UnknownKey:
        raise DomainError(_("To check this number you must name one of these countries: %(known)s.",
                            known=", ".join(code for code, _rules in countries.countries.items()))) from None


cli = taxid
