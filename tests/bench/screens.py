"""Every list of the product at page one and far down, and the pages that a desk lives on."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.db import db, reading
from core.lists import lists
from core.lists.ask import Ask
from core.lists.ask import Place as PlaceInList
from core.lists.query import Query
from core.models import Company, User
from core.scope import company_scope, current_company, every_company
from core.security import hash_password
from modules.crm.models import Customer
from tests.bench.measure import counting, note, tell
from tests.bench.place import Place

# deep pages may cost twice the first; statements of a list's page; milliseconds of the search and of a debtors' page
DEPTH, STATEMENTS, SEARCH_MS = 2.0, 4, 100.0
PAGE_STATEMENTS = 40
TIMES = 7
# what a page costs by itself, below which a ratio says nothing
NOISE_MS = 3.0
EMAIL, PASSWORD = "bench@example.com", "correct horse"


def measure(where: Place) -> list[bool]:
    """Of each list and page, whether it keeps within its limits."""
    app = where.app(testing=True)
    with app.app_context():
        company = db.session.scalars(sa.select(Company)).one()
        db.session.add(User(email=EMAIL, name="Bench", is_admin=True, password_hash=hash_password(PASSWORD)))
        db.session.commit()
        with company_scope(company), reading():
            held = current_company()  # as a request holds it
            answers = [_list(key) for key, _declared in lists.items()]
            assert held is current_company()
    answers += _pages(app)
    with app.app_context():
        db.engine.dispose()
    return answers


# --- lists -------------------------------------------------------------------------------------------------


def _list(key: str) -> bool:
    """A list's first page against the one nine tenths down."""
    shown = lists.get(key)
    ask = Ask.of(shown, {}, {}, key)
    try:
        query = Query(ask)
        total = query.exact()
    except TypeError:  # a list of something: of one customer, of one run
        note(f"list {key}: belongs to one row of something, not measured")
        return True
    if total <= shown.size * 2:
        note(f"list {key}: only {total} rows, not measured")
        return True
    deep = db.session.execute(query.ordered(query.of(*ask.keys)).offset(total * 9 // 10).limit(1)).one()
    near, deeper = _page(key), _page(key, keys=list(deep))
    first, statements = _timed(lambda: _read(near))
    far, far_statements = _timed(lambda: _read(deeper))
    met = far <= first * DEPTH + NOISE_MS and max(statements, far_statements) <= STATEMENTS
    tell({"name": f"list {key}", "n": total, "ms": round(far, 2), "limit_ms": round(first * DEPTH, 2),
          "statements": far_statements, "met": met, "control": "page one, twice", "page_one_ms": round(first, 2)})
    return met


def _page(key: str, **place_of: Any) -> Query:
    """Understanding the address, which reads what filters offer, is not part of the page."""
    ask = Ask.of(lists.get(key), {}, {}, key)
    if place_of:
        ask.__dict__["place"] = PlaceInList(**place_of)
    query = Query(ask)
    assert query.rows is not None and ask.columns
    return query


def _read(query: Query) -> None:
    held = current_company()
    query.page(query.ask.columns)
    for one in list(db.session):
        if one is not held:
            db.session.expunge(one)


def _timed(action: Callable[[], Any]) -> tuple[float, int]:
    """(middle of some milliseconds, statements of one time)."""
    took = []
    action()
    with counting() as seen:
        action()
    for _number in range(TIMES):
        began = time.perf_counter()
        action()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), len([one for one in seen if not one.startswith("BEGIN")])


# --- pages -------------------------------------------------------------------------------------------------


def _pages(app: Flask) -> list[bool]:
    """Dashboard, customer page, search, the big lists as a browser asks for them."""
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/login", data={"email": EMAIL, "password": PASSWORD}).status_code == 302
    with app.app_context(), every_company(), reading():
        middle = db.session.scalars(sa.select(Customer).order_by(Customer.id.desc()).limit(1)).one()
        page = f"/customers/{middle.id}"
        addresses = {"home": "/", "customer": page, "account": f"{page}?tab=account",
                     "invoices": "/invoices", "payments": "/payments", "customers": "/customers/",
                     "contracts": "/contracts/", "debtors": "/debtors", "billing desk": "/billing/"}
        searches = {"search by name": middle.name.split()[0], "search by code": middle.code}
    found = [_get(client, name, address, PAGE_STATEMENTS, None) for name, address in addresses.items()]
    return found + [_get(client, name, f"/search?q={text}", PAGE_STATEMENTS, SEARCH_MS)
                    for name, text in searches.items()]


def _get(client: FlaskClient, name: str, address: str, most: int, limit: float | None) -> bool:
    def ask() -> None:
        answer = client.get(address)
        assert answer.status_code in (200, 302), f"{address}: {answer.status}"  # the only hit opens at once

    took, statements = _timed(ask)
    met = statements <= most and (limit is None or took <= limit)
    tell({"name": f"page {name}", "n": 1, "ms": round(took, 1), "limit_ms": limit, "statements": statements,
          "met": met, "control": "none: milliseconds of the whole request" if limit else f"{most} statements"})
    return met
