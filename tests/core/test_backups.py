"""Backup and restore: everything comes back, a damaged archive changes nothing, and each restore proves itself."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core import archive, envelope
from core.config import ROOT, Settings
from tests.installation import ABONA, Installation, fresh_database

pytestmark = pytest.mark.slow

TAX_IDS = ("30999000033", "30999000041", "30999000068")
FILL = '''
    from core import audit, companies, crypto, jobs, scope, storage
    from core.models import Job, User
    from core.security import hash_password

    company = companies.create_company("AR", "Norte «Ñandú» S.A.", "30999000017", code="norte", tax_condition="RI")
    db.session.flush()
    with scope.company_scope(company):
        storage.store(b"una factura", "f.pdf", "application/pdf")
        storage.store_many([(b"pdf %d" % n, f"{n}.pdf", "application/pdf") for n in range(250)])
        audit.record("core.test", company, {"amount": "12.30", "nothing": None})
    db.session.add(User(email="x@y.z", name="Ana", password_hash=hash_password("correct horse"), totp_secret="JBSWY3"))
    db.session.add_all([Job(function="x", payload={"n": n, "text": "línea\\n\\ttab"}, state="done") for n in range(30)])
    db.session.commit()
    print(company.id)
'''
SEEN = '''
    import sqlalchemy as sa
    from core import storage
    from core.models import Company, Job, StoredFile, User
    user = db.session.scalars(sa.select(User).where(User.email == "x@y.z")).one()
    files = list(db.session.scalars(sa.select(StoredFile).order_by(StoredFile.id)))
    jobs = list(db.session.scalars(sa.select(Job).where(Job.function == "x").order_by(Job.id)))
    import json
    print(json.dumps([user.totp_secret, str(user.created_at), [c.name for c in db.session.scalars(sa.select(Company))],
                      [[f.id, f.name, storage.backend().get(f.sha256).decode()] for f in files],
                      [[j.id, j.payload, str(j.run_at), j.key, str(j.finished_at)] for j in jobs]]))
'''


@dataclass
class Saved:
    """An installation that was backed up; `seen` is what it held."""

    made: Installation
    path: Path
    seen: str
    answer: dict[str, Any]


def make_full(folder: Path, url: str) -> Installation:
    """A company, files, secrets and texts that are not simple."""
    made = Installation(folder, url, {"ABONA_MODULES": "crm"})
    made.init("--admin-email", "admin@example.com")
    made.python(FILL)
    return made


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saved]:
    """Made once: no test may change it."""
    place = tmp_path_factory.mktemp("saved")
    with fresh_database(place) as url:
        made, path = make_full(place / "instance", url), place / "backup.tar"
        answer = made.abona("backup", str(path), "--json").json
        yield Saved(made, path, made.python(SEEN), answer)


@pytest.fixture
def saved(once: Saved, tmp_path: Path) -> Saved:
    """With a copy of the archive that the test may damage."""
    return Saved(once.made, Path(shutil.copy2(once.path, tmp_path / "backup.tar")), once.seen, once.answer)


@pytest.fixture
def full(installation: Installation) -> Installation:
    """An installation that the test may change."""
    return make_full(installation.folder, installation.database_url)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Installation]:
    """Another place, where nothing was made yet."""
    folder = tmp_path / "other_database"
    folder.mkdir()
    with fresh_database(folder) as url:
        made = Installation(tmp_path / "other", url, {"ABONA_MODULES": "crm"})
        yield made
        made.stop()


def backup(full: Installation, *words: str, **env: str) -> Path:
    path = full.folder.parent / "backup.tar"
    full.abona("backup", str(path), *words, **env)
    return path


def test_everything_comes_back_in_another_place(saved: Saved, other: Installation) -> None:
    assert saved.answer["files"] == 251 and saved.answer["rows"]["core_job"] == 30
    done = other.abona("restore", str(saved.path), "--json").json
    assert done["ok"] and done["wrong"] == [] and done["rows"] == saved.answer["rows"] and done["files"] == 251
    assert {"audit_chain", "secrets_readable"} <= {check["name"] for check in done["checks"] if check["ok"]}
    assert other.python(SEEN) == saved.seen
    assert (other.folder / "secret.key").read_text() == (saved.made.folder / "secret.key").read_text()


def test_the_restored_installation_goes_on_counting(saved: Saved, other: Installation) -> None:
    other.abona("restore", str(saved.path))
    other.abona("company", "create", "--country", "AR", "--name", "Sur", "--tax-id", "30999000025")
    assert [one["code"] for one in other.abona("company", "list", "--json").json["companies"]] == ["norte", "sur"]
    assert other.abona("check", "--json").json["ok"]


def test_a_backup_moves_to_another_kind_of_database_and_back(saved: Saved, other: Installation,
                                                             tmp_path: Path) -> None:
    between = Installation(tmp_path / "between", f"sqlite:///{tmp_path / 'between.sqlite'}", {"ABONA_MODULES": "crm"})
    between.abona("restore", str(saved.path))
    assert between.python(SEEN) == saved.seen
    other.abona("restore", str(backup(between)))
    assert other.python(SEEN) == saved.seen


def test_the_archive_is_for_its_owner_only_and_is_noted(saved: Saved) -> None:
    assert stat.S_IMODE(saved.path.stat().st_mode) == 0o600
    assert not list(saved.path.parent.glob("*.part"))
    assert saved.made.python('''
        import sqlalchemy as sa
        from core.models import Backup
        print(db.session.scalars(sa.select(Backup.sha256)).one())''') == saved.answer["sha256"]


def test_work_goes_on_while_a_backup_is_made_and_the_backup_is_of_one_moment(full: Installation) -> None:
    """A company created meanwhile is whole in the backup or not there at all."""
    errors: list[str] = []

    def create() -> None:
        for number in range(3):
            done = full.abona("company", "create", "--country", "AR", "--name", f"C{number}",
                              "--tax-id", TAX_IDS[number], code=None)
            errors.extend([done.err] if done.code else [])

    thread = threading.Thread(target=create)
    thread.start()
    paths = []
    for number in range(3):
        paths.append(full.folder.parent / f"b{number}.tar")
        full.abona("backup", str(paths[-1]))
    thread.join()
    assert errors == []
    for path in paths:
        assert full.abona("restore", str(path), "--verify-only", "--json").json["ok"]


def test_verifying_proves_the_backup_and_touches_nothing(saved: Saved) -> None:
    done = saved.made.abona("restore", str(saved.path), "--verify-only", "--json").json
    assert done["ok"] and done["verify_only"] and done["rows"]["core_user"] == 2
    assert saved.made.python(SEEN) == saved.seen


@pytest.mark.parametrize("damage", ["cut", "bit", "content", "row", "nothing"])
def test_a_damaged_archive_is_refused_and_changes_nothing(saved: Saved, other: Installation, damage: str) -> None:
    damaged(saved.path, damage)
    refused = other.abona("restore", str(saved.path), code=2)
    assert str(saved.path) in refused.err and "Traceback" not in refused.err
    assert not (other.folder / "secret.key").exists()


def damaged(path: Path, kind: str) -> None:
    data = bytearray(path.read_bytes())
    if kind == "cut":
        path.write_bytes(data[:len(data) * 2 // 3])
    elif kind == "nothing":
        path.write_bytes(b"this is no archive" * 100)
    elif kind == "bit":
        place = data.index(b"una factura")
        data[place] ^= 1
        path.write_bytes(data)
    else:
        rewrite(path, kind)


def rewrite(path: Path, kind: str) -> None:
    """Take a member away (a stored file, or a table), as one could with tar."""
    lost = next(name for name in names(path)
                if name.startswith("files/" if kind == "content" else "database/core_job."))
    with tarfile.open(path) as source, tarfile.open(path.with_suffix(".new"), "w") as target:
        for member in source:
            if member.name != lost:
                target.addfile(member, source.extractfile(member))
    path.with_suffix(".new").replace(path)


def names(path: Path) -> list[str]:
    return [part.name for part in archive.parts(path)]


def test_an_installation_with_a_company_is_not_overwritten_by_mistake(full: Installation) -> None:
    path = backup(full)
    full.abona("company", "create", "--country", "AR", "--name", "Sur", "--tax-id", "30999000025")
    refused = full.abona("restore", str(path), code=2)
    assert "norte" in refused.err and "--replace" in refused.err
    assert len(full.abona("company", "list", "--json").json["companies"]) == 2
    full.abona("restore", str(path), "--replace")
    assert len(full.abona("company", "list", "--json").json["companies"]) == 1


def test_an_installation_that_was_only_made_takes_the_backup_and_its_keys(saved: Saved, other: Installation) -> None:
    other.init("--admin-email", "new@example.com")
    old = (other.folder / "secret.key").read_text()
    other.abona("restore", str(saved.path))
    assert (other.folder / "secret.key.before-restore").read_text() == old
    assert other.python(SEEN) == saved.seen


def test_keys_from_the_environment_are_not_replaced_silently(saved: Saved, other: Installation) -> None:
    assert "ABONA_SECRET_KEY" in other.abona("restore", str(saved.path), code=4, ABONA_SECRET_KEY="another").err
    other.abona("restore", str(saved.path), ABONA_SECRET_KEY=(saved.made.folder / "secret.key").read_text().strip())


def test_sealed_keys_need_their_password(full: Installation, other: Installation) -> None:
    path = backup(full, "--password-env", "PW", PW="correct horse battery")
    key = (full.folder / "secret.key").read_text().strip()
    assert key.encode() not in path.read_bytes()
    assert "--password-env" in other.abona("restore", str(path), code=2).err
    other.abona("restore", str(path), "--password-env", "PW", code=2, PW="wrong")
    assert not (other.folder / "secret.key").exists()
    other.abona("restore", str(path), "--password-env", "PW", PW="correct horse battery")
    assert other.python(SEEN) == full.python(SEEN)


def test_a_missing_variable_for_the_password_is_said_before_anything_is_written(full: Installation) -> None:
    path = full.folder.parent / "x.tar"
    assert "PW" in full.abona("backup", str(path), "--password-env", "PW", code=2).err
    assert not path.exists()


def test_rotated_keys_come_along(full: Installation, other: Installation) -> None:
    full.abona("keys", "rotate", "--new-key")
    other.abona("restore", str(backup(full)))
    assert other.python(SEEN) == full.python(SEEN)
    assert (other.folder / "encryption.keys").read_text() == (full.folder / "encryption.keys").read_text()


def test_a_missing_file_is_named_and_the_rest_is_saved(full: Installation, other: Installation) -> None:
    lost = next(path for path in (full.folder / "files").rglob("*") if path.is_file())
    lost.unlink()
    path = full.folder.parent / "backup.tar"
    made = full.abona("backup", str(path), "--json", code=1)
    assert made.json["missing_files"] == [lost.name] and lost.name in made.err
    assert other.abona("restore", str(path), "--json").json["files"] == 250


def test_a_folder_that_is_not_there_is_said_in_words(full: Installation) -> None:
    refused = full.abona("backup", "/nowhere/at/all/backup.tar", code=2)
    assert "/nowhere/at/all" in refused.err and "Traceback" not in refused.err


def test_a_full_disk_leaves_the_former_backup(full: Installation) -> None:
    path = backup(full)
    former = path.read_bytes()
    full.settings["PATH"] = os.environ["PATH"]
    done = subprocess.run(["bash", "-c", f"ulimit -f 60; exec {ABONA} backup {path}"], env=full.environment(), cwd=ROOT,
                          capture_output=True, text=True)
    assert (done.returncode, path.read_bytes()) == (2, former)
    assert str(path) in done.stderr and "Traceback" not in done.stderr
    assert not list(path.parent.glob("*.part"))


def test_a_backup_of_a_newer_product_is_refused(saved: Saved, other: Installation) -> None:
    unknown_revision(saved.path)
    assert "core_from_the_future" in other.abona("restore", str(saved.path), code=4).err


def unknown_revision(path: Path) -> None:
    """The same backup, as a later version would write it."""
    parts = [(part.name, part.bytes()) for part in archive.parts(path)]
    with archive.Writer(path) as writer:
        for name, data in parts:
            if name == archive.HEAD:
                data = json.dumps({**json.loads(data), "heads": ["core_from_the_future"]}).encode()
            if name != archive.PROOF:
                writer.add_bytes(name, data)
        writer.rows.update(json.loads(dict(parts)[archive.PROOF])["rows"])


def test_the_operator_s_templates_come_along(full: Installation, other: Installation) -> None:
    own = full.folder / "templates" / "mail" / "invitation.txt"
    own.parent.mkdir(parents=True)
    own.write_text("Hola")
    other.abona("restore", str(backup(full)))
    assert (other.folder / "templates" / "mail" / "invitation.txt").read_text() == "Hola"


def test_a_path_out_of_the_folder_is_not_written(saved: Saved, other: Installation) -> None:
    parts = [(part.name, part.bytes()) for part in archive.parts(saved.path)]
    with archive.Writer(saved.path) as writer:
        for name, data in [*parts[:-1], ("templates/../../escaped.txt", b"x")]:
            writer.add_bytes(name, data)
        writer.rows.update(json.loads(dict(parts)[archive.PROOF])["rows"])
    other.abona("restore", str(saved.path), code=2)
    assert not (other.folder.parent / "escaped.txt").exists()


def test_restoring_while_somebody_works_on_the_database_is_refused(full: Installation, saved: Saved) -> None:
    full.python(f'''
        from core import leases, processes
        from core.worker import EMBEDDED_LEASE
        place = processes.identity().split(":")[0]
        leases.acquire(EMBEDDED_LEASE, 60, owner=f"{{place}}:{os.getpid()}:0")''')
    assert str(os.getpid()) in full.abona("restore", str(saved.path), "--replace", code=4).err


def test_a_killed_restore_begins_again(saved: Saved, other: Installation) -> None:
    process = other_started(other, saved.path)
    process.kill()
    process.wait(10)
    assert other.abona("restore", str(saved.path), "--json").json["ok"]
    assert other.python(SEEN) == saved.seen


def other_started(other: Installation, path: Path):  # type: ignore[no-untyped-def]
    other.folder.mkdir(exist_ok=True)
    process = other.start("restore", str(path))
    while not (other.folder / "secret.key").exists() and process.poll() is None:
        pass
    return process


def test_the_envelope_opens_with_its_password_only() -> None:
    settings = Settings(secret_key="s", encryption_keys=("a", "b"))
    sealed = envelope.pack(settings, "pw")
    assert envelope.unpack(sealed, "pw") == {"secret_key": "s", "encryption_keys": ["a", "b"]}
    with pytest.raises(envelope.SealedEnvelope):
        envelope.unpack(sealed, "other")
    assert envelope.fingerprint(settings) != envelope.fingerprint(Settings(secret_key="s"))


def test_a_backup_reads_in_constant_memory(tmp_path: Path) -> None:
    """The proof of a large archive holds no list of its members."""
    path = tmp_path / "many.tar"
    with archive.Writer(path) as writer:
        writer.add_json(archive.HEAD, {"format": archive.FORMAT})
        writer.add_table("t", ["a"], ([number] for number in range(50_000)))
    import tracemalloc

    tracemalloc.start()
    assert archive.verify(path)["rows"] == {"t": 50_000}
    _size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000
    shutil.rmtree(tmp_path)
