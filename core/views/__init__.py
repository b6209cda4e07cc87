"""The frame's own pages: login, home, search, jobs, people, company, health."""

from __future__ import annotations

from flask import Blueprint, Flask

bp = Blueprint("core", __name__)


def init_app(app: Flask) -> None:
    """Register every page of the frame."""
    from core.views import account, audit, auth, company, home, jobs, logins, people, roles, runs, system  # noqa: F401

    app.register_blueprint(bp)
