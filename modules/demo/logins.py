"""Who may log in to look at the demonstration: one person per role, with a password made for this installation."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app

from core.db import db
from core.models import Company, Membership, Role, User
from core.security import hash_password, verify_password

DOMAIN = "demo.example"
# (role, login, name)
PEOPLE = (("manager", "encargada", "Elena Encargada"), ("billing", "facturacion", "Fabio Facturación"),
          ("accountant", "contadora", "Carmen Contadora"), ("support", "atencion", "Ariel Atención"))
FILE = "demo-password"


@dataclass(frozen=True)
class Login:
    """What to type."""

    role: str
    email: str
    password: str


def make(companies: Sequence[Company]) -> list[Login]:
    """Make the people who are missing and give each its role in these companies. Commits."""
    secret = password()
    found = []
    for code, name, shown in PEOPLE:
        role = db.session.scalars(sa.select(Role).where(Role.code == code)).one()
        user = _user(f"{name}@{DOMAIN}", shown, secret)
        for company in companies:
            if not any((one.company_id, one.role_id) == (company.id, role.id) for one in user.memberships):
                user.memberships.append(Membership(company=company, role=role))
        found.append(Login(code, user.email, secret))
    db.session.commit()
    return found


def _user(email: str, name: str, secret: str) -> User:
    user = db.session.scalar(sa.select(User).where(User.email == email))
    if user is None:
        user = User(email=email, name=name, locale="es", password_hash=hash_password(secret))
        db.session.add(user)
        db.session.flush()
    elif not verify_password(user.password_hash, secret):  # another ABONA_DEMO_PASSWORD than last time
        user.password_hash = hash_password(secret)
    return user


def password() -> str:
    """ABONA_DEMO_PASSWORD, else the one that this installation was given; kept in a file that only its owner reads."""
    if given := os.environ.get("ABONA_DEMO_PASSWORD"):
        return given
    path = current_app.extensions["abona"].instance / FILE
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(9) + "\n")
    return str(path.read_text().strip())
