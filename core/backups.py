"""Making a backup: database, stored files and key envelope in one archive, from one moment, while work goes on."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from flask import current_app

from core import archive, audit, clock, dumping, envelope, storage
from core.config import Settings
from core.db import db, is_postgresql, reading
from core.errors import DomainError
from core.i18n import _
from core.models import Backup

CHUNK = 5000
WORTH_SAYING = 1000
Say = Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """What was written. `missing` are stored files that the rows name and the disk lacks or holds altered."""

    path: Path
    made_at: dt.datetime
    size: int
    sha256: str
    rows: dict[str, int]
    files: int
    missing: list[str]
    seconds: float


def make(path: Path, password: str | None = None, say: Say = lambda text: None) -> Made:
    """Write the archive (mode 0600) and note the backup in the database; commits."""
    if not path.parent.is_dir():
        raise DomainError(_("To make the backup you must name a file in a folder that exists: %(folder)s does not.",
                            folder=path.parent))
    started, moment = time.monotonic(), clock.now()
    settings: Settings = current_app.extensions["abona"]
    with _one_moment() as connection, archive.Writer(path) as writer:
        writer.add_json(archive.HEAD, _head(connection, settings, moment))
        writer.add_json(archive.KEYS, envelope.pack(settings, password))
        metadata = dumping.reflected(connection)
        for table in metadata.sorted_tables:
            writer.add_table(table.name, dumping.columns_of(table), dumping.read_rows(connection, table))
            if writer.rows[table.name] >= WORTH_SAYING:
                say(f"{table.name}: {writer.rows[table.name]}")
        missing = _add_files(writer, connection, metadata.tables["core_file"])
        _add_templates(writer, settings.instance / "templates")
    made = Made(path, moment, path.stat().st_size, _sha256(path), writer.rows, writer.files, missing,
                round(time.monotonic() - started, 1))
    _note(made)
    return made


@contextmanager
def _one_moment() -> Iterator[sa.Connection]:
    """A connection that sees the database as it is now until the block ends, and keeps nobody from writing."""
    with reading(), db.engine.connect() as connection:
        if is_postgresql():
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        connection.execute(sa.text("SELECT count(*) FROM core_company"))
        yield connection
        connection.rollback()


def _head(connection: sa.Connection, settings: Settings, moment: dt.datetime) -> dict[str, Any]:
    return {"format": archive.FORMAT, "version": version("abona"), "made_at": moment.isoformat(),
            "database": connection.dialect.name, "fingerprint": envelope.fingerprint(settings),
            "heads": sorted(MigrationContext.configure(connection).get_current_heads())}


def _add_files(writer: archive.Writer, connection: sa.Connection, table: sa.Table) -> list[str]:
    """The content of every row of core_file, once; the hashes of those that are missing or damaged."""
    store, missing, last = storage.backend(), [], ""
    while True:
        wanted = (sa.select(table.c.sha256).distinct().where(table.c.sha256 > last).order_by(table.c.sha256)
                  .limit(CHUNK))
        hashes = list(connection.execute(wanted).scalars())
        for sha256 in hashes:
            if not _add_file(writer, store, sha256):
                missing.append(sha256)
        if len(hashes) < CHUNK:
            return missing
        last = hashes[-1]


def _add_file(writer: archive.Writer, store: storage.ContentStore, sha256: str) -> bool:
    """Read twice, to be proved and to be written, and never held in memory; False where it is missing or damaged."""
    try:
        source = store.open(sha256)
    except storage.FileDamaged:
        return False
    with source:
        if hashlib.file_digest(source, "sha256").hexdigest() != sha256:  # type: ignore[arg-type]
            return False
        size = source.tell()
        source.seek(0)
        writer.add_stored(sha256, source, size)
    return True


def _add_templates(writer: archive.Writer, folder: Path) -> None:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file() and not path.is_symlink():
            writer.add_bytes(f"{archive.TEMPLATES}{path.relative_to(folder).as_posix()}", path.read_bytes())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _note(made: Made) -> None:
    db.session.add(Backup(made_at=made.made_at, path=str(made.path)[:500], size=made.size, sha256=made.sha256,
                          rows=sum(made.rows.values()), files=made.files))
    audit.record("core.make_backup", None, {"file": str(made.path), "sha256": made.sha256})
    db.session.commit()
