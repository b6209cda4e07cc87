"""The address space of documents and money: /invoices, /payments, /debtors, /locked-periods."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from modules.accounting import labels, states

bp = Blueprint("accounting", __name__)


def form_page(template: str, form: Any, **context: Any) -> Any:
    """The form again; 422 after a refused POST, so that the request's transaction is rolled back."""
    return render_template(template, form=form, **context), 422 if request.method == "POST" else 200


def live_part() -> bool:
    """Whether the script asks for what a form would give, while one is typing."""
    return request.headers.get("X-Part") == "live"


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"invoice_state": states.of_invoice, "legal_state": states.legal, "document_title": labels.title_of,
            "document_number": labels.short_of, "payment_method": labels.method_of, "how_paid": labels.how_paid}
