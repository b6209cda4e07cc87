"""Which company and which person the running code acts for.

Business tables belong to a company (core.db.CompanyScoped). Every ORM statement is limited to the company
in scope; without one it raises, unless the code says `with every_company():`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.models import Company

_company: ContextVar[int | None] = ContextVar("abona_company", default=None)
_every: ContextVar[bool] = ContextVar("abona_every_company", default=False)
_user: ContextVar[int | None] = ContextVar("abona_user", default=None)


class NoCompany(RuntimeError):
    """Code that needs a company ran without one in scope."""


@contextmanager
def company_scope(company: Company | int) -> Iterator[None]:
    """Run the block for one company (object or id)."""
    company_id = company if isinstance(company, int) else company.id
    one, every = _company.set(company_id), _every.set(False)
    try:
        yield
    finally:
        _every.reset(every)
        _company.reset(one)


@contextmanager
def every_company() -> Iterator[None]:
    """Lift the company condition for the block: sweepers and checks only."""
    token = _every.set(True)
    try:
        yield
    finally:
        _every.reset(token)


@contextmanager
def nobody() -> Iterator[None]:
    """Run the block for no company and no person: where each request begins."""
    one, every, user = _company.set(None), _every.set(False), _user.set(None)
    try:
        yield
    finally:
        _user.reset(user)
        _every.reset(every)
        _company.reset(one)


@contextmanager
def acting_as(user_id: int | None) -> Iterator[None]:
    """Run the block on behalf of a person; the audit writes the name."""
    token = _user.set(user_id)
    try:
        yield
    finally:
        _user.reset(token)


def current_company_id() -> int:
    """The id of the company in scope; NoCompany without one."""
    company_id = _company.get()
    if company_id is None:
        raise NoCompany("no company in scope: use company_scope(company) or every_company()")
    return company_id


def company_id_or_none() -> int | None:
    return _company.get()


def country_or_none() -> str | None:
    """The country of the company in scope, if there is one."""
    return current_company().country if company_id_or_none() else None


def is_every_company() -> bool:
    return _every.get()


def current_user_id() -> int | None:
    """The person the code acts for; None for the system itself."""
    return _user.get()


def current_company() -> Company:
    """The company in scope, from the session."""
    from core.db import db
    from core.models import Company

    company = db.session.get(Company, current_company_id())
    if company is None:
        raise NoCompany(f"company {current_company_id()} does not exist")
    return company
