"""`abona users`: people, roles and passwords from the terminal."""

from __future__ import annotations

from typing import Any

import click
import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from core import audit, companies, mail
from core.cli import echo_json, echo_table, json_option, read_password, with_app
from core.db import db
from core.errors import DomainError, NotFound
from core.i18n import _
from core.models import Membership, Role, User
from core.security import logins, second_steps, sessions


@click.group("users")
def cli() -> None:
    """People who log in."""


@cli.command("list")
@json_option
@with_app
def list_users(as_json: bool) -> None:
    """Everybody, with companies and roles."""
    everybody = sa.select(User).order_by(User.email).options(
        selectinload(User.memberships).joinedload(Membership.company),
        selectinload(User.memberships).joinedload(Membership.role))
    rows: list[dict[str, Any]] = [
        {"email": user.email, "name": user.name, "admin": user.is_admin, "active": user.active,
         "roles": [f"{m.company.code}:{m.role.code}" for m in user.memberships]}
        for user in db.session.scalars(everybody)]
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
@click.option("--company", help="Company to work in; needs --role.")
@click.option("--role", help="Role in that company.")
@with_app
def add(email: str, name: str, admin: bool, company: str | None, role: str | None) -> None:
    """Add a person; the password is read from standard input."""
    if not mail.is_address(email):
        raise DomainError(_("To add a person you must write an e-mail address: %(found)s is none.", found=email))
    if (company is None) != (role is None):
        raise DomainError(_("To give a role you must name both --company and --role."))
    if db.session.scalar(sa.select(User.id).where(User.email == email.lower())):
        raise DomainError(_("To add %(email)s you must choose another login: this one exists.", email=email))
    user = User(email=email.lower(), name=name, is_admin=admin)
    db.session.add(user)
    db.session.flush()
    audit.record("core.add_user", user)
    if company and role:
        _give(user, company, role)
    logins.set_password(user, read_password(), checked=False)


@cli.command("role")
@click.argument("email")
@click.argument("company")
@click.argument("role")
@with_app
def give_role(email: str, company: str, role: str) -> None:
    """Give a person a role in a company."""
    _give(_user(email), company, role)


def _give(user: User, company: str, role: str) -> None:
    found = db.session.scalar(sa.select(Role).where(Role.code == role))
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
    """Set a password, read from standard input; the person is logged out everywhere."""
    user = _user(email)
    logins.set_password(user, read_password(), checked=False)
    logins.log_out_everywhere(user)


@cli.command("no-second-factor")
@click.argument("email")
@with_app
def take_second_factor(email: str) -> None:
    """Let a person who lost the phone enter by the password alone; the person is logged out everywhere."""
    second_steps.take_away(_user(email))


@cli.command("disable")
@click.argument("email")
@with_app
def disable(email: str) -> None:
    """Keep a person from logging in; what the person did stays."""
    user = _user(email)
    if user.active:
        user.active = False
        sessions.revoke_all(user)
        audit.record("core.disable_user", user)


def _user(email: str) -> User:
    user = db.session.scalar(sa.select(User).where(User.email == email.lower()))
    if user is None:
        raise NotFound(_("There is no user %(email)s.", email=email))
    return user
