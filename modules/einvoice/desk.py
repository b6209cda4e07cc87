"""What legal documents put on the home page and on an invoice's page: what needs a person, in words that are links."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from flask import render_template, url_for
from markupsafe import Markup

from core import charts, clock, lists, setup
from core.charts import Part
from core.db import db
from core.i18n import _, ngettext
from core.models import Company
from core.setup import Step
from core.slots import NOTICE
from core.templating import number
from modules.einvoice import explaining, queries, states
from modules.einvoice.models import Document
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice.ports import Step as Guided
from modules.einvoice.ports import enablers, signed_first

# what the authority has not decided after so long is told
PATIENCE = dt.timedelta(minutes=10)


def todo(_company: Any) -> Markup:
    """Refused documents, stopped sequences, lost answers, and what waits longer than usual."""
    return Markup("").join(NOTICE.format(*line) for line in _lines())


def _lines() -> Iterator[tuple[str, str, str]]:
    counts, troubled = queries.count_of((states.REJECTED, states.UNKNOWN)), queries.troubled_sequences()
    if withdrawn := queries.withdrawn() if counts[states.REJECTED] else 0:
        yield "bad", _listed("withdrawn"), ngettext(
            "%(num)s document that a customer has was refused by the authority: it is not valid until it is mended and "
            "sent again", "%(num)s documents that customers have were refused by the authority: they are not valid "
            "until they are mended and sent again", withdrawn)
    if counts[states.REJECTED]:
        yield "bad", url_for("einvoice.refused"), ngettext(
            "%(num)s refused document waits to be mended", "%(num)s refused documents wait to be mended",
            counts[states.REJECTED])
    if stopped := sorted({row.series for row in troubled if row.blocked_code}):
        yield "bad", url_for("einvoice.documents"), _("Sending is stopped at series %(series)s",
                                                      series=", ".join(stopped))
    if counts[states.UNKNOWN]:
        yield "warn", _listed("unknown"), ngettext(
            "%(num)s document was sent and its answer lost; the authority is asked about it",
            "%(num)s documents were sent and their answers lost; the authority is asked about them",
            counts[states.UNKNOWN])
    if waiting := queries.waiting_since(clock.now() - PATIENCE):
        yield "warn", _listed("pending"), _waiting(waiting, troubled)


def _waiting(count: int, troubled: list[Numbering]) -> str:
    if any(row.failures and not row.blocked_code for row in troubled):
        return ngettext("%(num)s document waits because the authority is not reached",
                        "%(num)s documents wait because the authority is not reached", count)
    return ngettext("%(num)s document waits for the authority", "%(num)s documents wait for the authority", count)


def _listed(state: str, **days: str) -> str:
    from modules.einvoice.lists import DOCUMENTS

    return lists.url_of(DOCUMENTS, None, state=state, **days)


def chart(company: Any) -> Markup:
    """This month's documents by what the authority says."""
    first, last = charts.months_until(clock.today(company), 1)[0]
    counts = queries.of_days(first, last)
    if not any(counts.values()):
        return Markup("")
    days = {"date_from": first.isoformat(), "date_to": last.isoformat()}
    waiting = counts[states.PENDING] + counts[states.SENDING]
    parts = [Part(words, count, _listed(state, **days), tone) for words, count, state, tone in (
        (_("authorised"), counts[states.AUTHORIZED], "authorized", "ok"), (_("waiting"), waiting, "pending", "info"),
        *([(_("decided later"), counts[states.SIGNED], "signed", "info")] if company.country in signed_first else []),
        (_("without answer"), counts[states.UNKNOWN], "unknown", "warn"),
        (_("refused"), counts[states.REJECTED], "rejected", "bad"))]
    title = _("Electronic documents of this month")
    return charts.card(title, charts.stacked("documents", title, parts, show=number))


def setup_steps(company: Company) -> list[Step]:
    """Set-up: what the country asks for before documents are authorised where the company is now."""
    enabler = enablers.find(company.country)
    if enabler is None:
        return []
    first = _first_authorized(company)
    open_ones = [] if first else [one for one in enabler.steps() if not one.done and (
        not company.is_rehearsal or one.stage in ("", "rehearsal"))]
    data, way = ([one for one in open_ones if bool(one.stage) is staged] for staged in (False, True))
    return [
        _guided("tax", _("Tax data"), data, _("What the tax authority wants on each document of yours."),
                _("Fill in the tax data")),
        _guided("authority", _("Certificate and point of sale"), way, _(
            "What lets your documents be authorised. In rehearsal the simulator gives both; those for real invoices "
            "you get later, step by step."), way[0].action if way else ""),
    ]


def _guided(key: str, title: str, missing: Sequence[Guided], text: str, button: str) -> Step:
    where = url_for("einvoice.enable", step=missing[0].key if missing else None)
    return Step(key, title, not missing, text, button if missing else _("Look at it"), where,
                waits_for=missing[0].waits_for if missing else "")


def invoice_steps(company: Company) -> list[Step]:
    """Set-up: the first document that the authority, or its simulator, has authorised."""
    if enablers.find(company.country) is None:
        return []
    first = _first_authorized(company)
    waits = "" if first or setup.fact(company, "crm.customers") else _(
        "First write down a customer.")
    title = _("First invoice in rehearsal") if company.is_rehearsal else _("First invoice")
    url = url_for("accounting.invoice", invoice_id=first.invoice_id) if first else url_for("accounting.new_invoice")
    return [Step("invoice", title, first is not None, _(
        "Make an invoice by hand and watch it get its number and code. Its PDF bears a watermark while you rehearse."),
        _("Look at the invoice and its PDF") if first else _("Make an invoice"), url, waits_for=waits,
        facts=((_("Authorisation code"), first.authorization_code),) if first else ())]


def newest_authorized(company: Company) -> sa.ScalarSelect[int]:
    """Set-up: the id of the document that was authorised last."""
    authorized = sa.select(Document.id).where(Document.company_id == company.id, Document.state == states.AUTHORIZED)
    return authorized.order_by(Document.id.desc()).limit(1).scalar_subquery()


def _first_authorized(company: Company) -> Document | None:
    """The newest document authorised where the company is now; older environments count no more."""
    newest_id = setup.fact(company, "einvoice.newest_authorized")
    newest = db.session.get(Document, newest_id) if newest_id else None
    return newest if newest and (newest.environment == "rehearsal") == company.is_rehearsal else None


def invoice_part(invoice: Any) -> str:
    """What the tax authority says of an invoice; nothing for one that needs none, or whose document is to be made."""
    from modules.einvoice import mending  # loads forms, which read the company's country

    document = queries.of_invoice(invoice.id)
    if document is None:
        return ""
    return render_template(
        "einvoice/_invoice_part.html", document=document, invoice=invoice, customer=invoice.customer,
        explanation=explaining.refusal(document), remarks=explaining.remarks(document), sequence=document.sequence,
        inputs=mending.of_documents([(document, invoice.customer)]))
