"""The address space of contracts and billing: /contracts, /plans, /billing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from core.i18n import _
from modules.contracts import states

bp = Blueprint("contracts", __name__)

TONES = {states.DRAFT: "mute", states.ACTIVE: "ok", states.SUSPENDED: "bad", states.ENDED: "mute",
         states.CANCELLED: "mute"}


def form_page(template: str, form: Any, **context: Any) -> Any:
    """The form again; 422 after a refused POST, so that the request's transaction is rolled back."""
    return render_template(template, form=form, **context), 422 if request.method == "POST" else 200


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"contract_state": contract_state}


def contract_state(contract: Any) -> tuple[str, str]:
    """(words, tone) of a contract's state: a courtesy and an end to come are said too."""
    from core import clock

    word, tone, today = str(states.TITLES[contract.state]), TONES[contract.state], clock.today()
    if contract.state not in (states.ACTIVE, states.SUSPENDED):
        return word, tone
    if contract.ends_on:
        return _("%(state)s, ends on %(day)s", state=word, day=contract.ends_on.strftime("%d/%m/%Y")), "warn"
    first, until = contract.courtesy_from, contract.courtesy_until
    if (first or until) and (not first or first <= today) and (not until or today <= until):
        return _("%(state)s, free of charge", state=word), "info" if tone == "ok" else tone
    return word, tone
