"""Everybody behind a preview, page by page and as a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import render_template, request, send_file, url_for

from core import months, storage
from core.db import find
from core.i18n import _
from core.paging import Page
from core.scope import current_company
from core.security import require
from modules.contracts import billing_views, cures, looking_on, revisions
from modules.contracts.blueprint import bp
from modules.contracts.models import PriceRevision

SIZE = 50


def _after() -> looking_on.Place:
    """Where the page begins; nonsense means the first page."""
    first, _dash, second = request.args.get("after", "").partition("-")
    fits = first.isascii() and second.isascii() and first.isdecimal() and second.isdecimal() and len(first) < 19
    return (int(first), int(second)) if fits and len(second) < 19 else looking_on.START


def _page(found: looking_on.Part[Any], **args: Any) -> Page:
    """The rows with the addresses of the first page and of the next one."""
    here = {**(request.view_args or {}), **args}
    endpoint = request.endpoint or ""
    return Page(found.rows, None, url_for(endpoint, **here, after=f"{found.next[0]}-{found.next[1]}")
                if found.next else None)


def _spreadsheet(write: Callable[[Path], Any], name: str) -> Any:
    with storage.draft() as path:
        write(path)
        file = path.open("rb")  # it stays readable after the draft is gone
    return send_file(file, mimetype=billing_views.XLSX, as_attachment=True, download_name=f"{name}.xlsx", max_age=0)


@bp.get("/billing/preview/exceptions")
@require("contracts.view_billing")
def preview_exceptions() -> Any:
    """Everybody of a month who cannot be billed, or those of one cause."""
    company = current_company()
    month, cause = billing_views.chosen_month(company), request.args.get("cause", "")
    _row, result = billing_views.preview_of(company, month)
    if result is None:
        return billing_views.desk_page(company, month)
    part = looking_on.exceptions(company, month, result, cause, _after(), SIZE)
    return render_template(
        "contracts/preview_exceptions.html", month=month, cause=cause, total=result["exceptions_count"], where="desk",
        known=cures.by_cause(result["exceptions"]), causes=cures.by_cause(part.rows), slip=None, is_all=True,
        page=_page(part, month=months.show(month), cause=cause), first=not request.args.get("after"))


@bp.get("/billing/preview/exceptions.xlsx")
@require("contracts.view_billing")
def preview_exceptions_file() -> Any:
    """Everybody who cannot be billed, as a spreadsheet, as it is now."""
    company = current_company()
    month = billing_views.chosen_month(company)
    return _spreadsheet(lambda path: looking_on.write_exceptions(path, company, month),
                        _("not billed %(month)s", month=months.show(month)))


@bp.get("/billing/revisions/<int:revision_id>/contracts")
@require("contracts.revise_prices")
def revision_contracts(revision_id: int) -> Any:
    """Every contract that a revision changes, or that it leaves alone."""
    row, promised = find(PriceRevision, revision_id), request.args.get("part") == "promised"
    part = looking_on.effects(row, promised, _after(), 2 * SIZE) if row.state != revisions.CANCELLED else (
        looking_on.Part([], None))
    return render_template("contracts/revision_contracts.html", revision=row, promised=promised,
                           page=_page(part, part="promised" if promised else "changed"),
                           first=not request.args.get("after"))


@bp.get("/billing/revisions/<int:revision_id>/contracts.xlsx")
@require("contracts.revise_prices")
def revision_file(revision_id: int) -> Any:
    """All of them as a spreadsheet."""
    row = find(PriceRevision, revision_id)
    return _spreadsheet(lambda path: looking_on.write_effects(path, current_company(), row), row.name)
