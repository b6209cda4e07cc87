"""Staff pages: the documents, the tray of refused ones, stopped sequences, the guided enabling."""

from __future__ import annotations

import datetime as dt
import io
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for

from core import clock, lists, storage
from core.db import db, find
from core.errors import DomainError, NotFound, OutsideError
from core.i18n import _
from core.lists import runs
from core.scope import current_company
from core.security import require, safe_next
from modules.accounting.models import Invoice
from modules.accounting.ports import Pad, first_on_paper
from modules.einvoice import cancelling, explaining, exporting, files, labels, mending, queries, services, states
from modules.einvoice.errors import StillWrong
from modules.einvoice.lists import DOCUMENTS, NO_CAUSE
from modules.einvoice.models import Document
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice.ports import enablers, papers_of

bp = Blueprint("einvoice", __name__, url_prefix="/einvoice")

PER_CAUSE = 50


@dataclass(frozen=True)
class Slip:
    """What was typed and refused on a document."""

    values: Mapping[str, str]
    field: str
    message: str
    document_id: int = 0


@bp.app_context_processor
def _words() -> dict[str, Any]:
    return {"document_state": labels.of_state, "environment_name": labels.of_environment,
            "kind_name": explaining.kind_name}


@lists.at(bp, "/", DOCUMENTS)
def documents(shown: lists.Shown) -> Any:
    """All legal documents."""
    counts = queries.counts()
    waiting = counts[states.PENDING] + counts[states.SENDING] + counts[states.UNKNOWN]
    answer = _("%(done)s authorised, %(waiting)s waiting, %(refused)s refused.", done=counts[states.AUTHORIZED],
               waiting=waiting, refused=counts[states.REJECTED])
    return shown.render("einvoice/documents.html", answer=answer if sum(counts.values()) else None,
                        exports=bool(exporting.exports_of(current_company())),
                        refused=counts[states.REJECTED], troubled=queries.troubled_sequences())


@bp.get("/<int:document_id>")
@require("einvoice.view_documents")
def document(document_id: int) -> Any:
    """One document: what was sent, what was answered, and what next."""
    return _document_page(document_id)


def _document_page(document_id: int, slip: Slip | None = None) -> str:
    row = find(Document, document_id)
    invoice, customer = queries.with_invoices([row])[row.id]
    return render_template("einvoice/document.html", document=row, invoice=invoice, customer=customer,
                           sequence=row.sequence, slip=slip,
                           explanation=explaining.refusal(row), remarks=explaining.remarks(row),
                           kept=files.of_documents([row.id]).get(row.id, {}), said=_said(row),
                           cancelling=_cancelling(row), pads=_pads(row, invoice), written=_written(row, invoice),
                           inputs=mending.of_documents([(row, customer)]))


def _said(row: Document) -> list[tuple[str, Any]]:
    """(role, words) of what was sent and answered and can be had as a file."""
    papers = papers_of(row.country)
    return [(one.role, papers.kinds[one.role]) for one in papers.said(row)]


def _cancelling(row: Document) -> tuple[Any, str]:
    """(reasons that can be given, or why it cannot be cancelled)."""
    try:
        return cancelling.reasons_for(row), ""
    except DomainError as error:
        return (), str(error)


def _pads(row: Document, invoice: Invoice) -> Sequence[Pad]:
    """The paper on which it may have been written; [] where that cannot be, or cannot be said any more."""
    entry = first_on_paper.find(row.country)
    return entry.pads(invoice.kind) if entry and services.may_be_on_paper(row) else []


def _written(row: Document, invoice: Invoice) -> tuple[Pad, int] | None:
    entry = first_on_paper.find(row.country)
    return entry.of(invoice) if entry else None


@bp.post("/<int:document_id>/paper")
@require("einvoice.send_documents")
def paper(document_id: int) -> Any:
    """Say that a document was written on paper first, under which number; or that it was not."""
    row = find(Document, document_id)
    invoice = find(Invoice, row.invoice_id)
    try:
        pad, number = _paper_typed(_pads(row, invoice), request.form)
        row = services.put_on_paper(row, pad, number)
    except DomainError as error:
        return _document_page(document_id, _slip(error, document_id=document_id)), 422
    if row.state == states.REJECTED:
        flash(_("What you corrected is saved, but it would be refused again: %(reason)s",
                reason=row.problems[0]["message"]), "bad")
    else:
        flash(_("It will be reported under the number of the paper.") if pad else _("It goes out without paper."),
              "ok")
    return redirect(url_for("einvoice.document", document_id=document_id))


def _paper_typed(pads: Sequence[Pad], typed: Mapping[str, str]) -> tuple[Pad | None, int]:
    """(the pad or None, the number) of the form."""
    wanted, number = typed.get("paper", ""), typed.get("paper_number", "").strip()
    pad = next((one for one in pads if one.value == wanted), None)
    if wanted and pad is None:
        raise DomainError(_("To report a paper you must choose its series."), field="paper")
    if pad and not (number.isascii() and number.isdecimal() and 0 < int(number) <= 99_999_999):
        raise DomainError(_("To report a paper you must write the number that is printed on it."),
                          field="paper_number")
    return pad, int(number) if pad else 0


@bp.get("/<int:document_id>/said/<any(request, reply, cancelling):role>")
@require("einvoice.view_documents")
def document_said(document_id: int, role: str) -> Any:
    """What was sent, what the authority answered, or both of cancelling, as a file."""
    row = find(Document, document_id)
    found = next((one for one in papers_of(row.country).said(row) if one.role == role), None)
    if found is None:
        raise NotFound(_("Nothing was sent to the authority yet.") if role == files.REQUEST
                       else _("The authority has not answered yet."))
    return send_file(io.BytesIO(found.content), mimetype=found.media_type, as_attachment=True,
                     download_name=f"{str(row).lstrip('#')}-{found.name}")


@bp.get("/refused")
@require("einvoice.view_documents")
def refused() -> Any:
    """The tray: refused documents by cause, each with both wordings and the field to mend."""
    return _tray()


def _tray(slip: Slip | None = None) -> str:
    groups = queries.refused_groups()
    members = queries.refused_by_cause(PER_CAUSE)
    rows = list(itertools.chain.from_iterable(members.values()))
    invoices = queries.with_invoices(rows)
    return render_template("einvoice/refused.html", groups=groups, members=members, invoices=invoices, slip=slip,
                           total=sum(group.count for group in groups), explanation=explaining.refusal,
                           no_cause=NO_CAUSE, shared=mending.shared,
                           inputs=mending.of_documents([(row, invoices[row.id][1]) for row in rows]),
                           troubled=queries.troubled_sequences(), sending=queries.still_open(),
                           asked_again=request.headers.get("X-Part"))


@bp.post("/<int:document_id>/retry")
@require("einvoice.send_documents")
def retry(document_id: int) -> Any:
    """Save what was mended in place, and send again; what cannot be is kept as it was typed."""
    row = find(Document, document_id)
    try:
        customer = queries.with_invoices([row])[row.id][1]
        mending.write(customer, request.form, mending.of_documents([(row, customer)])[row.id])
        services.retry(row)
        flash(_("It will be sent again."), "ok")
    except StillWrong as error:  # what was mended is kept, and the tray shows what is still wrong
        flash(_("What you corrected is saved, but it would be refused again: %(reason)s", reason=error), "bad")
    except DomainError as error:
        slip = _slip(error, document_id=document_id)
        return (_document_page(document_id, slip) if request.form.get("back") else _tray(slip)), 422
    return redirect(_back())


def _slip(error: DomainError, **about: Any) -> Slip:
    """What is shown again, after undoing what was begun."""
    db.session.rollback()
    return Slip(values=dict(request.form), field=error.field or "", message=str(error), **about)


def _back() -> str:
    """Where the form came from; only a page of ours."""
    wanted = request.form.get("back")
    return safe_next(wanted) if wanted else url_for("einvoice.refused")


@bp.post("/refused/retry")
@require("einvoice.send_documents")
def retry_cause() -> Any:
    """Mend the same field of all documents with one cause, and send them again: a run, with progress and result."""
    cause = request.form.get("cause", "")
    if not queries.refused(cause, limit=1):
        flash(_("No document is refused for this cause any more."), "info")
        return redirect(url_for("einvoice.refused"))
    run = runs.begin(DOCUMENTS, "retry", {"state": "rejected", "cause": cause or NO_CAUSE},
                     {name: value for name, value in request.form.items() if name not in ("cause", "csrf_token")})
    return redirect(url_for("core.run", run_id=run.id), 303)


@bp.post("/<int:document_id>/abandon")
@require("einvoice.abandon_documents")
def abandon(document_id: int) -> Any:
    """Give a refused document up; its invoice is annulled."""
    services.abandon(find(Document, document_id), request.form.get("reason", ""))
    flash(_("The document was given up and its invoice annulled."), "ok")
    return redirect(url_for("einvoice.refused"))


@bp.post("/<int:document_id>/cancel")
@require("einvoice.cancel_documents")
def cancel(document_id: int) -> Any:
    """Ask the authority to cancel a document."""
    row, typed = find(Document, document_id), request.form
    replacement = typed.get("replaced_by", "").strip()
    try:
        cancelling.request(row, typed.get("code", ""), typed.get("text", ""),
                           queries.authorized_as(replacement) if replacement else None)
    except DomainError as error:
        return _document_page(document_id, _slip(error, document_id=document_id)), 422
    flash(_("The authority is asked to cancel the document; its invoice is annulled once it has."), "ok")
    return redirect(url_for("einvoice.document", document_id=document_id))


@bp.get("/<int:document_id>/files/<role>")
@require("einvoice.view_documents")
def document_file(document_id: int, role: str) -> Any:
    """A file that is kept with a document."""
    row = find(Document, document_id)
    found = files.of_documents([row.id]).get(row.id, {}).get(role)
    if found is None:
        raise NotFound(_("This document has no such file."))
    return send_file(io.BytesIO(storage.read(found)), mimetype=found.media_type, as_attachment=True,
                     download_name=found.name)


@bp.post("/sequences/<int:sequence_id>/continue")
@require("einvoice.manage_sequences")
def continue_sequence(sequence_id: int) -> Any:
    """Go on with a stopped sequence: as it is, or after what another program issued."""
    row: Numbering = find(Numbering, sequence_id)
    last = None
    if request.form.get("accept") == "1":
        environment, series, kind = row.environment, row.series, row.kind
        db.session.commit()
        last = services.issuer_of(row.country).last_number(environment, series, kind)
    services.continue_after(find(Numbering, sequence_id), last)
    flash(_("Sending goes on."), "ok")
    return redirect(url_for("einvoice.refused"))


# --- files for the accountant --------------------------------------------------------------------------


@bp.get("/exports")
@require("einvoice.view_documents")
def exports() -> Any:
    """What accountants compare with the authority's register: choose the month."""
    return _exports_page()


def _exports_page(error: str = "") -> str:
    company, last = current_company(), clock.today().replace(day=1) - dt.timedelta(days=1)
    return render_template("einvoice/exports.html", exports=exporting.exports_of(company).values(), error=error,
                           period=request.args.get("period") or f"{last:%Y-%m}")


@bp.get("/exports/<code>")
@require("einvoice.view_documents")
def export(code: str) -> Any:
    """One of them, as a file."""
    try:
        made = exporting.make(current_company(), code, _period(), request.args.get("form", ""))
    except NotFound:
        raise
    except DomainError as refusal:
        return _exports_page(str(refusal)), 422
    return send_file(io.BytesIO(made.content), mimetype=made.media_type, as_attachment=True, download_name=made.name)


def _period() -> str:
    found = request.args.get("period", "")
    try:
        queries.month(found)
    except ValueError:
        raise DomainError(_("To make the file you must write the month like 2026-11. Found: %(found)s.",
                            found=found or "—"), field="period") from None
    return found


# --- enabling ------------------------------------------------------------------------------------------


@bp.get("/enable")
@require("einvoice.enable")
def enable() -> Any:
    """The steps, what is done, and the one to do now."""
    enabler = enablers.find(current_company().country)
    if enabler is None:
        return render_template("einvoice/no_guide.html")
    steps = enabler.steps()
    wanted = request.args.get("step")
    now = next((step for step in steps if step.key == wanted), None) or next(
        (step for step in steps if not step.done), steps[-1])
    return render_template("einvoice/enable.html", steps=steps, now=now, errors={})


@bp.post("/enable/<step_key>")
@require("einvoice.enable")
def enable_step(step_key: str) -> Any:
    """Do and verify one step."""
    enabler = enablers.get(current_company().country)
    values: dict[str, Any] = dict(request.form)
    values |= {name: file.read() for name, file in request.files.items()}
    try:
        said = enabler.run(step_key, values)
    except (DomainError, OutsideError) as error:
        db.session.rollback()
        steps = enabler.steps()
        now = next((step for step in steps if step.key == step_key), steps[0])
        errors = {getattr(error, "field", None) or "": str(error)}
        return render_template("einvoice/enable.html", steps=steps, now=now, errors=errors, typed=values), 422
    flash(said, "ok")
    return redirect(url_for("einvoice.enable"))


@bp.get("/enable/<step_key>/download")
@require("einvoice.enable")
def enable_download(step_key: str) -> Any:
    """The text of a step (the signing request) as a file."""
    steps = enablers.get(current_company().country).steps()
    found = next((step.download for step in steps if step.key == step_key and step.download), None)
    if found is None:
        raise DomainError(_("There is nothing to download at this step yet."))
    name, text = found
    return text, 200, {"Content-Type": "application/pkcs10", "Content-Disposition": f'attachment; filename="{name}"'}


