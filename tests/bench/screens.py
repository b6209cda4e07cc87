"""Every list of the product at page one and far down."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core.db import db, reading
from core.lists import lists
from core.lists.ask import Ask
from core.lists.ask import Place as PlaceInList
from core.lists.query import Query
from core.models import Company
from core.scope import company_scope, current_company
from tests.bench import pages
from tests.bench.measure import note, tell, timed
from tests.bench.place import Place

# deep pages may cost twice the first; statements of a list's page
DEPTH, STATEMENTS = 2.0, 4
# what a page costs by itself, below which a ratio says nothing
NOISE_MS = 3.0


def measure(where: Place) -> list[bool]:
    """Of each list and page, whether it keeps within its limits."""
    app = where.app(testing=True)
    with app.app_context():
        company = db.session.scalars(sa.select(Company)).one()
        pages.add_person()
        db.session.commit()
        with company_scope(company), reading():
            held = current_company()  # as a request holds it
            answers = [_list(key) for key, _declared in lists.items()]
            assert held is current_company()
    answers += pages.measure(app)
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
    first, statements = timed(lambda: _read(near))
    far, far_statements = timed(lambda: _read(deeper))
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
