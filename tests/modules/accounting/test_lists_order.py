"""Documents and payments in order of due date and amount: each row on one page, and an index that serves the order."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.db import db, is_postgresql
from core.lists import lists
from core.lists.ask import Ask
from core.lists.query import Query
from core.models import Company
from modules.accounting import notes
from modules.accounting.models import Invoice, Payment
from modules.crm.models import Customer
from tests.core.test_lists_big import caught
from tests.modules.accounting.books import DAY, issue, pay

Login = Callable[..., FlaskClient]
SEE = ("accounting.view_documents", "accounting.view_payments", "accounting.send_documents")
ORDERS = [("accounting.invoices", "due", "ix_accounting_invoice_due_list"),
          ("accounting.invoices", "total", "ix_accounting_invoice_total_list"),
          ("accounting.payments", "amount", "ix_accounting_payment_amount_list")]


@pytest.fixture
def papers(company: Company, customer: Customer, own_numbers: None) -> None:
    """Twenty-four invoices of due dates and totals that are often the same, a note of one, and as many payments."""
    made = [issue(customer, str(100 + 7 * n % 60), issue_date=DAY,
                  due_date=None if n % 6 == 0 else DAY + dt.timedelta(days=n * 5 % 13)) for n in range(24)]
    notes.credit(made[5], "se cobró de más", amount=Decimal(30))
    for n in range(24):
        pay(customer, str(5 + 3 * n % 20))
    db.session.commit()


def walk(browser: FlaskClient, url: str) -> list[int]:
    """The ids on all pages, one after the other."""
    found: list[int] = []
    address: str | None = url
    while address:
        page = browser.get(address).text
        found += [int(one) for one in re.findall(r'name="id" value="(\d+)"', page)]
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = html.unescape(following[1]) if following else None
    return found


def due(row: Any) -> Any:
    return row.due_date or row.issue_date


VALUES = {"due": due, "total": lambda row: row.total, "amount": lambda row: row.amount}


@pytest.mark.parametrize("minus", ["", "-"])
@pytest.mark.parametrize(("key", "column", "_index"), ORDERS)
def test_each_row_stands_on_one_page_in_order(login: Login, papers: None, key: str, column: str, _index: str,
                                              minus: str) -> None:
    model = Invoice if key == "accounting.invoices" else Payment
    rows = list(db.session.scalars(sa.select(model)))
    wanted = sorted(rows, key=lambda row: (VALUES[column](row), row.id), reverse=bool(minus))
    found = walk(login(*SEE), f"/{key.split('.')[1]}?size=20&sort={minus}{column}")
    assert found == [row.id for row in wanted]


@pytest.mark.parametrize("desc", [False, True])
@pytest.mark.parametrize(("key", "column", "index"), ORDERS)
def test_the_index_serves_the_order_at_any_depth(app: Any, papers: None, key: str, column: str, index: str,
                                                 desc: bool) -> None:
    """Not a single row is sorted, also beyond a place."""
    asked = {"sort": [("-" if desc else "") + column], "size": ["20"]}
    first = Ask.of(lists.get(key), asked, {}, key)
    keys = Query(first).page(first.columns)[1][-1]
    with app.test_request_context("/"):
        address = first.beyond("after", keys, 20)
    token = re.search(r"after=([^&]+)", address)
    assert token
    second = Ask.of(lists.get(key), {**asked, "after": [token[1]]}, {}, key)
    for ask in (first, second):
        with caught() as seen:
            assert Query(ask).page(ask.columns)[0]
        told = plan(*next(one for one in seen if "LIMIT" in one[0]))
        assert index in told, told
        assert not is_postgresql() or "Sort" not in told[told.rindex("Limit"):told.index(index)], told


def plan(text: str, values: Any) -> str:
    connection = db.session.connection()
    if not is_postgresql():
        return "\n".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values))
    for way in ("seqscan", "bitmapscan", "sort"):  # which else reads so small a table whole
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {text}", values))


def test_who_asks_for_the_oldest_debt_gets_the_invoices_in_that_order(login: Login, papers: None) -> None:
    page = login(*SEE).get("/debtors").text
    assert 'href="/invoices?state=overdue&amp;sort=due"' in page
