"""Configuration: environment over file over defaults; what means nothing is refused, and secrets are not shown."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from core import config
from core.config import Settings
from core.errors import CannotRun

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests, and an instance folder of the test's own."""
    for name in [name for name in os.environ if name.startswith("ABONA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ABONA_INSTANCE", str(tmp_path))


def file(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.py").write_text(text)


def test_without_anything_it_is_sqlite_in_the_instance_folder_and_workers_inside(tmp_path: Path) -> None:
    found = config.load()
    assert found.database_url == f"sqlite:///{tmp_path / 'abona.sqlite'}" and found.is_sqlite
    assert (found.redis_url, found.modules, found.simulators_url) == ("", (), "http://127.0.0.1:9100")
    assert (found.files, found.outbox) == (tmp_path / "files", tmp_path / "outbox")


def test_the_environment_wins_over_the_file_and_both_over_the_defaults(tmp_path: Path,
                                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    file(tmp_path, "ABONA_LOG_LEVEL = 'DEBUG'\nMODULES = ('crm', 'contracts')\nWORKER_THREADS = 2\nhelper = 1\n")
    monkeypatch.setenv("ABONA_LOG_LEVEL", "WARNING")
    found = config.load()
    assert (found.log_level, found.modules, found.worker_threads) == ("WARNING", ("crm", "contracts"), 2)
    assert config.load(log_level="ERROR").log_level == "ERROR"


@pytest.mark.parametrize("name, text, field, value", [
    ("ABONA_MODULES", " crm , contracts,", "modules", ("crm", "contracts")),
    ("ABONA_WORKER_THREADS", "7", "worker_threads", 7),
    ("ABONA_BEHIND_PROXY", "Yes", "behind_proxy", True), ("ABONA_BEHIND_PROXY", "off", "behind_proxy", False),
    ("ABONA_BEHIND_PROXY", "", "behind_proxy", False),
    ("ABONA_DATABASE_URL", "postgres://u:p@h/d", "database_url", "postgresql+psycopg://u:p@h/d"),
    ("ABONA_DATABASE_URL", "postgresql://u@h/d", "database_url", "postgresql+psycopg://u@h/d"),
    ("ABONA_TRUSTED_HOSTS", "a.example,.b.example", "trusted_hosts", ("a.example", ".b.example"))])
def test_text_of_the_environment_becomes_what_the_setting_is(monkeypatch: pytest.MonkeyPatch, name: str, text: str,
                                                             field: str, value: Any) -> None:
    monkeypatch.setenv(name, text)
    assert getattr(config.load(), field) == value


@pytest.mark.parametrize("text, words", [
    ("REDDIS_URL = 'x'", "REDDIS_URL"), ("1 +", "SyntaxError"), ("import nowhere_at_all", "nowhere_at_all"),
    ("WORKER_THREADS = 'many'", "whole number"), ("DATABASE_URL = 'mysql://u:hush@h/d'", "sqlite:///")])
def test_a_file_with_a_mistake_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    file(tmp_path, text)
    with pytest.raises(CannotRun, match=words) as caught:
        config.load()
    assert "hush" not in str(caught.value)


def test_the_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = config.make_key_file(tmp_path / "new")
    key = path.read_text()
    assert len(key) > 40 and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert config.make_key_file(tmp_path / "new").read_text() == key
    assert config.load(instance=tmp_path / "new").secret_key == key.strip()


def test_a_key_of_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.make_key_file(tmp_path)
    monkeypatch.setenv("ABONA_SECRET_KEY", "from outside")
    assert config.load().secret_key == "from outside"


def test_a_new_encryption_key_comes_first_and_the_old_ones_stay(tmp_path: Path) -> None:
    settings = Settings(instance=tmp_path, secret_key="s")
    one = config.add_encryption_key(settings)
    two = config.add_encryption_key(one)
    assert two.encryption_keys[1:] == one.encryption_keys and len(set(two.encryption_keys)) == 2
    assert config.load().encryption_keys == two.encryption_keys
    assert stat.S_IMODE((tmp_path / config.ENCRYPTION_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("url, shown", [
    ("postgresql://u:hush@h/d", "postgresql://u:********@h/d"), ("redis://:hush@h:6379/0", "redis://:********@h:6379/0"),
    ("smtp://a%40b:hu@sh@mail:587", "smtp://a%40b:********@mail:587"), ("sqlite:////x/y.sqlite", "sqlite:////x/y.sqlite"),
    ("redis://h:6379/0", "redis://h:6379/0"), ("", "")])
def test_addresses_are_shown_without_their_password(url: str, shown: str) -> None:
    assert config.mask_url(url) == shown


def test_settings_are_shown_without_any_secret() -> None:
    shown = config.masked(Settings(secret_key="hush", encryption_keys=("hush",), database_url="postgresql://u:hush@h/d",
                                   redis_url="redis://:hush@h/0", smtp_url="smtp://u:hush@h", http_proxy="http://u:hush@p"))
    assert "hush" not in str(shown) and set(shown) == set(Settings.__dataclass_fields__)
