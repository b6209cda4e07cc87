"""What legal documents put on the home page and on an invoice's page: what needs a person, in words that are links."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from flask import render_template, url_for
from markupsafe import Markup

from core import clock, lists
from core.i18n import _, ngettext
from core.scope import current_company
from modules.einvoice import explaining, queries, states
from modules.einvoice.models import Sequence
from modules.einvoice.ports import Step, enablers

# what the authority has not decided after so long is told
PATIENCE = dt.timedelta(minutes=10)
NOTICE = Markup('<div class="notice notice-{}" role="status"><div><a href="{}">{}</a></div></div>')


def todo(_company: Any) -> Markup:
    """Refused documents, stopped sequences, lost answers, and what waits longer than usual."""
    return Markup("").join(NOTICE.format(*line) for line in _lines())


def _lines() -> Iterator[tuple[str, str, str]]:
    counts, troubled = queries.counts(), queries.troubled_sequences()
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


def _waiting(count: int, troubled: list[Sequence]) -> str:
    if any(row.failures and not row.blocked_code for row in troubled):
        return ngettext("%(num)s document waits because the authority is not reached",
                        "%(num)s documents wait because the authority is not reached", count)
    return ngettext("%(num)s document waits for the authority", "%(num)s documents wait for the authority", count)


def _listed(state: str) -> str:
    from modules.einvoice.lists import DOCUMENTS

    return lists.url_of(DOCUMENTS, state=state)


def step(_company: Any) -> tuple[bool, str]:
    """The step of setting up: done when the company's documents can be authorised."""
    return not _missing(), url_for("einvoice.enable")


def _missing() -> list[Step]:
    """What is still to be done before documents are authorised where the company is now: rehearsal or production."""
    company = current_company()
    enabler = enablers.find(company.country)
    steps = enabler.steps() if enabler is not None else []
    return [one for one in steps if not one.done and (not company.is_rehearsal or one.stage in ("", "rehearsal"))]


def invoice_part(invoice: Any) -> str:
    """What the tax authority says of an invoice; nothing for one that needs none, or whose document is to be made."""
    from modules.crm import countries

    document = queries.of_invoice(invoice.id)
    if document is None:
        return ""
    return render_template(
        "einvoice/_invoice_part.html", document=document, invoice=invoice, customer=invoice.customer,
        explanation=explaining.refusal(document), remarks=explaining.remarks(document), sequence=document.sequence,
        rules=countries.get(current_company().country))
