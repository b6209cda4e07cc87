"""`abona einvoice paper`: a document that was written on paper first is reported under the paper's number."""

from __future__ import annotations

import re

import click

from core.cli import DONE, NEEDS_PERSON, chosen_company, company_option, with_app
from core.db import find
from core.errors import DomainError
from core.i18n import _
from core.scope import company_scope
from modules.accounting.models import Invoice
from modules.accounting.ports import Pad, first_on_paper
from modules.einvoice import services, states
from modules.einvoice.models import Document

_TYPED = re.compile(r"([A-Z0-9]{1,20})-(\d{1,8})")


@click.command()
@click.argument("document_id", type=int)
@click.argument("number", required=False)
@click.option("--kind", default="", help="The authority's code of the kind, where a series has several (Peru: 1 "
                                         "factura, 2 boleta).")
@click.option("--none", "none", is_flag=True, help="It was not written on paper, after all.")
@company_option
@with_app
def paper(document_id: int, number: str | None, kind: str, none: bool, company_code: str | None) -> int:
    """Report a document that was written on paper first, under the paper's NUMBER, like 0001-55."""
    if none == bool(number):
        raise DomainError(_("To report a paper you must give its series and number, like 0001-55, or --none."))
    with company_scope(chosen_company(company_code)):
        row = find(Document, document_id)
        pad, printed = (None, 0) if number is None else _chosen(row, number, kind)
        row = services.put_on_paper(row, pad, printed)
        if row.state == states.REJECTED:
            click.echo(_("What you corrected is saved, but it would be refused again: %(reason)s",
                         reason=row.problems[0]["message"]))
            return NEEDS_PERSON
    click.echo(_("It will be reported under the number of the paper.") if pad else _("It goes out without paper."))
    return DONE


def _chosen(row: Document, typed: str, kind: str) -> tuple[Pad, int]:
    """The pad and the number of what was typed; DomainError where they say none, or several."""
    match = _TYPED.fullmatch(typed.strip().upper())
    if match is None:
        raise DomainError(_("To report a paper you must give its series and number, like 0001-55, not %(found)s.",
                            found=typed))
    entry = first_on_paper.find(row.country)
    pads = entry.pads(find(Invoice, row.invoice_id).kind) if entry else []
    fitting = [pad for pad in pads if pad.series == match[1] and kind in ("", pad.kind)]
    usual = [pad for pad in fitting if pad.kind == row.kind] or fitting
    if len(usual) != 1:
        raise DomainError(_("To report a paper you must choose one of these with its series and --kind: %(known)s.",
                            known=", ".join(f"{pad.series} --kind {pad.kind} ({pad.words})" for pad in pads)
                            or _("none; a series of paper is entered under Electronic invoices > Enable")))
    return usual[0], int(match[2])
