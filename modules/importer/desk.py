"""Answers to the frame's slots, without the weight of the views at import."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup

from core.db import db
from core.i18n import _
from modules.importer.models import ImportRun

_BUTTON = Markup('<a class="btn" href="{}">{}</a>')


def import_button(_customers: Any) -> Markup:
    """For a list of customers that is still empty."""
    return _BUTTON.format(url_for("importer.imports"), _("Import a spreadsheet"))


def import_step(_company: Any) -> tuple[bool, str]:
    """First file loaded."""
    loaded = db.session.scalar(sa.select(sa.exists().where(ImportRun.state == "loaded", ImportRun.kind == "customers")))
    return bool(loaded), url_for("importer.imports")
