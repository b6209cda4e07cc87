"""Parts of screens: paging by key, amounts as people write them, the contrast of the colours, slots and search."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup

from core import search, slots
from core.config import ROOT
from core.db import db
from core.forms import parse_decimal
from core.models import Company, Job
from core.paging import Page, paginate
from core.setup import Step
from core.templating import device, duration, job_name

Login = Callable[..., FlaskClient]

# --- amounts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1234,50", "1234.50"),
        ("1234.5", "1234.5"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234", "1234"),
        ("1,234", "1234"),
        ("1.234.567", "1234567"),
        ("1.234.567,89", "1234567.89"),
        ("0.123", "0.123"),
        ("0,123456", "0.123456"),
        ("1234.567", "1234.567"),
        ("-5", "-5"),
        ("$ 1.000", "1000"),
        ("1 000,5", "1000.5"),
        ("", None),
        ("abc", None),
        ("1.2.3", None),
        ("1,2,3", None),
        ("1.23,45,6", None),
        ("12.34,5", None),
        ("1,234.5,6", None),
        (".5", None),
        ("5.", None),
        ("1e5", None),
        ("NaN", None),
        ("Infinity", None),
        ("--1", None),
        ("1-1", None),
    ],
)
def test_amounts_are_read_as_people_write_them_or_not_at_all(text: str, value: str | None) -> None:
    assert parse_decimal(text) == (None if value is None else Decimal(value))


# --- paging ---------------------------------------------------------------------------------------------------


def walk(
    app: Flask, statement: sa.Select, keys: list[Any], size: int, desc: bool = False
) -> tuple[list[list[int]], list[int]]:
    """Every page forwards, then the second page again by going back from the last."""
    pages: list[list[int]] = []
    url: str | None = "/jobs"
    back: list[int] = []
    while url:
        with app.test_request_context(url):
            from flask import request

            assert request.endpoint == "core.jobs"
            page: Page = paginate(statement, keys, size=size, desc=desc)
            pages.append([row.id for row in page])
            url, previous = page.next_url, page.previous_url
    if previous:
        with app.test_request_context(previous):
            back = [row.id for row in paginate(statement, keys, size=size, desc=desc)]
    return pages, back


@pytest.mark.parametrize("desc", [False, True])
@pytest.mark.parametrize("by", [["id"], ["function", "id"], ["run_at", "id"]])
def test_pages_hold_every_row_once_in_order_and_can_be_gone_back(app: Flask, by: list[str], desc: bool) -> None:
    db.session.add_all([Job(function=f"f{n % 3}") for n in range(11)])
    db.session.commit()
    keys = [getattr(Job, name) for name in by]
    pages, back = walk(app, sa.select(Job), keys, 4, desc)
    rows = db.session.scalars(sa.select(Job).order_by(*[key.desc() if desc else key for key in keys])).all()
    assert [row_id for page in pages for row_id in page] == [row.id for row in rows]
    assert [len(page) for page in pages] == [4, 4, 3]
    assert back == pages[1]


@pytest.mark.parametrize("token", ["x", "!!!!", "W10", "WzEsMl0", "eyJhIjoxfQ", "W3siciI6Mn1d", "W251bGxd", "WyJhIl0"])
def test_a_place_that_is_nonsense_breaks_nothing(login: Login, token: str) -> None:
    assert login("core.view_jobs").get(f"/jobs?after={token}").status_code in {200, 404}


def test_the_neighbours_keep_the_filters(app: Flask) -> None:
    db.session.add_all([Job(function="f") for _n in range(3)])
    db.session.commit()
    with app.test_request_context("/jobs?state=pending&after=x"):
        url = paginate(sa.select(Job), [Job.id], size=2).next_url
    assert url is not None and "state=pending" in url and url.count("after=") == 1


# --- slots and search --------------------------------------------------------------------------------------------


@pytest.fixture
def clean() -> Iterator[None]:
    places, searchers = {**slots._places}, {**search.searchers._entries}
    slots._places.clear()
    yield
    slots._places.clear()
    slots._places.update(places)
    search.searchers._entries.clear()
    search.searchers._entries.update(searchers)


def test_home_shows_what_modules_put_there_to_who_may_see_it(login: Login, clean: None) -> None:
    slots.add("home.todo", "b", "B", lambda company: Markup("<p>second {}</p>").format(company.code), order=20)
    slots.add("home.todo", "a", "A", lambda company: Markup("<p>first</p>"), permission="core.view_jobs", order=10)
    slots.add("home.todo", "c", "C", lambda company: Markup("<p>not for you</p>"), permission="core.view_audit")
    page = login("core.view_jobs").get("/").text
    assert page.index("first") < page.index("second rcw") and "not for you" not in page


def test_first_steps_stay_until_all_are_done(login: Login, clean: None) -> None:
    done = {"a": True, "b": False, "c": False}
    for key in done:
        slots.add("setup.steps", key, key, lambda company, key=key: [
            Step(key, f"Step {key}", done[key], "Why.", "Do it", f"/{key}", needed=key != "c")])
    browser = login("core.view_jobs")
    page = browser.get("/").text
    assert 'href="/b"' in page and 'class="is-done"' in page and 'href="/a"' not in page and "Step c" in page
    done["b"] = True
    assert "Step b" not in browser.get("/").text  # c is still open, but may wait


def test_a_text_from_a_person_is_escaped_in_a_slot(login: Login, clean: None) -> None:
    slots.add("home.todo", "x", "X", lambda company: Markup("<p>{}</p>").format("<script>"))
    assert "<p>&lt;script&gt;</p>" in login("core.view_jobs").get("/").text


def test_search_asks_only_what_the_person_may_see_and_opens_a_single_hit(
    login: Login, clean: None, company: Company
) -> None:
    search.searchers._entries.clear()
    search.searchers.register(
        "jobs", search.Searcher("Jobs", lambda text, limit: [search.Hit("One", "/jobs/1", "detail")], "core.view_jobs")
    )
    search.searchers.register(
        "people",
        search.Searcher("People", lambda text, limit: [search.Hit("Secret", "/people/1")], "core.manage_users"),
    )
    assert login("core.view_jobs").get("/search?q=on").location == "/jobs/1"
    page = login("core.view_jobs", "core.manage_users").get("/search?q=on").text
    assert "Secret" in page and "detail" in page


def test_one_letter_is_not_searched(login: Login, clean: None) -> None:
    search.searchers._entries.clear()
    search.searchers.register("x", search.Searcher("X", lambda text, limit: 1 / 0, "core.view_jobs"))  # type: ignore[arg-type,return-value]
    assert login("core.view_jobs").get("/search?q=a").status_code == 200


# --- words and colours ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (40.4, "40 s"), (180, "3 min"), (7500, "2 h 05"), (None, "")]
)
def test_durations_are_short(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_names_of_jobs_and_devices_are_readable() -> None:
    assert job_name("modules.gone.jobs.bill_chunk") == "gone · bill chunk"
    assert job_name("core.security.resets.send_reset") == "Send the link for a password"
    assert device("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130 Safari/537.36") == "Chrome · Linux"
    assert device("") == "?"


def palettes() -> dict[str, dict[str, str]]:
    """The colours of light and dark from the style file."""
    text = (ROOT / "static" / "abona.css").read_text()
    blocks = re.findall(r":root \{(.*?)\n\s*\}", text, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks[:2])
    return {"light": light, "dark": {**light, **dark}}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


TEXT_ON = [
    (ink, ground)
    for ink in ("ink", "ink-2", "accent", "ok", "warn", "bad", "info")
    for ground in ("paper", "canvas", "hover")
]
TEXT_ON += [(tone, f"{tone}-bg") for tone in ("ok", "warn", "bad", "info", "mute")]
TEXT_ON += [
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("accent-strong", "accent-bg"),
    ("ink", "accent-bg"),
]


@pytest.mark.once
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON)
def test_text_can_be_read_on_its_ground(theme: str, ink: str, ground: str) -> None:
    colours = palettes()[theme]
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.once
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_edge_of_a_field_can_be_seen(theme: str) -> None:
    colours = palettes()[theme]
    assert contrast(colours["field-line"], colours["paper"]) >= 3


@pytest.mark.once
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("colour", ["accent", "chart-2", "chart-warn", "ok", "warn", "bad", "info"])
def test_what_a_chart_draws_can_be_seen(theme: str, colour: str) -> None:
    colours = palettes()[theme]
    assert contrast(colours[colour], colours["paper"]) >= 3


@pytest.mark.once
def test_every_icon_that_a_screen_names_exists() -> None:
    known = set(re.findall(r'symbol id="([\w-]+)"', (ROOT / "static" / "icons.svg").read_text()))
    files = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("modules/*/templates/**/*.html")]
    named = {name for path in files for name in re.findall(r"""\bicon\(["']([\w-]+)["']""", path.read_text())}
    named |= {name for path in files for name in re.findall(r"""icon_name=["']([\w-]+)["']""", path.read_text())}
    assert named - known == set()
