"""The modules of the installation on screen: what each is, what it stands on, and switching it."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, render_template, url_for
from flask_login import current_user

from core import switches
from core.db import db
from core.i18n import _
from core.models import User
from core.security import require
from core.views import bp


@bp.get("/modules")
@require("core.view_system")
def modules() -> Any:
    """Every module on disk, lower ones first."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return render_template("core/modules.html", modules=switches.states(), stale=switches.is_stale(app),
                           ours=switches.is_ours(app.extensions["abona"]),
                           restarts=bool(app.extensions.get("abona_restarts")))


@bp.post("/modules/<name>/<any(on,off):verb>")
@require("core.view_system")
def switch_module(name: str, verb: str) -> Any:
    """Switch a module from the next start on; administrators only."""
    switches.switch(name, verb == "on", by=db.session.get_one(User, current_user.id))
    flash(_("The module is switched on.") if verb == "on" else _("The module is switched off; its data stays."), "ok")
    return redirect(url_for("core.modules"))
