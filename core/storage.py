"""Files kept by the hash of their content, in the instance folder, behind a small port.

A file is written beside its place, forced to the disk and renamed: it is there whole or not at all. The same
content is stored once. Rows (`core_file`) point to content; content without a row (its transaction was rolled back)
is harmless.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import sqlalchemy as sa
from flask import current_app

from core import clock, scope
from core.db import allocate_ids, db, find, write_rows
from core.errors import DomainError, NotFound, Unavailable
from core.i18n import _
from core.models import StoredFile

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# content this young may belong to a row that is not committed yet
YOUNG_SECONDS = 3600


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

    def put_file(self, path: Path) -> str:
        """Keep a file of any size, which is gone from `path` afterwards; its hash."""

    def open(self, sha256: str) -> BinaryIO:
        """The content to be read bit by bit; FileDamaged where it is missing."""

    def delete(self, sha256: str) -> None:
        """Forget content that no row names any more; what is young stays, a row may be on its way."""


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
                if not self._keep_young(sha256):
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

    def _keep_young(self, sha256: str) -> bool:
        """Whether the content is there; if so it counts as new, so that `delete` spares it."""
        try:
            os.utime(self.path(sha256))
        except FileNotFoundError:
            return False
        return True

    def put_file(self, path: Path) -> str:
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            if self._keep_young(sha256):
                path.unlink()
            else:
                target = self.path(sha256)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(path, target)  # a rename, where both are on one disk
                _force(target.parent)
        except OSError as error:
            raise StorageUnavailable(_explain(error, self.root)) from error
        return sha256

    def open(self, sha256: str) -> BinaryIO:
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise FileDamaged(_missing(sha256)) from None

    def delete(self, sha256: str) -> None:
        path = self.path(sha256)
        try:
            if path.stat().st_mtime < time.time() - YOUNG_SECONDS:
                path.unlink()
        except FileNotFoundError:
            return

    def get(self, sha256: str) -> bytes:
        try:
            content = self.path(sha256).read_bytes()
        except FileNotFoundError:
            content = None
        if content is None or hashlib.sha256(content).hexdigest() != sha256:
            raise FileDamaged(_missing(sha256))
        return content


def _missing(sha256: str) -> str:
    return _("To open this file you must restore it from the backup: %(path)s is missing or altered.",
             path=f"files/{sha256[:2]}/{sha256}")


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


@contextmanager
def draft() -> Iterator[Path]:
    """The path of an empty file that may grow large, on the disk of the stored files; gone after the block."""
    folder = current_app.extensions["abona"].files
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
    except OSError as error:
        raise StorageUnavailable(_explain(error, folder)) from error
    os.close(descriptor)
    try:
        yield Path(name)
    except OSError as error:
        raise StorageUnavailable(_explain(error, folder)) from error
    finally:
        Path(name).unlink(missing_ok=True)


def store_path(path: Path, name: str, media_type: str) -> StoredFile:
    """Keep a file of any size of the company in scope, in constant memory; it is gone from `path` afterwards."""
    size = path.stat().st_size
    record = StoredFile(company_id=scope.company_id_or_none(), sha256=backend().put_file(path), name=name[:200],
                        media_type=media_type, size=size)
    db.session.add(record)
    db.session.flush()
    return record


def forget(file_ids: Sequence[int]) -> list[str]:
    """Delete the rows of these files; the hashes of content that no row names now, for `discard` after the commit."""
    hashes = set(db.session.scalars(sa.select(StoredFile.sha256).where(StoredFile.id.in_(list(file_ids)))))
    db.session.execute(sa.delete(StoredFile).where(StoredFile.id.in_(list(file_ids)))
                       .execution_options(synchronize_session=False))
    kept = set(db.session.scalars(sa.select(StoredFile.sha256).where(StoredFile.sha256.in_(hashes))))
    return sorted(hashes - kept)


def discard(hashes: Sequence[str]) -> None:
    """Delete content whose rows are gone and committed."""
    for sha256 in hashes:
        backend().delete(sha256)


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
