"""The pages of gateways, and the addresses where these reach us."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from modules.gateways import states

bp = Blueprint("gateways", __name__)


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"gateway_states": states}
