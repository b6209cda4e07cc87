"""`abona backup` and `abona restore`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from core.cli import DONE, NEEDS_PERSON, ExistingFile, echo_json, echo_table, json_option, note, with_app
from core.errors import DomainError
from core.i18n import _

password_option = click.option("--password-env", metavar="NAME",
                               help="Environment variable with the password that seals the keys.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@password_option
@json_option
@with_app
def backup(file: Path, password_env: str | None, as_json: bool) -> int:
    """Database, files and keys in one archive."""
    from core import backups

    made = backups.make(file, _password(password_env), note)
    if as_json:
        echo_json({"file": str(made.path), "made_at": made.made_at, "size": made.size, "sha256": made.sha256,
                   "rows": made.rows, "files": made.files, "missing_files": made.missing, "seconds": made.seconds})
    else:
        click.echo(_("%(file)s: %(rows)s rows, %(files)s files, %(size)s bytes, SHA-256 %(sha256)s", file=made.path,
                     rows=sum(made.rows.values()), files=made.files, size=made.size, sha256=made.sha256))
    if not password_env:
        note(_("The archive holds the keys of this installation: keep it where nobody else reads, or seal them with "
               "--password-env."))
    for sha256 in made.missing:
        note(_("A stored file is missing or damaged and is not in the backup: %(name)s", name=sha256))
    return NEEDS_PERSON if made.missing else DONE


@click.command()
@click.argument("file", type=ExistingFile())
@click.option("--verify-only", is_flag=True, help="Prove the backup in a scratch database and change nothing.")
@click.option("--replace", "over", is_flag=True, help="Throw away what this installation holds.")
@password_option
@json_option
def restore(file: Path, verify_only: bool, over: bool, password_env: str | None, as_json: bool) -> int:
    """Bring a backup back, proved by row counts and checks."""
    from core import restoring

    password = _password(password_env)
    done = restoring.rehearse(file, password, note) if verify_only else restoring.restore(
        file, password, over=over, say=note)
    if as_json:
        echo_json(_as_json(file, done, verify_only))
    else:
        _tell(done, verify_only)
    return DONE if done.ok else NEEDS_PERSON


def _as_json(file: Path, done: Any, verify_only: bool) -> dict[str, Any]:
    from core import checks

    wrong = [{"table": name, "saved": saved, "found": found} for name, (saved, found) in done.wrong.items()]
    return {"file": str(file), "ok": done.ok, "verify_only": verify_only, "made_at": done.head["made_at"],
            "version": done.head["version"], "rows": done.rows, "files": done.files, "wrong": wrong,
            "checks": checks.as_json(done.findings)["checks"]}


def _tell(done: Any, verify_only: bool) -> None:
    for name, (saved, found) in done.wrong.items():
        note(_("%(table)s: %(saved)s rows were saved, %(found)s came back.", table=name, saved=saved, found=found))
    echo_table(("", _("check"), _("count"), _("detail")),
               [("✓" if f.ok else "✗", f.name, f.count or "", f.detail) for f in done.findings])
    text = _("The backup of %(moment)s is whole: %(rows)s rows and %(files)s files.") if verify_only else _(
        "The backup of %(moment)s is restored: %(rows)s rows and %(files)s files.")
    if done.ok:
        click.echo(text % {"moment": done.head["made_at"], "rows": sum(done.rows.values()), "files": done.files})
    else:
        click.echo(_("The backup was read, but not everything is as it should be: see above."))


def _password(name: str | None) -> str | None:
    if name is None:
        return None
    found = os.environ.get(name)
    if not found:
        raise DomainError(_("To seal or open the keys you must set the environment variable %(name)s.", name=name))
    return found
