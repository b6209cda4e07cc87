"""ARCA's announcements on the home page, until somebody has seen them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import render_template

from core.db import db
from modules.einvoice_ar.models import Notice


def announcements(_company: Any) -> str:
    """The ones that nobody has marked as seen."""
    rows = db.session.scalars(sa.select(Notice).where(Notice.seen_at.is_(None)).order_by(Notice.id).limit(5)).all()
    return render_template("einvoice_ar/announcements.html", notices=rows) if rows else ""
