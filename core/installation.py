"""Making an installation: folder, key, schema, first administrator, standard roles."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from flask import current_app

from core import modules, schema
from core.db import db
from core.models import Role, RolePermission, User

# What the standard roles may do, by the beginning of the permission; an administrator changes them on screen.
STANDARD_ROLES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "manager": ("Encargado", ("",), ()),
    "billing": ("Facturación", ("crm.", "contracts.", "accounting.", "einvoice", "notifications.", "importer.",
                                "arrears.view", "arrears.grant", "arrears.review", "gateways.", "networking.view"),
                ("accounting.lock_periods", "accounting.edit_accounts", "einvoice.enable",
                 "einvoice_ar.edit_settings", "gateways.edit_accounts", "gateways.give_back")),
    "accountant": ("Contaduría", ("crm.view", "contracts.view", "accounting.", "einvoice", "notifications.view",
                                  "gateways.view", "arrears.view"), ()),
    "support": ("Atención", ("crm.view", "crm.edit", "contracts.view", "accounting.view", "accounting.send",
                             "notifications.view", "notifications.send", "arrears.view", "arrears.grant",
                             "gateways.view", "gateways.hand_out", "networking.view"), ()),
}


def prepare(admin_email: str | None = None, password: str | None = None) -> str | None:
    """Upgrade the schema, make roles and the first administrator; a new password is returned once."""
    schema.upgrade()
    make_roles()
    made = None
    if admin_email and not db.session.scalar(sa.select(User.id).where(User.email == admin_email.lower())):
        made = password or secrets.token_urlsafe(9)
        from core.security import hash_password

        db.session.add(User(email=admin_email.lower(), name="", is_admin=True, password_hash=hash_password(made)))
    db.session.commit()
    return None if password else made


def make_roles() -> None:
    """Create the standard roles that do not exist; those that exist are the administrator's own affair."""
    known = list(modules.permissions(current_app.extensions["abona_modules"]))
    for code, (name, prefixes, without) in STANDARD_ROLES.items():
        if db.session.scalar(sa.select(Role.id).where(Role.code == code)):
            continue
        wanted = [p for p in known if p.startswith(prefixes) and p not in without]
        db.session.add(Role(code=code, name=name, permissions=[RolePermission(permission=p) for p in wanted]))
    db.session.flush()
