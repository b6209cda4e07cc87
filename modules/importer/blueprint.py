"""The address space of imports."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("importer", __name__, url_prefix="/imports")
