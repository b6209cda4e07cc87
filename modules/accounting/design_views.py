"""The invoice designer: blocks, texts, colour and logo, a preview as the real PDF, and the revisions kept so far."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for

from core import audit
from core.db import db, reading
from core.db import find as find_row
from core.errors import DomainError, NotFound
from core.forms import refused
from core.i18n import _
from core.scope import current_company
from core.security import can, limiter, require
from modules.accounting import designs, documents, labels, samples, sheets
from modules.accounting.blueprint import bp
from modules.accounting.design_form import DesignForm
from modules.accounting.invoice_views import pdf_answer
from modules.accounting.models import Invoice, InvoiceDesign

OWN = 5


@bp.route("/design", methods=["GET", "POST"])
@require("accounting.edit_design")
def design() -> Any:
    """How documents look. Keeping makes the next revision; ?revision=3 begins with an old one."""
    form = DesignForm()
    if not form.is_submitted():
        form.fill(_asked(), designs.current().revision)
        return _page(form)
    try:
        form.take_logo()
        verb, _colon, name = request.form.get("step", "").partition(":")
        if verb in ("up", "down"):
            form.move(name, -1 if verb == "up" else 1)
            return _page(form)
        if form.validate():
            made = form.keep()
            flash(_("Revision %(number)s is kept. Documents already issued keep theirs.", number=made.revision), "ok")
            return redirect(url_for("accounting.design"))
    except DomainError as error:
        refused(form, error)
        if isinstance(error, designs.DesignChanged):
            form.base.raw_data = [str(designs.current().revision)]
    return _page(form, 422)


def _asked() -> InvoiceDesign:
    """The revision of the address, the newest where it names none."""
    number = request.args.get("revision", type=int)
    found = designs.find(number) if number else designs.current()
    if found is None:
        raise NotFound(_("This revision does not exist."))
    return found


def _page(form: DesignForm, status: int = 200) -> Any:
    latest = designs.latest()
    return render_template(
        "accounting/design.html", form=form, rows=form.rows(), current=designs.current(), revisions=latest,
        authors=audit.authors(InvoiceDesign.__tablename__, [row.id for row in latest]), samples=_samples(),
        begun=request.args.get("revision", type=int), color=_color(form.color.data)), status


def _samples() -> list[tuple[str, Any]]:
    """What the preview can show: made-up documents, and the last of the company's own for who may see them."""
    own: list[Invoice] = []
    if can("accounting.view_documents"):
        own = list(db.session.scalars(
            sa.select(Invoice).where(Invoice.origin != "import")
            .order_by(Invoice.issue_date.desc(), Invoice.id.desc()).limit(OWN)))
    return [*samples.SAMPLES.items(), *((f"own:{row.id}", labels.title_of(row)) for row in own)]


# --- what the script asks for, and what works without it ---------------------------------------------------


@bp.route("/design/preview", methods=["GET", "POST"])
@require("accounting.edit_design")
@limiter.limit("120 per minute")
def design_preview() -> Any:
    """A sample as PDF: with what stands in the form (POST), or with a kept revision (GET). Nothing is stored."""
    form = DesignForm()
    try:
        with reading():  # drawing takes its time, and a POST would hold SQLite's lock meanwhile
            if form.is_submitted():
                form.take_logo()
            else:
                form.fill(_asked(), 0)
            data = _drawn(request.values.get("sample", ""), *form.look())
    except DomainError as error:
        return render_template("refused.html", error=error), 422
    return pdf_answer(data, documents.file_name(_("Sample")))


def _drawn(code: str, look: InvoiceDesign, logo: str) -> bytes:
    logo = logo or documents.logo_of(current_company().logo_file_id)
    kind, _colon, number = code.partition(":")
    if kind == "own" and number.isdecimal():
        if not can("accounting.view_documents"):
            raise NotFound(_("This document does not exist."))
        return samples.pdf_of_issued(find_row(Invoice, int(number)), look, logo)
    return samples.pdf_of(code if code in samples.SAMPLES else next(iter(samples.SAMPLES)), look, logo)


@bp.post("/design/logo")
@require("accounting.edit_design")
@limiter.limit("60 per minute")
def design_logo() -> Any:
    """The part of the form with the logo that was chosen, made small and not kept yet; or why it cannot be used."""
    form = DesignForm()
    try:
        form.take_logo()
    except DomainError as error:
        form.refuse(error)
    return render_template("accounting/_design_logo.html", form=form), 422 if form.logo.errors else 200


@bp.get("/design/color")
@require("accounting.edit_design")
def design_color() -> Any:
    """What a colour becomes on paper, for the words beside it."""
    return render_template("accounting/_design_color.html", color=_color(request.args.get("color")))


def _color(given: str | None) -> dict[str, Any] | None:
    """A colour with its contrast on white, and what is printed where that is too little; None where it is no colour."""
    try:
        wanted = designs.proposed(blocks=("lines",), texts={}, color=(given or "").strip()).color
    except DomainError:
        return None
    chosen = wanted or current_company().color
    return {"own": bool(wanted), "chosen": chosen, "printed": sheets.readable(chosen),
            "contrast": Decimal(sheets.contrast(chosen)) / 100, "least": Decimal(sheets.READABLE) / 100}


@bp.post("/design/<int:revision>/again")
@require("accounting.edit_design")
def design_again(revision: int) -> Any:
    """Make an old revision the newest."""
    old = designs.find(revision)
    if old is None:
        raise NotFound(_("This revision does not exist."))
    made = designs.revise(blocks=old.blocks, texts=old.texts or {}, color=old.color, logo_file_id=old.logo_file_id)
    flash(_("Revision %(number)s looks like revision %(old)s.", number=made.revision, old=old.revision), "ok")
    return redirect(url_for("accounting.design"))
