"""People and roles: who may log in, and what a role may do."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from flask import current_app

from core import audit, modules
from core.db import db
from core.errors import DomainError, NotFound
from core.i18n import _
from core.models import Company, Membership, Role, RolePermission, User
from core.security import resets, second_steps, sessions


def add_person(email: str, name: str, *, by: User, locale: str = "es") -> User:
    """A new login without a password; the person gets a link by mail to choose one."""
    email = email.strip().lower()
    if db.session.scalar(sa.select(User.id).where(User.email == email)):
        raise DomainError(_("To add %(email)s you must choose another login: this one exists.", email=email),
                          field="email")
    user = User(email=email, name=name.strip(), locale=locale)
    db.session.add(user)
    db.session.flush()
    audit.record("core.add_user", user)
    resets.invite(user)
    return user


def give_role(user: User, company: Company, role: Role, *, by: User) -> None:
    """Let a person do what a role may in a company. Nobody gives what he may not do himself."""
    _require_own(role, company, by)
    if any((one.company_id, one.role_id) == (company.id, role.id) for one in user.memberships):
        return
    user.memberships.append(Membership(company=company, role=role))
    audit.record("core.give_role", user, {"company": company.code, "role": role.code})


def take_role(user: User, company: Company, role_id: int, *, by: User) -> None:
    """Take a role in a company away."""
    found = next((one for one in user.memberships if (one.company_id, one.role_id) == (company.id, role_id)), None)
    if found is None:
        raise NotFound(_("This person does not have this role here."))
    _require_own(found.role, company, by)
    user.memberships.remove(found)
    audit.record("core.take_role", user, {"company": company.code, "role": found.role.code})


def _require_own(role: Role, company: Company, by: User) -> None:
    from core.security.access import permissions_of

    missing = {one.permission for one in role.permissions} - permissions_of(by, company.id)
    known = modules.permissions(current_app.extensions["abona_modules"])
    missing &= set(known)
    if missing:
        raise DomainError(_("To give or take this role you must have its permissions yourself; you lack: %(missing)s.",
                            missing=", ".join(sorted(str(known[code]) for code in missing))), code="not_allowed")


def set_active(user: User, active: bool, *, by: User) -> None:
    """Keep a person out, or let the person in again; what was done stays."""
    if user.id == by.id:
        raise DomainError(_("To be disabled yourself you must ask another administrator."))
    require_equal(user, by=by)
    user.active = active
    if not active:
        sessions.revoke_all(user)
    audit.record("core.enable_user" if active else "core.disable_user", user)


def require_equal(user: User, *, by: User) -> None:
    """Only administrators keep an administrator out; DomainError for others."""
    if user.is_admin and not by.is_admin:
        raise DomainError(_("To disable or log out an administrator you must be one."), code="not_allowed")


def revoke_session(user: User, session_id: int, *, by: User) -> None:
    """Log one device of a person out."""
    require_equal(user, by=by)
    sessions.revoke(user, session_id)
    audit.record("core.revoke_session", user, {"session": session_id})


def set_admin(user: User, is_admin: bool, *, by: User) -> None:
    """Make a person an administrator of the installation, or no longer; only administrators may."""
    if not by.is_admin:
        raise DomainError(_("To make somebody an administrator you must be one."), code="not_allowed")
    if user.id == by.id and not is_admin:
        raise DomainError(_("To stop being an administrator you must ask another one."))
    user.is_admin = is_admin
    audit.record("core.set_admin", user, {"is_admin": is_admin})


def take_second_factor(user: User, *, by: User) -> None:
    """Let a person who lost the phone enter by the password alone; only administrators may, and not for themselves."""
    if not by.is_admin:
        raise DomainError(_("To take a second factor away you must be an administrator of the installation."),
                          code="not_allowed")
    if user.id == by.id:
        raise DomainError(_("To switch your own second factor off you must do it on the page of your account."))
    second_steps.take_away(user)


def save_role(role: Role | None, name: str, description: str, permissions: Iterable[str], *, by: User,
              needs_second_factor: bool = False) -> Role:
    """Create or change a role. Nobody puts into a role what he may not do himself."""
    wanted = set(permissions)
    known = set(modules.permissions(current_app.extensions["abona_modules"]))
    if not by.is_admin:
        raise DomainError(_("To change roles you must be an administrator of the installation."), code="not_allowed")
    if role is None:
        role = Role(code=_free_code(name), name=name)
        db.session.add(role)
    before = {one.permission for one in role.permissions}
    # permissions of modules that are switched off stay as they are
    after = (wanted & known) | (before - known)
    role.name, role.description = name.strip(), description.strip()
    role.needs_second_factor = needs_second_factor
    role.permissions = [one for one in role.permissions if one.permission in after] + [
        RolePermission(permission=code) for code in sorted(after - before)]
    db.session.flush()
    audit.record("core.save_role", role, {"added": sorted(after - before), "removed": sorted(before - after),
                                           "needs_second_factor": needs_second_factor})
    return role


def _free_code(name: str) -> str:
    from core.companies import _code

    base = _code(name)[:34]
    taken = set(db.session.scalars(sa.select(Role.code).where(Role.code.startswith(base, autoescape=True))))
    return next(code for code in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if code not in taken)


def delete_role(role: Role, *, by: User) -> None:
    """Delete a role that nobody has."""
    if not by.is_admin:
        raise DomainError(_("To change roles you must be an administrator of the installation."), code="not_allowed")
    if db.session.scalar(sa.select(Membership.id).where(Membership.role_id == role.id).limit(1)):
        raise DomainError(_("To delete this role you must first take it from everybody who has it."))
    audit.record("core.delete_role", role)
    db.session.delete(role)
