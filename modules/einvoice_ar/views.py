"""Small pages of ARCA's own; the documents and the guide are einvoice's."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, url_for

from core import clock
from core.db import find
from core.security import require
from modules.einvoice_ar.models import Notice

bp = Blueprint("einvoice_ar", __name__, url_prefix="/einvoice-ar")


@bp.post("/announcements/<int:notice_id>/seen")
@require("einvoice.view_documents")
def seen(notice_id: int) -> Any:
    """Take an announcement off the home page."""
    find(Notice, notice_id).seen_at = clock.now()
    return redirect(url_for("core.home"))
