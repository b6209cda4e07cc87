"""What Peru says about a month that is to be closed: CDRs that are missing, detracciones that did not come."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask import url_for

from core import lists
from core.db import db
from core.i18n import lazy, ngettext
from core.scope import current_company
from modules.accounting.models import Invoice
from modules.accounting.ports import OpenPoint
from modules.einvoice import files
from modules.einvoice.models import Document, DocumentFile
from modules.einvoice_pe import detractions
from modules.einvoice_pe.models import Detraction


class Peru:
    """Everything that SUNAT accepted has its constancia here, and every factura its detracción."""

    title = lazy("SUNAT")
    permission = "einvoice.view_documents"
    order = 12

    def open_points(self, first: dt.date, last: dt.date) -> list[OpenPoint]:
        if current_company().country != "PE":
            return []
        return [*_without_cdr(first, last), *_not_deposited(first, last)]


def _without_cdr(first: dt.date, last: dt.date) -> list[OpenPoint]:
    has = sa.exists().where(DocumentFile.document_id == Document.id, DocumentFile.role == files.CDR)
    count = db.session.scalar(sa.select(sa.func.count(Document.id)).where(
        Document.state == "authorized", Document.issue_date.between(first, last), ~has)) or 0
    url = url_for("einvoice.documents", state="authorized", date_from=first.isoformat(), date_to=last.isoformat())
    return [OpenPoint(ngettext("%(num)s accepted document has no CDR here yet",
                               "%(num)s accepted documents have no CDR here yet", count), url)] if count else []


def _not_deposited(first: dt.date, last: dt.date) -> list[OpenPoint]:
    from modules.einvoice_pe.lists import DETRACTIONS

    count = db.session.scalar(sa.select(sa.func.count(Detraction.id)).join(
        Invoice, Invoice.id == Detraction.invoice_id).where(
        Invoice.issue_date.between(first, last), detractions.waiting())) or 0
    url = lists.url_of(DETRACTIONS, None, state="waiting", issued_from=first.isoformat(), issued_to=last.isoformat())
    return [OpenPoint(ngettext("%(num)s detracción is not deposited", "%(num)s detracciones are not deposited", count),
                      url)] if count else []
