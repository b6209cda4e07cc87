"""The file of a backup: a tar that is written and read as a stream, in constant memory.

    head.json          what it is: format, version, moment, revisions, fingerprint of the key
    keys.json          the key envelope, sealed where a password was given
    database/<t>.jsonl.gz   first line: the columns; then one JSON list per row
    files/ab/abcd…     stored files under the SHA-256 of their content
    templates/…        the operator's own templates
    proof.json         rows and SHA-256 of every part; last, so that a cut file shows
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from core.errors import DomainError
from core.i18n import _

FORMAT = 1
HEAD, KEYS, PROOF = "head.json", "keys.json", "proof.json"
DATABASE, FILES, TEMPLATES = "database/", "files/", "templates/"
CHUNK = 1024 * 1024


class BadArchive(DomainError):
    """The file is no backup, is cut, or was altered; nothing was changed."""

    code = "bad_archive"


class Writer:
    """Writes beside the target and renames when all is on the disk: the file is whole or not there."""

    def __init__(self, path: Path) -> None:
        self.path, self._part = path, path.with_name(path.name + ".part")
        self._part.unlink(missing_ok=True)
        descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._tar = tarfile.TarFile.open(fileobj=self._file, mode="w|", format=tarfile.PAX_FORMAT)
        self.rows: dict[str, int] = {}
        self.files = 0
        self._sums: dict[str, str] = {}

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 _traceback: TracebackType | None) -> None:
        try:
            if kind is None:
                self._finish()
        except OSError as failed:
            error = failed
        finally:
            self._give_up()
        if isinstance(error, OSError):
            raise DomainError(_("The backup could not be written to %(file)s: %(reason)s. The former one, if there was "
                                "one, is still there.", file=self.path, reason=error.strerror or error)) from error

    def add_json(self, name: str, value: Any) -> None:
        self.add_bytes(name, json.dumps(value, ensure_ascii=False, indent=1).encode())

    def add_table(self, name: str, columns: list[str], rows: Iterable[list[Any]]) -> None:
        """A table, row by row; it passes through a temporary file, since a tar wants the size first."""
        count = 0
        with tempfile.TemporaryFile(dir=self.path.parent) as spool:
            with gzip.GzipFile(fileobj=spool, mode="wb", compresslevel=3, mtime=0) as packed:
                packed.write(_line(columns))
                for count, row in enumerate(rows, 1):  # noqa: B007
                    packed.write(_line(row))
            size = spool.tell()
            spool.seek(0)
            self._add(f"{DATABASE}{name}.jsonl.gz", spool, size)
        self.rows[name] = count

    def add_bytes(self, name: str, data: bytes) -> None:
        """A small file."""
        self._add(name, io.BytesIO(data), len(data))

    def add_stored(self, sha256: str, source: IO[bytes], size: int) -> None:
        """A stored file of any size, bit by bit; its name is its proof."""
        self._add(f"{FILES}{sha256[:2]}/{sha256}", source, size)

    def _add(self, name: str, source: IO[bytes], size: int) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        watched = _Watched(source)
        self._tar.addfile(member, watched)  # type: ignore[arg-type]
        self._tar.members = []  # type: ignore[attr-defined]  # it would remember a million of them
        if name.startswith(FILES):
            self.files += 1
        else:
            self._sums[name] = watched.hash.hexdigest()

    def _finish(self) -> None:
        self.add_json(PROOF, {"rows": self.rows, "files": self.files, "sha256": self._sums})
        self._tar.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._part, self.path)

    def _give_up(self) -> None:
        """What is left of an archive that was not finished; nothing where it was."""
        for one in (self._tar, self._tar.fileobj):  # they must not try to write their end once more
            vars(one)["closed"] = True
        with suppress(OSError):
            self._file.close()
        self._part.unlink(missing_ok=True)


def _line(values: list[Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class _Watched:
    """A source that is hashed while it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.hash = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.hash.update(data)
        return data


class Part:
    """One member while it passes; one of its readers may be used, once."""

    def __init__(self, name: str, source: IO[bytes], size: int) -> None:
        self.name, self.size = name, size
        self._watched = _Watched(source)

    def json(self) -> Any:
        return json.loads(self._watched.read())

    def rows(self) -> Iterator[list[Any]]:
        """The columns' names, then each row."""
        with gzip.open(self._watched, "rb") as unpacked:  # type: ignore[call-overload]
            for line in unpacked:
                yield json.loads(line)

    def bytes(self) -> bytes:
        """All of it: for what is known to be small."""
        return self._watched.read()

    def copy_to(self, target: IO[Any]) -> None:
        """All of it, bit by bit."""
        shutil.copyfileobj(self._watched, target, CHUNK)  # type: ignore[misc]

    def sha256(self) -> str:
        """The hash of the whole part, reading what was not read yet."""
        while self._watched.read(CHUNK):
            pass
        return self._watched.hash.hexdigest()


UNREADABLE = (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, ValueError, KeyError, TypeError)


def parts(path: Path) -> Iterator[Part]:
    """The members in their order. Errors of a file that is none, or is cut, come as they are: see `verify`."""
    with tarfile.TarFile.open(path, mode="r|") as tar:
        for member in tar:
            tar.members = []  # type: ignore[attr-defined]
            source = tar.extractfile(member) if member.isfile() else None
            if source is not None:
                yield Part(member.name, source, member.size)


def verify(path: Path) -> dict[str, Any]:
    """Read all of it and prove every part; the head with `rows` and `files` added. BadArchive otherwise."""
    try:
        head, proof, found = _read_all(path)
    except UNREADABLE as error:
        raise BadArchive(_("To restore you must give a whole backup: %(file)s cannot be read (%(reason)s).", file=path,
                           reason=str(error) or type(error).__name__)) from error
    _compare(path, head, proof, found)
    return {**head, "rows": found["rows"], "files": found["files"]}


def _read_all(path: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """(head, proof as written, the same as found)"""
    head: dict[str, Any] = {}
    proof: dict[str, Any] = {}
    found: dict[str, Any] = {"rows": {}, "files": 0, "sha256": {}}
    for part in parts(path):
        if part.name == PROOF:
            proof = part.json()
            continue
        if part.name == HEAD:
            head = part.json()
        elif part.name.startswith(DATABASE):
            found["rows"][table_of(part.name)] = sum(1 for _row in part.rows()) - 1
        _add_proof(path, part, found)
    return head, proof, found


def _add_proof(path: Path, part: Part, found: dict[str, Any]) -> None:
    sha256 = part.sha256()
    if not part.name.startswith(FILES):
        found["sha256"][part.name] = sha256
        return
    found["files"] += 1
    if sha256 != part.name.rsplit("/", 1)[-1]:
        raise _altered(path, part.name)


def _compare(path: Path, head: dict[str, Any], proof: dict[str, Any], found: dict[str, Any]) -> None:
    if head.get("format") != FORMAT:
        raise BadArchive(_("To restore you must give a backup of Abona: %(file)s is none, or one of a newer version.",
                           file=path))
    if not proof:
        raise BadArchive(_("To restore you must give a whole backup: %(file)s ends too early.", file=path))
    for name, value in proof["sha256"].items():
        if found["sha256"].get(name) != value:
            raise _altered(path, name)
    if proof != found:
        raise _altered(path, PROOF)


def _altered(path: Path, name: str) -> BadArchive:
    return BadArchive(_("To restore you must give an unaltered backup: %(name)s in %(file)s is not what was written.",
                        name=name, file=path))


def table_of(name: str) -> str:
    """`database/core_user.jsonl.gz` → core_user"""
    return name.removeprefix(DATABASE).removesuffix(".jsonl.gz")
