"""For machines: is it alive, is it ready, its figures."""

from __future__ import annotations

import ipaddress
from typing import Any

import sqlalchemy as sa
from flask import Response, abort, current_app, jsonify, request
from sqlalchemy.exc import SQLAlchemyError

from core import metrics as figures
from core import schema, worker
from core.db import db
from core.i18n import _
from core.security import limiter, public
from core.views import bp


@bp.get("/healthz")
@limiter.exempt
@public
def healthz() -> Any:
    """The process answers; says nothing of the database."""
    return jsonify({"status": "ok"})


@bp.get("/readyz")
@limiter.exempt
@public
def readyz() -> Any:
    """200 where requests can be served: the database answers and its schema is current. Redis is told, not required."""
    problems = {name: text for name, text in (("database", _database()), ("redis", _redis())) if text}
    ready = "database" not in problems
    answer = jsonify({"status": "ready" if ready else "not ready", "problems": problems})
    answer.status_code = 200 if ready else 503
    return answer


@bp.get("/metrics", endpoint="metrics")
@limiter.exempt
@public
def metrics_text() -> Any:
    """Prometheus figures, for this machine and private networks only."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        abort(403)
    if not (address.is_private or address.is_loopback):
        abort(403)
    return Response(figures.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _database() -> str:
    try:
        db.session.execute(sa.text("SELECT 1"))
        current = schema.is_current()
    except SQLAlchemyError as error:
        db.session.rollback()
        return _("The database does not answer (%(reason)s).", reason=type(error).__name__)
    return "" if current else _("To mend this run: abona upgrade")


def _redis() -> str:
    if not current_app.extensions["abona"].redis_url:
        return ""
    try:
        worker.redis().ping()
    except Exception as error:
        return _("Redis does not answer (%(reason)s). Jobs wait in the database.", reason=type(error).__name__)
    return ""
