"""Lists: pages by key in both directions, filters in the address, what may not be understood, views, statements."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from core.lists import Choice, Column, Dates, List, Text, extend, lists, periods, register
from core.lists.models import SavedView
from core.models import Company, User
from core.scope import company_scope
from tests.core.things import THINGS, Thing, _app, make  # noqa: F401  `_app` takes the place of the run's app

Login = Callable[..., FlaskClient]


@pytest.fixture
def browser(login: Login) -> FlaskClient:
    return login("core.view_jobs")


def names(page: str) -> list[str]:
    """The names in the order of the page."""
    return re.findall(r'<td class="lead[^"]*"><a[^>]*>([^<]*)</a>', page)


def link(page: str, words: str) -> str | None:
    """The address of the link with these words."""
    found = re.search(rf'<a class="btn[^"]*"[^>]*href="([^"]*)"[^>]*>(?:<svg.*?</svg>)?{words}', page)
    return html.unescape(found[1]) if found else None


@contextmanager
def statements(table: str = "test_thing") -> Iterator[list[str]]:
    """The statements that read this table meanwhile."""
    seen: list[str] = []
    listener = lambda conn, cursor, text, *rest: table in text and seen.append(text)  # noqa: E731
    sa.event.listen(sa.Engine, "before_cursor_execute", listener)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listener)


# --- pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["", "day", "-day", "name", "-name"])
def test_every_row_stands_on_one_page_in_both_directions(browser: FlaskClient, company: Company, sort: str) -> None:
    make(47, company.id, day=lambda n: dt.date(2026, 1, 1 + n % 3))
    url: str | None = f"/things?size=20&sort={sort}"
    pages, texts = [], []
    while url:
        texts.append(browser.get(url).text)
        pages.append(names(texts[-1]))
        url = link(texts[-1], "Siguiente")
    assert [len(page) for page in pages] == [20, 20, 7]
    order = {"day": [Thing.day, Thing.id], "name": [Thing.name, Thing.id]}[(sort or "-day").lstrip("-")]
    wanted = sa.select(Thing.name).order_by(*[key.desc() if sort in {"", "-day", "-name"} else key for key in order])
    assert [name for page in pages for name in page] == list(db.session.scalars(wanted))
    back = link(texts[-1], "Anterior")
    assert back and names(browser.get(back).text) == pages[1]
    first = link(browser.get(back).text, "Anterior")
    assert first and names(browser.get(first).text) == pages[0]


def test_the_page_says_where_it_is(browser: FlaskClient, company: Company) -> None:
    make(47, company.id)
    first = browser.get("/things?size=20").text
    assert "1–20 de 47" in first
    second = browser.get(link(first, "Siguiente") or "").text
    assert "21–40 de 47" in second
    assert "1–20 de 47" in browser.get(link(second, "Anterior") or "").text
    last = browser.get(link(first, "Última") or "").text
    assert "28–47 de 47" in last and link(last, "Siguiente") is None
    assert "8–27 de 47" in browser.get(link(last, "Anterior") or "").text


@pytest.mark.parametrize("place", ["x", "!!!!", "W10", "eyJrIjpbXX0", "eyJrIjoxLCJuIjoxfQ", "e30", "bnVsbA",
                                   "eyJrIjpbIngiLCAxXSwgIm4iOiAtNX0"])
def test_a_place_that_is_nonsense_is_the_first_page(browser: FlaskClient, company: Company, place: str) -> None:
    make(3, company.id)
    for name in ("after", "before"):
        assert len(names(browser.get(f"/things?{name}={place}").text)) == 3


def test_rows_that_went_away_meanwhile_leave_no_dead_end(browser: FlaskClient, company: Company) -> None:
    make(25, company.id)
    after = link(browser.get("/things?size=20").text, "Siguiente") or ""
    db.session.execute(sa.delete(Thing))
    db.session.commit()
    assert "Ya no hay filas aquí" in browser.get(after).text


def test_a_page_costs_the_same_statements_whatever_it_holds(browser: FlaskClient, company: Company,
                                                            make_user: Callable[..., User]) -> None:
    user = make_user()
    make(30, company.id, owner_id=user.id)
    counts = []
    for size in (20, 200):
        with statements() as seen:
            page = browser.get(f"/things?size={size}").text
        counts.append((len(names(page)), len(seen)))
    assert counts == [(20, 2), (30, 1)]  # rows, and the count where there is more than one page


def test_another_company_s_rows_are_nowhere(browser: FlaskClient, company: Company, other_company: Company) -> None:
    make(2, company.id)
    make(60, other_company.id, name="ajena")
    page = browser.get("/things").text
    assert "ajena" not in page and "1–2 de 2" in page
    assert "<strong>2 filas</strong>" in browser.get("/things?totals=1", headers={"X-Part": "list-totals"}).text


def test_totals_come_by_currency_and_only_when_asked(browser: FlaskClient, company: Company) -> None:
    make(10, company.id, amount=Decimal("10.10"))
    make(5, company.id, amount=Decimal("3.00"), currency="USD")
    assert "101,00" not in browser.get("/things").text
    with statements() as seen:
        part = browser.get("/things?totals=1", headers={"X-Part": "list-totals"}).text
    assert len(seen) == 1 and "<html" not in part
    assert "15 filas" in part and ">$101,00" in part and ">US$15,00" in part
    assert "101,00" in browser.get("/things?totals=1").text


# --- filters ----------------------------------------------------------------------------------------------


@pytest.fixture
def five(company: Company, make_user: Callable[..., User]) -> User:
    """Five things, and who owns the first."""
    owner = make_user(email="dueno@example.com")
    written = ("2026-11-02", "2026-10-31", "2026-11-30", "2025-11-02", "2026-01-01")
    days = [dt.date.fromisoformat(day) for day in written]
    # 02:30 in UTC is still the day before in Argentina
    times = [dt.datetime.combine(day, dt.time(2, 30), dt.UTC) for day in days]
    make(5, company.id, name=lambda n: "abcde"[n] * 3, day=lambda n: days[n], at=lambda n: times[n],
         amount=lambda n: Decimal(n * 100), owner_id=lambda n: owner.id if n == 0 else None,
         state=lambda n: "closed" if n == 4 else "open")
    return owner


@pytest.mark.parametrize(("query", "found"), [
    ("q=BB", "b"), ("q=%25", ""), ("state=closed", "e"), ("states=closed&states=open", "abcde"),
    ("states=closed,open", "abcde"), ("states=closed", "e"),
    ("day=this_month", "ac"), ("day=last_month", "b"), ("day=last_year", "d"),
    ("day_from=2026-11-01", "ac"), ("day_to=31/12/2025", "d"), ("day_from=2026-10-31&day_to=2026-11-02", "ab"),
    ("at_from=2026-11-02", "c"), ("at=this_month", "ac"), ("at_from=2026-11-01&at_to=2026-11-01", "a"),
    ("amount_from=100&amount_to=200,00", "bc"), ("amount_from=300", "de"), ("amount_to=0", "a"),
    ("owner=dueno", "a"), ("state=open&day=this_month&amount_to=100", "a"), ("states=&q=&day=", "abcde"),
])  # fmt: skip
def test_filters_say_what_they_mean(browser: FlaskClient, five: User, frozen: Callable[..., Any], query: str,
                                    found: str) -> None:
    frozen(2026, 11, 3, 15)
    page = browser.get(f"/things?sort=name&{query}")
    assert page.status_code == 200
    assert "".join(name[0] for name in names(page.text)) == found


def test_a_relation_is_named_in_its_chip(browser: FlaskClient, five: User) -> None:
    page = browser.get(f"/things?owner={five.id}").text
    assert names(page) == ["aaa"] and "dueno@example.com" in page
    assert browser.get("/things/suggest/owner?q=duen").json == [{"id": five.id, "label": "dueno@example.com"}]
    assert browser.get("/things/suggest/state?q=x").status_code == 404


@pytest.mark.parametrize(("query", "said"), [
    ("state=lost", "lost"), ("states=lost", "lost"), ("day=someday", "someday"), ("day_from=2026-13-01", "2026-13-01"),
    ("day_from=0001-01-01", "0001-01-01"), ("day_from=2026-02-01&day_to=2026-01-01", "01/02/2026"),
    ("amount_from=abc", "abc"), ("amount_from=1,234", "1.234"), ("amount_from=2&amount_to=1", "2"),
    ("owner=nadie", "nadie"), ("of=77", "no existen"), ("of=x", "no existen"),
    ("amount_from=99999999999999999999", "9999"),
])  # fmt: skip
def test_what_cannot_be_understood_is_said_and_lists_nothing(browser: FlaskClient, five: User, query: str,
                                                             said: str) -> None:
    answer = browser.get(f"/things?{query}")
    if query == "amount_from=1,234":  # thousands, as people write them
        assert answer.status_code == 200 and names(answer.text) == []
        return
    assert answer.status_code == 422
    assert said in answer.text and names(answer.text) == []


def test_chips_take_one_filter_away_and_keep_the_rest(browser: FlaskClient, five: User) -> None:
    page = browser.get("/things?q=a&day_from=2026-01-01&sort=name&size=20").text
    chips = [html.unescape(one) for one in re.findall(r'<a class="chip" href="([^"]*)"><span class="chip-label"', page)]
    assert len(chips) == 2
    assert all("sort=name" in one and "size=20" in one for one in chips)
    assert ["q=a" in one for one in chips] == [False, True]
    assert ["day_from" in one for one in chips] == [True, False]


def test_nothing_that_fits_and_nothing_at_all_are_told_apart(browser: FlaskClient, company: Company) -> None:
    assert "Todavía no hay nada" in browser.get("/things").text
    make(1, company.id)
    assert "Sin coincidencias" in browser.get("/things?q=zzz").text


def test_columns_and_size_come_from_the_address(browser: FlaskClient, five: User) -> None:
    page = browser.get("/things?cols=day&cols=loud").text
    heads = re.findall(r"<th scope=\"col\"[^>]*>(?:<a[^>]*>)?([^<]+)", page)
    assert heads == ["Nombre", "Día", "En voz alta"] and ">AAA<" in page
    assert len(names(browser.get("/things?size=13").text)) == 5


@pytest.mark.parametrize("kind", ["XSS", "q"])
def test_what_people_wrote_is_escaped(browser: FlaskClient, company: Company, kind: str) -> None:
    make(1, company.id, name="<script>alert(1)</script>")
    page = browser.get("/things?q=%3Cscript" if kind == "q" else "/things").text
    assert "<script>alert" not in page and "&lt;script" in page


# --- periods ------------------------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize(("code", "first", "last"), [
    ("this_month", "2026-12-01", "2026-12-31"), ("last_month", "2026-11-01", "2026-11-30"),
    ("next_month", "2027-01-01", "2027-01-31"), ("this_week", "2026-12-28", "2027-01-03"),
    ("last_week", "2026-12-21", "2026-12-27"), ("last_7_days", "2026-12-25", "2026-12-31"),
    ("this_year", "2026-01-01", "2026-12-31"), ("last_year", "2025-01-01", "2025-12-31"),
    ("before_today", "None", "2026-12-30"), ("more_than_30_days_ago", "None", "2026-11-30"),
])  # fmt: skip
def test_periods_at_the_turn_of_the_year(code: str, first: str, last: str) -> None:
    assert [str(day) for day in periods.span(code, dt.date(2026, 12, 31))] == [first, last]


# --- declaring ------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_a_list_that_cannot_be_paged_is_refused_at_once() -> None:
    def declare(*columns: Column, **values: Any) -> List:
        return List("test.wrong", "x", Thing, "core.view_jobs", columns, **values)

    with pytest.raises(TypeError, match="null"):
        declare(Column("rate", "x", Thing.rate, sort=True))
    with pytest.raises(TypeError, match="another table"):
        declare(Column("owner", "x", User.email, sort=True))
    with pytest.raises(TypeError, match="twice"):
        declare(Column("name", "x", Thing.name), Column("name", "y", Thing.day))
    with pytest.raises(TypeError, match="not sortable"):
        declare(Column("name", "x", Thing.name), sort="name")
    with pytest.raises(TypeError, match="filter"):
        declare(Column("name", "x", Thing.name), filters=(Text("a", "x", Thing.name), Dates("a", "x", Thing.day)))


def test_a_list_below_another_record_takes_its_variables(browser: FlaskClient, five: User) -> None:
    page = browser.get(f"/owners/{five.id}/things?size=20").text
    assert names(page) == [] and ">aaa<" in page and ">bbb<" not in page
    assert f"/owners/{five.id}/things/export" in page


def test_a_list_within_another_page_stays_limited_in_all_that_belongs_to_it(
    browser: FlaskClient, company: Company, five: User
) -> None:
    make(30, company.id, owner_id=five.id, name=lambda n: f"suya {n:02d}")
    page = browser.get(f"/owners/{five.id}?tab=cosas&size=20&sort=name").text
    assert len(names(page)) == 20 and ">bbb<" not in page and '<span class="chip-label"' not in page
    following = link(page, "Siguiente") or ""
    assert following.startswith(f"/owners/{five.id}?") and "tab=cosas" in following
    assert names(browser.get(following).text)[-1] == "suya 29"
    action = html.unescape(re.search(r'id="list-form"[^>]*action="([^"]*)"', page)[1])  # type: ignore[index]
    exported = browser.post(action, data={"kind": "csv_plain"}).text
    assert exported.count("suya") == 30 and "bbb" not in exported
    assert browser.post(action.replace(f"owner={five.id}", "owner=0"), data={"kind": "csv_plain"}).status_code == 303


# --- views -----------------------------------------------------------------------------------------------------


def keep(browser: FlaskClient, query: str, **values: str) -> Any:
    return browser.post(f"/things/views?{query}", data={"name": "Cerradas", **values})


def test_a_view_is_kept_opened_and_deleted(browser: FlaskClient, five: User) -> None:
    answer = keep(browser, "state=closed&sort=name&cols=day&after=xyz")
    view = db.session.scalars(sa.select(SavedView)).one()
    assert answer.location == f"/things?state=closed&sort=name&cols=day&view={view.id}"
    assert view.query == {"state": ["closed"], "sort": ["name"], "cols": ["day"]}
    opened = browser.get(f"/things?view={view.id}").location or ""
    assert sorted(opened.split("?")[1].split("&")) == sorted(answer.location.split("?")[1].split("&"))
    assert "Cerradas" in browser.get(answer.location).text and "(cambiada)" not in browser.get(answer.location).text
    assert "(cambiada)" in browser.get(f"/things?state=open&view={view.id}").text
    browser.post(f"/things/views/{view.id}", data={"verb": "delete"})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SavedView)) == 0


def test_the_list_opens_with_the_default_view_and_can_be_left(browser: FlaskClient, five: User) -> None:
    keep(browser, "state=closed", default="1")
    opened = browser.get("/things").location
    assert opened and "state=closed" in opened
    page = browser.get(opened).text
    everything = re.search(r'<a class="menu-item" href="(/things[^"]*)"', page)
    assert everything and len(names(browser.get(html.unescape(everything[1])).text)) == 5
    lifted = html.unescape(re.search(r'<a class="chip" href="([^"]*)"', page)[1])  # type: ignore[index]
    assert browser.get(lifted).status_code == 200


def test_one_s_own_default_comes_before_the_company_s(login: Login, five: User) -> None:
    boss = login("core.view_jobs", "core.share_views")
    keep(boss, "state=closed", default="1", shared="1")
    clerk = login("core.view_jobs")
    assert "state=closed" in clerk.get("/things").location
    clerk.post("/things/views?state=open", data={"name": "Mías", "default": "1"})
    assert "state=open" in clerk.get("/things").location


def test_views_are_shared_only_by_who_may(browser: FlaskClient, five: User) -> None:
    keep(browser, "state=closed", shared="1")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SavedView)) == 0


def test_a_view_of_another_person_or_company_is_not_touched(login: Login, five: User, company: Company,
                                                           other_company: Company) -> None:
    keep(login("core.view_jobs"), "state=closed")
    view = db.session.scalars(sa.select(SavedView)).one()
    other = login("core.view_jobs")
    assert "Cerradas" not in other.get("/things").text
    other.post(f"/things/views/{view.id}", data={"verb": "delete"})
    with company_scope(other_company):
        user_id = db.session.scalar(sa.select(User.id).order_by(User.id.desc()))
        foreign = SavedView(user_id=user_id, list_key=THINGS.key, name="x", shared=True, is_default=True,
                            query={"state": ["open"]})
        db.session.add(foreign)
        db.session.commit()
    assert other.get("/things").status_code == 200
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SavedView)) == 1


# --- who ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), [
    ("get", "/things"), ("get", "/things/suggest/owner?q=x"), ("post", "/things/export"), ("post", "/things/views"),
    ("post", "/things/views/1"), ("post", "/things/do/close"),
])  # fmt: skip
def test_everything_around_a_list_needs_its_permission(login: Login, five: User, method: str, path: str) -> None:
    assert getattr(login("core.edit_company"), method)(path).status_code == 403


def test_an_action_needs_its_own_permission(browser: FlaskClient, five: User) -> None:
    assert "/things/do/close" not in browser.get("/things").text
    assert browser.post("/things/do/close", data={"id": "1"}).status_code == 403


def test_the_app_knows_the_list(app: Flask) -> None:
    assert {"things.things", "things.things__export", "things.things__do_close"} <= set(app.view_functions)


def test_a_module_above_gives_a_list_below_its_filters_whichever_comes_first() -> None:
    given = Choice("late", "Late", Thing.state, {"open": "open"})
    extend("test.extended", given)
    made = register(List("test.extended", "Things", Thing, "things.view", columns=(
        Column("name", "Name", Thing.name),)))
    later = Choice("later", "Later", Thing.state, {"open": "open"})
    extend("test.extended", later, later)
    try:
        assert [one.key for one in made.filters] == ["late", "later"]
    finally:
        lists._entries.pop("test.extended", None)
