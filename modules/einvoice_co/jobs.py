"""Work in the background of Colombia's own: how many folios The Factory HKA still has for us, once a day."""

from __future__ import annotations

from core import clock, companies
from core.db import db
from core.i18n import lazy
from core.jobs import enqueue, job, outside, schedule
from core.scope import every_company
from modules.einvoice_co import access


@schedule("40 11 * * *", words=lazy("Ask every day how many folios are left"))
def ask_folios_daily() -> None:
    """Every Colombian company that has left the rehearsal and issues through The Factory HKA."""
    with every_company():
        found = [company.id for company in companies.active_companies()
                 if company.country == "CO" and not company.is_rehearsal]
    for company_id in found:
        enqueue(ask_folios, key=f"einvoice_co.ask_folios:{company_id}:{clock.now():%Y-%m-%d}", company_id=company_id)


@job(queue="einvoice", max_attempts=3, words=lazy("Ask how many folios are left"))
def ask_folios() -> None:
    """Keep the answer; what is few is told on the home page."""
    environment = access.environment()
    if access.profile().provider != "hka" or access.stored(environment, "hka") is None:
        return
    hka = access.hka(environment)
    db.session.commit()
    with outside():
        count = hka.folios()
    row = access.needed(environment, "hka")
    row.folios, row.folios_at = count, clock.now()
