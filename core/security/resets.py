"""A forgotten password: a signed token by mail that expires and works once.

No table is needed: the signature covers a fingerprint of the present password hash, so that the token dies with
the password it was asked for.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from flask import current_app, render_template
from itsdangerous import BadSignature, URLSafeTimedSerializer

from core import audit, mail
from core.db import db, lock
from core.errors import DomainError, Rejected
from core.i18n import _, lazy, use_locale
from core.jobs import enqueue, job, outside
from core.models import User
from core.security import logins, sessions

HOURS = 2
INVITATION_HOURS = 72
_SALT = "abona.password-reset"


class BadResetToken(DomainError):
    """The link is too old, was used, or was not made here."""

    code = "bad_token"


def ask(email: str) -> None:
    """Have a link sent, if somebody has this login. Says nothing about whether somebody has."""
    user_id = db.session.scalar(sa.select(User.id).where(User.email == email.strip().lower(), User.active))
    if user_id:
        enqueue(send_reset, user_id=user_id)


def invite(user: User) -> None:
    """Send a new person the link with which to choose a password."""
    enqueue(send_reset, user_id=user.id, invitation=True)


def make_token(user: User, hours: int = HOURS) -> str:
    """A token for this person's present password; `hours` until it expires."""
    return str(_serializer().dumps([user.id, fingerprint(user), hours]))


def read_token(token: str) -> User:
    """The person of a token that still works; BadResetToken otherwise."""
    try:
        (user_id, mark, hours), made = _serializer().loads(
            token, max_age=INVITATION_HOURS * 3600, return_timestamp=True)
        # what is signed says how long it may live; the serializer only knows the longest life
        _serializer().loads(token, max_age=min(int(hours), INVITATION_HOURS) * 3600)
    except (BadSignature, ValueError, TypeError):
        raise _bad() from None
    user = db.session.scalar(lock(sa.select(User).where(User.id == user_id)))
    if user is None or not user.active or fingerprint(user) != mark or made is None:
        raise _bad()
    return user


def reset_password(token: str, new: str) -> User:
    """Set the password by a token: works once, and logs every device out."""
    user = read_token(token)
    logins.set_password(user, new)
    sessions.revoke_all(user)
    audit.record("core.reset_password", user)
    return user


@job(queue="notify", words=lazy("Send the link for a password"))
def send_reset(user_id: int, invitation: bool = False) -> None:
    """Write the mail. The token is made here, so that no job row ever holds one."""
    user = db.session.get(User, user_id)
    if user is None or not user.active:
        return
    settings = current_app.extensions["abona"]
    hours = INVITATION_HOURS if invitation else HOURS
    link = f"{settings.public_url.rstrip('/')}/password/{make_token(user, hours)}"
    name = "mail/invitation.txt" if invitation else "mail/password_reset.txt"
    with use_locale(user.locale or "es"):
        subject = _("Your access to Abona") if invitation else _("A new password for Abona")
        text = render_template(name, user=user, link=link, hours=hours)
    address = user.email
    with outside():
        try:
            mail.send_system_mail(address, subject, text)
        except Rejected as error:
            raise DomainError(_("The mail to %(address)s was refused: %(reason)s", address=address,
                                reason=str(error))) from None


def _bad() -> BadResetToken:
    return BadResetToken(_("This link cannot be used any more: it was used, or it is too old. Ask for a new one."))


def fingerprint(user: User) -> str:
    """A mark of the person's present password: what carries it dies with the password."""
    return hashlib.sha256(f"{user.id}:{user.email}:{user.password_hash}".encode()).hexdigest()[:16]


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.extensions["abona"].secret_key, salt=_SALT)
