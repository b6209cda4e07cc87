"""The web frame: request ids, the request's one commit, security headers, and what every template may use."""

from __future__ import annotations

import base64
import os
import re
import time
import uuid
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from core import logs, metrics, scope, security, templating, web_errors
from core.db import db
from core.security import access

WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# Flask-Admin's select2 and date pickers write style attributes; our own pages do not
STYLES_INLINE = ("/admin/",)
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,40}")

log = logs.get(__name__)


def init_app(app: Flask) -> None:
    """Wire the frame into the app: hooks in the order that they must run, then the frame's own pages."""
    settings = app.extensions["abona"]
    if settings.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    if settings.trusted_hosts:
        app.config["TRUSTED_HOSTS"] = list(settings.trusted_hosts)
    app.before_request(_name_request)
    security.init_app(app)
    # the last one registered runs first: the transaction ends before headers and log are written
    app.after_request(_log_request)
    app.after_request(_secure)
    app.after_request(_end_transaction)
    app.teardown_request(_forget_request)
    templating.init_app(app)
    web_errors.init_app(app)
    metrics.init_app(app)
    from core import views

    views.init_app(app)


def init_admin(app: Flask) -> None:
    """Flask-Admin with each module's views; last, since the menu and the forms need everything else."""
    from core import admin

    admin.init_app(app)


# --- one transaction per request -----------------------------------------------------------------------


def keep_changes() -> None:
    """Commit although the answer is an error page: for counters of failures, nothing else."""
    g.keep_changes = True


def _end_transaction(response: Response) -> Response:
    """The request's only commit: a writing method that succeeded. All else leaves nothing behind."""
    remembered = access.current_session()
    if remembered is not None:
        g.session_id, g.seen_at = remembered.id, remembered.last_seen_at
    if request.method in WRITING and (response.status_code < 400 or g.get("keep_changes")):
        db.session.commit()
    else:
        db.session.rollback()
    access.seen()
    return response


# --- request id and log --------------------------------------------------------------------------------


def _name_request() -> None:
    given = request.headers.get("X-Request-ID", "")
    request.abona_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
    request.abona_started = time.perf_counter()  # type: ignore[attr-defined]
    structlog.contextvars.bind_contextvars(request_id=request.abona_id)  # type: ignore[attr-defined]


def request_id() -> str:
    """The id of this request, as the log and the error page show it."""
    return str(getattr(request, "abona_id", ""))


def _log_request(response: Response) -> Response:
    seconds = time.perf_counter() - getattr(request, "abona_started", time.perf_counter())
    metrics.observe(request.endpoint or "none", request.method, response.status_code, seconds)
    if request.endpoint not in {"static", "core.healthz", "core.readyz", "core.metrics"}:
        log.info("request", method=request.method, path=_path(), status=response.status_code,
                 ms=round(seconds * 1000, 1), user_id=scope.current_user_id(), company_id=scope.company_id_or_none())
    return response


def _path() -> str:
    """The path without what opens doors: links that need no password, the unguessable part of a gateway's address."""
    token = (request.view_args or {}).get("token")
    return request.path.replace(str(token), "…") if token else request.path


def _forget_request(_error: BaseException | None) -> None:
    structlog.contextvars.unbind_contextvars("request_id")


# --- headers ---------------------------------------------------------------------------------------------


def csp_nonce() -> str:
    """The nonce of this answer's scripts."""
    nonce = g.get("csp_nonce")
    if nonce is None:
        nonce = g.csp_nonce = base64.b64encode(os.urandom(16)).decode()
    return str(nonce)


def allow_form(address: str) -> None:
    """Let the forms of this answer be sent to the site of this address: a gateway's page that wants to be posted to."""
    parts = urlsplit(address)
    if parts.scheme in ("http", "https") and re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", parts.netloc):
        g.form_site = f"{parts.scheme}://{parts.netloc}"


def _secure(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _policy())
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
    response.headers["X-Request-ID"] = request_id()
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if response.mimetype in {"text/html", "application/json"} and "Cache-Control" not in response.headers:
        # pages hold personal data: not for shared caches, nor for the back button after logging out
        response.headers["Cache-Control"] = "no-store"
    return response


def _policy() -> str:
    style = "'self' 'unsafe-inline'" if request.path.startswith(STYLES_INLINE) else "'self'"
    rules: dict[str, Any] = {
        "default-src": "'self'", "script-src": f"'self' 'nonce-{csp_nonce()}'", "style-src": style,
        "img-src": "'self' data:", "font-src": "'self'", "connect-src": "'self'", "object-src": "'none'",
        "frame-src": "'self'", "frame-ancestors": "'self'", "base-uri": "'none'",
        "form-action": f"'self' {g.get('form_site', '')}".rstrip(),
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())
