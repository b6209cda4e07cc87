"""The chart of cuts on the home page, and the list that its bars open."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

from core.db import db

DUE = dt.date(2026, 11, 2)
SEE = "arrears.view_arrears"


def test_cut_and_restored_by_day_each_bar_opens_its_list(make_contract: Any, owe: Any, pay: Any, run: Any,
                                                         run_jobs: Any, login: Any, frozen: Any) -> None:
    """Two are cut on the 12th; one pays at 22:30 there of the 13th, when it is the 14th in UTC already."""
    kept, back = make_contract("Anahí"), make_contract("Beto")
    for one in (kept, back):
        owe(one, "12100", DUE)
    run(12, 11)
    frozen(2026, 11, 14, 1, 30)
    pay(back, "12100")
    run_jobs()
    db.session.expire_all()
    frozen(2026, 11, 15, 15)
    page = login(SEE).get("/").text.split("chart-cuts", 1)[1].split("chart-figures", 1)[1].split("</table>")[0]
    rows = {re.sub(r"/20\d\d$", "", day): cells for day, cells in re.findall(
        r'<th scope="row">([^<]+)</th>(.*?)</tr>', page)}
    figures = {day: re.findall(r">(\d+)<", cells) for day, cells in rows.items()}
    assert len(figures) == 30
    assert {day: found for day, found in figures.items() if found != ["0", "0"]} == {
        "12/11": ["2", "0"], "13/11": ["0", "1"]}
    cut, restored = (html.unescape(re.search(r'href="([^"]+)">[12]<', rows[day])[1])  # type: ignore[index]
                     for day in ("12/11", "13/11"))
    listed = login(SEE).get(cut).text
    assert "Anahí" in listed and "Beto" in listed
    listed = login(SEE).get(restored).text
    assert "Beto" in listed and "Anahí" not in listed and "pagado" in listed


def test_who_is_without_service_now_and_only_for_who_may_see_it(make_contract: Any, owe: Any, pay: Any, run: Any,
                                                                run_jobs: Any, login: Any) -> None:
    kept, back = make_contract("Anahí"), make_contract("Beto")
    for one in (kept, back):
        owe(one, "12100", DUE)
    run(12, 11)
    pay(back, "12100")
    run_jobs()
    assert login("crm.view_customers").get("/arrears/cuts").status_code == 403
    client = login(SEE)
    lasting = client.get("/arrears/cuts?state=open").text
    assert "Anahí" in lasting and "Beto" not in lasting and f'href="/arrears/contracts/{kept.id}"' in lasting
    over = client.get("/arrears/cuts?state=over").text
    assert "Beto" in over and "Anahí" not in over
    assert "Beto" in client.get("/arrears/cuts?q=Beto").text
    assert "chart-cuts" not in login("crm.view_customers").get("/").text
