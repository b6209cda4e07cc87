"""Files kept by the hash of their content, in the instance folder, behind a small port.

A file is written beside its place, forced to the disk and renamed: it is there whole or not at all. The same
content is stored once. Rows (`core_file`) point to content; content without a row (its transaction was rolled back)
is harmless.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from flask import current_app

from core import clock, scope
from core.db import allocate_ids, db, find, write_rows
from core.errors import DomainError, NotFound, Unavailable
from core.i18n import _
from core.models import StoredFile

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StorageUnavailable(Unavailable, DomainError):
    """Nothing was written. A job tries again by itself; a person reads the message and can try again."""

    code = "storage_unavailable"

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after=60)
        self.code, self.field = type(self).code, None


class FileDamaged(DomainError):
    """The stored content is missing or is not what was stored."""

    code = "file_damaged"


class ContentStore(Protocol):
    """Where the bytes are; entries are found by their SHA-256 in hexadecimal."""

    def put(self, contents: Sequence[bytes]) -> list[str]:
        """Keep these contents durably; their hashes. StorageUnavailable where one cannot be kept."""

    def get(self, sha256: str) -> bytes:
        """The content; FileDamaged where it is missing or altered."""

    def has(self, sha256: str) -> bool: ...


class Folder:
    """A content store in a local folder: `ab/abcdef...`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        return self.path(sha256).exists()

    def put(self, contents: Sequence[bytes]) -> list[str]:
        """Write what is new; the folders are forced to the disk once for all of them."""
        hashes, folders = [], set()
        try:
            for content in contents:
                sha256 = hashlib.sha256(content).hexdigest()
                hashes.append(sha256)
                if not self.has(sha256):
                    folders.add(self._write(self.path(sha256), content))
            for folder in sorted(folders):
                _force(folder)
        except OSError as error:
            raise StorageUnavailable(_explain(error, self.root)) from error
        return hashes

    def _write(self, path: Path, content: bytes) -> Path:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            _force(path.parent.parent)
        descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return path.parent

    def get(self, sha256: str) -> bytes:
        try:
            content = self.path(sha256).read_bytes()
        except FileNotFoundError:
            content = None
        if content is None or hashlib.sha256(content).hexdigest() != sha256:
            raise FileDamaged(_("To open this file you must restore it from the backup: %(path)s is missing or "
                                "altered.", path=f"files/{sha256[:2]}/{sha256}"))
        return content


def _force(folder: Path) -> None:
    """A rename survives a power cut only when its folder has been written too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explain(error: OSError, root: Path) -> str:
    if error.errno in FULL:
        return _("The file could not be kept because the disk of %(folder)s is full. Nothing was changed; it goes on "
                 "by itself when there is room.", folder=root)
    return _("The file could not be kept because %(folder)s refused it (%(reason)s). Nothing was changed.",
             folder=root, reason=error.strerror or str(error))


def backend() -> ContentStore:
    """The content store of this installation."""
    chosen = current_app.extensions.get("abona_files")
    return chosen or Folder(current_app.extensions["abona"].files)


def store(data: bytes, name: str, media_type: str) -> StoredFile:
    """Keep a file of the company in scope (of the installation where there is none)."""
    sha256 = backend().put([data])[0]
    record = StoredFile(company_id=scope.company_id_or_none(), sha256=sha256, name=name[:200], media_type=media_type,
                        size=len(data))
    db.session.add(record)
    db.session.flush()
    return record


def store_many(files: Sequence[tuple[bytes, str, str]]) -> list[int]:
    """Keep many (data, name, media type) of the company in scope with one insert; the ids, in order."""
    hashes = backend().put([data for data, _name, _type in files])
    ids, moment = allocate_ids(StoredFile.__table__, len(files)), clock.now()
    write_rows(StoredFile.__table__, [
        {"id": file_id, "company_id": scope.company_id_or_none(), "sha256": sha256, "name": name[:200],
         "media_type": media_type, "size": len(data), "created_at": moment}
        for file_id, sha256, (data, name, media_type) in zip(ids, hashes, files, strict=True)])
    return ids


def read(file: StoredFile | int) -> bytes:
    """The content of a stored file, proved by its hash. An id is looked up in the company in scope."""
    record = find_file(file) if isinstance(file, int) else file
    return backend().get(record.sha256)


def find_file(file_id: int) -> StoredFile:
    """The row of a file of the company in scope, or of the installation; NotFound otherwise."""
    found: StoredFile = find(StoredFile, file_id)
    if not scope.is_every_company() and found.company_id not in (None, scope.company_id_or_none()):
        raise NotFound(_("This file does not exist."))
    return found


def names_of(ids: Sequence[int]) -> dict[int, StoredFile]:
    """The rows of these files by id, with one select."""
    rows = db.session.scalars(sa.select(StoredFile).where(StoredFile.id.in_(list(ids))))
    return {row.id: row for row in rows}
