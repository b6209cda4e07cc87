"""The pages that a desk lives on as a browser asks for them: whole, filtered, far down, found by the search box."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.db import db, reading
from core.lists import lists
from core.lists.ask import Ask
from core.lists.query import Query
from core.models import Company, User
from core.scope import company_scope
from core.security import hash_password
from modules.contracts.models import Plan
from modules.crm.models import Customer, Zone
from tests.bench.measure import note, tell, timed

EMAIL, PASSWORD = "bench@example.com", "correct horse"
# statements of a page; milliseconds of a search; a page far down against the first one; what says nothing by itself
PAGE_STATEMENTS, SEARCH_MS, DEPTH, NOISE_MS = 40, 100.0, 2.0, 5.0


def add_person() -> None:
    """The administrator who asks."""
    db.session.add(User(email=EMAIL, name="Bench", is_admin=True, password_hash=hash_password(PASSWORD)))


def measure(app: Flask) -> list[bool]:
    """Of each page, whether it keeps within its limits."""
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/login", data={"email": EMAIL, "password": PASSWORD}).status_code == 302
    with app.test_request_context(), company_scope(db.session.scalars(sa.select(Company)).one()), reading():
        deep, found = _filtered(), _whole()
        searches = _searches()
    return ([_get(client, name, address, None) for name, address in found.items()]
            + [_depth(client, key, *pair) for key, pair in deep.items()]
            + [_get(client, name, f"/search?q={text}", SEARCH_MS) for name, text in searches.items()])


def _whole() -> dict[str, str]:
    page = f"/customers/{_last().id}"
    return {"home": "/", "customer": page, "account": f"{page}?tab=account", "invoices": "/invoices",
            "payments": "/payments", "customers": "/customers/", "contracts": "/contracts/", "debtors": "/debtors",
            "billing desk": "/billing/"}


def _searches() -> dict[str, str]:
    """Each way in which a caller says who he is."""
    last = _last()
    phone, home = last.phones[0].e164, last.addresses[0]
    return {"search by name": last.name.split()[0], "search by code": last.code, "search by document": last.tax_id,
            "search by phone": phone.removeprefix("+54"), "search by street": f"{home.street} {home.number}",
            "search by mistyped name": f"Abonadp {last.code}"}


def _last() -> Customer:
    return db.session.scalars(sa.select(Customer).order_by(Customer.id.desc()).limit(1)).one()


def _filtered() -> dict[str, tuple[str, str]]:
    """Of each big list, bare and filtered as a clerk does: the addresses of its first page and of one far down."""
    zone = [str(db.session.scalars(sa.select(Zone.id).order_by(Zone.id)).first())]
    plan = [str(db.session.scalars(sa.select(Plan.id).order_by(Plan.id)).first())]
    asked: dict[str, tuple[dict[str, list[str]], ...]] = {
        "accounting.invoices": ({}, {"zone": zone}, {"zone": zone, "state": ["open"]}, {"state": ["overdue"]}),
        "accounting.payments": ({}, {"zone": zone}), "accounting.debtors": ({}, {"zone": zone}),
        "contracts.contracts": ({}, {"zone": zone, "plan": plan}), "crm.customers": ({}, {"zone": zone}),
        "einvoice.documents": ({}, {"state": ["authorized"]}), "notifications.outbox": ({}, {"group": ["sent"]})}
    found = {}
    for key, ways in asked.items():
        for args in ways:
            pair = _ends(key, args)
            name = f"{key} {' '.join(args)}".rstrip()
            if pair is None:
                note(f"{name}: too few rows, not measured")
            else:
                found[name] = pair
    return found


def _ends(key: str, args: dict[str, list[str]]) -> tuple[str, str] | None:
    shown = lists.get(key)
    ask = Ask.of(shown, args, {}, key)
    query = Query(ask)
    total = query.exact()
    if total <= shown.size * 2:
        return None
    place = db.session.execute(query.ordered(query.of(*ask.keys)).offset(total * 9 // 10).limit(1)).one()
    return ask.url(), ask.beyond("after", list(place), total * 9 // 10)


def _depth(client: FlaskClient, name: str, near: str, far: str) -> bool:
    """The whole page nine tenths down against the first one."""
    first, statements = timed(lambda: _ok(client, near))
    deep, deep_statements = timed(lambda: _ok(client, far))
    met = deep <= first * DEPTH + NOISE_MS and max(statements, deep_statements) <= PAGE_STATEMENTS
    tell({"name": f"page {name}", "n": 1, "ms": round(deep, 1), "limit_ms": round(first * DEPTH, 1),
          "statements": deep_statements, "met": met, "control": "page one, twice", "page_one_ms": round(first, 1)})
    return met


def _get(client: FlaskClient, name: str, address: str, limit: float | None) -> bool:
    took, statements = timed(lambda: _ok(client, address))
    met = statements <= PAGE_STATEMENTS and (limit is None or took <= limit)
    tell({"name": f"page {name}", "n": 1, "ms": round(took, 1), "limit_ms": limit, "statements": statements, "met": met,
          "control": "none: milliseconds of the whole request" if limit else f"{PAGE_STATEMENTS} statements"})
    return met


def _ok(client: FlaskClient, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code in (200, 302), f"{address}: {answer.status}"  # the only hit opens at once
