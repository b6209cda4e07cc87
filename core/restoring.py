"""Restoring a backup: proved before anything is touched, loaded whole or not at all, proved again afterwards."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from flask import current_app

from core import archive, audit, checks, config, dumping, envelope, leases, loading, schema, storage, worker
from core.backups import WORTH_SAYING, Say
from core.checks import Finding
from core.config import Settings
from core.db import db, reading
from core.errors import CannotRun, DomainError
from core.i18n import _
from core.models import Backup

T = TypeVar("T")
BATCH_FILES, BATCH_BYTES = 200, 8 * 2**20
# bytes from which a stored file is not held in memory
LARGE = 2**20


@dataclass(frozen=True)
class Restored:
    """What came back. `wrong` are tables whose rows are not as many as were saved: {table: (saved, found)}."""

    head: dict[str, Any]
    rows: dict[str, int]
    files: int
    wrong: dict[str, tuple[int, int]]
    findings: list[Finding]

    @property
    def ok(self) -> bool:
        """Whether the data is as it was: the state of this machine (mail, Redis, clock) does not count."""
        bad = {finding.name for finding in self.findings if not finding.ok}
        return not self.wrong and not bad & checks.data_checks()


def rehearse(path: Path, password: str | None = None, say: Say = lambda text: None) -> Restored:
    """Prove a backup by restoring it into a scratch database, which is thrown away; nothing else is touched."""
    head = archive.verify(path)
    keys = envelope.unpack(_read_keys(path), password)
    with tempfile.TemporaryDirectory(prefix="abona-restore-") as folder:
        settings = replace(config.load(), instance=Path(folder), database_url=f"sqlite:///{folder}/scratch.sqlite",
                           redis_url="", secret_key=keys["secret_key"],
                           encryption_keys=tuple(keys["encryption_keys"]))
        return _with_app(settings, lambda: _load(path, head, say, rehearsal=True))


def restore(path: Path, password: str | None = None, *, over: bool = False, say: Say = lambda text: None) -> Restored:
    """Bring a backup back into this installation, which must hold no company (`over`: whatever it holds is lost).

    BadArchive or DomainError: nothing was changed. Killed halfway, the same command begins again.
    """
    head = archive.verify(path)
    settings = config.load()
    if settings.secret_key:
        _with_app(settings, lambda: _require_free(over))
    settings = _take_keys(settings, head, _read_keys(path), password)
    return _with_app(settings, lambda: _load(path, head, say))


def _with_app(settings: Settings, act: Callable[[], T]) -> T:
    from core.app import create_app

    with create_app(settings).app_context():
        try:
            return act()
        finally:
            db.session.remove()
            db.engine.dispose()


# --- keys -------------------------------------------------------------------------------------------------------


def _read_keys(path: Path) -> Mapping[str, Any]:
    return next((dict(part.json()) for part in archive.parts(path) if part.name == archive.KEYS), {})


def _take_keys(settings: Settings, head: Mapping[str, Any], sealed: Mapping[str, Any],
               password: str | None) -> Settings:
    """Make the backup's keys those of this installation; the former ones stay beside them under another name."""
    if head["fingerprint"] == envelope.fingerprint(settings):
        return settings
    keys = envelope.unpack(sealed, password)
    wanted = {config.KEY_FILE: [keys["secret_key"]], config.ENCRYPTION_FILE: list(keys["encryption_keys"])}
    held = {config.KEY_FILE: [settings.secret_key] if settings.secret_key else [],
            config.ENCRYPTION_FILE: list(settings.encryption_keys)}
    settings.instance.mkdir(parents=True, exist_ok=True)
    for name, lines in wanted.items():
        path = settings.instance / name
        if held[name] and held[name] != (path.read_text().split() if path.exists() else []):
            raise CannotRun(_("To restore here you must take ABONA_SECRET_KEY and ABONA_ENCRYPTION_KEYS out of the "
                              "environment and of config.py, or set them to the keys of the backup."))
        if path.exists():
            path.replace(path.with_name(f"{name}.before-restore"))
        if lines:
            config.write_secret(path, "\n".join(lines) + "\n")
    return replace(settings, secret_key=keys["secret_key"], encryption_keys=tuple(keys["encryption_keys"]))


# --- the database ---------------------------------------------------------------------------------------------------


def _require_free(over: bool) -> None:
    if "core_company" not in sa.inspect(db.engine).get_table_names():
        return
    with reading():
        owner = leases.holder(worker.EMBEDDED_LEASE)
        company = db.session.execute(sa.text("SELECT code FROM core_company ORDER BY id LIMIT 1")).scalar()
    if owner:
        raise CannotRun(_("To restore here you must first stop the process that works on this database (%(owner)s).",
                          owner=owner))
    if company is not None and not over:
        raise DomainError(_("To restore here you must choose an empty installation: this one holds the company "
                            "%(code)s. With --replace everything that it holds is lost.", code=company))


def _load(path: Path, head: dict[str, Any], say: Say, *, rehearsal: bool = False) -> Restored:
    _require_revisions(head["heads"])
    loading.drop_everything()
    for revision in head["heads"]:
        command.upgrade(schema.config(), revision)
    with loading.without_foreign_keys() as connection:
        tables = dumping.reflected(connection).tables
        for part in archive.parts(path):
            if part.name.startswith(archive.DATABASE):
                _load_table(connection, tables, part, say)
        if not rehearsal:
            _load_files(path)
        wrong = _count(connection, tables, head["rows"])
        loading.mend_sequences(connection, tables.values())
    schema.upgrade()
    _note(path, head)
    findings = checks.run_all(checks.data_checks() if rehearsal else ())
    return Restored(head, head["rows"], head["files"], wrong, findings)


def _require_revisions(heads: list[str]) -> None:
    known = {entry.revision for entry in ScriptDirectory.from_config(schema.config()).walk_revisions()}
    missing = sorted(set(heads) - known)
    if missing:
        raise CannotRun(_("To restore this backup you must install the version of Abona and the modules that made it: "
                          "revision %(revision)s is not known here.", revision=missing[0]))


def _load_table(connection: sa.Connection, tables: Mapping[str, sa.Table], part: archive.Part, say: Say) -> None:
    name, rows = archive.table_of(part.name), part.rows()
    columns: list[str] = list(next(rows))
    unknown = set(columns) - set(tables[name].columns.keys()) if name in tables else {name}
    if unknown:
        raise archive.BadArchive(_("To restore you must give a backup of this product: %(name)s does not belong to it.",
                                   name=sorted(unknown)[0]))
    count = dumping.write_rows(connection, tables[name], columns, rows)
    if count >= WORTH_SAYING:
        say(f"{name}: {count}")


def _count(connection: sa.Connection, tables: Mapping[str, sa.Table],
           saved: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    found = {name: connection.execute(sa.select(sa.func.count()).select_from(tables[name])).scalar_one()
             for name in saved}
    return {name: (saved[name], found[name]) for name in saved if saved[name] != found[name]}


def _note(path: Path, head: Mapping[str, Any]) -> None:
    """The restored database does not know the backup it came from; from now on it does."""
    made_at = dt.datetime.fromisoformat(head["made_at"])
    if not db.session.scalar(sa.select(Backup.id).where(Backup.made_at == made_at)):
        db.session.add(Backup(made_at=made_at, path=str(path)[:500],
                              size=path.stat().st_size, sha256="", rows=sum(head["rows"].values()),
                              files=head["files"]))
    audit.record("core.restore_backup", None, {"file": str(path), "made_at": head["made_at"]})
    db.session.commit()


# --- files ----------------------------------------------------------------------------------------------------------


def _load_files(path: Path) -> None:
    for batch in _batches(path):
        storage.backend().put(batch)


def _batches(path: Path) -> Iterator[list[bytes]]:
    """Small files in batches; large ones are kept on the way."""
    batch: list[bytes] = []
    for part in archive.parts(path):
        if part.name.startswith(archive.FILES) and part.size >= LARGE:
            _load_large(part)
        elif part.name.startswith(archive.FILES):
            batch.append(part.bytes())
        elif part.name.startswith(archive.TEMPLATES):
            _load_template(part)
        if len(batch) >= BATCH_FILES or sum(map(len, batch)) >= BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def _load_large(part: archive.Part) -> None:
    with storage.draft() as place:
        with place.open("wb") as file:
            part.copy_to(file)
        storage.backend().put_file(place)


def _load_template(part: archive.Part) -> None:
    name = PurePosixPath(part.name)
    if name.is_absolute() or ".." in name.parts:
        raise archive.BadArchive(_("To restore you must give a backup of this product: %(name)s does not belong to it.",
                                   name=part.name))
    settings: Settings = current_app.extensions["abona"]
    target = settings.instance / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(part.bytes())
