"""CSV: for spreadsheet programs (with the mark that makes Excel read UTF-8) or for other programs; by COPY where
PostgreSQL can write the whole line itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.orm import with_loader_criteria

from core import scope
from core.db import CompanyScoped

# what Excel wants at the beginning to read UTF-8
MARK = "\ufeff"
TOLD_EVERY = 5000

Told = Callable[[int], None]


def write(path: Path, header: Sequence[str], chunks: Iterable[Sequence[Sequence[Any]]],
          forms: Sequence[Callable[[Any], str]], *, delimiter: str = ",", mark: bool = False,
          told: Told = lambda rows: None) -> int:
    """Write rows that come in chunks, each value by the function of its column; how many rows."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(MARK if mark else "")
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(header)
        for chunk in chunks:
            # column by column: the loops run inside the interpreter
            texts = [map(form, values) for form, values in zip(forms, zip(*chunk, strict=True), strict=True)]
            writer.writerows(zip(*texts, strict=True))
            count += len(chunk)
            told(count)
    return count


def write_by_copy(path: Path, header: Sequence[str], connection: sa.Connection, statement: sa.Select, *,
                  delimiter: str = ",", mark: bool = False, told: Told = lambda rows: None) -> int:
    """Let PostgreSQL write the rows of a select of texts; how many rows. Several times as fast as `write`."""
    count = 0
    with path.open("wb") as file:
        _write_header(file, header, delimiter, mark)
        for line in _copied(connection, statement, delimiter):
            file.write(line)
            count += 1
            if count % TOLD_EVERY == 0:
                told(count)
    return count


def _write_header(file: BinaryIO, header: Sequence[str], delimiter: str, mark: bool) -> None:
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\r\n").writerow(header)
    file.write(((MARK if mark else "") + line.getvalue()).encode())


def _copied(connection: sa.Connection, statement: sa.Select, delimiter: str) -> Iterator[bytes]:
    """The lines as the server sends them, one row each; a line break inside a value stays inside its quotes."""
    # the driver sends this statement, not the session: the company's condition must be put in by hand
    text = str(_of_company(statement).compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(
            f"COPY ({text}) TO STDOUT WITH (FORMAT csv, DELIMITER '{delimiter}')", ()) as copy:
        for data in copy:
            line = bytes(data)
            yield line[:-1] + b"\r\n" if line.endswith(b"\n") else line


def _of_company(statement: sa.Select) -> sa.Select:
    if scope.is_every_company():
        return statement
    # a list of company rows without a company must fail; one of the installation's own rows needs none
    company_id = scope.company_id_or_none()
    return statement.options(with_loader_criteria(
        CompanyScoped, lambda cls: cls.company_id == company_id, include_aliases=True))
