"""Taxes on the whole document that the issuer must collect (perceptions), as the country's module knows them."""

from __future__ import annotations

from dataclasses import replace

from core.scope import current_company
from modules.accounting.drafts import InvoiceDraft
from modules.accounting.ports import collectors
from modules.accounting.totals import of_draft


def completed(draft: InvoiceDraft) -> InvoiceDraft:
    """A document by hand with what must be collected on it.

    As it is where it says so itself, and for credit notes, which give back what their document collected.
    """
    company = current_company()
    collector = collectors.find(company.country)
    if collector is None or draft.document_taxes or draft.kind == "credit_note" or not draft.lines:
        return draft
    collecting = collector.on(company, draft.issue_date)
    if collecting is None:
        return draft
    collecting.look_up([draft.customer_id])
    return replace(draft, document_taxes=collecting.taxes(draft, of_draft(draft, company.country)))
