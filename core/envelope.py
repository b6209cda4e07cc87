"""The key envelope of a backup: the keys that open the encrypted columns, sealed with a password where one is given."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from core.config import Settings
from core.errors import DomainError
from core.i18n import _

# scrypt: 64 MiB and about a quarter of a second per try
COST = {"n": 2**16, "r": 8, "p": 1}


class SealedEnvelope(DomainError):
    """The keys of the backup are sealed, and the password is missing or another one."""

    code = "sealed_envelope"


def fingerprint(settings: Settings) -> str:
    """Tells the keys of two installations apart without showing them."""
    return hashlib.sha256("\x1f".join((settings.secret_key, *settings.encryption_keys)).encode()).hexdigest()[:16]


def pack(settings: Settings, password: str | None) -> dict[str, Any]:
    """The envelope as JSON: the keys themselves, or a sealed text."""
    keys = {"secret_key": settings.secret_key, "encryption_keys": list(settings.encryption_keys)}
    if not password:
        return keys
    salt = os.urandom(16)
    token = _fernet(password, salt, COST).encrypt(json.dumps(keys).encode()).decode()
    return {"sealed": token, "salt": base64.b64encode(salt).decode(), "scrypt": COST}


def unpack(envelope: Mapping[str, Any], password: str | None) -> dict[str, Any]:
    """{"secret_key", "encryption_keys"}; SealedEnvelope where the password does not fit."""
    if "sealed" not in envelope:
        return dict(envelope)
    if not password:
        raise SealedEnvelope(_("To restore this backup you must give the password that sealed its keys: "
                               "--password-env NAME."))
    try:
        fernet = _fernet(password, base64.b64decode(envelope["salt"]), envelope["scrypt"])
        return dict(json.loads(fernet.decrypt(envelope["sealed"].encode())))
    except InvalidToken:
        raise SealedEnvelope(_("To restore this backup you must give the password that sealed its keys; this is "
                               "another one.")) from None


def _fernet(password: str, salt: bytes, cost: Mapping[str, int]) -> Fernet:
    key = hashlib.scrypt(password.encode(), salt=salt, n=int(cost["n"]), r=int(cost["r"]), p=int(cost["p"]),
                         maxmem=256 * 2**20, dklen=32)
    return Fernet(base64.urlsafe_b64encode(key))
