"""Stored files of any size pass through a backup without being held in memory."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from core import archive, backups, restoring
from core.storage import Folder


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Folder, list[str]]:
    """A store with a small file, a large one, and one that was altered on the disk."""
    store = Folder(tmp_path / "from")
    hashes = store.put([b"small", os.urandom(restoring.LARGE + 1), b"was altered"])
    store.path(hashes[2]).write_bytes(b"something else")
    return store, hashes


def test_large_files_come_back_bit_by_bit(app: Flask, tmp_path: Path, kept: tuple[Folder, list[str]],
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    store, hashes = kept
    path = tmp_path / "backup.tar"
    with archive.Writer(path) as writer:
        assert [backups._add_file(writer, store, one) for one in [*hashes, "0" * 64]] == [True, True, False, False]
    assert writer.files == 2

    def bytes_of_small_ones(part: archive.Part) -> bytes:
        assert part.size < restoring.LARGE
        return part._watched.read()

    monkeypatch.setattr(archive.Part, "bytes", bytes_of_small_ones)
    target = Folder(tmp_path / "to")
    monkeypatch.setitem(app.extensions, "abona_files", target)
    restoring._load_files(path)
    for sha256 in hashes[:2]:
        with target.open(sha256) as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == sha256
    assert not target.has(hashes[2])


def test_a_file_is_never_read_whole_to_be_saved(tmp_path: Path, kept: tuple[Folder, list[str]],
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    store, hashes = kept

    def forbidden(*_args: Any) -> bytes:
        raise AssertionError("the whole content was read")

    monkeypatch.setattr(Folder, "get", forbidden)
    with archive.Writer(tmp_path / "backup.tar") as writer:
        assert backups._add_file(writer, store, hashes[1])
