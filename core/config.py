"""Process configuration: environment variables first, then instance/config.py, then defaults."""

from __future__ import annotations

import os
import runpy
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "ABONA_"
KEY_FILE = "secret.key"


@dataclass(frozen=True)
class Settings:
    """What one process needs to know before it can open a database; listed in docs/operation.md."""

    instance: Path = ROOT / "instance"
    database_url: str = ""
    redis_url: str = ""
    modules: tuple[str, ...] = ()
    secret_key: str = ""
    encryption_keys: tuple[str, ...] = ()
    simulators_url: str = "http://127.0.0.1:9100"
    public_url: str = "http://127.0.0.1:8000"
    trusted_hosts: tuple[str, ...] = ()
    behind_proxy: bool = False
    secure_cookies: bool = False
    smtp_url: str = ""
    mail_from: str = "abona@localhost"
    worker_threads: int = 4
    log_level: str = "INFO"
    testing: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def files(self) -> Path:
        """Folder of the stored files (content-addressed)."""
        return self.instance / "files"

    @property
    def outbox(self) -> Path:
        """Folder that receives mail as .eml files where no SMTP server is set."""
        return self.instance / "outbox"

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def load(**overrides: Any) -> Settings:
    """Read the configuration; `overrides` win. The key file is read when no key is given."""
    instance = Path(overrides.get("instance") or os.environ.get("ABONA_INSTANCE") or ROOT / "instance").resolve()
    values: dict[str, Any] = {**_from_file(instance / "config.py"), **_from_environment(), **overrides}
    values["instance"] = instance
    values.setdefault("database_url", f"sqlite:///{instance / 'abona.sqlite'}")
    values["database_url"] = _with_driver(values["database_url"])
    if not values.get("secret_key"):
        values["secret_key"] = _key_from_file(instance)
    return Settings(**{name: _typed(name, value) for name, value in values.items()})


def make_key_file(instance: Path) -> Path:
    """Create the instance folder and its key (mode 0600); an existing key is left alone."""
    instance.mkdir(parents=True, exist_ok=True)
    path = instance / KEY_FILE
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
    return path


def masked(settings: Settings) -> dict[str, str]:
    """The settings as text for people, secrets replaced by stars."""
    shown = {name: getattr(settings, name) for name in Settings.__dataclass_fields__ if name != "extra"}
    for name in ("secret_key", "encryption_keys"):
        shown[name] = "********" if shown[name] else ""
    for name in ("database_url", "redis_url", "smtp_url"):
        shown[name] = mask_url(str(shown[name]))
    return {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in shown.items()}


def mask_url(url: str) -> str:
    """The same address with the password of its user part hidden."""
    head, separator, tail = url.rpartition("@")
    if not separator or ":" not in head.split("://")[-1]:
        return url
    return head.rsplit(":", 1)[0] + ":********@" + tail


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    names = {key.lower(): value for key, value in runpy.run_path(str(path)).items() if key.isupper()}
    return {key.removeprefix(PREFIX.lower()): value for key, value in names.items()
            if key.removeprefix(PREFIX.lower()) in Settings.__dataclass_fields__}


def _from_environment() -> dict[str, Any]:
    found = {}
    for name in Settings.__dataclass_fields__:
        value = os.environ.get(PREFIX + name.upper())
        if value is not None and name != "extra":
            found[name] = value
    return found


def _typed(name: str, value: Any) -> Any:
    default = Settings.__dataclass_fields__[name].default
    if isinstance(default, tuple) and isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(default, tuple):
        return tuple(value)
    if isinstance(default, bool) and isinstance(value, str):
        return value.strip().lower() in {"1", "true", "yes", "on"}
    if isinstance(default, int) and isinstance(value, str):
        return int(value)
    return value


def _with_driver(url: str) -> str:
    """`postgres://` and `postgresql://` both mean psycopg 3 here."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _key_from_file(instance: Path) -> str:
    path = instance / KEY_FILE
    return path.read_text().strip() if path.exists() else ""
