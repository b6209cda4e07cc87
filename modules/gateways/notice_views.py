"""Where gateways reach us: their notices."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, request

from core import jobs
from core.db import db
from core.scope import company_scope, every_company
from core.security import csrf, limiter, public
from modules.gateways import accounts, inbox, ports
from modules.gateways import jobs as own_jobs
from modules.gateways.blueprint import bp
from modules.gateways.models import Account
from modules.gateways.shapes import Incoming

# more than any gateway sends of one provider, less than what hurts
NOTICES = "1200 per minute"


@bp.route("/gateways/<token>/notice", methods=["GET", "POST"])
@public
@csrf.exempt
@limiter.limit(NOTICES)
def notice(token: str) -> Any:
    """A request of a gateway: stored, judged, answered; the work is a job's. Kept also where it is refused."""
    account = account_of(token)
    if account.provider not in ports.webhooks or (request.content_length or 0) > inbox.LARGEST_BODY:
        abort(404)
    with company_scope(account.company_id):
        (status, body, kind), wakes = inbox.receive(account, incoming())
        if wakes:
            jobs.enqueue(own_jobs.drain, account_id=account.id)
        db.session.commit()  # a refused notice is kept too, although its answer is an error
    return Response(body, status, content_type=kind)


def incoming() -> Incoming:
    """The request as providers get it."""
    headers = {key.lower(): value for key, value in request.headers.items()}
    return Incoming(request.method, request.args.to_dict(), headers, request.get_data(as_text=True), request.path,
                    request.remote_addr or "", request.query_string.decode("latin-1"))


def account_of(token: str) -> Account:
    with every_company():
        found = accounts.find_by_token(token)
    if found is None:
        abort(404)
    return found
