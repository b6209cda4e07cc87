"""The home page, the search, and the company switch."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core import scope, search, slots
from core.i18n import _
from core.security import choose_company as switch_to
from core.security import require
from core.views import bp


@bp.get("/")
@require()
def home() -> Any:
    """What waits for this person: figures, things to do, first steps. Modules fill the slots."""
    company = scope.current_company() if scope.company_id_or_none() else None
    parts = {name: slots.render(f"home.{name}", company) if company else "" for name in ("todo", "figures", "cards")}
    return render_template("core/home.html", company=company, steps=_steps(company), **parts)


def _steps(company: Any) -> list[tuple[Any, bool, str]]:
    """(label, done, address) of the first steps, while one of them is open."""
    if company is None:
        return []
    found = [(slot.label, *slot.render(company)) for slot in slots.entries("home.steps")]
    return found if any(not done for _label, done, _url in found) else []


@bp.get("/search", endpoint="search")
@require()
def search_page() -> Any:
    """One box for everything; a single hit opens at once."""
    text = request.args.get("q", "").strip()
    found = search.search(text)
    hits = [hit for _title, group in found for hit in group]
    if len(hits) == 1:
        return redirect(hits[0].url)
    return render_template("core/search.html", text=text, found=found, count=len(hits))



@bp.post("/company/choose")
@require()
def choose_company() -> Any:
    """Work in another company; it stays chosen for this login."""
    company = switch_to(request.form.get("company", 0, type=int))
    flash(_("You work in %(company)s now.", company=company), "ok")
    return redirect(url_for("core.home"))
