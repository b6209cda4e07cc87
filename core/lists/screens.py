"""The screens of a list: the page itself, and the addresses around it (export, actions, views, choices)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, send_file, url_for

from core import scope, storage
from core.db import db
from core.i18n import _
from core.lists import keeping, output, runs, saved, work  # noqa: F401  keeping and work: jobs of every worker
from core.lists.ask import END, PASSING, Ask
from core.lists.declaration import SIZES, Action, Column, Line, List
from core.lists.filters import Relation
from core.lists.models import SavedView
from core.lists.query import COUNTED, Count, Query, Total
from core.lists.selection import Selection, everything, ticked
from core.security import can, require
from core.templating import number

AT_ONCE, PAPERS_AT_ONCE = 5000, 50
SUGGESTIONS = 12
# list key -> endpoint of its page
places: dict[str, str] = {}


@dataclass(eq=False)
class Shown:
    """A list with the page that the address asks for, as its template draws it. Each part is read when it is drawn."""

    spec: List
    ask: Ask
    # {code: number} beside the quick choices
    counts: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def query(self) -> Query:
        return Query(self.ask)

    @property
    def title(self) -> Any:
        return self.spec.title

    @cached_property
    def columns(self) -> list[Column]:
        """The columns on screen; among what was refused, also why."""
        found = self.ask.columns
        if self.ask.results is not None and self.ask.results.refused:
            found = [*found, Column("why", _("Why not"), self.ask.results.reason(self.spec.id))]
        return found

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
        return any(column.total for column in self.spec.columns)

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
        kinds = [*output.TABLES, *(output.PAPERS if self.spec.file is not None else ())]
        return [(kind, runs.EXPORTS[kind]) for kind in kinds]

    @property
    def selectable(self) -> bool:
        return bool(self.lines) and bool(self.actions or self.exports)

    def post_url(self, name: str, **values: Any) -> str:
        """The address of a form that works on what is listed: with the filters in it."""
        return self.around(name, **{**self.ask.changed(), **values})

    def around(self, name: str, **values: Any) -> str:
        """The address of something that belongs to this list: export, save_view, do_<action>."""
        return url_for(f"{self.ask.endpoint}__{name}", **self.ask.given, **values)

    @property
    def chip_filters(self) -> list[Any]:
        return [one for one in self.spec.filters if getattr(one, "chips", False)]

    @property
    def panel_filters(self) -> list[Any]:
        return [one for one in self.spec.filters if one.panel and one.key != "q" and not getattr(one, "chips", False)]

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
        return url_for(self.ask.endpoint, **{**self.ask.given, **view.query, "view": view.id})

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


def show(shown: List, endpoint: str | None = None, **given: Any) -> Shown:
    """The list as this request asks for it; `given` are the variables of its route."""
    ask = Ask.of(shown, request.args.to_dict(flat=False), given, endpoint or request.endpoint or "")
    found = Shown(shown, ask)
    found.ask = replace(ask, opens_view=lambda: saved.default_among(found.views) is not None)
    return found


# --- attaching -------------------------------------------------------------------------------------------


def attach(bp: Blueprint, rule: str, shown: List, view: Callable[..., Any] | None = None,
           endpoint: str | None = None) -> None:
    """Put a list at an address of a blueprint, with everything around it. `view(shown, **given)` may draw the page."""
    name = endpoint or (view.__name__ if view else shown.key.rpartition(".")[2])
    place = places[shown.key] = f"{bp.name}.{name}"
    base = rule.rstrip("/")
    around = _Around(shown, place)

    def add(path: str, part: str, permission: str, function: Callable[..., Any], method: str = "POST") -> None:
        def answer(**given: Any) -> Any:
            return function(**given)

        answer.__doc__ = function.__doc__
        guarded = require(permission or None)(answer)
        bp.add_url_rule(path, f"{name}__{part}" if part else name, guarded, methods=[method])

    def page(**given: Any) -> Any:
        """The list."""
        here = show(shown, place, **given)
        opened = around.opened(here)
        if opened is not None:
            return opened
        return view(here, **given) if view else here.render()

    add(rule, "", shown.permission, page, "GET")
    if any(isinstance(one, Relation) for one in shown.filters):
        add(f"{base}/suggest/<filter_key>", "suggest", shown.permission, around.suggest, "GET")
    add(f"{base}/export", "export", shown.export_permission or shown.permission, around.export)
    add(f"{base}/views", "save_view", shown.permission, around.save_view)
    add(f"{base}/views/<int:view_id>", "change_view", shown.permission, around.change_view)
    for action in shown.actions:
        add(f"{base}/do/{action.key}", f"do_{action.key}", action.permission, around.do(action))


def at(bp: Blueprint, rule: str, shown: List, endpoint: str | None = None) -> Callable[[Callable[..., Any]], Any]:
    """The same as a decorator of the view that draws the page."""

    def put(view: Callable[..., Any]) -> Callable[..., Any]:
        attach(bp, rule, shown, view, endpoint)
        return view

    return put


def url_of(shown: List, given: dict[str, Any] | None = None, **args: Any) -> str:
    """The address of a list with these filters."""
    return url_for(places[shown.key], **(given or {}), **args)


@dataclass(frozen=True)
class _Around:
    """What belongs to a list besides its page."""

    spec: List
    place: str

    def opened(self, here: Shown) -> Any:
        """Where the list is opened bare, or by the number of a view: on to the address that the view says."""
        if request.headers.get("X-Part") or set(request.args) - {"view"} or request.args.get("view") == "none":
            return None
        found = here.view if "view" in request.args else saved.default_among(here.views)
        return redirect(here.view_url(found)) if found is not None and found.query else None

    def suggest(self, filter_key: str, **_given: Any) -> Any:
        """What a relation filter finds for the letters typed so far."""
        found = self.spec.filter(filter_key)
        if not isinstance(found, Relation):
            abort(404)
        text = request.args.get("q", "").strip()[:100]
        hits = list(found.search(text, SUGGESTIONS)) if text else []
        return jsonify([{"id": row_id, "label": str(label)} for row_id, label in hits])

    # --- selection -----------------------------------------------------------------------------------

    def _ask(self, given: dict[str, Any]) -> Ask:
        """The address that the form was on: its filters stand in the address of the form itself."""
        return Ask.of(self.spec, request.args.to_dict(flat=False), given, self.place)

    def _selection(self, ask: Ask) -> Selection:
        if request.form.get("all") == "1":
            return everything(ask)
        return ticked(ask, request.form.getlist("id"))

    def do(self, action: Action) -> Callable[..., Any]:
        def prepare(**given: Any) -> Any:
            """Ask before doing something to many rows."""
            run = runs.prepare(self.spec, action, self._selection(self._ask(given)))
            return redirect(url_for("core.run", run_id=run.id), 303)

        return prepare

    def export(self, **given: Any) -> Any:
        """A file of what was ticked, or else of everything that fits: at once, or in the background where it is big."""
        kind, ask = request.form.get("kind", ""), self._ask(given)
        if kind not in output.TABLES and not (kind in output.PAPERS and self.spec.file is not None):
            abort(400)
        selection = self._selection(ask) if request.form.getlist("id") else everything(ask)
        query = selection.query(self.spec)
        limit = AT_ONCE if kind in output.TABLES else PAPERS_AT_ONCE
        count = len(list(db.session.scalars(query.of(self.spec.id).limit(limit + 1))))
        if not count:
            flash(_("There is nothing to export: no row fits."), "warn")
            return redirect(ask.url(), 303)
        keys = [] if request.form.get("columns") == "all" else [column.key for column in ask.columns]
        if count > limit:
            return self._later(kind, selection, keys, query.exact())
        return self._now(kind, selection, keys, ask)

    def _later(self, kind: str, selection: Selection, keys: list[str], total: int) -> Any:
        form_key = request.form.get("form_key", "")[:60]
        run = runs.ask_export(self.spec, kind, selection, {"columns": keys}, total=total,
                              form_key=f"{form_key}:{kind}" if form_key else None)
        return redirect(url_for("core.run", run_id=run.id), 303)

    def _now(self, kind: str, selection: Selection, keys: list[str], ask: Ask) -> Any:
        made = output.Output(self.spec, kind, selection.query(self.spec), output.chosen(self.spec, keys))
        with storage.draft() as path:
            made.write(path, output.Source(db.session(), False))
            if not made.rows:
                flash(_("There is nothing to export: %(reason)s", reason=made.refused[0][1]), "warn")
                return redirect(ask.url(), 303)
            runs.record_export(self.spec, kind, selection, made.rows)
            file = path.open("rb")  # it stays readable after the draft is gone
        name, media = output.file_name(self.spec, kind), output.MEDIA[kind][1]
        answer = send_file(file, mimetype=media, as_attachment=kind != "pdf", download_name=name, max_age=0)
        answer.content_length = os.fstat(file.fileno()).st_size
        return answer

    # --- views ---------------------------------------------------------------------------------------

    def save_view(self, **given: Any) -> Any:
        """Keep the present address under a name."""
        ask = self._ask(given)
        view = saved.save(self.spec, request.form.get("name", ""), ask.changed(),
                          shared=request.form.get("shared") == "1", is_default=request.form.get("default") == "1")
        flash(_("The view “%(name)s” is kept.", name=view.name), "ok")
        return redirect(ask.url(view=view.id), 303)

    def change_view(self, view_id: int, **given: Any) -> Any:
        """Delete a view, or open the list with it (or no more)."""
        view, verb = saved.find_view(self.spec, view_id), request.form.get("verb")
        if verb == "delete":
            saved.delete(view)
            flash(_("The view “%(name)s” is deleted.", name=view.name), "ok")
            return redirect(self._ask(given).url(view="none"), 303)
        if verb not in {"default", "not_default"}:
            abort(400)
        saved.make_default(view, verb == "default")
        flash(_("Saved."), "ok")
        return redirect(self._ask(given).url(view=view.id), 303)


__all__ = ["Shown", "at", "attach", "places", "show", "url_of"]
