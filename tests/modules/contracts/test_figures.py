"""The charts of contracts on the home page."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from core.db import db
from modules.contracts import services
from modules.contracts.models import Contract, Plan
from modules.crm.models import Customer
from tests.modules.accounting.books import issue

SEE = "contracts.view_contracts"


def test_who_came_and_who_left_by_month(login: Callable[..., FlaskClient],
                                        make_contract: Callable[..., Contract]) -> None:
    for name, first in (("Anahí", dt.date(2026, 9, 1)), ("Beto", dt.date(2026, 9, 30)), ("Cora", dt.date(2026, 11, 2))):
        make_contract(name, billing_from=first)
    gone = make_contract("Dora", billing_from=dt.date(2025, 1, 1))
    services.end(gone, dt.date(2026, 11, 4), "Se mudó")
    db.session.commit()
    page = login(SEE).get("/").text
    rows = re.findall(r'<th scope="row">([^<]+)</th>(.*?)</tr>', page.split("chart-figures")[1].split("</table>")[0])
    figures = [re.findall(r">(-?\d+)<", cells) for _month, cells in rows[:3]]
    assert figures == [["1", "1", "0"], ["0", "0", "0"], ["2", "0", "2"]]
    came = html.unescape(re.search(r'href="([^"]+)">2<', rows[2][1])[1])  # type: ignore[index]
    listed = login(SEE).get(came).text
    assert "Anahí" in listed and "Beto" in listed and "Cora" not in listed


def test_plans_by_how_many_have_them(login: Callable[..., FlaskClient], make_contract: Callable[..., Contract],
                                     make_plan: Callable[..., Plan], plan: Any) -> None:
    small = make_plan("H20", "5000", name="Hogar 20 & más")
    for name in ("Anahí", "Beto"):
        make_contract(name)
    make_contract("Cora", plan_id=small.id)
    services.suspend(make_contract("Dora", plan_id=small.id), "arrears", "Debe")
    db.session.commit()
    page = login(SEE).get("/").text.split("chart-plans")[1].split("</table>")[0]
    rows = re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)</a></th>.*?<td class="num">(\d+)</td>', page)
    assert [(html.unescape(name), count) for _url, name, count in rows] == [("Plan H50", "2"), ("Hogar 20 & más", "1")]
    listed = login(SEE).get(html.unescape(rows[1][0])).text
    assert "Cora" in listed and "Anahí" not in listed


def test_what_was_billed_per_contract_by_month(login: Callable[..., FlaskClient],
                                               make_contract: Callable[..., Contract]) -> None:
    """100 for one contract in September, 300 for two in October; one of three left since, so 500 for two now."""
    first = make_contract("Anahí", billing_from=dt.date(2026, 9, 1))
    make_contract("Beto", billing_from=dt.date(2026, 10, 1))
    gone = make_contract("Cora", billing_from=dt.date(2026, 11, 1))
    services.end(gone, dt.date(2026, 11, 4), "Se mudó")
    customer = db.session.get_one(Customer, first.customer_id)
    for day, total in ((dt.date(2026, 9, 3), "100"), (dt.date(2026, 10, 3), "300"), (dt.date(2026, 11, 3), "500.01")):
        issue(customer, total, issue_date=day, due_date=day)
    db.session.commit()
    page = login(SEE, "accounting.view_documents").get("/").text
    chart = page[page.index('id="chart-arpu-title"'):]
    rows = re.findall(r'<td class="num"><a href="([^"]+)">([^<]+)</a>', chart.split("</table>")[0])
    assert [re.sub("[^0-9,]", "", figure) for _url, figure in rows[:4]] == ["250,00", "150,00", "100,00", "0,00"]
    listed = login(SEE, "accounting.view_documents").get(html.unescape(rows[1][0])).text
    assert "300,00" in listed and "500,01" not in listed
    assert "chart-arpu" not in login(SEE).get("/").text
