"""A ZIP of many files, one after the other: only the list of names stays in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath


def write(path: Path, files: Iterable[tuple[str, bytes]]) -> int:
    """Write (name, content); a name that comes again gets a number. How many files."""
    taken: dict[str, int] = {}
    count = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:  # PDFs are packed already
        for name, content in files:
            archive.writestr(_free(_safe(name), taken), content)
            count += 1
    return count


def _safe(name: str) -> str:
    """A file name without folders."""
    return PurePosixPath(name.replace("\\", "/")).name.strip() or "file"


def _free(name: str, taken: dict[str, int]) -> str:
    key = name.casefold()
    taken[key] = taken.get(key, 0) + 1
    if taken[key] == 1:
        return name
    stem, dot, ending = name.rpartition(".")
    return _free(f"{stem} ({taken[key]}){dot}{ending}" if dot else f"{name} ({taken[key]})", taken)
