"""Logging in: the password, and the lock after too many wrong ones. The code after it: second_steps.py."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from core import audit, clock
from core.db import db, lock
from core.errors import DomainError
from core.i18n import _, ngettext
from core.models import User
from core.security import sessions
from core.security.passwords import check_strength, hash_password, needs_rehash, verify_password

TRIES = 5
# the lock doubles with every further five wrong passwords, up to a day
FIRST_LOCK = dt.timedelta(minutes=5)
LONGEST_LOCK = dt.timedelta(days=1)


class LoginRefused(DomainError):
    """The login or the password is wrong, or the account is locked."""

    code = "login_refused"


def authenticate(email: str, password: str) -> User:
    """The person with this login and password; LoginRefused otherwise, in the same words for every cause.

    Counts wrong passwords in the database: the caller must commit also when it raises.
    """
    user = db.session.scalar(lock(sa.select(User).where(User.email == email.strip().lower()))
                             .execution_options(populate_existing=True))
    if user is not None:
        refuse_locked(user)
    fits = verify_password(user.password_hash if user else "", password)
    if user is None or not fits or not user.active:
        if user is not None:
            count_failure(user)
        raise LoginRefused(_("To enter you must write the right e-mail and password. After %(count)s wrong passwords "
                             "the account is locked for some minutes.", count=TRIES))
    if needs_rehash(user.password_hash):
        user.password_hash = hash_password(password)
    if not user.has_second_factor:
        entered(user)
    return user


def entered(user: User) -> None:
    """Note a whole login. With a second factor only after its code: else the password would buy endless tries."""
    user.failed_logins, user.locked_until, user.last_login_at = 0, None, clock.now()


def refuse_locked(user: User) -> None:
    """LoginRefused while the account is locked, whatever was written."""
    if user.locked_until and user.locked_until > clock.now():
        raise LoginRefused(_locked(user.locked_until), code="locked")


def count_failure(user: User) -> None:
    """One more wrong password or code; every fifth locks the account."""
    user.failed_logins += 1
    if user.failed_logins % TRIES == 0:
        rounds = user.failed_logins // TRIES
        user.locked_until = clock.now() + min(FIRST_LOCK * 2 ** min(rounds - 1, 10), LONGEST_LOCK)
        audit.record("core.lock_user", user, {"failed_logins": user.failed_logins})


def _locked(until: dt.datetime) -> str:
    minutes = max(1, -int(-(until - clock.now()).total_seconds() // 60))
    return ngettext("To enter you must wait %(num)s minute: there were too many wrong passwords or codes.",
                    "To enter you must wait %(num)s minutes: there were too many wrong passwords or codes.", minutes)


def change_password(user: User, old: str, new: str) -> None:
    """Set a new password after checking the old one; other devices are logged out by the caller."""
    if not verify_password(user.password_hash, old):
        raise DomainError(_("To change the password you must write the present one."), field="old")
    set_password(user, new)


def set_password(user: User, new: str, *, checked: bool = True) -> None:
    """Set a password that is good enough, and lift the lock. `checked=False`: the operator knows what he does."""
    if checked:
        check_strength(new, user.email, user.name)
    user.password_hash, user.password_changed_at = hash_password(new), clock.now()
    user.failed_logins, user.locked_until = 0, None
    audit.record("core.set_password", user)


def log_out_everywhere(user: User) -> int:
    """Revoke every login of a person; how many."""
    count = sessions.revoke_all(user)
    audit.record("core.revoke_sessions", user, {"count": count})
    return count
