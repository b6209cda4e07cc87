"""The page that a router shows to who is cut: found by the address he comes from, without login.

The address is the one that the web server, or the trusted proxy in front of it, saw: ABONA_BEHIND_PROXY. Who cannot be
told for sure gets words without names or amounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from flask import make_response, redirect, render_template, request, url_for

from core.errors import DomainError
from core.i18n import use_locale
from core.scope import company_scope, current_company, every_company
from core.security import csrf, limiter, public
from modules.arrears import queries as arrears
from modules.arrears import services as promises
from modules.networking import queries
from modules.networking.blueprint import bp
from modules.networking.models import Connection

LOOKS, PROMISES = "60 per minute", "6 per minute"


@contextmanager
def _visitor() -> Iterator[Connection | None]:
    """The connection that the request comes from, in the scope of its company and in its customer's language."""
    with every_company():
        row = queries.cut_at(request.remote_addr or "")
    if row is None:
        yield None
        return
    with company_scope(row.company_id), use_locale(row.contract.customer.language or current_company().locale):
        yield row


def _private(text: str, status: int = 200) -> Any:
    """Nobody keeps this page: it is another one for each address, and as soon as he paid."""
    answer = make_response(text, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _from_here() -> bool:
    """Whether the button of this page was pressed, and not a form of somebody else's page."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


@bp.get("/cut")
@public
@limiter.limit(LOOKS)
def cut_page() -> Any:
    """Why the service is cut, how much is owed, where to pay, and the promise."""
    with _visitor() as row:
        if row is None:
            return _private(render_template("networking/cut_unknown.html"))
        standing = arrears.standing(row.contract)
        return _private(render_template(
            "networking/cut.html", company=current_company(), contract=row.contract, standing=standing,
            words=arrears.cut_words(row.contract) if standing.cut_since else None,
            problem=request.args.get("problem")))


@bp.post("/cut/promise")
@csrf.exempt  # routers show the page in plain HTTP under any name: no cookie comes back; the address says who it is
@public
@limiter.limit(PROMISES)
def cut_promise() -> Any:
    """He promises to pay: the service is back within seconds. A second click finds the first promise."""
    with _visitor() as row:
        if row is None or not _from_here():
            return redirect(url_for("networking.cut_page"), 303)
        try:
            made = promises.promise(row.contract, channel="cut_page")
        except DomainError:
            return redirect(url_for("networking.cut_page", problem=1), 303)
        return _private(render_template("networking/cut_promised.html", company=current_company(), promise=made))
