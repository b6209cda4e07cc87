"""The screen of a list: what its template draws, each part read when it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from flask import render_template, request, url_for

from core import scope
from core.i18n import _
from core.lists import output, runs, saved
from core.lists.ask import END, PASSING, Ask
from core.lists.declaration import SIZES, Action, Column, Line, List, endpoints
from core.lists.models import SavedView
from core.lists.query import COUNTED, Count, Query, Total
from core.security import can
from core.templating import number


@dataclass(eq=False)
class Shown:
    """A list with the page that the address asks for, as its template draws it. Each part is read when it is drawn."""

    spec: List
    ask: Ask
    # {code: number} beside the quick choices
    counts: Mapping[str, int] = field(default_factory=dict)
    # instead of the list's own title
    heading: Any = None

    @cached_property
    def query(self) -> Query:
        return Query(self.ask)

    @property
    def title(self) -> Any:
        return self.heading or self.spec.title

    @cached_property
    def columns(self) -> list[Column]:
        """The columns on screen; among what was refused, also why."""
        return [*self.ask.columns, *self.ask.why]

    def only(self, key: str, **others: Any) -> Any:
        """The value of a filter, where nothing limits the list but it and these others; else None."""
        values = self.ask.values
        return values.get(key) if set(values) == {key, *others} and all(
            values[name] == value for name, value in others.items()) else None

    @cached_property
    def lead(self) -> Column:
        """The column that names the row."""
        return next((column for column in self.columns if column.lead), self.columns[0])

    @cached_property
    def crumbs(self) -> list[tuple[Any, str]]:
        return list(self.spec.crumbs(**self.ask.given))

    # --- rows ----------------------------------------------------------------------------------------

    @cached_property
    def _page(self) -> tuple[Sequence[Line], list[list[Any]], bool]:
        return self.query.page(self.columns) if not self.ask.errors else ([], [], False)

    @property
    def lines(self) -> Sequence[Line]:
        return self._page[0]

    @property
    def has_more(self) -> bool:
        came_back = self.ask.place.backwards and self.ask.place.keys is not None
        return bool(self.lines) and (came_back or (self._page[2] and not self.ask.place.backwards))

    @property
    def has_less(self) -> bool:
        place = self.ask.place
        return self._page[2] if place.backwards else place.keys is not None

    @cached_property
    def before(self) -> int | None:
        """How many rows come before this page; None where it was reached from the end of a long list."""
        place = self.ask.place
        if not place.backwards:
            return place.before
        if place.keys is None:
            return None if self.count.more else self.count.number - len(self.lines)
        return None if place.before is None else max(place.before - len(self.lines), 0)

    @property
    def next_url(self) -> str | None:
        after = None if self.before is None else self.before + len(self.lines)
        return self.ask.beyond("after", self._page[1][-1], after) if self.has_more else None

    @property
    def previous_url(self) -> str | None:
        return self.ask.beyond("before", self._page[1][0], self.before) if self.has_less and self.lines else None

    @property
    def first_url(self) -> str | None:
        return self.ask.url() if self.has_less else None

    @property
    def last_url(self) -> str | None:
        return self.ask.url(before=END) if self.has_more else None

    # --- counts --------------------------------------------------------------------------------------

    @cached_property
    def count(self) -> Count:
        """How many rows fit, at most some more than 10,000; not asked where the page holds them all."""
        if self.ask.errors:
            return Count(0)
        if self.ask.place.keys is None and not self.ask.place.backwards and not self._page[2]:
            return Count(len(self.lines))
        return self.query.count()

    @property
    def answer(self) -> str:
        """The line under the title."""
        if self.ask.errors:
            return ""
        if self.count.more:
            return _("More than %(count)s", count=number(COUNTED))
        return self.spec.say(self.count.number)

    @property
    def range(self) -> str:
        """"51–100 of more than 10,000"."""
        total = _("more than %(count)s", count=number(COUNTED)) if self.count.more else number(self.count.number)
        if self.before is None:
            return _("the last %(shown)s of %(total)s", shown=number(len(self.lines)), total=total)
        here = f"{number(self.before + 1)}–{number(self.before + len(self.lines))}"
        return _("%(here)s of %(total)s", here=here, total=total)

    @property
    def wants_totals(self) -> bool:
        return "totals" in request.args

    @cached_property
    def totals(self) -> tuple[int, list[Total]]:
        return (0, []) if self.ask.errors else self.query.totals()

    @property
    def sums(self) -> bool:
        return any(column.total is not False for column in self.spec.columns)

    # --- around the rows -----------------------------------------------------------------------------

    @property
    def sizes(self) -> Sequence[int]:
        return SIZES

    @cached_property
    def actions(self) -> list[Action]:
        """What the person may do to many rows."""
        return [one for one in self.spec.actions if _may(one.permission)]

    @cached_property
    def exports(self) -> list[tuple[str, Any]]:
        """(kind, words) of the files that the person may have made."""
        if not _may(self.spec.export_permission or self.spec.permission):
            return []
        return [(kind, runs.EXPORTS[kind]) for kind in (*output.TABLES, *self.spec.papers) if kind != "bundle"]

    @property
    def selectable(self) -> bool:
        return bool(self.lines) and bool(self.actions or self.exports)

    def post_url(self, name: str, **values: Any) -> str:
        """The address of a form that works on what is listed: with the filters in it."""
        return self.around(name, **{**self.ask.changed(), **values})

    def around(self, name: str, **values: Any) -> str:
        """The address of something that belongs to this list: export, save_view, do_<action>."""
        return url_for(f"{endpoints.get(self.spec.key, self.ask.endpoint)}__{name}", **{**self.ask.given, **values})

    @property
    def chip_filters(self) -> list[Any]:
        return [one for one in self.spec.filters if getattr(one, "chips", False) and one.key not in self.ask.fixed]

    @property
    def panel_filters(self) -> list[Any]:
        return [one for one in self.spec.filters if one.panel and one.key != "q" and not getattr(one, "chips", False)
                and not self.ask.fixed & set(one.names)]

    @property
    def panel_errors(self) -> bool:
        return any(one.key in self.ask.errors for one in self.panel_filters)

    def own_names(self) -> list[str]:
        """The names that the form of filters sets itself; all others are kept."""
        search = [name for one in self.spec.filters if one.key == "q" for name in one.names]
        return [*search, *(name for one in self.panel_filters for name in one.names), "sort", *PASSING]

    def orders(self) -> list[tuple[str, str]]:
        """(code, words) of every order."""
        found = [(code, f"{column.label} {words}") for column in self.spec.columns if column.sort_keys
                 for code, words in ((column.key, "↑"), (f"-{column.key}", "↓"))]
        own = [(self.ask.order.code, _("as it comes"))] if self.ask.order.column is None else []
        return own + found

    @property
    def panel_count(self) -> int:
        """How many filters of the panel limit the list."""
        return sum(one.key in self.ask.values for one in self.panel_filters)

    # --- views ---------------------------------------------------------------------------------------

    @cached_property
    def views(self) -> list[SavedView]:
        return saved.views_of(self.spec)

    @property
    def view(self) -> SavedView | None:
        """The view that the address began with."""
        return next((one for one in self.views if str(one.id) == request.args.get("view")), None)

    @property
    def is_changed(self) -> bool:
        """Whether the address is not (any more) what its view says."""
        here = {name: sorted(values) for name, values in self.ask.changed().items() if name != "view"}
        return self.view is not None and saved.summary(self.view) != here

    def view_url(self, view: SavedView) -> str:
        return url_for(self.ask.endpoint, **{**self.ask.route, **view.query, "view": view.id})

    @property
    def may_keep_views(self) -> bool:
        return scope.company_id_or_none() is not None

    @property
    def may_share(self) -> bool:
        return can(saved.SHARE)

    # --- answers -------------------------------------------------------------------------------------

    def render(self, template: str | None = None, **more: Any) -> Any:
        """The page; where a script asks for the totals only, just these."""
        if request.headers.get("X-Part") == "list-totals":
            return render_template("core/list_totals.html", shown=self)
        page = render_template(template or self.spec.template, shown=self, **more)
        return page, 422 if self.ask.errors else 200


def _may(permission: str) -> bool:
    """Whether the person may; an empty permission is for any login."""
    return not permission or can(permission)


def show(shown: List, endpoint: str | None = None, fixed: Mapping[str, Any] | None = None, **given: Any) -> Shown:
    """The list as this request asks for it; `given` are the arguments of its `select`.

    A page that shows a list among other things calls it itself, with `fixed` values of filters, and draws
    `ls.controls(shown)` and `ls.body(shown)` of templates/lists.html.
    """
    args = {**request.args.to_dict(flat=False), **{name: [str(value)] for name, value in (fixed or {}).items()}}
    route = given if endpoint else dict(request.view_args or {})
    ask = Ask.of(shown, args, given, endpoint or request.endpoint or "", route=route, fixed=frozenset(fixed or ()))
    found = Shown(shown, ask)
    found.ask = replace(ask, opens_view=lambda: saved.default_among(found.views) is not None)
    return found
