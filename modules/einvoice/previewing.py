"""`abona einvoice preview`: what would be sent, without database or installation."""

from __future__ import annotations

import os
from pathlib import Path

import click
from cryptography.hazmat.primitives.serialization import pkcs12

from core import modules
from core.cli import DONE, NEEDS_PERSON, echo_json, echo_table, json_option
from core.errors import DomainError
from core.i18n import _
from modules.einvoice.case import BadCase, Fault, read
from modules.einvoice.ports import Previewer, previewers
from modules.einvoice.preview import Certificate, Preview, amount, rate, result


@click.command()
@click.argument("case_file", metavar="CASE.json", type=click.Path(path_type=Path))
@click.option("--certificate", "certificate_file", metavar="P12", type=click.Path(path_type=Path),
              help="The issuer's certificate and key (PKCS#12), where the country signs the document.")
@click.option("--password-env", metavar="VAR", help="Environment variable that holds the certificate's password.")
@json_option
def preview(case_file: Path, certificate_file: Path | None, password_env: str | None, as_json: bool) -> int:
    """Show what would be sent for CASE.json, offline. Exit 1 where something would be refused."""
    case = read(case_file.read_bytes())
    certificate = _certificate(certificate_file, password_env) if certificate_file else None
    found = previewer_of(case.country).preview(case, certificate)
    if as_json:
        echo_json(result(found))
    else:
        _show(found)
    return DONE if found.valid else NEEDS_PERSON


def previewer_of(country: str) -> Previewer:
    """The country's previewer, from its module on disk whether it is enabled or not. BadCase where there is none."""
    for name, manifest in modules.available().items():
        found = modules.part(name, "previewer") if manifest.country else None
        if found is not None:
            previewers.register(str(manifest.country), found.previewer)
    if country not in previewers:
        known = ", ".join(key for key, _entry in previewers.items())
        raise BadCase([Fault("country", country, _("one of %(known)s", known=known))])
    return previewers.get(country)


def _certificate(file: Path, variable: str | None) -> Certificate:
    """The certificate, proved to open with its password."""
    if variable and variable not in os.environ:
        raise DomainError(_("To use this certificate you must set the environment variable %(name)s to its password.",
                            name=variable))
    password, data = os.environ.get(variable or "", ""), file.read_bytes()
    try:
        pkcs12.load_key_and_certificates(data, password.encode() or None)
    except ValueError:
        raise DomainError(_("To use the certificate %(file)s you must give a PKCS#12 file and, with --password-env, "
                            "its password: either the password is wrong, or the file is damaged or something else.",
                            file=str(file))) from None
    return Certificate(data, password)


def _show(found: Preview) -> None:
    totals = found.totals
    click.echo(_("Document of kind %(kind)s, series %(series)s, number %(number)s", kind=found.legal_kind,
                 series=found.series, number="" if found.number is None else found.number))
    rows = [(_("net"), amount(totals.net)), (_("untaxed"), amount(totals.untaxed)),
            (_("exempt"), amount(totals.exempt))]
    rows += [(f"{tax.code} {rate(tax.rate) or ''} %", amount(tax.amount)) for tax in totals.taxes]
    echo_table((_("amount"), ""), [*rows, (_("total"), amount(totals.total))])
    for problem in found.problems:
        code = f" ({problem.authority_code})" if problem.authority_code else ""
        click.echo(f"{problem.field}: {problem.message}{code}")
    click.echo(_("Nothing would be refused.") if found.valid else _("This would be refused."))
