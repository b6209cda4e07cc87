"""The home page, the search, and the company switch."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, session, url_for

from core import scope, search, setup, slots
from core.i18n import _
from core.security import choose_company as switch_to
from core.security import is_admin, require
from core.views import bp
from core.views.setup import FLAG

# places of the home page that modules fill with Markup
PARTS = ("figures", "todo", "charts", "cards")
# of each sort, while one types
SUGGESTED = 6


@bp.get("/")
@require()
def home() -> Any:
    """What waits for this person: figures, things to do, first steps, charts. Modules fill the slots."""
    company = scope.current_company() if scope.company_id_or_none() else None
    if company is None and is_admin():
        return redirect(url_for("core.setup"))
    session.pop(FLAG, None)
    if company is None:
        return render_template("core/home.html", company=None, steps=[], now=None, **dict.fromkeys(PARTS, ""))
    with setup.together(company):
        parts = {name: slots.render(f"home.{name}", company) for name in PARTS}
        steps = setup.first_hour(company)
    return render_template("core/home.html", company=company, steps=steps, now=setup.next_step(steps), **parts)


@bp.get("/search", endpoint="search")
@require()
def search_page() -> Any:
    """One box for everything; a single hit opens at once."""
    text = request.args.get("q", "").strip()
    found = search.search(text)
    hits = [hit for searcher, group in found for hit in group if not searcher.aside]
    if len(hits) == 1:
        return redirect(hits[0].url)
    groups = [(searcher.title, group) for searcher, group in found]
    return render_template("core/search.html", text=text, found=groups, count=sum(len(group) for _t, group in groups))


@bp.get("/search.json", endpoint="search_hits")
@require()
def search_hits() -> Any:
    """What the box suggests while one types: [{"title", "hits": [{"label", "url", "detail"}]}]."""
    found = search.search(request.args.get("q", "")[:200], limit=SUGGESTED)
    return jsonify([{"title": str(one.title), "hits": [{"label": hit.label, "url": hit.url, "detail": hit.detail}
                                                       for hit in hits]} for one, hits in found])


@bp.post("/company/choose")
@require()
def choose_company() -> Any:
    """Work in another company; it stays chosen for this login."""
    company = switch_to(request.form.get("company", 0, type=int))
    flash(_("You work in %(company)s now.", company=company), "ok")
    return redirect(url_for("core.home"))
