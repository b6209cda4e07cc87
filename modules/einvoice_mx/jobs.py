"""Work in the background: stamping, cancelling and looking after what is no document of accounting."""

from __future__ import annotations

import datetime as dt

from core import clock, companies, leases
from core.db import db
from core.errors import DomainError, OutsideError
from core.i18n import _, lazy
from core.jobs import checkpoint, enqueue, job, retry_later, schedule
from core.scope import company_scope, every_company
from modules.einvoice_mx import access, cancels, corrections, gathering, paper_files, receipts, stamping
from modules.einvoice_mx.models import GlobalInvoice
from modules.einvoice_mx.papers import PAPERS

# one batch is in flight per table; longer than the longest call
LEASE_SECONDS = 300
# payments that one job makes the receipts of
PAYMENTS = 1000
# so far back the sweep looks for what changed without being told
SINCE = dt.timedelta(days=2)


@job(queue="einvoice", max_attempts=50, words=lazy("Stamp receipts of payment and global invoices"))
def stamp_papers(paper: str, environment: str) -> None:
    """Stamp what waits of a table, batch after batch.

    Whoever finds it taken goes home: its holder looks once more after giving it back.
    """
    model, stamped = PAPERS[paper].model, PAPERS[paper].stamped
    while True:
        with leases.held(f"einvoice_mx.{paper}:{access.current_company().id}:{environment}", LEASE_SECONDS, _(
                "Another process works on these documents.")) as keep:
            if keep is None:
                return
            try:
                stamping.work(model, environment, keep, stamped)
            except (OutsideError, DomainError) as error:
                db.session.rollback()
                retry_later(getattr(error, "retry_after", None) or stamping.STANDING, str(error))
        if not stamping.is_left(model, environment):
            break
    due = stamping.next_due(model, environment)
    if due is not None:
        enqueue(stamp_papers, key=f"einvoice_mx.stamp:{paper}:{environment}:{int(due.timestamp())}", run_at=due,
                paper=paper, environment=environment)


@job(queue="einvoice", max_attempts=50, words=lazy("Cancel receipts of payment and global invoices"))
def cancel_paper(paper: str, row_id: int) -> None:
    """Ask for it, then ask the SAT until it says what became of it."""
    found = PAPERS[paper]
    cancels.cancel(found.model, row_id, found.cancelled, found.refused)


@job(words=lazy("Draw and send receipts of payment"))
def deliver_receipts(receipt_ids: list[int]) -> None:
    """The sheets of stamped receipts, and the notices with them."""
    paper_files.deliver_receipts(receipt_ids)


@job(queue="einvoice", words=lazy("Make receipts of payment"))
def open_receipts(payment_ids: list[int]) -> None:
    """The receipts of some of many payments that were recorded at once."""
    receipts.open_receipts(payment_ids)


@job(queue="einvoice", words=lazy("Make global invoices"))
def make_globals() -> None:
    """What is due, one after the other; each is written by itself, so that a killed one repeats nothing."""
    while gathering.make_next() is not None:
        checkpoint()


@job(words=lazy("Draw global invoices"))
def draw_globals(global_ids: list[int]) -> None:
    """The sheets of stamped global invoices."""
    paper_files.draw(GlobalInvoice, global_ids)


@schedule("*/10 * * * *", words=lazy("Look after receipts of payment and global invoices that wait"))
def look_after_papers() -> None:
    """What waits is taken up again; what changed without being told (credit used by hand, a payment taken off) too."""
    with every_company():
        ids = [company.id for company in companies.active_companies() if company.country == "MX"]
    for company_id in ids:
        with company_scope(company_id):
            enqueue(look_after, key=f"einvoice_mx.look_after:{company_id}:{clock.now():%Y%m%d%H%M}",
                    company_id=company_id)


@job(queue="einvoice", words=lazy("Look after receipts of payment and global invoices that wait"))
def look_after() -> None:
    """One company's share of it."""
    since = clock.now() - SINCE
    receipts.open_receipts(corrections.missing(since))
    if wrong := corrections.overstated(since=since):
        corrections.take_back(wrong)
    if gathering.is_due():
        enqueue(make_globals, key=f"einvoice_mx.make:{clock.now():%Y%m%d%H%M}")
    environment = access.environment()
    for paper, found in PAPERS.items():
        if stamping.is_left(found.model, environment):
            enqueue(stamp_papers, key=f"einvoice_mx.stamp:{paper}:{environment}:{clock.now():%Y%m%d%H%M}",
                    paper=paper, environment=environment)
