"""A ZIP of many files, one after the other: only the list of names stays in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

# packed already: packing them again costs time and saves nothing
PACKED = (".pdf", ".zip", ".png", ".jpg")


def write(path: Path, files: Iterable[tuple[str, bytes]], folders: bool = False) -> int:
    """Write (name, content); a name that comes again gets a number. How many files.

    With `folders` a name may have some before it, like 2026-11/B001-00000012/cdr.zip.
    """
    taken: dict[str, int] = {}
    count = 0
    with zipfile.ZipFile(path, "w", allowZip64=True) as archive:
        for name, content in files:
            kind = zipfile.ZIP_STORED if name.lower().endswith(PACKED) else zipfile.ZIP_DEFLATED
            archive.writestr(_free(_safe(name, folders), taken), content, kind)
            count += 1
    return count


def _safe(name: str, folders: bool) -> str:
    """A file name without folders, or with those that do not lead out of the archive."""
    parts = [part.strip() for part in PurePosixPath(name.replace("\\", "/")).parts]
    kept = [part for part in parts if part not in ("", ".", "..", "/")]
    return "/".join(kept if folders else kept[-1:]) or "file"


def _free(name: str, taken: dict[str, int]) -> str:
    key = name.casefold()
    taken[key] = taken.get(key, 0) + 1
    if taken[key] == 1:
        return name
    stem, dot, ending = name.rpartition(".")
    return _free(f"{stem} ({taken[key]}){dot}{ending}" if dot else f"{name} ({taken[key]})", taken)
