"""Charts: what stands in the SVG follows from the figures; nothing else is needed to test them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from flask import Flask
from lxml import etree
from markupsafe import Markup

from core import charts
from core.charts import Part, Series
from core.i18n import use_locale

pytestmark = pytest.mark.once
COLUMNS = [("sep", "September 2026"), ("oct", "October 2026"), ("nov", "November 2026")]


def tree(drawn: Markup) -> etree._Element:
    return etree.fromstring(str(drawn))


def heights(drawn: Markup, css: str) -> list[float]:
    return [float(one.get("height")) for one in tree(drawn).iter("rect") if css in one.get("class").split()]


@pytest.fixture
def months(app: Flask) -> Markup:
    billed = Series("Billed", [Decimal(100), Decimal(200), Decimal(0)], ["/a", "/b", "/c"])
    collected = Series("Collected", [Decimal(50), Decimal(100), Decimal(25)])
    owed = Series("Owed", [Decimal(50), Decimal(150), Decimal(125)], ["/d", "/d", "/d"])
    return charts.bars("money", "Billed & collected", COLUMNS, [billed, collected], owed, show=lambda value: f"{value}")


def test_bars_are_as_high_as_their_figures_and_begin_at_zero(months: Markup) -> None:
    first, second, nothing = heights(months, "bar-1")
    assert second == pytest.approx(2 * first, abs=0.3) and nothing == 0
    bottoms = {round(float(one.get("y")) + float(one.get("height")), 1)
               for one in tree(months).iter("rect") if one.get("height") != "0.0"}
    assert len(bottoms) == 1


def test_each_bar_opens_its_list_and_the_table_has_the_same_links(months: Markup) -> None:
    drawn = tree(months)
    in_svg = [one.get("href") for one in drawn.find("svg").iter("a")]
    assert in_svg == ["/a", "/b", "/c", "/d", "/d", "/d"]
    assert [one.get("href") for one in drawn.find("details").iter("a")] == ["/c", "/d", "/b", "/d", "/a", "/d"]


def test_a_reader_without_eyes_gets_title_description_and_every_figure(months: Markup) -> None:
    svg = tree(months).find("svg")
    assert svg.get("role") == "group" and svg.get("aria-labelledby") == "chart-money-title"
    assert svg.find("title").text == "Billed & collected"
    assert svg.find("desc").text == "November 2026: Billed 0; Collected 25; Owed 125"
    rows = [" ".join(row.itertext()) for row in tree(months).find("details").iter("tr")]
    assert rows[1:] == ["November 2026 0 25 125", "October 2026 200 100 150", "September 2026 100 50 50"]


def test_a_drawing_without_links_is_an_image(app: Flask) -> None:
    drawn = charts.bars("x", "Plain", COLUMNS, [Series("A", [1, 2, 3])])
    assert tree(drawn).find("svg").get("role") == "img"


def test_nothing_needs_styles_or_scripts_of_its_own(months: Markup) -> None:
    assert not re.search(r"\bstyle=|<script|\bon\w+=", months)


def test_what_people_typed_is_escaped(app: Flask) -> None:
    drawn = charts.ranked("plans", "Plans", [Part("<b>Fibra</b>", 3, "/plans/1?a=1&b=2")])
    assert "<b>" not in drawn and "&lt;b&gt;" in drawn and "a=1&amp;b=2" in drawn


def test_losses_hang_below_zero(app: Flask) -> None:
    drawn = charts.bars("net", "Net", COLUMNS, [Series("In", [4, 0, 2])], Series("Net", [3, -5, 1]))
    zero = next(float(one.get("y1")) for one in tree(drawn).iter("line") if one.get("class") == "axis")
    spots = [float(one.get("cy")) for one in tree(drawn).iter("circle")]
    assert spots[0] < zero < spots[1]


@pytest.mark.parametrize(("figures", "ticks"), [
    ([0, 0, 0], ["0", "1"]), ([1, 2, 3], ["0", "1", "2", "3"]), ([10, 95, 40], ["0", "50", "100"]),
    ([Decimal("7345124.00"), 0, 0], ["0", "5000000", "1.0E+7"]), ([-5, 0, 10], ["-5", "0", "5", "10"])])
def test_the_axis_has_round_figures_and_holds_zero(app: Flask, figures: list[Decimal], ticks: list[str]) -> None:
    drawn = charts.bars("x", "X", COLUMNS, [Series("A", figures)], short=lambda value: f"{value.normalize():g}")
    said = [one.text for one in tree(drawn).iter("text") if "tick" not in (one.get("class") or "")]
    assert [Decimal(one) for one in said] == [Decimal(one) for one in ticks]


def test_parts_of_a_whole_fill_the_bar_and_say_their_figure(app: Flask) -> None:
    drawn = charts.stacked("age", "Age", [Part("new", Decimal(30), "/n", "ok"), Part("none", Decimal(0)),
                                          Part("old", Decimal(90), "/o", "bad")])
    widths = [float(one.get("width").rstrip("%")) for one in tree(drawn).iter("rect")]
    assert widths == [25.0, 75.0]
    assert [" ".join(one.itertext()) for one in tree(drawn).find("ul")] == ["new 30", "none 0", "old 90"]


def test_nothing_to_show_draws_nothing_and_fails_nowhere(app: Flask) -> None:
    assert not heights(charts.stacked("a", "A", [Part("x", 0)]), "part")
    assert "<tr>" not in charts.ranked("b", "B", [])
    assert charts.bars("c", "C", [], [Series("A", [])])


@pytest.mark.parametrize(("figure", "words"), [(0, "0"), (950, "950"), (2500, "2,5 k"), (-500000, "-500 k"),
                                               (Decimal("7000000.00"), "7 M"), (12 * 10**9, "12 G")])
def test_an_axis_has_short_figures(app: Flask, figure: Decimal, words: str) -> None:
    with use_locale("es_AR"):
        assert charts.compact(figure).replace("\u00a0", " ") == words


def test_a_year_of_months_ends_with_this_one(app: Flask) -> None:
    found = charts.months_until(dt.date(2026, 2, 28))
    assert (len(found), found[0], found[-1]) == (13, (dt.date(2025, 2, 1), dt.date(2025, 2, 28)),
                                                 (dt.date(2026, 2, 1), dt.date(2026, 2, 28)))
    with use_locale("es_AR"):
        assert [charts.month_words(first)[0] for first, _last in found[10:]] == ["dic", "ene 26", "feb"]
        assert charts.month_words(found[0][0])[1] == "febrero de 2025"


def test_months_before_the_first_figure_are_left_out_but_not_all(app: Flask) -> None:
    months = charts.months_until(dt.date(2026, 11, 27))
    begun = charts.since_something(months, lambda first, _last: first >= dt.date(2026, 3, 1))
    assert (len(begun), begun[0][0]) == (9, dt.date(2026, 3, 1))
    assert len(charts.since_something(months, lambda first, _last: first.month == 11 and first.year == 2026)) == 6
    assert len(charts.since_something(months, lambda _first, _last: False)) == 13


@pytest.mark.parametrize(("count", "said"), [(13, [*range(1, 14)]), (16, [*range(1, 17)]), (30, [*range(2, 31, 2)]),
                                             (31, [*range(1, 32, 2)])])
def test_the_words_under_many_columns_never_touch(app: Flask, count: int, said: list[int]) -> None:
    """The last one always stands there: it is today, or this month."""
    days = [(str(day), f"day {day}") for day in range(1, count + 1)]
    drawn = charts.bars("days", "Days", days, [charts.Series("in", [Decimal(1)] * count)])
    words = [one for one in tree(drawn).iter("text") if "tick" in (one.get("class") or "")]
    assert [int(one.text or 0) for one in words] == said
    assert "tick-even" not in (words[-1].get("class") or "")
