"""Work in the background of ARCA's own: its lists of codes, once a month."""

from __future__ import annotations

from core import clock, companies
from core.db import db
from core.i18n import lazy
from core.jobs import enqueue, job, schedule
from core.scope import every_company
from modules.einvoice_ar import access, refreshing


@schedule("20 9 2 * *", words=lazy("Fetch ARCA's lists every month"))
def refresh_lists_monthly() -> None:
    """Every company of Argentina that has left the rehearsal reads ARCA's lists anew."""
    with every_company():
        found = [company.id for company in companies.active_companies()
                 if company.country == "AR" and not company.is_rehearsal]
    for company_id in found:
        enqueue(refresh_lists, key=f"einvoice_ar.refresh_lists:{company_id}:{clock.now():%Y-%m}",
                company_id=company_id)


@job(queue="einvoice", max_attempts=5, words=lazy("Fetch ARCA's lists"))
def refresh_lists() -> None:
    """Read ARCA's lists of codes for the company in scope."""
    environment = access.environment()
    db.session.rollback()
    refreshing.refresh(environment)
