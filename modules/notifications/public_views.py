"""The page on which a subscriber asks not to be written to; its link stands in messages."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from core.scope import company_scope, current_company
from core.security import csrf, public
from modules.notifications import services, unsubscribing
from modules.notifications.blueprint import bp


def unsubscribe(token: str) -> Any:
    """Ask first: mail scanners open every link. Mail programs post by themselves (RFC 8058)."""
    company_id, channel, address = unsubscribing.read(token)
    with company_scope(company_id):
        company = current_company()
        if request.method == "POST":
            services.suppress(channel, address, "unsubscribed")
        return render_template("notifications/unsubscribe.html", company=company, address=address,
                               done=request.method == "POST")


@bp.record_once
def _add_public_page(state: Any) -> None:
    """Short, and outside the staff's part."""
    view = csrf.exempt(public(unsubscribe))
    state.app.add_url_rule("/unsubscribe/<token>", "notifications.unsubscribe", view, methods=["GET", "POST"])
