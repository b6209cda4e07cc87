"""The step of an account into production and back, and its switch."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for

from core.db import db, find
from core.i18n import _
from core.security import require
from modules.gateways import accounts, going_live
from modules.gateways.access import PRODUCTION, REHEARSAL
from modules.gateways.blueprint import bp
from modules.gateways.models import Account


@bp.post("/gateways/accounts/<int:account_id>/environment")
@require("gateways.edit_accounts")
def change_environment(account_id: int) -> Any:
    """Take an account into production, to the gateway's own tests, or back; its settings are proved there first."""
    row, target = find(Account, account_id), request.form.get("environment", "")
    going_live.check(row, target, request.form.get("confirm", ""), bool(request.form.get("compared")))
    said = ""
    if target != REHEARSAL:
        access = going_live.real_access(row, target)
        db.session.commit()
        said = going_live.prove(access)
    going_live.move(find(Account, account_id), target)
    flash((_("From now on payers pay real money through it.") if target == PRODUCTION else
           _("It is no longer in production: what is paid now is no real money.")) + (f" {said}" if said else ""), "ok")
    return redirect(url_for("gateways.account", account_id=account_id, _anchor="live"))


@bp.post("/gateways/accounts/<int:account_id>/switch")
@require("gateways.edit_accounts")
def switch_account(account_id: int) -> Any:
    """Use an account, or no longer."""
    row, on = find(Account, account_id), request.form.get("on") == "1"
    if on != row.active:
        going_live.switch(row, on)
    flash(_("It is in use again.") if on else
          _("It is no longer used: nothing new is opened, asked for or sent."), "ok")
    return redirect(url_for("gateways.account", account_id=account_id, _anchor="live"))


def stage(row: Account) -> dict[str, Any]:
    """What the page of an account shows of the step."""
    return {"has_step": accounts.has_step(row.provider), "environment": accounts.environment_of(row),
            "obstacles": going_live.obstacles(row), "is_test": accounts.is_test(row)}
