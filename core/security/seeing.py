"""Looking through the eyes of a role: for a while a person may do only what the role may, and change nothing.

The mark is in the signed cookie of the login. It only takes away: what a page asks is answered with the permissions
that both the person and the role have, in the company that was open when it began; an administrator is none
meanwhile. Nothing can be written, so that nobody does by mistake in a customer's account what was meant as a look.
"""

from __future__ import annotations

import sqlalchemy as sa
from flask import g, request, session
from sqlalchemy.orm import selectinload

from core import audit
from core.db import db
from core.errors import NotAllowed
from core.i18n import _
from core.models import Role

KEY = "seen_as"
READING = frozenset({"GET", "HEAD", "OPTIONS"})
# what may be sent meanwhile: the way out
WAYS_OUT = frozenset({"core.stop_seeing", "core.logout"})


def begin(role: Role) -> None:
    """Look through the eyes of this role from the next request on."""
    session[KEY] = role.id
    audit.record("core.see_as_role", role)


def end() -> Role | None:
    """See with one's own eyes again; the role that was looked through."""
    seen = role()
    if session.pop(KEY, None) is not None and seen is not None:
        audit.record("core.stop_seeing_as_role", seen)
    return seen


def role() -> Role | None:
    """The role that the person asking looks through; None most of the time. A role that was deleted ends it."""
    if KEY not in session:
        return None
    if "seen_role" not in g:
        g.seen_role = db.session.scalar(
            sa.select(Role).where(Role.id == session[KEY]).options(selectinload(Role.permissions)))
    found: Role | None = g.seen_role
    return found


def narrow(own: frozenset[str]) -> frozenset[str]:
    """What is left of one's own permissions meanwhile."""
    seen = role()
    return own if seen is None else own & {one.permission for one in seen.permissions}


def refuse_writing() -> None:
    """Stop a request that would change something meanwhile; NotAllowed says how to end it."""
    seen = role()
    if seen is not None and request.method not in READING and request.endpoint not in WAYS_OUT:
        raise NotAllowed(_("To change something you must first stop seeing Abona as the role %(role)s: meanwhile "
                           "everything can only be looked at.", role=seen))
