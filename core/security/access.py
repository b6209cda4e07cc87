"""Who asks, for which company, and whether they may: the guards of every view."""

from __future__ import annotations

import functools
import hashlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from core import clock, scope
from core.db import db
from core.errors import NotAllowed
from core.i18n import _
from core.models import Company, Membership, RolePermission, User, UserSession
from core.security import second_steps, seeing, sessions

F = TypeVar("F", bound=Callable[..., Any])
COOKIE_KEY = "login"
PUBLIC, LOGGED_IN = "public", "logged_in"
# what is open to who must set up a second factor first
SECOND_FACTOR_WAYS = frozenset({"core.second_factor", "core.logout"})

login_manager = LoginManager()


# --- marks on views ------------------------------------------------------------------------------------


def public(view: F) -> F:
    """The view needs no login."""
    view.guard = PUBLIC  # type: ignore[attr-defined]
    return view


def require(permission: str | None = None) -> Callable[[F], F]:
    """The view needs this permission in the company in scope; without one, any login will do."""

    def wrap(view: F) -> F:
        @functools.wraps(view)
        def guarded(*args: Any, **values: Any) -> Any:
            check(permission)
            return view(*args, **values)

        guarded.guard = permission or LOGGED_IN  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return wrap


def check(permission: str | None) -> None:
    """Stop the request with 401 (nobody logged in) or 403 (not allowed)."""
    if not current_user.is_authenticated:
        abort(401)
    if permission and not can(permission):
        g.missing_permission = permission
        abort(403)


# --- questions -----------------------------------------------------------------------------------------


def can(permission: str) -> bool:
    """Whether the person asking may do this in the company in scope."""
    return bool(current_user and current_user.is_authenticated) and permission in permissions()


def permissions() -> frozenset[str]:
    """Everything the person may do in the company in scope, read once per request."""
    found: frozenset[str] | None = g.get("permissions")
    if found is None:
        g.permissions = found = seeing.narrow(permissions_of(current_user, scope.company_id_or_none()))
    return found


@contextmanager
def looking_with(found: frozenset[str]) -> Iterator[None]:
    """Answer `can` with these permissions in the block: to show what somebody else would see, never to do it."""
    before = permissions()
    g.permissions = found
    try:
        yield
    finally:
        g.permissions = before


def is_admin() -> bool:
    """Whether the person asking is an administrator, and does not look through the eyes of a role just now."""
    return bool(current_user.is_authenticated and current_user.is_admin and seeing.role() is None)


def permissions_of(user: User, company_id: int | None) -> frozenset[str]:
    """What a person may do in a company; an administrator may do all."""
    from core import modules

    if user.is_admin:
        return frozenset(modules.permissions(current_app.extensions["abona_modules"]))
    if company_id is None:
        return frozenset()
    return frozenset(db.session.scalars(
        sa.select(RolePermission.permission).join(Membership, Membership.role_id == RolePermission.role_id)
        .where(Membership.user_id == user.id, Membership.company_id == company_id).distinct()))


def companies_of(user: User) -> list[Company]:
    """The companies that a person may work in, in order of name."""
    wanted = sa.select(Company).where(Company.active).order_by(Company.name, Company.id)
    if not user.is_admin:
        wanted = wanted.where(Company.id.in_(sa.select(Membership.company_id).where(Membership.user_id == user.id)))
    return list(db.session.scalars(wanted))


def my_companies() -> list[Company]:
    """The companies of the person asking, read once per request."""
    if "companies" not in g:
        g.companies = companies_of(current_user) if current_user.is_authenticated else []
    return list(g.companies)


def current_session() -> UserSession | None:
    """The login that this request belongs to."""
    found: UserSession | None = g.get("user_session")
    return found


def choose_company(company_id: int) -> Company:
    """Work in another company from now on; 404 for one that the person has nothing to do with."""
    company = next((one for one in my_companies() if one.id == company_id), None)
    row = current_session()
    if company is None or row is None:
        abort(404)
    row.company_id = company.id
    return company


# --- the beginning and the end of a request ------------------------------------------------------------------


def init_app(app: Flask) -> None:
    """Find the person and the company before each view, and refuse by default."""
    login_manager.init_app(app)
    app.before_request(_begin)
    app.teardown_request(_end)


@login_manager.request_loader
def _load_user(_request: Any) -> User | None:
    token = session.get(COOKIE_KEY)
    row = sessions.find_session(token) if token else None
    if row is None:
        return None
    g.user_session = row
    return row.user


def _begin() -> Response | None:
    """Clear what an outer app context may hold, then set person, company and language; refuse strangers."""
    for name in list(g):
        g.pop(name)
    g.scopes = ExitStack()
    g.scopes.enter_context(scope.nobody())
    if is_file():
        return None
    if current_user.is_authenticated:
        _enter(current_user._get_current_object())
        seeing.refuse_writing()
        return _to_second_factor()
    return None if is_open() else to_login()


def _to_second_factor() -> Response | None:
    """To the page that sets the second factor up, as long as it is due: nothing else is open."""
    if second_steps.DUE not in session or is_open() or request.endpoint in SECOND_FACTOR_WAYS:
        return None
    if wants_json() or request.headers.get("X-Part"):
        raise NotAllowed(_("To go on you must first set up the second factor: a role of yours requires it."))
    return redirect(url_for("core.second_factor"))


def is_file() -> bool:
    """Whether this is a style sheet or its like."""
    return request.endpoint is not None and (request.endpoint == "static" or request.endpoint.endswith(".static"))


def is_open() -> bool:
    """Whether this address needs no login: public views, and addresses that do not exist."""
    view = current_app.view_functions.get(request.endpoint or "")
    return request.endpoint is None or getattr(view, "guard", None) == PUBLIC


def _enter(user: User) -> None:
    g.scopes.enter_context(scope.acting_as(user.id))
    company = _company(user)
    _bind_forms(company)
    if company is not None:
        g.scopes.enter_context(scope.company_scope(company))
    if seeing.role() is not None:  # a role has no company of its own: the open one, and no other
        g.companies = [company] if company else []
    request.abona_locale = locale_for(user, company)  # type: ignore[attr-defined]


def _bind_forms(company: Company | None) -> None:
    """Forms are good for the company in which they were opened: in another tab another one may be open by now.

    Their hidden token follows from the login and the company, so that going back makes the old ones good again.
    """
    base = session.setdefault("forms", secrets.token_hex(20))
    token = hashlib.sha256(f"{base}:{company.id if company else ''}".encode()).hexdigest()
    if session.get("csrf_token") != token:
        session["csrf_token"] = token


def _company(user: User) -> Company | None:
    """The company chosen in the header if the person still belongs to it, else the first one."""
    mine, row = my_companies(), current_session()
    chosen = row.company_id if row else None
    return next((one for one in mine if one.id == chosen), mine[0] if mine else None)


def locale_for(user: User, company: Company | None) -> str:
    """The person's language, with the company's country words where it is the same language."""
    if company is not None and (not user.locale or company.locale.split("_")[0] == user.locale):
        return company.locale
    return user.locale


def _end(_error: BaseException | None) -> None:
    stack = g.pop("scopes", None)
    if stack is not None:
        stack.close()


def to_login() -> Response:
    """To the login page, and back to this one afterwards; a script gets 401.

    A form that comes too late goes back to its page, and the login page says that nothing was saved.
    """
    if wants_json() or request.headers.get("X-Part"):
        abort(401)
    if request.method != "GET":
        return redirect(url_for("core.login", next=came_from(), ended=1), 303)
    wanted = request.full_path.rstrip("?")
    return redirect(url_for("core.login", next=None if wanted == "/" else wanted))


def came_from() -> str | None:
    """The page of this site that sent the request; None where it is unknown."""
    parts = urlsplit(request.referrer or "")
    if parts.netloc != request.host or not parts.path:
        return None
    return safe_next(parts.path + (f"?{parts.query}" if parts.query else ""))


def wants_json() -> bool:
    """Whether the caller is a program: it sent JSON, asks for it, or uses the API."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    return request.is_json or request.path.startswith("/api/") or best == "application/json"


def safe_next(target: str | None) -> str:
    """`target` if it is an address of this site, else the home page: no open redirect."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return url_for("core.home")
    if any(ord(char) < 32 or char == "\\" for char in target):
        return url_for("core.home")
    return target


def seen() -> None:
    """Note now and then that this login is in use; called after the request's own transaction has ended."""
    row = current_session()
    if row is None or g.get("seen_at") is None or clock.now() - g.seen_at <= sessions.SEEN_EVERY:
        return
    try:
        sessions.touch(g.session_id)
    except OperationalError:  # a long write elsewhere; the next click notes it
        db.session.rollback()
