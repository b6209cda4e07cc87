"""Staff pages of credit and debit notes: what is to be credited or charged, a look at the note, and it is issued."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from core.db import find
from core.errors import DomainError
from core.forms import refused
from core.i18n import _
from core.scope import current_company
from core.security import require
from modules.accounting import forms, notes
from modules.accounting.blueprint import bp, live_part
from modules.accounting.invoice_views import lines_of, planned
from modules.accounting.models import Invoice
from modules.accounting.totals import of_draft


@bp.route("/invoices/<int:invoice_id>/credit", methods=["GET", "POST"])
@require("accounting.issue_credit_notes")
def credit(invoice_id: int) -> Any:
    """A credit note: the first press shows it, the second issues it."""
    row = find(Invoice, invoice_id)
    lines, credited, left = lines_of(row), notes.credited_lines(row), notes.creditable(row)
    form = forms.credit_form(row, lines, credited, left)
    context = {"form": form, "invoice": row, "lines": lines, "credited": credited, "left": left,
               "refusal": notes.refusal(row)}
    if not form.validate_on_submit():
        return _page("accounting/credit_form.html", context, None)
    try:
        if request.form.get("step") == "issue" and not live_part():
            made = notes.credit(row, form.reason.data or "", **form.wanted(), issue_date=form.issue_date,
                                form_key=form.form_key.data or None, paper=form.written)
            return _issued(made, row)
        # a look needs no reason yet
        draft, totals = notes.planned_credit(row, form.reason.data or "…", notes.Wanted(**form.wanted()),
                                             form.issue_date)
    except DomainError as error:
        refused(form, error)
        return _page("accounting/credit_form.html", context | {"invoice": find(Invoice, invoice_id)}, None)
    return _page("accounting/credit_form.html", context, planned(draft, totals))


@bp.route("/invoices/<int:invoice_id>/debit", methods=["GET", "POST"])
@require("accounting.issue_documents")
def debit(invoice_id: int) -> Any:
    """A debit note on a document: more is owed."""
    row, form, step = find(Invoice, invoice_id), forms.DebitForm(), request.form.get("step", "")
    context = {"form": form, "invoice": row, "refusal": notes.refusal(row, "debit_note")}
    if step == "more":
        form.more()
    elif form.validate_on_submit():
        try:
            if step == "issue" and not live_part():
                made = notes.debit(row, form.reason.data or "", form.draft_lines(), due_date=form.due_date.data,
                                   issue_date=form.issue_date, form_key=form.form_key.data or None, paper=form.written)
                return _issued(made, row)
            draft = notes.planned_debit(row, form.reason.data or "…", form.draft_lines(), form.due_date.data,
                                        form.issue_date)
            return _page("accounting/debit_form.html", context, planned(
                draft, of_draft(draft, current_company().country)) if draft.lines else None)
        except DomainError as error:
            refused(form, error)
            context["invoice"] = find(Invoice, invoice_id)
    return _page("accounting/debit_form.html", context, None)


def _page(template: str, context: dict[str, Any], shown: Any) -> Any:
    if live_part():
        return render_template("accounting/_totals.html", planned=shown)
    form = context["form"]
    return render_template(template, planned=shown, **context), 422 if form.errors or form.form_errors else 200


def _issued(made: Invoice, row: Invoice) -> Any:
    flash(_("%(note)s on %(document)s is issued.", note=str(made), document=str(row)), "ok")
    return redirect(url_for("accounting.invoice", invoice_id=made.id))
