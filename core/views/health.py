"""How the installation is, in words."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for

from core import health
from core.i18n import _
from core.security import require
from core.views import bp


@bp.get("/health", endpoint="health")
@require("core.view_system")
def health_page() -> Any:
    """What is not well, what it means, whom it hurts, what to do; then what is well."""
    return render_template("core/health.html", lines=health.now(), proof=health.last_proof(),
                           proving=health.proof_runs(), title_of=health.title_of)


@bp.post("/health/prove")
@require("core.view_system")
def prove_data() -> Any:
    """Have the data of all companies checked in the background."""
    health.ask_proof()
    flash(_("The data are being checked; what comes out will stand here."), "ok")
    return redirect(url_for("core.health"))
