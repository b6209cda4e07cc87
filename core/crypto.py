"""Encryption of secrets at rest: Fernet with several keys, the newest first."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import current_app

from core.errors import CannotRun
from core.i18n import _


class SecretUnreadable(CannotRun):
    """The key that encrypted this secret is not among the keys of this installation."""

    code = "secret_unreadable"


def encrypt(text: str) -> str:
    """The text as a Fernet token under the newest key."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text behind a token; SecretUnreadable where no key fits."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken:
        raise SecretUnreadable(_("To read this secret you must restore the key it was encrypted with "
                                 "(secret.key of the instance folder, or ABONA_ENCRYPTION_KEYS).")) from None


def rotate(token: str) -> str:
    """The same secret under the newest key."""
    return _fernet().rotate(token.encode()).decode()


def keyed_hash(text: str) -> str:
    """A hash that only this installation can compute: to look a secret up without storing it."""
    settings = current_app.extensions["abona"]
    return hmac.new(settings.secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _fernet() -> MultiFernet:
    settings = current_app.extensions["abona"]
    return _cached((*settings.encryption_keys, settings.secret_key))


@lru_cache(maxsize=8)
def _cached(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key)) for key in keys if key])


def _derive(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"abona:fernet:" + key.encode()).digest())
