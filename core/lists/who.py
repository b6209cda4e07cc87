"""The person that a list is made for: the same in a request and in a job."""

from __future__ import annotations

from flask import current_app, has_request_context
from flask_login import current_user

from core import scope
from core.db import db
from core.models import User
from core.security import access


def viewer() -> User | None:
    """The person in scope; None for the system itself."""
    user_id = scope.current_user_id()
    return db.session.get(User, user_id) if user_id else None


def viewer_may(permission: str) -> bool:
    """Whether that person may do this in the company in scope; the system itself may. "" is for any login."""
    if has_request_context() and current_user.is_authenticated:
        return not permission or access.can(permission)
    user = viewer()
    if user is None:
        return scope.current_user_id() is None
    return user.active and (not permission or permission in access.permissions_of(user, scope.company_id_or_none()))


def viewer_sees_all() -> bool:
    """Whether rows of every company are that person's business: administrators', and the system's own."""
    if has_request_context() and current_user.is_authenticated:
        return access.is_admin()
    user = viewer()
    return user is None or user.is_admin


def words_of(permission: str) -> str:
    """A permission as the screen of roles names it."""
    from core import modules

    return str(modules.permissions(current_app.extensions["abona_modules"]).get(permission, permission))


def locale() -> str:
    """The language that the person reads, with the company's words."""
    user = viewer()
    company = scope.current_company() if scope.company_id_or_none() else None
    return (access.locale_for(user, company) if user else company.locale if company else "") or "es"
