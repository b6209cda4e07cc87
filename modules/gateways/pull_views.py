"""Where networks ask us what somebody owes, and tell us what was paid."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from flask import Response, abort, request
from sqlalchemy.exc import OperationalError
from werkzeug.routing import Map, Rule

from core import logs
from core.db import db, find, is_postgresql
from core.scope import company_scope
from core.security import csrf, limiter, public, within
from modules.gateways import accounts, inbox, ports
from modules.gateways.blueprint import bp
from modules.gateways.counter import DatabaseDesk
from modules.gateways.models import Account
from modules.gateways.networks import Reply
from modules.gateways.notice_views import account_of, incoming
from modules.gateways.ports import Pull
from modules.gateways.shapes import Incoming

# a network waits so long, then it asks again
SECONDS = 3
# requests of one address, before anybody knows whose they are
ADDRESS = "3000 per minute"
log = logs.get(__name__)


@bp.route("/gateways/<token>/<path:rest>", methods=["GET", "POST"])
@public
@csrf.exempt
@limiter.limit(ADDRESS)
def pull(token: str, rest: str) -> Any:
    """A request of a network: answered by its provider over our books, in time or with "busy"."""
    account = account_of(token)
    port = ports.pulls.find(account.provider)
    if port is None or not _serves(port, rest) or (request.content_length or 0) > inbox.LARGEST_BODY:
        abort(404)
    with company_scope(account.company_id):
        if accounts.is_test(account):
            abort(404)  # nothing is owed to a rehearsal
        asked = incoming()
        reply = _answer(account, port, asked)
    return Response(reply.body, reply.status, content_type=reply.content_type)


def _serves(port: Pull, rest: str) -> bool:
    """Is it one of the addresses that this network may use?"""
    rules = Map([Rule(f"/{path}", methods=[method], endpoint="it") for method, path in port.routes])
    return rules.bind("").test(f"/{rest}", request.method)


def _answer(account: Account, port: Pull, asked: Incoming) -> Reply:
    access, account_id = accounts.access(account), account.id
    if not within(port.limit, "gateways.pull", str(account_id)):
        return port.busy(access, asked, 429)
    began = time.monotonic()
    try:
        _hurry()
        reply = port.answer(access, asked, DatabaseDesk(account))
        if reply.forged:
            db.session.rollback()
            inbox.keep_forged(find(Account, account_id), port.harmless(asked), reply.forged)
        if reply.status < 500:
            db.session.commit()
    except OperationalError as error:
        db.session.rollback()
        log.warning("network_waits", account=account_id, seconds=round(time.monotonic() - began, 1),
                    error=type(error.orig).__name__)
        return port.busy(access, asked, 503)
    return reply


def _hurry() -> None:
    """The database gives up before the network does."""
    if is_postgresql():
        db.session.execute(sa.text(f"SET LOCAL statement_timeout = {SECONDS * 1000 - 200}"))
        db.session.execute(sa.text(f"SET LOCAL lock_timeout = {SECONDS * 1000 - 500}"))
