"""The chart of gateways on the home page: what came over each, its share, and how long the money takes."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any

from core.db import db
from modules.accounting.models import CashAccount
from modules.crm.models import Customer
from modules.gateways import booking
from modules.gateways.models import Account

Make = Callable[..., Any]
SEE = "gateways.view_inbox"


def second(account: Account) -> Account:
    """Another account at the same gateway, which never says when it credits."""
    first = db.session.get_one(CashAccount, account.cash_account_id)
    place = CashAccount(name="Otra", kind="gateway", account_id=first.account_id)
    db.session.add(place)
    db.session.flush()
    made = Account(provider="probe", name="Otra caja", cash_account_id=place.id)
    db.session.add(made)
    db.session.flush()
    return made


def test_share_and_delay_of_each_gateway(account: Account, customer: Customer, told: Make, login: Make) -> None:
    """300 in two payments after one and four days, 100 without a word of when; a refused one and an old one are out."""
    other, paid = second(account), dt.date(2026, 11, 2)
    booking.take(account, [
        told("1", "100", customer=customer.code, paid_at=paid, credited_at=paid + dt.timedelta(days=1)),
        told("2", "200", customer=customer.code, paid_at=paid, credited_at=paid + dt.timedelta(days=4)),
        told("3", "900", "rejected", customer=customer.code, paid_at=paid),
        told("4", "900", customer=customer.code, paid_at=dt.date(2026, 10, 1))])
    booking.take(other, [told("5", "100", customer=customer.code, paid_at=paid)])
    db.session.commit()
    page = login(SEE).get("/").text.split("chart-gateways", 1)[1].split("</table>")[0]
    rows = re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)</a></th>.*?<td class="num">(.*?)</td>', page)
    told_of = {name: re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", cell))).strip()
               for _url, name, cell in rows}
    assert list(told_of) == ["Pasarela", "Otra caja"]
    assert "300,00 · 75 %" in told_of["Pasarela"] and "acredita en 2,5 días en promedio" in told_of["Pasarela"]
    assert "100,00 · 25 %" in told_of["Otra caja"] and "no informa" in told_of["Otra caja"]
    listed = login(SEE).get(html.unescape(rows[0][0])).text
    assert all(f">{one}<" in listed for one in ("1", "2")) and ">5<" not in listed and ">4<" not in listed


def test_no_chart_where_nothing_came(account: Account, login: Make) -> None:
    db.session.commit()
    assert "chart-gateways" not in login(SEE).get("/").text
