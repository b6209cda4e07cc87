"""The second factor itself, without database or session: codes by the clock (RFC 6238) and recovery codes."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

SECONDS, DIGITS = 30, 6
# clocks of telephones go wrong: the code before and the one after are accepted too (RFC 6238, 5.2)
TOLERANCE = 1
SECRET_BYTES = 20
RECOVERY_CODES, RECOVERY_LENGTH = 10, 16
# no 0, 1, l, o: they are copied by hand; 32 signs make 80 bits, so that a plain hash keeps them
SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """A random secret in base32, as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def step_of(moment: dt.datetime) -> int:
    """The time step of a moment: half minutes since 1970."""
    return int(moment.timestamp()) // SECONDS


def code_at(secret: str, step: int) -> str:
    """The six digits of a step: HOTP with SHA-1 (RFC 4226, 5.3)."""
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset:offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10 ** DIGITS).zfill(DIGITS)


def accepted_step(secret: str, code: str, moment: dt.datetime, last: int | None) -> int | None:
    """The step whose code this is, if it is near `moment` and after `last`, the last one used; None otherwise."""
    now, plain, found = step_of(moment), plain_code(code), None
    for step in range(now - TOLERANCE, now + TOLERANCE + 1):
        fits = hmac.compare_digest(code_at(secret, step).encode(), plain.encode())
        if fits and (last is None or step > last):
            found = step
    return found


def uri(secret: str, account: str, issuer: str = "Abona") -> str:
    """What the QR code says to the authenticator app (Key URI Format)."""
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?" + urlencode(
        {"secret": secret, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": SECONDS})


def new_recovery_codes() -> list[str]:
    """Ten codes like "abcd-efgh-jkmn-pqrs", each good for one login."""
    return [in_groups("".join(secrets.choice(SIGNS) for _sign in range(RECOVERY_LENGTH)), "-")
            for _code in range(RECOVERY_CODES)]


def is_recovery(code: str) -> bool:
    """Whether this was written for a recovery code, and not for the digits of the app."""
    return len(plain_code(code)) != DIGITS


def hash_recovery(code: str) -> str:
    """What is kept of a recovery code."""
    return hashlib.sha256(plain_code(code).encode()).hexdigest()


def plain_code(code: str) -> str:
    """A code without the spaces, hyphens and capitals with which people write it."""
    return "".join(sign for sign in code.lower() if sign.isalnum())


def in_groups(text: str, between: str = " ") -> str:
    """Four signs at a time, to be copied by hand."""
    return between.join(text[at:at + 4] for at in range(0, len(text), 4))
