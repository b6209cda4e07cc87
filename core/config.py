"""Process configuration: environment variables first, then instance/config.py, then defaults."""

from __future__ import annotations

import os
import runpy
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import CannotRun
from core.i18n import _

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "ABONA_"
KEY_FILE, ENCRYPTION_FILE = "secret.key", "encryption.keys"
OFF_FILE = "modules.off"
CONFIG_FILE = "config.py"
YES, NO = frozenset({"1", "true", "yes", "on"}), frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True)
class Settings:
    """What one process needs to know before it can open a database; listed in docs/operation.md."""

    instance: Path = ROOT / "instance"
    database_url: str = ""
    redis_url: str = ""
    modules: tuple[str, ...] = ()
    modules_path: tuple[str, ...] = ()
    modules_off: tuple[str, ...] = ()
    secret_key: str = ""
    encryption_keys: tuple[str, ...] = ()
    simulators_url: str = "http://127.0.0.1:9100"
    public_url: str = "http://127.0.0.1:8000"
    trusted_hosts: tuple[str, ...] = ()
    behind_proxy: bool = False
    secure_cookies: bool = False
    http_proxy: str = ""
    smtp_url: str = ""
    mail_from: str = "abona@localhost"
    worker_threads: int = 4
    log_level: str = "INFO"
    language: str = "es"
    testing: bool = False

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
    values: dict[str, Any] = {**_from_file(instance / CONFIG_FILE), **_from_environment(), **overrides}
    values["instance"] = instance
    values.setdefault("database_url", f"sqlite:///{instance / 'abona.sqlite'}")
    values["database_url"] = _with_driver(values["database_url"])
    if not values.get("secret_key"):
        values["secret_key"] = _key_from_file(instance)
    if not values.get("encryption_keys"):
        values["encryption_keys"] = keys_from_file(instance)
    values.setdefault("modules_off", off_from_file(instance))
    return Settings(**{name: _typed(name, value) for name, value in values.items()})


def make_key_file(instance: Path, key: str | None = None) -> Path:
    """Create the instance folder and its key (mode 0600, a new one unless given); an existing key is left alone."""
    instance.mkdir(parents=True, exist_ok=True)
    path = instance / KEY_FILE
    if not path.exists():
        write_secret(path, (key or secrets.token_urlsafe(48)) + "\n")
    return path


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner may read; whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def keys_from_file(instance: Path) -> tuple[str, ...]:
    """The encryption keys of the instance folder, the newest first; used where ABONA_ENCRYPTION_KEYS is not set."""
    path = instance / ENCRYPTION_FILE
    return tuple(line for line in path.read_text().split() if line) if path.exists() else ()


def off_from_file(instance: Path) -> tuple[str, ...]:
    """The modules switched off on screen; used where ABONA_MODULES_OFF is not set."""
    path = instance / OFF_FILE
    return tuple(path.read_text().split()) if path.exists() else ()


def add_encryption_key(settings: Settings) -> Settings:
    """Make a new key the first of the key file; the settings with it. CannotRun where the keys come from elsewhere."""
    if settings.encryption_keys and settings.encryption_keys != keys_from_file(settings.instance):
        raise CannotRun(_("To make a new key you must add it yourself where ABONA_ENCRYPTION_KEYS is set, as the "
                          "first one; then run: abona keys rotate"))
    keys = (secrets.token_urlsafe(48), *settings.encryption_keys)
    write_secret(settings.instance / ENCRYPTION_FILE, "\n".join(keys) + "\n")
    return replace(settings, encryption_keys=keys)


def masked(settings: Settings) -> dict[str, str]:
    """The settings as text for people, secrets replaced by stars."""
    shown = {name: getattr(settings, name) for name in Settings.__dataclass_fields__}
    for name in ("secret_key", "encryption_keys"):
        shown[name] = "********" if shown[name] else ""
    for name in ("database_url", "redis_url", "smtp_url", "http_proxy"):
        shown[name] = mask_url(str(shown[name]))
    return {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in shown.items()}


def mask_url(url: str) -> str:
    """The same address with the password of its user part hidden."""
    head, separator, tail = url.rpartition("@")
    if not separator or ":" not in head.split("://")[-1]:
        return url
    return head.rsplit(":", 1)[0] + ":********@" + tail


def _from_file(path: Path) -> dict[str, Any]:
    """The names in capitals of instance/config.py, with or without the prefix; one that nobody reads is refused."""
    if not path.exists():
        return {}
    try:
        names = {key: value for key, value in runpy.run_path(str(path)).items() if key.isupper()}
    except Exception as error:
        raise CannotRun(_("To start you must mend %(file)s: %(reason)s", file=path,
                          reason=f"{type(error).__name__}: {error}")) from error
    found = {key.removeprefix(PREFIX).lower(): value for key, value in names.items()}
    unknown = sorted(set(found) - set(Settings.__dataclass_fields__))
    if unknown:
        raise CannotRun(_("To start you must correct %(file)s: there is no setting %(name)s; there are: %(known)s.",
                          file=path, name=unknown[0].upper(), known=_known()))
    return found


def _known() -> str:
    return ", ".join(name.upper() for name in Settings.__dataclass_fields__ if name != "testing")


def _from_environment() -> dict[str, Any]:
    names = {name: PREFIX + name.upper() for name in Settings.__dataclass_fields__}
    return {name: os.environ[key] for name, key in names.items() if key in os.environ}


def _typed(name: str, value: Any) -> Any:
    default = Settings.__dataclass_fields__[name].default
    if isinstance(default, tuple):
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(str(part).strip() for part in parts if str(part).strip())
    if isinstance(default, bool) and isinstance(value, str):
        if value.strip().lower() not in YES | NO:
            raise _wrong(name, value, _("yes or no"))
        return value.strip().lower() in YES
    if isinstance(default, int) and not isinstance(default, bool):
        try:
            return int(value)
        except (TypeError, ValueError):
            raise _wrong(name, value, _("a whole number")) from None
    return value


def _wrong(name: str, found: Any, expected: str) -> CannotRun:
    return CannotRun(_("To start you must correct the setting %(name)s: found %(found)s, expected %(expected)s.",
                       name=PREFIX + name.upper(), found=repr(found), expected=expected))


def _with_driver(url: str) -> str:
    """`postgres://` and `postgresql://` both mean psycopg 3 here."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise _wrong("database_url", mask_url(url), _("sqlite:///… or postgresql://…"))
    return url


def _key_from_file(instance: Path) -> str:
    path = instance / KEY_FILE
    return path.read_text().strip() if path.exists() else ""
