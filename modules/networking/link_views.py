"""Where a contract hangs: linked, changed, taken off; ticked off where a person did it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, url_for

from core.db import db, find
from core.errors import DomainError
from core.forms import refused
from core.i18n import _
from core.security import require
from modules.contracts.models import Contract
from modules.networking import forms, pools, queries, services
from modules.networking.blueprint import bp, form_page
from modules.networking.models import Connection, Pool, Router


def _to(contract_id: int) -> Any:
    return redirect(url_for("contracts.contract", contract_id=contract_id))


@bp.route("/network/contracts/<int:contract_id>/link", methods=["GET", "POST"])
@require("networking.link_contracts")
def link(contract_id: int) -> Any:
    """Hang a contract on a router; where it hangs already, elsewhere from now on."""
    contract = find(Contract, contract_id)
    row = queries.connection_of(contract.id)
    start = {"router_id": row.router_id, "key": row.key, "method": row.method, "address": row.address,
             "address6": row.address6} if row else {"key": contract.pppoe_user or contract.ip, "address": contract.ip}
    form = forms.link_form(pools.names(), **start)
    if form.validate_on_submit():
        try:
            with db.session.begin_nested():
                _link(contract, row, form)
        except DomainError as error:
            refused(form, error)
        else:
            flash(_("Contract %(number)s is linked.", number=contract.number), "ok")
            return _to(contract.id)
    return form_page("networking/link_form.html", form, contract=contract, connection=row)


def _link(contract: Contract, row: Connection | None, form: forms.LinkForm) -> None:
    router = find(Router, form.router_id.data)
    address = (form.address.data or "").strip()
    if form.pool_id.data and not address:
        if row is not None:
            pools.give_back(row)
        address = pools.give(find(Pool, form.pool_id.data), contract, router)
    given = (router, form.key.data or address, form.method.data, address, form.address6.data or "")
    if row is None:
        services.link(contract, *given)
    else:
        services.relink(row, *given)


@bp.post("/network/contracts/<int:contract_id>/unlink")
@require("networking.link_contracts")
def unlink(contract_id: int) -> Any:
    """The contract hangs nowhere; what stands on the router stays."""
    contract = find(Contract, contract_id)
    row = queries.connection_of(contract.id)
    if row is not None:
        services.unlink(row)
    flash(_("The contract hangs on no router any more. What stands on the router was left as it is."), "ok")
    return _to(contract_id)


@bp.post("/network/contracts/<int:contract_id>/tick")
@require("networking.work_routers")
def tick(contract_id: int) -> Any:
    """A person did on the router what waited."""
    contract = find(Contract, contract_id)
    row = queries.connection_of(contract.id)
    if row is None or row.router.driver != "manual":
        raise DomainError(_("Only what is done by hand is ticked off; this router is read."))
    services.tick(row)
    db.session.flush()
    flash(_("Ticked off."), "ok")
    return _to(contract_id)
