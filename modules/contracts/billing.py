"""Billing a month: what it would be (without writing anything), and doing it.

    preview(company, month)        the result as commands.md fixes it, nothing written
    start_run(company, month)      the run's row; jobs do the rest
    run_result(run) · status(company, month)
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from typing import Any

from core import clock, months
from core.i18n import use_locale
from core.models import Company
from core.scope import company_scope
from modules.contracts import billing_context, billing_read, drafting
from modules.contracts.billing_result import Tally, billed_amounts
from modules.contracts.billing_run import open_run, resume, start_run
from modules.contracts.billing_status import run_result, status
from modules.contracts.drafting import Decision

Progress = Callable[[int, int], None]


def preview(company: Company, month: dt.date, *, issue_date: dt.date | None = None,
            progress: Progress | None = None) -> dict[str, Any]:
    """What billing this month would come to now. Writes nothing, holds one chunk at a time."""
    started = time.perf_counter()
    with company_scope(company):
        tally = Tally(company, month)
        planned = billing_read.count_contracts(company.id) if progress else 0
        for (after, upto), decision in decisions(company, month, issue_date):
            tally.add(decision, billed_amounts(company.id, month, after, upto),
                      billed_amounts(company.id, months.add(month, -1), after, upto))
            if progress:
                progress(tally.contracts, planned)
        return tally.as_json(time.perf_counter() - started)


def decisions(company: Company, month: dt.date, issue_date: dt.date | None = None,
              size: int = billing_read.CHUNK, *, beyond: int = 0) -> Iterator[tuple[tuple[int, int], Decision]]:
    """Chunk by chunk, what a run would do; the same code as the run's. `beyond` leaves out the chunks whose customers
    all have smaller ids."""
    with use_locale(company.locale):
        context = billing_context.load(company, month, issue_date or clock.today(company))
        for after, upto in billing_read.ranges(company.id, size):
            if upto < beyond:
                continue
            found = billing_read.candidates(context, after, upto)
            yield (after, upto), drafting.decide(context, found)


__all__ = ["decisions", "open_run", "preview", "resume", "run_result", "start_run", "status"]
