"""Putting a list at an address: its page, and what belongs to it: exports, actions, views, suggestions."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, request, send_file, url_for

from core import storage
from core.db import db
from core.i18n import _
from core.lists import keeping, output, runs, saved, work  # noqa: F401  keeping and work: jobs of every worker
from core.lists.ask import Ask
from core.lists.declaration import Action, List, endpoints
from core.lists.filters import Relation
from core.lists.screens import Shown, show
from core.lists.selection import Selection, everything, ticked
from core.security import require

AT_ONCE, PAPERS_AT_ONCE = 5000, 50
SUGGESTIONS = 12


def attach(bp: Blueprint, rule: str, shown: List, view: Callable[..., Any] | None = None,
           endpoint: str | None = None) -> None:
    """Put a list at an address of a blueprint, with everything around it. `view(shown, **given)` may draw the page."""
    name = endpoint or (view.__name__ if view else shown.key.rpartition(".")[2])
    place = endpoints[shown.key] = f"{bp.name}.{name}"
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
    return url_for(endpoints[shown.key], **(given or {}), **args)


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
        if kind not in output.TABLES and kind not in self.spec.papers:
            abort(400)
        selection = self._selection(ask) if request.form.getlist("id") else everything(ask)
        query = selection.query(self.spec)
        limit = AT_ONCE if kind in output.TABLES else PAPERS_AT_ONCE
        count = len(list(db.session.scalars(query.of(self.spec.id).limit(limit + 1))))
        if not count:
            flash(_("There is nothing to export: no row fits."), "warn")
            return redirect(ask.url(), 303)
        parts = request.form.getlist("part")
        if kind == "bundle" and not parts:
            flash(_("To make a ZIP you must tick what it is to hold."), "warn")
            return redirect(ask.url(), 303)
        keys = [] if request.form.get("columns") == "all" else [column.key for column in ask.columns]
        if count > limit:
            return self._later(kind, selection, {"columns": keys, "parts": parts}, query.exact())
        return self._now(kind, selection, keys, parts, ask)

    def _later(self, kind: str, selection: Selection, options: dict[str, Any], total: int) -> Any:
        form_key = request.form.get("form_key", "")[:60]
        run = runs.ask_export(self.spec, kind, selection, options, total=total,
                              form_key=f"{form_key}:{kind}" if form_key else None)
        return redirect(url_for("core.run", run_id=run.id), 303)

    def _now(self, kind: str, selection: Selection, keys: list[str], parts: list[str], ask: Ask) -> Any:
        made = output.Output.of(self.spec, kind, selection.query(self.spec), keys, parts)
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
