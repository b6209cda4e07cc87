"""Charts as SVG made on the server: pure functions from figures to markup.

Places across are percents and heights are pixels, so that a chart fills its box and its words keep their size on a
phone. Colours are classes of abona.css. Bars open their list; the same figures stand in a table below, for the
keyboard and for who cannot see the drawing.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from babel.dates import format_date, format_skeleton
from markupsafe import Markup, escape

from core import months
from core.i18n import _, current_locale, format_number

Number = int | Decimal
Show = Callable[[Any], str]
# pixels: the whole drawing, and the room above and below what is drawn
HEIGHT, TOP, BOTTOM = 190, 14, 22
# percents: where the first column begins, so that the words of the axis stand free
LEFT, RIGHT = 11.0, 99.5
# words under the columns that have room side by side
MOST_WORDS = 16


@dataclass(frozen=True)
class Series:
    """Figures of one kind, one per column; `urls` are the lists that they open."""

    name: Any
    values: Sequence[Number]
    urls: Sequence[str] = ()

    def url(self, index: int) -> str:
        return self.urls[index] if index < len(self.urls) else ""


@dataclass(frozen=True)
class Part:
    """A part of a whole: its words, its figure, its list, and a tone (ok, warn, bad, info, mute, or "1" to "5").

    `note` is what `ranked` says below the figure.
    """

    name: Any
    value: Number
    url: str = ""
    tone: str = "1"
    note: Any = ""


def bars(key: str, title: Any, columns: Sequence[tuple[str, str]], series: Sequence[Series],
         line: Series | None = None, *, show: Show = str,
         short: Show | None = None) -> Markup:
    """Bars side by side per column, with a line over them. `columns` are (on the axis, in full) words.

    `show` writes a figure in full, `short` as the axis has it (`compact`). The axis always holds zero. `key` is unique
    on the page.
    """
    drawn = [*series, *([line] if line else [])]
    scale = _Scale([value for one in drawn for value in one.values])
    over = _line(line, columns, scale, show) if line else Markup("")
    parts = [_axis(scale, short or compact), _columns(columns, series, scale, show), over, _words(columns)]
    return Markup('<figure class="chart">{}{}{}</figure>').format(
        _key(series, line), _svg(key, title, _told(columns, drawn, show), HEIGHT, Markup("").join(parts)),
        _table(title, columns, drawn, show))


def stacked(key: str, title: Any, parts: Sequence[Part], *, show: Show = str) -> Markup:
    """One bar whose parts add up to the whole; below it each part with its figure, opening its list."""
    total = sum(part.value for part in parts)
    pieces, place = [], Decimal(0)
    for part in parts:
        width = Decimal(part.value) * 100 / total if total else Decimal(0)
        if part.value > 0:
            pieces.append(_link(part.url, f"{part.name}: {show(part.value)}", _rect(
                f"part part-{part.tone}", place, 0, width, 28)))
        place += width
    rows = Markup("").join(Markup('<li><span class="chart-swatch part-{}"></span>{}<strong>{}</strong></li>').format(
        part.tone, _anchor(part.url, part.name), show(part.value)) for part in parts)
    told = "; ".join(f"{part.name}: {show(part.value)}" for part in parts)
    return Markup('<figure class="chart">{}<ul class="chart-parts">{}</ul></figure>').format(
        _svg(key, title, told, 28, Markup("").join(pieces)), rows)


def ranked(key: str, title: Any, parts: Sequence[Part], *, show: Show = str) -> Markup:
    """A row per part, its bar as long as its figure is large beside the largest."""
    largest = max((part.value for part in parts), default=0)
    row = Markup('<tr><th scope="row">{}</th><td class="chart-cell">{}</td><td class="num">{}</td></tr>')
    rows = Markup("").join(row.format(_anchor(part.url, part.name), _row(part, largest), _noted(part, show))
                           for part in parts)
    return Markup('<figure class="chart"><table class="chart-rows" id="chart-{}">'
                  '<caption class="visually-hidden">{}</caption>{}</table></figure>').format(key, title, rows)


def _noted(part: Part, show: Show) -> Markup:
    note = Markup('<div class="small muted">{}</div>').format(part.note) if part.note else Markup("")
    return escape(show(part.value)) + note


def _row(part: Part, largest: Number) -> Markup:
    width = Decimal(part.value) * 100 / largest if largest else Decimal(0)
    return Markup('<svg height="14" aria-hidden="true">{}</svg>').format(_rect("bar", 0, 1, width, 12))


# --- columns and figures ----------------------------------------------------------------------------------


def months_until(day: dt.date, count: int = 13) -> list[tuple[dt.date, dt.date]]:
    """(first, last day) of so many months, the one of this day at the end."""
    return [months.bounds(months.add(months.of(day), -back)) for back in reversed(range(count))]


def since_something(months: Sequence[tuple[dt.date, dt.date]], has: Callable[[dt.date, dt.date], bool],
                    fewest: int = 6) -> list[tuple[dt.date, dt.date]]:
    """The months from the first one that has anything, but not so few that it is no chart."""
    first = next((place for place, month in enumerate(months) if has(*month)), 0)
    return list(months[min(first, len(months) - fewest):])


def month_words(first: dt.date) -> tuple[str, str]:
    """A month as the axis has it, and in full; January with its year."""
    locale = current_locale()
    short = format_date(first, "LLL", locale=locale).rstrip(".")
    return (f"{short} {first:%y}" if first.month == 1 else short), format_skeleton("yMMMM", first, locale=locale)


def compact(value: Number) -> str:
    """A round figure for an axis: 500 k, 2.5 M."""
    size = abs(Decimal(value))
    for step, mark in ((Decimal(10**9), "G"), (Decimal(10**6), "M"), (Decimal(1000), "k")):
        if size >= step:
            return format_number(Decimal(value) / step, "#,##0.#") + f"\u00a0{mark}"
    return format_number(value)


# --- places -----------------------------------------------------------------------------------------------


class _Scale:
    """From figures to pixels; the axis runs over round figures and always holds zero."""

    def __init__(self, values: Sequence[Number]) -> None:
        low, high = min([Decimal(0), *map(Decimal, values)]), max([Decimal(0), *map(Decimal, values)])
        self.step = _round_step((high - low) / 3)
        self.low = (low / self.step).to_integral_value(rounding="ROUND_FLOOR") * self.step
        self.high = max((high / self.step).to_integral_value(rounding="ROUND_CEILING") * self.step, self.step)

    def y(self, value: Number) -> Decimal:
        share = (Decimal(value) - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def ticks(self) -> list[Decimal]:
        count = int((self.high - self.low) / self.step)
        return [self.low + self.step * index for index in range(count + 1)]


def _round_step(wanted: Decimal) -> Decimal:
    """1, 2 or 5 with zeros, at least as large as wanted; 1 where there is nothing."""
    if wanted <= 0:
        return Decimal(1)
    power = Decimal(10) ** math.floor(wanted.log10())
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= wanted)


def _x(index: float, count: int) -> float:
    return LEFT + (RIGHT - LEFT) * index / max(count, 1)


# --- pieces -----------------------------------------------------------------------------------------------


def _columns(columns: Sequence[tuple[str, str]], series: Sequence[Series], scale: _Scale, show: Show) -> Markup:
    found, count = [], len(columns)
    width = (RIGHT - LEFT) / max(count, 1) * 0.78 / max(len(series), 1)
    for index, (_tick, name) in enumerate(columns):
        for place, one in enumerate(series):
            top, zero = scale.y(one.values[index]), scale.y(0)
            bar = _rect(f"bar bar-{place + 1}", _x(index + 0.11, count) + width * place, min(top, zero), width,
                        max(abs(zero - top), 1 if one.values[index] else 0))
            found.append(_link(one.url(index), f"{name} · {one.name}: {show(one.values[index])}", bar))
    return Markup("").join(found)


def _line(line: Series, columns: Sequence[tuple[str, str]], scale: _Scale, show: Show) -> Markup:
    count = len(columns)
    spots = [(_x(index + 0.5, count), scale.y(value)) for index, value in enumerate(line.values)]
    stroke = Markup('<line class="line" x1="{:.2f}%" y1="{}" x2="{:.2f}%" y2="{}"/>')
    dot = Markup('<circle class="dot" cx="{:.2f}%" cy="{}" r="3.5"/>')
    dots = [_link(line.url(index), f"{columns[index][1]} · {line.name}: {show(line.values[index])}", dot.format(x, y))
            for index, (x, y) in enumerate(spots)]
    return Markup("").join([*(stroke.format(*one, *other) for one, other in pairwise(spots)), *dots])


def _axis(scale: _Scale, short: Show) -> Markup:
    lines = (Markup('<line class="{}" x1="0" y1="{}" x2="100%" y2="{}"/><text x="0" y="{:.1f}">{}</text>').format(
        "axis" if tick == 0 else "grid", scale.y(tick), scale.y(tick), scale.y(tick) - 3, short(tick))
        for tick in scale.ticks())
    return Markup("").join(lines)


def _words(columns: Sequence[tuple[str, str]]) -> Markup:
    """Words under the columns, so few that none touches the next; on a phone every second one, the last always."""
    count = len(columns)
    step = max(-(-count // MOST_WORDS), 1)
    shown = [(place, index) for place, index in enumerate(reversed(range(count - 1, -1, -step)))]
    return Markup("").join(Markup('<text class="tick{}" x="{:.2f}%" y="{}">{}</text>').format(
        "" if (len(shown) - place) % 2 else " tick-even", _x(index + 0.5, count), HEIGHT - 6, columns[index][0])
        for place, index in shown)


def _rect(css: str, x: float | Decimal, y: Number, width: float | Decimal, height: Number) -> Markup:
    return Markup('<rect class="{}" x="{:.2f}%" y="{:.1f}" width="{:.2f}%" height="{:.1f}"/>').format(
        css, x, y, width, height)


def _link(url: str, told: str, drawn: Markup) -> Markup:
    """A piece with its words, opening its list. Tab passes by: the table below has the same links."""
    if not url:
        return Markup("<g><title>{}</title>{}</g>").format(told, drawn)
    return Markup('<a href="{}" tabindex="-1" aria-label="{}"><title>{}</title>{}</a>').format(url, told, told, drawn)


def _anchor(url: str, words: Any) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url, words) if url else Markup("<span>{}</span>").format(words)


def _svg(key: str, title: Any, told: str, height: int, drawn: Markup) -> Markup:
    """role="img" hides what is inside: a drawing with links is a group."""
    role = "group" if "<a " in drawn else "img"
    return Markup('<svg class="chart-svg" height="{}" role="{}" aria-labelledby="chart-{}-title" '
                  'aria-describedby="chart-{}-desc"><title id="chart-{}-title">{}</title><desc id="chart-{}-desc">{}'
                  '</desc>{}</svg>').format(height, role, key, key, key, title, key, told, drawn)


def _told(columns: Sequence[tuple[str, str]], drawn: Sequence[Series], show: Show) -> str:
    """The latest column in words: what somebody who looks at the chart sees first."""
    if not columns:
        return ""
    return f"{columns[-1][1]}: " + "; ".join(f"{one.name} {show(one.values[-1])}" for one in drawn)


def _key(series: Sequence[Series], line: Series | None) -> Markup:
    marks = [(f"bar-{place + 1}", one.name) for place, one in enumerate(series)]
    marks += [("line", line.name)] if line else []
    mark = Markup('<span><span class="chart-swatch chart-swatch-{}"></span>{}</span>')
    return Markup('<figcaption class="chart-key">{}</figcaption>').format(Markup("").join(
        mark.format(css, name) for css, name in marks))


def _table(title: Any, columns: Sequence[tuple[str, str]], drawn: Sequence[Series], show: Show) -> Markup:
    head = Markup("").join(Markup('<th scope="col" class="num">{}</th>').format(one.name) for one in drawn)
    rows = Markup("").join(Markup('<tr><th scope="row">{}</th>{}</tr>').format(name, Markup("").join(
        Markup('<td class="num">{}</td>').format(_figure(one, index, show)) for one in drawn))
        for index, (_tick, name) in reversed(list(enumerate(columns))))
    return Markup('<details class="chart-figures"><summary>{}</summary><div class="table-wrap" tabindex="0" '
                  'role="group" aria-label="{}"><table class="table"><thead><tr><td></td>{}</tr></thead>'
                  '<tbody>{}</tbody></table></div></details>').format(_("The figures"), title, head, rows)


def _figure(one: Series, index: int, show: Show) -> Markup:
    words = show(one.values[index])
    return Markup('<a href="{}">{}</a>').format(one.url(index), words) if one.url(index) else escape(words)


def card(title: Any, chart: Markup, answer: Any = "") -> Markup:
    """A chart in a box of the home page, with its question as title and its answer in words."""
    said = Markup('<p class="muted">{}</p>').format(answer) if answer else Markup("")
    return Markup('<section class="card chart-card"><h2>{}</h2>{}{}</section>').format(title, said, chart)
