"""Staff pages of arrears: a service's story, promises, proofs taken in; the other pages are apart."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core import clock
from core.db import find
from core.i18n import _
from core.security import require
from modules.arrears import (  # noqa: F401
    batch_views,
    overview_views,
    payer,
    proof_views,
    proofs,
    queries,
    services,
    timeline,
    wording,
)
from modules.arrears.blueprint import PROMISE, SEE, bp
from modules.arrears.models import Promise, Proof
from modules.contracts import queries as contracts
from modules.contracts.models import Contract
from modules.crm.models import Customer

SHOWN = 5


def customer_tab(customer: Customer) -> str:
    """Each service in use with its standing and its story."""
    found = [one for one in contracts.contracts_of(customer.id) if one.state in ("active", "suspended")]
    shown = [(one, queries.standing(one, online=False), timeline.of(one, 40)) for one in found[:SHOWN]]
    return render_template("arrears/customer_tab.html", customer=customer, shown=shown, more=len(found) - len(shown),
                           moment=wording.moment, open_promise=services.promising.open_promise)


@bp.get("/contracts/<int:contract_id>")
@require(SEE)
def why(contract_id: int) -> Any:
    """Why this service is as it is: one line per event, to be read aloud."""
    contract = find(Contract, contract_id)
    return render_template("arrears/why.html", contract=contract, one=queries.standing(contract, online=False),
                           events=timeline.of(contract, 300), moment=wording.moment,
                           open_promise=services.promising.open_promise)


@bp.post("/contracts/<int:contract_id>/promise")
@require(PROMISE)
def promise(contract_id: int) -> Any:
    """A promise of payment, until the day that was chosen or for the usual hours."""
    from flask_login import current_user

    contract = find(Contract, contract_id)
    made = services.promise(contract, current_user, until=_until(request.form.get("until", "")))
    flash(_("The promise is noted until %(moment)s; the service is on.", moment=wording.moment(made.until)), "ok")
    return _back(contract.customer_id)


def _until(text: str) -> dt.datetime | None:
    """The end of that day's work, there; None where no day was chosen."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    now = clock.local(clock.now())
    return dt.datetime.combine(day, dt.time(16), now.tzinfo).astimezone(dt.UTC)


@bp.post("/promises/<int:promise_id>/withdraw")
@require(PROMISE)
def withdraw(promise_id: int) -> Any:
    """Take a promise back."""
    row = find(Promise, promise_id)
    services.withdraw(row, request.form.get("reason", ""))
    flash(_("The promise is taken back; the rules decide whether the service is cut."), "ok")
    return _back(row.customer_id)


@bp.post("/customers/<int:customer_id>/proof")
@require(PROMISE)
def take_proof(customer_id: int) -> Any:
    """A proof that the customer sent by other ways."""
    customer = find(Customer, customer_id)
    request.max_content_length = 12 * 2**20
    upload = request.files.get("proof")
    row = proofs.take(customer, upload.read() if upload else b"", payer.said_in(request.form))
    flash(_became(row), "ok" if row.state == "waiting" and row.keeps_until else "warn")
    return _back(customer.id)


def _became(row: Proof) -> str:
    """What a proof that was taken in does for the service."""
    if row.state != "waiting":
        return _("This file was sent before and has been looked at already; nothing changes.")
    if row.keeps_until is None:
        return _("The proof is kept. The service stays as it is until somebody looks at it, because earlier proofs "
                 "were refused.")
    return _("The proof is kept. Whoever was cut for debt has service until %(moment)s while it waits to be looked at.",
             moment=wording.moment(row.keeps_until))


def _back(customer_id: int) -> Any:
    return redirect(url_for("crm.customer", customer_id=customer_id, tab="arrears"))
