"""Every setting in one place: what the person may change, and what the installation was started with."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template

from core import config, menu
from core.admin import categories
from core.security import can, require
from core.views import bp


@bp.get("/settings")
@require()
def settings() -> Any:
    """The screens of settings that this person may open, with a sentence each."""
    groups = [(title, entries) for title, entries in menu.settings() if entries]
    masked = config.masked(current_app.extensions["abona"]) if can("core.view_system") else {}
    return render_template("core/settings.html", groups=groups, categories=categories(), masked=masked)
