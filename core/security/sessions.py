"""Logins as rows: the cookie holds a random token, the table its hash; a revoked row is logged out at once."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from core import clock
from core.db import db
from core.errors import NotFound
from core.i18n import _
from core.models import User, UserSession

LIFETIME = dt.timedelta(days=14)
IDLE = dt.timedelta(days=3)
# how stale `last_seen_at` may get: reading pages must not write at every click
SEEN_EVERY = dt.timedelta(minutes=30)


def open_session(user: User, address: str, agent: str) -> str:
    """A new login of this person; the token for the cookie, which is kept nowhere else."""
    token = secrets.token_urlsafe(32)
    moment = clock.now()
    db.session.add(UserSession(token_hash=_hash(token), user_id=user.id, address=address[:60], agent=agent[:300],
                               created_at=moment, last_seen_at=moment, expires_at=moment + LIFETIME))
    db.session.flush()
    return token


def find_session(token: str) -> UserSession | None:
    """The living login behind a token: not revoked, not too old, of a person who may still log in."""
    row = db.session.scalar(sa.select(UserSession).where(UserSession.token_hash == _hash(token))
                            .options(joinedload(UserSession.user)))
    if row is None or row.revoked_at or not row.user.active:
        return None
    moment = clock.now()
    if row.expires_at <= moment or row.last_seen_at + IDLE <= moment:
        return None
    return row


def living_sessions(user: User) -> list[UserSession]:
    """Where this person is logged in, the latest first."""
    moment = clock.now()
    return list(db.session.scalars(
        sa.select(UserSession).where(UserSession.user_id == user.id, UserSession.revoked_at.is_(None),
                                     UserSession.expires_at > moment, UserSession.last_seen_at > moment - IDLE)
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())))


def revoke(user: User, session_id: int) -> None:
    """Log one device of this person out."""
    row = db.session.scalar(sa.select(UserSession).where(UserSession.id == session_id, UserSession.user_id == user.id))
    if row is None:
        raise NotFound(_("This login does not exist, or is not yours."))
    row.revoked_at = row.revoked_at or clock.now()


def revoke_all(user: User, keep: UserSession | None = None) -> int:
    """Log every device of this person out, but `keep`; how many."""
    rows = [row for row in living_sessions(user) if keep is None or row.id != keep.id]
    for row in rows:
        row.revoked_at = clock.now()
    return len(rows)


def touch(row_id: int) -> None:
    """Note that the login is in use; commits, in a transaction of its own."""
    db.session.rollback()
    db.session.execute(sa.update(UserSession).where(UserSession.id == row_id).values(last_seen_at=clock.now())
                       .execution_options(synchronize_session=False))
    db.session.commit()


def forget_old(older_than: dt.timedelta = dt.timedelta(days=90)) -> int:
    """Delete logins that ended long ago; how many."""
    gone = db.session.execute(sa.delete(UserSession).where(UserSession.expires_at < clock.now() - older_than)
                              .execution_options(synchronize_session=False))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
