"""The second step of a login, and the second factor of an account: asked, set up, used, taken away.

Between the two steps nobody is logged in: the signed cookie says whose password was right, until when it counts, and
dies with that password. Wrong codes count like wrong passwords, and only a whole login sets the count back.
"""

from __future__ import annotations

import datetime as dt
import hmac

import sqlalchemy as sa
from flask import request, session

from core import audit, clock, crypto
from core.db import db, lock
from core.errors import DomainError
from core.i18n import _
from core.models import Membership, Role, User, UserSession
from core.security import logins, resets, second_factor, sessions
from core.security.passwords import verify_password

PATIENCE = dt.timedelta(minutes=10)
# keys of the cookie: who waits for the second step, the secret that is being set up, and whether it must be
WAITING, SETTING_UP, DUE = "second_step", "second_factor_key", "second_factor_due"


class CodeRefused(logins.LoginRefused):
    """The code is wrong, was used before, or the account is locked; beside the field `code`."""


# --- between the steps -----------------------------------------------------------------------------------


def wait_for(user: User) -> None:
    """Remember that this person's password was right."""
    session.clear()
    session[WAITING] = [user.id, resets.fingerprint(user), int((clock.now() + PATIENCE).timestamp())]


def waiting() -> User | None:
    """Whose second step is awaited; None when nobody's, too late, or the password is another one by now."""
    user_id, fingerprint, until = session.get(WAITING) or (0, "", 0)
    user = db.session.get(User, user_id) if clock.now().timestamp() < until else None
    if user is None or not user.active or not user.has_second_factor:
        return None
    return user if hmac.compare_digest(resets.fingerprint(user), fingerprint) else None


def account_key() -> str:
    """What codes are limited by, besides the address: the account that waits."""
    return f"code:{(session.get(WAITING) or [request.remote_addr])[0]}"


def is_required(user: User) -> bool:
    """Whether a role of this person asks for a second factor.

    An administrator may do what any role may: he is asked as soon as one role asks.
    """
    wanted = sa.select(Role.id).where(Role.needs_second_factor).limit(1)
    if not user.is_admin:
        wanted = wanted.join(Membership, Membership.role_id == Role.id).where(Membership.user_id == user.id)
    return db.session.scalar(wanted) is not None


# --- codes -------------------------------------------------------------------------------------------------


def use_code(user_id: int, code: str) -> User:
    """The person, after a code that was never used; CodeRefused otherwise: the caller must commit then too."""
    user = _locked(user_id)
    logins.refuse_locked(user)
    if not _fits(user, code):
        logins.count_failure(user)
        raise CodeRefused(_("To go on you must write the code that your phone shows now, or a recovery code; each "
                            "works once. After %(count)s wrong ones the account is locked for some minutes.",
                            count=logins.TRIES), field="code")
    return user


def _fits(user: User, code: str) -> bool:
    if not user.has_second_factor:
        return False
    if second_factor.is_recovery(code):
        return _use_recovery_code(user, second_factor.hash_recovery(code))
    step = second_factor.accepted_step(user.totp_secret or "", code, clock.now(), user.totp_step)
    user.totp_step = step or user.totp_step
    return step is not None


def _use_recovery_code(user: User, hashed: str) -> bool:
    left = [one for one in user.recovery_hashes if not hmac.compare_digest(one, hashed)]
    if len(left) == len(user.recovery_hashes):
        return False
    user.recovery_hashes = left
    audit.record("core.use_recovery_code", user, {"left": len(left)})
    return True


def _locked(user_id: int) -> User:
    return db.session.scalars(lock(sa.select(User).where(User.id == user_id))
                              .execution_options(populate_existing=True)).one()


# --- the account -------------------------------------------------------------------------------------------


def secret_to_set_up() -> str:
    """The secret of the page that sets up; the same until it is confirmed, sealed in the cookie."""
    if SETTING_UP not in session:
        session[SETTING_UP] = crypto.encrypt(second_factor.new_secret())
    return crypto.decrypt(session[SETTING_UP])


def turn_on(user: User, password: str, code: str, keep: UserSession | None) -> list[str]:
    """Set the second factor up; the recovery codes, which nobody can show again. Other devices are logged out."""
    user = _locked(user.id)
    if user.has_second_factor:
        raise DomainError(_("To set up another phone you must switch the second factor off first."))
    _require_password(user, password)
    secret = secret_to_set_up()
    step = second_factor.accepted_step(secret, code, clock.now(), None)
    if step is None:
        raise DomainError(_("To confirm you must write the six digits that the app shows now. If they are refused, "
                            "set the clock of the phone by the network."), field="code")
    codes = second_factor.new_recovery_codes()
    user.totp_secret, user.totp_step = secret, step
    user.recovery_hashes = [second_factor.hash_recovery(one) for one in codes]
    sessions.revoke_all(user, keep=keep)
    audit.record("core.turn_on_second_factor", user)
    for key in (SETTING_UP, DUE):
        session.pop(key, None)
    return codes


def turn_off(user: User, password: str, code: str) -> None:
    """Go back to the password alone. What is wrong counts as at the login: the caller must commit also then."""
    user = _locked(user.id)
    logins.refuse_locked(user)
    if is_required(user):
        raise DomainError(_("To switch the second factor off you must ask an administrator: a role of yours "
                            "requires it."))
    if not verify_password(user.password_hash, password):
        logins.count_failure(user)
        _require_password(user, password)
    use_code(user.id, code)
    _forget(user)
    audit.record("core.turn_off_second_factor", user)


def take_away(user: User) -> None:
    """Let a person who lost the phone enter by the password alone; every device is logged out."""
    if not user.has_second_factor:
        raise DomainError(_("%(person)s has no second factor.", person=user))
    _forget(user)
    sessions.revoke_all(user)
    audit.record("core.take_second_factor", user)


def _forget(user: User) -> None:
    user.totp_secret, user.totp_step, user.recovery_hashes = None, None, []


def _require_password(user: User, password: str) -> None:
    if not verify_password(user.password_hash, password):
        raise DomainError(_("To change the second factor you must write your password."), field="password")
