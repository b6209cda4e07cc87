"""The pages of the network."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from modules.networking import words

bp = Blueprint("networking", __name__)


def form_page(template: str, form: Any, **context: Any) -> Any:
    """The form again; 422 after a refused POST, so that the request's transaction is rolled back."""
    return render_template(template, form=form, **context), 422 if request.method == "POST" else 200


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"network_words": words}
