"""Files by content hash: whole or not at all, once per content, of one company only."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock, jobs, storage
from core.db import db
from core.errors import DomainError, NotFound, Unavailable
from core.models import Company, Job, StoredFile
from core.scope import company_scope


def files_in(instance: Path) -> list[Path]:
    return [path for path in (instance / "files").rglob("*") if path.is_file()]


def test_what_is_stored_is_read_back(company: Company, instance: Path) -> None:
    data = os.urandom(1000)
    file = storage.store(data, "Factura Ñ.pdf", "application/pdf")
    assert storage.read(file) == storage.read(file.id) == data
    assert (file.size, file.company_id) == (1000, company.id)
    assert (instance / "files" / file.sha256[:2] / file.sha256).read_bytes() == data


def test_the_same_content_is_kept_once_under_both_names(company: Company, instance: Path) -> None:
    data = os.urandom(100)
    first, second = storage.store(data, "a.pdf", "application/pdf"), storage.store(data, "b.pdf", "application/pdf")
    assert first.id != second.id and first.sha256 == second.sha256
    assert [path.name for path in files_in(instance)].count(first.sha256) == 1


def test_many_files_are_rows_in_order_with_one_insert(company: Company) -> None:
    seen: list[str] = []
    listener = lambda conn, cursor, statement, *rest: seen.append(statement)  # noqa: E731
    sa.event.listen(sa.Engine, "before_cursor_execute", listener)
    ids = storage.store_many([(b"file %d" % number, f"{number}.pdf", "application/pdf") for number in range(50)])
    sa.event.remove(sa.Engine, "before_cursor_execute", listener)
    assert [storage.read(one) for one in ids] == [b"file %d" % number for number in range(50)]
    assert len([text for text in seen if text.startswith("INSERT")]) <= 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_in_words_and_leaves_nothing(company: Company, instance: Path,
                                                        monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    before = files_in(instance)

    def full(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("core.storage.os.fsync", full)
    with pytest.raises(storage.StorageUnavailable) as caught:
        storage.store(os.urandom(50), "a.pdf", "application/pdf")
    assert isinstance(caught.value, DomainError) and isinstance(caught.value, Unavailable)
    assert "llen" in str(caught.value) or "full" in str(caught.value)
    assert files_in(instance) == before
    assert db.session.scalars(sa.select(StoredFile)).all() == []


def test_a_job_that_meets_a_full_disk_waits_and_goes_on(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    name = jobs.job()(_store_something) and f"{__name__}._store_something"

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("core.storage.os.fsync", full)
    job_id = jobs.enqueue(name, text="x" * 20)
    db.session.commit()
    jobs.run(job_id or 0)
    row = db.session.get(Job, job_id)
    assert row is not None and row.state == "pending" and row.error
    monkeypatch.undo()
    row.run_at = clock.now()  # its next try has come
    db.session.commit()
    jobs.run(job_id or 0)
    assert db.session.scalars(sa.select(StoredFile.name)).one() == "job.txt"


def _store_something(text: str) -> None:
    storage.store(text.encode() + os.urandom(8), "job.txt", "text/plain")


@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_a_damaged_file_is_refused(company: Company, instance: Path, damage: str) -> None:
    file = storage.store(os.urandom(30), "a.pdf", "application/pdf")
    path = instance / "files" / file.sha256[:2] / file.sha256
    path.write_bytes(b"other") if damage == "altered" else path.unlink()
    with pytest.raises(storage.FileDamaged):
        storage.read(file)


def test_another_company_cannot_read_the_file(company: Company, other_company: Company) -> None:
    file = storage.store(b"secret", "a.pdf", "application/pdf")
    with company_scope(other_company), pytest.raises(NotFound):
        storage.read(file.id)


def test_a_killed_writer_leaves_no_file_under_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, data = storage.Folder(tmp_path), b"x" * 100

    def killed(*_args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.storage.os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        folder.put([data])
    assert not folder.has(hashlib.sha256(data).hexdigest())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
