"""The background work of contracts: billing in chunks, the automatic run, what the calendar brings."""

from __future__ import annotations

import datetime as dt

from core import clock
from core.companies import active_companies
from core.db import find
from core.i18n import lazy, use_locale
from core.jobs import enqueue, job, schedule
from core.scope import company_scope, current_company
from modules.contracts import approval, automatic, billing_run, previews, revisions, services
from modules.contracts.models import BillingRun, PriceRevision


@job(words=lazy("Divide a billing run"))
def plan_run(run_id: int) -> None:
    """Divide a run into chunks."""
    billing_run.plan_run(run_id)


@job(max_attempts=12, words=lazy("Bill a part of a run"))
def bill_chunk(chunk_id: int) -> None:
    """Bill one chunk of customers."""
    with use_locale(current_company().locale):
        billing_run.bill_chunk(chunk_id)


@job(words=lazy("Issue approved drafts"))
def issue_drafts(run_id: int) -> None:
    """Issue the approved drafts of a run, batch by batch."""
    approval.issue_approved(find(BillingRun, run_id))


@job(words=lazy("Apply a price revision"))
def apply_revision(revision_id: int) -> None:
    """Write the new prices of a revision of many contracts."""
    revisions.apply(find(PriceRevision, revision_id))


@job(words=lazy("Announce a price revision"))
def tell_revision(revision_id: int) -> None:
    """Queue the notices of a revision."""
    revisions.tell(find(PriceRevision, revision_id))


@job(words=lazy("Compute a preview of billing"))
def compute_preview(month: str) -> None:
    """Compute a large company's preview for the screen."""
    previews.compute(current_company(), dt.date.fromisoformat(month))


@schedule("5 * * * *", words=lazy("Look who is billed today"))
def bill_automatically() -> None:
    """Start the runs of profiles whose day and hour have come in their company's zone."""
    for company in active_companies():
        with company_scope(company):
            for due in automatic.due(company, clock.local(clock.now(), company)):
                enqueue(run_automatically, company_id=company.id, profile_id=due.profile_id,
                        billing_day=due.billing_day, month=due.month.isoformat(),
                        key=f"contracts.automatic:{company.id}:{due.day.isoformat()}:{due.profile_id}")


@job(words=lazy("Bill by itself"))
def run_automatically(profile_id: int, billing_day: int, month: str) -> None:
    """Start the run of one profile's day."""
    billing_run.start_run(current_company(), dt.date.fromisoformat(month), automatic=True,
                          filters={"profile_ids": [profile_id], "billing_day": billing_day})


@schedule("10 * * * *", words=lazy("Look at the calendar of contracts"))
def follow_calendars() -> None:
    """Once a day and company, soon after its midnight, apply what falls due."""
    for company in active_companies():
        today = clock.today(company)
        enqueue(follow_calendar, company_id=company.id, day=today.isoformat(),
                key=f"contracts.follow_calendar:{company.id}:{today.isoformat()}")


@job(words=lazy("Begin and end contracts of the day"))
def follow_calendar(day: str) -> None:
    """Apply the changes of plan and the ends whose day has come; tell of the prices that are about to change."""
    services.follow_calendar(dt.date.fromisoformat(day))
    revisions.tell_due(dt.date.fromisoformat(day))


