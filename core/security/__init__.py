"""Who may do what: logins, sessions, permissions, limits. Views use `require`, `public`, `can`, `current_user`."""

from __future__ import annotations

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from limits import parse

from core.security import access
from core.security.access import (
    can,
    check,
    choose_company,
    current_session,
    is_admin,
    my_companies,
    public,
    require,
    safe_next,
)
from core.security.passwords import hash_password, verify_password

__all__ = ["can", "check", "choose_company", "csrf", "current_session", "current_user", "hash_password", "init_app",
           "is_admin", "limiter", "my_companies", "public", "require", "safe_next", "verify_password",
           "within"]

csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address)


def init_app(app: Flask) -> None:
    """Switch on CSRF protection, rate limits, and the guards of every view."""
    settings = app.extensions["abona"]
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)  # lives as long as the session: a form may stay open for hours
    app.config.update(RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
                      RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=bool(settings.redis_url))
    access.init_app(app)
    csrf.init_app(app)
    limiter.init_app(app)
    limiter.enabled = not settings.testing
    from core.security import resets  # noqa: F401  its job must be known to every worker


def within(limit: str, *names: str, spend: bool = True) -> bool:
    """Whether something may be done once more, of so many as `limit` says ("10 per minute"), by who `names` say.

    `spend` counts it; without it the question alone counts nothing.
    """
    if not limiter.enabled:
        return True
    ask = limiter.limiter.hit if spend else limiter.limiter.test
    return bool(ask(parse(limit), *names))


def account_key() -> str:
    """What logins are limited by, besides the address: the account that is tried."""
    return "account:" + request.form.get("email", "").strip().lower()[:200]
