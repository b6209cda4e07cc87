"""Invoices as PDF: read for a batch with a handful of selects, rendered in processes, stored once by content hash."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from flask import render_template

from core import logs, pdf, storage
from core.db import db, find
from core.errors import DomainError
from core.i18n import _, use_locale
from core.jobs import outside
from core.models import Company, StoredFile
from core.scope import current_company
from modules.accounting import designs, labels, queries, sheets
from modules.accounting.models import Invoice, InvoiceLine, InvoiceTax
from modules.accounting.models.documents import LEGAL_STATES, READY_STATES
from modules.accounting.ports import PrintBlock, layouts, print_blocks
from modules.accounting.print_data import CountryPart, PayWay

BATCH = 50
log = logs.get(__name__)


class NotRendered(DomainError):
    """A document could not be made; the message carries the renderer's reason."""

    code = "not_rendered"


@dataclass(frozen=True)
class Prepared:
    """A document ready to be rendered; holds no database object."""

    invoice_id: int
    html: str
    name: str
    # as it stands on the paper: what has got another meanwhile gets a paper of its own
    legal_number: str = ""


def pdf_of(invoice: Invoice) -> StoredFile:
    """The stored PDF; rendered now where it never was. A document not yet authorised is not stored: it will change."""
    if invoice.pdf_file_id:
        return storage.find_file(invoice.pdf_file_id)
    (prepared,) = prepare([invoice.id], stored_too=True)
    data = _rendered(prepared, pdf.render_many([prepared.html])[0])
    file = storage.store(data, prepared.name, "application/pdf")
    if is_final(invoice):
        invoice.pdf_file_id = file.id
        db.session.flush()
    return file


def preview(invoice: Invoice) -> bytes:
    """The document as it would print now, without storing anything."""
    (prepared,) = prepare([invoice.id], stored_too=True)
    return _rendered(prepared, pdf.render_many([prepared.html])[0])


def is_final(invoice: Invoice) -> bool:
    """True where nothing on the document will change any more, unless the authority refuses what was signed."""
    return invoice.state == "issued" and invoice.legal_state in READY_STATES


def render_missing(invoice_ids: Sequence[int]) -> dict[int, str]:
    """Render and store what has no PDF yet; why some could not be rendered, by invoice. For jobs: commits first."""
    prepared = prepare(invoice_ids)
    if not prepared:
        return {}
    with outside():
        results = pdf.render_many([one.html for one in prepared])
    keep([(one, data) for one, data in zip(prepared, results, strict=True) if isinstance(data, bytes)])
    failures = {one.invoice_id: str(error) for one, error in zip(prepared, results, strict=True)
                if isinstance(error, pdf.PdfError)}
    for invoice_id, reason in failures.items():
        log.error("document_not_rendered", invoice=invoice_id, error=reason)
    return failures


def keep(rendered: Sequence[tuple[Prepared, bytes]]) -> None:
    """Store the files and point the invoices to them.

    An invoice that got its PDF meanwhile keeps that one; one that was refused meanwhile, or renumbered, gets none.
    """
    if not rendered:
        return
    ids = storage.store_many([(data, one.name, "application/pdf") for one, data in rendered])
    table: Any = Invoice.__table__
    statement = (sa.update(table).where(
        table.c.id == sa.bindparam("row_id"), table.c.pdf_file_id.is_(None),
        table.c.legal_number == sa.bindparam("printed"), *[table.c.legal_state != one for one in LEGAL_STATES
                                                           if one not in READY_STATES])
                 .values(pdf_file_id=sa.bindparam("new_file")))
    db.session.connection().execute(statement, [{"row_id": one.invoice_id, "new_file": file_id,
                                                 "printed": one.legal_number}
                                                for (one, _data), file_id in zip(rendered, ids, strict=True)])
    db.session.expire_all()


def _rendered(prepared: Prepared, result: bytes | pdf.PdfError) -> bytes:
    if isinstance(result, pdf.PdfError):
        raise not_rendered(prepared.name, str(result))
    return result


def not_rendered(name: str, reason: str) -> NotRendered:
    """The refusal in words."""
    return NotRendered(_("The document %(name)s could not be made because the renderer refused it: %(reason)s",
                         name=name, reason=reason))


def prepare(invoice_ids: Sequence[int], stored_too: bool = False) -> list[Prepared]:
    """The HTML of these invoices (of those without PDF), from a constant number of selects."""
    wanted = sa.select(Invoice).where(Invoice.id.in_(list(invoice_ids))).order_by(Invoice.id)
    if not stored_too:
        wanted = wanted.where(Invoice.pdf_file_id.is_(None), Invoice.state == "issued",
                              Invoice.legal_state.in_(READY_STATES))
    invoices = list(db.session.scalars(wanted))
    if not invoices:
        return []
    sources = _Sources(current_company(), invoices)
    return [_prepare(sources, invoice) for invoice in invoices]


def source_of(invoice: Invoice) -> sheets.Source:
    """What the sheet of one document is made of, read now."""
    return _Sources(current_company(), [invoice]).of(invoice)


def language_of(invoice: Invoice) -> str:
    """The language that a document speaks: the customer's, else the company's."""
    return ((invoice.snapshot or {}).get("customer") or {}).get("language") or current_company().locale


def _prepare(sources: _Sources, invoice: Invoice) -> Prepared:
    with use_locale(language_of(invoice)):
        sheet = sheets.build(sources.of(invoice))
        html = render_template("accounting/print/invoice.html", sheet=sheet)
    return Prepared(invoice.id, html, file_name(f"{sheet.title} {invoice.legal_number or invoice.id}"),
                    invoice.legal_number)


def file_name(title: str) -> str:
    """A name that every system can store: "Factura B 0003-00000119.pdf"."""
    return re.sub(r"[^\w .-]+", "", title).strip()[:120] + ".pdf"


class _Sources:
    """All that the sheets of a batch need."""

    def __init__(self, company: Company, invoices: Sequence[Invoice]) -> None:
        ids = [invoice.id for invoice in invoices]
        customers = sorted({invoice.customer_id for invoice in invoices})
        self.company, self.lines, self.taxes = company, defaultdict(list), defaultdict(list)
        for line in db.session.scalars(sa.select(InvoiceLine).where(InvoiceLine.invoice_id.in_(ids))
                                       .order_by(InvoiceLine.invoice_id, InvoiceLine.position)):
            self.lines[line.invoice_id].append(line)
        for tax in db.session.scalars(sa.select(InvoiceTax).where(InvoiceTax.invoice_id.in_(ids))
                                      .order_by(InvoiceTax.id)):
            self.taxes[tax.invoice_id].append(tax)
        layout = layouts.find(company.country)
        self.parts = layout.parts(invoices) if layout else {}
        self.newest = designs.current()
        self.designs = designs.by_ids([_design_id(invoice) for invoice in invoices if _design_id(invoice)])
        self.debts = open_documents(customers)
        self.payments = queries.last_payments(customers)
        self.blocks = blocks_of(invoices)

    def of(self, invoice: Invoice) -> sheets.Source:
        design = self.designs.get(_design_id(invoice), self.newest)
        issuer = (invoice.snapshot or {}).get("issuer") or {}
        logo = design.logo_file_id or issuer.get("logo_file_id") or self.company.logo_file_id
        return sheets.Source(
            invoice, self.lines[invoice.id], self.taxes[invoice.id], self.parts.get(invoice.id) or plain_part(invoice),
            self.company, design, logo_of(logo),
            [_pay_way(block) for block in self.blocks(invoice)],
            payments=[(payment.paid_on, labels.ways_of(payment), payment.amount, payment.currency)
                      for payment in self.payments.get(invoice.customer_id, ())],
            debts=[sheets.Debt(row.id, labels.short_of(row), row.due_date, row.open_amount)
                   for row in self.debts.get(invoice.customer_id, ())])


def _design_id(invoice: Invoice) -> int:
    return int((invoice.snapshot or {}).get("design") or 0)


def _pay_way(block: Any) -> PayWay:
    return PayWay(block.label, block.text, block.code, block.barcode, block.symbology, sheets.qr_image(block.qr_text),
                  block.link)


def plain_part(invoice: Invoice) -> CountryPart:
    """The part of a document that no authority knows."""
    titles = {"invoice": _("Invoice"), "credit_note": _("Credit note"), "debit_note": _("Debit note")}
    return CountryPart(title=titles[invoice.kind], number=invoice.legal_number or "", tax_in_prices=False,
                       valid=invoice.legal_state == "not_required", void_text=_("Not valid as an invoice"))


def logo_of(file_id: int | None) -> str:
    """The logo as data URI, scaled once per process; empty where there is none or the file is damaged."""
    if not file_id:
        return ""
    try:
        return _scaled(storage.find_file(file_id).sha256)
    except DomainError as error:
        log.warning("logo_missing", file=file_id, error=str(error))
        return ""


@lru_cache(maxsize=32)
def _scaled(sha256: str) -> str:
    return sheets.logo_image(storage.backend().get(sha256))


def blocks_of(invoices: Sequence[Invoice]) -> Callable[[Invoice], list[PrintBlock]]:
    """What makes the ways to pay one of these invoices, in the language in use; all was read for the batch."""
    makers = [printer.of(invoices) for _name, printer in print_blocks.items()]
    return lambda invoice: [block for make in makers for block in make(invoice)]


def ways_to_pay(invoices: Sequence[Invoice]) -> dict[int, str]:
    """Bank data and payment codes of each invoice as text, for messages."""
    newest = designs.current()
    chosen = designs.by_ids([_design_id(invoice) for invoice in invoices if _design_id(invoice)])
    blocks, found = blocks_of(invoices), {}
    for invoice in invoices:
        bank = (chosen.get(_design_id(invoice), newest).texts or {}).get("bank", "").strip()
        lines = [_in_words(block) for block in blocks(invoice)]
        found[invoice.id] = "\n".join([*lines, *([_("Bank transfer") + ":\n" + bank] if bank else [])])
    return found


def _in_words(block: PrintBlock) -> str:
    """A way to pay on a line: what to say or type, where to go; what scanners read where there is nothing else."""
    told = [part for part in (block.code, block.link) if part] or [block.barcode or block.text]
    return ": ".join(part for part in (block.label, " · ".join(told)) if part)


def open_documents(customer_ids: Sequence[int]) -> dict[int, list[Any]]:
    """What each customer owes in the company's currency, oldest first: rows that labels and amounts are read from."""
    found: dict[int, list[Any]] = defaultdict(list)
    rows = db.session.execute(
        sa.select(Invoice.customer_id, Invoice.id, Invoice.kind, Invoice.origin, Invoice.legal_number,
                  Invoice.due_date, Invoice.open_amount)
        .where(Invoice.customer_id.in_(list(customer_ids)), Invoice.open_amount > 0, Invoice.state == "issued",
               Invoice.kind != "credit_note", Invoice.currency == current_company().currency)
        .order_by(sa.func.coalesce(Invoice.due_date, Invoice.issue_date), Invoice.id))
    for row in rows:
        found[row.customer_id].append(row)
    return found


def find_invoice(invoice_id: int) -> Invoice:
    """The invoice of the company in scope."""
    found: Invoice = find(Invoice, invoice_id)
    return found
