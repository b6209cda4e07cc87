"""Passwords: argon2id, rehashed when the parameters grow, and the rule of what is good enough."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app, has_app_context

from core.errors import DomainError
from core.i18n import _

SHORTEST = 10
# argon2 reads everything it gets; longer input is only a way to keep the server busy
LONGEST = 200
# the ones that every list of stolen passwords begins with, in the languages of the users
COMMON = frozenset({
    "1234567890", "12345678910", "0123456789", "1111111111", "0000000000", "qwertyuiop", "password12", "password123",
    "contraseña", "contrasena", "contraseña1", "contrasena1", "administrador", "administrator", "abcdefghij",
    "abc1234567", "iloveyou12", "qwerty12345", "internet123", "cambiame123", "bienvenido1",
})


def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    return _hasher().hash(password)


def verify_password(stored: str, password: str) -> bool:
    """Whether the password belongs to the hash. An empty hash never fits, and takes as long as one that does."""
    try:
        return _hasher().verify(stored or _nobody(), password[:LONGEST]) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher().check_needs_rehash(stored)


def check_strength(password: str, *about_person: str) -> None:
    """Refuse a password that others guess: too short, among the common ones, or made of the login."""
    if len(password) < SHORTEST:
        raise DomainError(_("To set the password you must write at least %(count)s characters.", count=SHORTEST),
                          code="password_short", field="password")
    if len(password) > LONGEST:
        raise DomainError(_("To set the password you must keep it under %(count)s characters.", count=LONGEST),
                          code="password_long", field="password")
    plain = password.lower()
    known = {part for text in about_person for part in (text.lower(), text.lower().partition("@")[0]) if len(part) > 3}
    if plain in COMMON or len(set(plain)) < 4 or {plain, plain.strip("0123456789!.-_")} & known:
        raise DomainError(_("To set the password you must choose one that is not easy to guess."),
                          code="password_common", field="password")


def _hasher() -> PasswordHasher:
    testing = has_app_context() and current_app.extensions["abona"].testing
    return _cheap() if testing else _strong()


@lru_cache(maxsize=1)
def _strong() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _cheap() -> PasswordHasher:
    """For the tests, which log in hundreds of times."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@lru_cache(maxsize=2)
def _nobody() -> str:
    return _hasher().hash("no one has this password")
