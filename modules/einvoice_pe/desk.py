"""Nubefact on the home page, and what a customer wants on his."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import render_template, url_for
from markupsafe import Markup

from core import clock, lists
from core.db import db
from core.i18n import _, ngettext
from core.outside import Standing
from core.scope import current_company
from core.slots import NOTICE
from modules.crm.models import Customer
from modules.einvoice import queries as documents
from modules.einvoice.models import Document
from modules.einvoice_pe import access, contingency, detractions
from modules.einvoice_pe.lists import DETRACTIONS, state_of
from modules.einvoice_pe.models import CustomerProfile, Detraction

# a factura that reaches SUNAT after the third day does not exist: told after one day, in red after two
TOLD, URGENT = dt.timedelta(hours=24), dt.timedelta(hours=48)
UNDECIDED = ("sending", "unknown", "signed")


def undecided(_company: Any) -> Markup:
    """Documents that SUNAT has not decided for a day."""
    if current_company().country != "PE":
        return Markup("")
    count, oldest = db.session.execute(
        sa.select(sa.func.count(), sa.func.min(Document.sent_at)).where(
            Document.country == "PE", Document.state.in_(UNDECIDED), Document.sent_at < clock.now() - TOLD)).one()
    if not count or oldest is None:
        return Markup("")
    tone = "bad" if oldest < clock.now() - URGENT else "warn"
    return NOTICE.format(tone, url_for("einvoice.documents", state="signed"), _(
        "SUNAT has not answered about %(count)s documents for more than a day: look at them, a factura that comes too "
        "late does not exist.", count=count))


def invoice_part(invoice: Any) -> Markup:
    """The paper on which it was written first; the detracción of a factura, and its constancia."""
    if current_company().country != "PE":
        return Markup("")
    paper = contingency.papers([invoice.id]).get(invoice.id)
    row, parts = detractions.of_invoice(invoice.id), Markup("")
    if paper is not None:
        parts += Markup(render_template("einvoice_pe/paper_part.html", paper=paper, document=documents.of_invoice(
            invoice.id), words=contingency.pad_of(paper.kind, paper.series).words))
    if row is not None:
        parts += Markup(render_template("einvoice_pe/invoice_part.html", row=row, state=state_of(row),
                                        expected=detractions.to_deposit(row)))
    return parts


def late_detractions(_company: Any) -> Markup:
    """Detracciones that should have been deposited."""
    if current_company().country != "PE":
        return Markup("")
    count = db.session.scalar(sa.select(sa.func.count(Detraction.id)).where(
        detractions.waiting(), Detraction.due_date < clock.today())) or 0
    if not count:
        return Markup("")
    return NOTICE.format("warn", lists.url_of(DETRACTIONS, None, state="late"), ngettext(
        "%(num)s detracción was not deposited in time: ask for its constancia",
        "%(num)s detracciones were not deposited in time: ask for their constancias", count))


def standing() -> Standing | None:
    """Nubefact among the outside services of a Peruvian company."""
    if current_company().country != "PE":
        return None
    live = access.environment() == "production"
    text = _("Documents go to SUNAT through Nubefact and are legally valid.") if live else _(
        "Documents are accepted by the simulator, by Nubefact's and SUNAT's rules, and bear a watermark. None is "
        "legally valid.")
    return Standing("Nubefact", live, text, url_for("einvoice.enable", step="live"), "einvoice.enable")


def customer_summary(customer: Customer) -> str:
    """Whether the customer gets facturas or boletas, and keeps a retención; nothing in other countries."""
    if current_company().country != "PE":
        return ""
    row = db.session.get(CustomerProfile, customer.id)
    return render_template("einvoice_pe/customer_summary.html", customer=customer,
                           wants=None if row is None else row.wants_factura,
                           agent=bool(row and row.retention_agent))
