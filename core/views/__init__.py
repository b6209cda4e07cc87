"""The frame's own pages: login, home, search, jobs, people, company, health."""

from __future__ import annotations

from flask import Blueprint, Flask

bp = Blueprint("core", __name__)


def init_app(app: Flask) -> None:
    """Register every page of the frame."""
    from core.views import (  # noqa: F401
        account,
        audit,
        auth,
        company,
        health,
        help,
        home,
        jobs,
        logins,
        modules,
        people,
        roles,
        runs,
        settings,
        system,
    )

    app.register_blueprint(bp)
