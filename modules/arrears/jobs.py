"""The hourly look at arrears, and the look at single customers when something happened to them."""

from __future__ import annotations

from core import clock, jobs
from core.companies import active_companies
from core.i18n import lazy, use_locale
from core.jobs import enqueue, job, schedule
from core.scope import company_scope, current_company
from modules.arrears import batches, running

# a run keeps the accounts of those whom it cuts until its part is done: short parts
SIZE = 250


@schedule("15 * * * *", words=lazy("Look who is in arrears"))
def look_after_arrears() -> None:
    """Every hour of each company's day, one job: notices, surcharges, cuts, promises that ran out."""
    for company in active_companies():
        local = clock.local(clock.now(), company)
        enqueue(run_company, company_id=company.id, key=f"arrears.run:{company.id}:{local:%Y-%m-%dT%H}")


@job(words=lazy("Warn, cut and restore"))
def run_company() -> None:
    """The company in scope, part by part; killed at any moment it goes on where it was."""
    with company_scope(current_company()), use_locale(current_company().locale):
        for _part in running.run(running.now(), size=SIZE):
            jobs.checkpoint()


@job(words=lazy("Look at a customer's arrears"))
def review(customer_ids: list[int], everything: bool = True) -> None:
    """These customers now: all that the rules say, or only who is restored."""
    with use_locale(current_company().locale):
        running.review(customer_ids, None if everything else running.RELIEF)


@job(words=lazy("Run a cut-off"))
def run_batch(batch_id: int) -> None:
    """Some contracts at a time, so that the stop button is heard."""
    with use_locale(current_company().locale):
        while batches.run_step(batch_id):
            jobs.checkpoint()


@job(words=lazy("Undo a cut-off"))
def undo_batch(batch_id: int) -> None:
    """Give all services back that it cut."""
    with use_locale(current_company().locale):
        while batches.undo_step(batch_id):
            jobs.checkpoint()
