"""`abona users`: people, roles and passwords from the terminal."""

from __future__ import annotations

import sys
from typing import Any

import click
import sqlalchemy as sa

from core import audit, companies
from core.cli import echo_json, echo_table, json_option, with_app
from core.db import db
from core.errors import DomainError, NotFound
from core.i18n import _
from core.models import Membership, Role, User


@click.group("users")
def cli() -> None:
    """People who log in."""


@cli.command("list")
@json_option
@with_app
def list_users(as_json: bool) -> None:
    """Everybody, with companies and roles."""
    rows: list[dict[str, Any]] = [
            {"email": user.email, "name": user.name, "admin": user.is_admin, "active": user.active,
             "roles": [f"{m.company.code}:{m.role.code}" for m in user.memberships]}
            for user in db.session.scalars(sa.select(User).order_by(User.email))]
    if as_json:
        echo_json({"users": rows})
    else:
        echo_table((_("login"), _("name"), _("roles"), _("state")),
                   [(r["email"], r["name"], "admin" if r["admin"] else " ".join(r["roles"]),
                     _("active") if r["active"] else _("disabled")) for r in rows])


@cli.command("add")
@click.argument("email")
@click.option("--name", default="")
@click.option("--admin", is_flag=True, help="May do everything in every company.")
@with_app
def add(email: str, name: str, admin: bool) -> None:
    """Add a person; the password is read from standard input."""
    from core.security import hash_password

    if db.session.scalar(sa.select(User.id).where(User.email == email.lower())):
        raise DomainError(_("To add %(email)s you must choose another login: this one exists.", email=email))
    user = User(email=email.lower(), name=name, is_admin=admin, password_hash=hash_password(_read_password()))
    db.session.add(user)
    db.session.flush()
    audit.record("core.add_user", user)


@cli.command("role")
@click.argument("email")
@click.argument("company")
@click.argument("role")
@with_app
def give_role(email: str, company: str, role: str) -> None:
    """Give a person a role in a company."""
    user, found = _user(email), db.session.scalar(sa.select(Role).where(Role.code == role))
    if found is None:
        known = ", ".join(db.session.scalars(sa.select(Role.code).order_by(Role.code)))
        raise NotFound(_("There is no role %(role)s; there are: %(known)s.", role=role, known=known))
    target = companies.find_company(company)
    if not any((m.company_id, m.role_id) == (target.id, found.id) for m in user.memberships):
        user.memberships.append(Membership(company=target, role=found))
        audit.record("core.give_role", user, {"company": target.code, "role": found.code})


@cli.command("passwd")
@click.argument("email")
@with_app
def change_password(email: str) -> None:
    """Set a password, read from standard input."""
    from core.security import hash_password

    user = _user(email)
    user.password_hash, user.failed_logins, user.locked_until = hash_password(_read_password()), 0, None
    audit.record("core.set_password", user)


@cli.command("disable")
@click.argument("email")
@with_app
def disable(email: str) -> None:
    """Keep a person from logging in; what the person did stays."""
    user = _user(email)
    user.active = False
    audit.record("core.disable_user", user)


def _user(email: str) -> User:
    user = db.session.scalar(sa.select(User).where(User.email == email.lower()))
    if user is None:
        raise NotFound(_("There is no user %(email)s.", email=email))
    return user


def _read_password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt(_("Password"), hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")
