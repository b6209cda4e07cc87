"""What a list is exported as: its rows as CSV or XLSX, the PDFs of its rows as one or as a ZIP; in constant memory."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import scope, storage
from core.db import db, is_postgresql, reading
from core.exports import csv_file, pdf_file, xlsx_file, zip_file
from core.i18n import _
from core.lists.cells import Style
from core.lists.declaration import Column, List
from core.lists.filters import today
from core.lists.query import Query
from core.models import StoredFile

MEDIA = {
    "csv": ("csv", "text/csv; charset=utf-8"), "csv_plain": ("csv", "text/csv; charset=utf-8"),
    "xlsx": ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pdf": ("pdf", "application/pdf"), "zip": ("zip", "application/zip"), "bundle": ("zip", "application/zip"),
}
TABLES = ("xlsx", "csv", "csv_plain")
FILES_AT_ONCE = 200

Told = Callable[[int], None]


@dataclass(frozen=True)
class Source:
    """A session to read from. `apart`: it has a connection of its own, so that others may commit meanwhile."""

    session: Session
    apart: bool


@contextmanager
def snapshot() -> Iterator[Source]:
    """A session that sees the database as it is now until the block ends, and keeps nobody from writing."""
    bind = db.engine
    if isinstance(bind, sa.Connection):  # everything runs in one transaction already
        with Session(bind, join_transaction_mode="create_savepoint") as session:
            yield Source(session, False)
        return
    connection = bind.connect()
    try:
        if is_postgresql():
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with reading():
            connection.execute(sa.text("SELECT 1"))  # on SQLite a transaction that reads begins here
        with Session(connection) as session:
            yield Source(session, True)
    finally:
        connection.rollback()
        connection.close()


@dataclass
class Output:
    """What is to be written where; afterwards `rows`, and who was left out and why."""

    shown: List
    kind: str
    query: Query
    columns: Sequence[Column]
    # of a bundle: the kinds of files that were ticked
    parts: Sequence[str] = ()
    rows: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)

    @classmethod
    def of(cls, shown: List, kind: str, query: Query, keys: Sequence[str], parts: Sequence[str] = ()) -> Output:
        """With the columns that were chosen (all where none was), and why, among what was refused."""
        return cls(shown, kind, query, [*chosen(shown, keys), *query.ask.why], parts)

    def write(self, path: Path, source: Source, told: Told = lambda rows: None) -> None:
        """Write the file. `told(rows)` is called now and then; it may raise to stop."""
        writers: dict[str, Any] = {"xlsx": self._xlsx, "pdf": self._pdf, "zip": self._zip,
                                   "bundle": self._bundle}
        writers.get(self.kind, self._csv)(path, source, told)

    # --- tables --------------------------------------------------------------------------------------

    @property
    def _header(self) -> list[str]:
        return [str(column.label) for column in self.columns]

    def _csv(self, path: Path, source: Source, told: Told) -> None:
        style = Style.here(plain=self.kind == "csv_plain")
        options: dict[str, Any] = {"delimiter": style.delimiter, "mark": not style.plain, "told": told}
        if source.session.get_bind().dialect.name == "postgresql" and all(map(_in_sql, self.columns)):
            texts = [column.form.sql(column.value, style).label(f"c{n}") for n, column in enumerate(self.columns)]
            self.rows = csv_file.write_by_copy(path, self._header, source.session.connection(),
                                               self.query.values_of(*texts), **options)
        else:
            forms = [_through_text(column, column.form.csv(style)) for column in self.columns]
            self.rows = csv_file.write(path, self._header, self._chunks(source), forms, **options)

    def _xlsx(self, path: Path, source: Source, told: Told) -> None:
        style = Style.here(plain=False)
        forms = [_through_text(column, column.form.xlsx(style)) for column in self.columns]
        formats = ["" if column.text else column.form.number_format for column in self.columns]
        self.rows = xlsx_file.write(path, str(self.shown.title), self._header, self._chunks(source), forms, formats,
                                    told)

    def _chunks(self, source: Source) -> Iterator[Sequence[Sequence[Any]]]:
        return self.query.all_values(self.columns, source.session)

    # --- papers --------------------------------------------------------------------------------------

    def _pdf(self, path: Path, source: Source, told: Told) -> None:
        with pdf_file.Joiner(path) as joiner:
            for row_id, _name, content in self._papers(source, told):
                try:
                    joiner.add(content)
                except pdf_file.BadPdf as error:
                    self.refused.append((row_id, _("Its PDF cannot be read (%(reason)s).", reason=error)))
                else:
                    self.rows += 1

    def _zip(self, path: Path, source: Source, told: Told) -> None:
        def files() -> Iterator[tuple[str, bytes]]:
            for _row_id, name, content in self._papers(source, told):
                yield name, content

        self.rows = zip_file.write(path, files())

    def _bundle(self, path: Path, source: Source, told: Told) -> None:
        bundle = self.shown.bundle
        assert bundle is not None
        known = bundle.parts()
        parts = [one for one in self.parts or bundle.usual if one in known]

        def files() -> Iterator[tuple[str, bytes]]:
            found = source.session.execute(self.query.values_of(self.shown.id), execution_options={"yield_per": 5000})
            seen = 0
            for part in found.partitions(FILES_AT_ONCE):
                ids, done = [row[0] for row in part], set()
                for row_id, name, content in bundle.files(source.session, ids, parts):
                    done.add(row_id)
                    yield name, content
                seen += len(ids)
                self.rows += len(done)
                self.refused += [(one, _("Nothing of this is kept of it.")) for one in ids if one not in done]
                told(seen)

        zip_file.write(path, files(), folders=True)

    def _papers(self, source: Source, told: Told) -> Iterator[tuple[int, str, bytes]]:
        """(row id, file name, content) of every row that has its PDF, in order; the others are refused."""
        statement = self.query.values_of(self.shown.id, self.shown.file.label("file_id"))
        found = source.session.execute(statement, execution_options={"yield_per": 5000})
        seen = 0
        for part in found.partitions(FILES_AT_ONCE):
            files = _files(source.session, [row.file_id for row in part if row.file_id])
            for row_id, file_id in part:
                seen += 1
                try:
                    if file_id not in files:
                        raise storage.FileDamaged(_("It has no PDF."))
                    yield row_id, files[file_id].name, storage.backend().get(files[file_id].sha256)
                except storage.FileDamaged as error:
                    self.refused.append((row_id, str(error)))
            told(seen)


def _files(session: Session, ids: Sequence[int]) -> dict[int, StoredFile]:
    """These files by id, of the company in scope only."""
    rows = session.scalars(sa.select(StoredFile).where(
        StoredFile.id.in_(ids), sa.or_(StoredFile.company_id.is_(None),
                                       StoredFile.company_id == scope.company_id_or_none())))
    return {row.id: row for row in rows}


def _in_sql(column: Column) -> bool:
    return column.is_sql and column.text is None


def _through_text(column: Column, form: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A column that is turned into words is written as these words."""
    words = column.text
    if words is None:
        return form
    return lambda value: form(None if value is None else words(value))


def chosen(shown: List, keys: Sequence[str]) -> list[Column]:
    """The columns with these keys that may be exported; all of them where none is named."""
    return [column for column in shown.exportable() if not keys or column.key in keys] or shown.exportable()


def file_name(shown: List, kind: str, day: dt.date | None = None) -> str:
    """A name for people: what and when."""
    plain = unicodedata.normalize("NFKD", str(shown.title)).encode("ascii", "ignore").decode().lower()
    return f"{re.sub('[^a-z0-9]+', '-', plain).strip('-') or 'abona'}-{(day or today()).isoformat()}.{MEDIA[kind][0]}"
