"""Work in the background of Colombia's own: folios left, our PDF to the provider, files from it."""

from __future__ import annotations

import datetime as dt

from core import clock, companies
from core.db import db
from core.i18n import lazy
from core.jobs import enqueue, job, outside, schedule
from core.scope import every_company
from modules.einvoice_co import access, attaching, fetching

# documents of one job
BATCH = 25


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


@job(queue="einvoice", words=lazy("Send our PDFs to the provider"))
def attach(document_ids: list[int]) -> None:
    """What the provider does not take now is tried again, for nearly a day."""
    wait = attaching.attach(document_ids)
    if wait is not None:
        enqueue(attach, document_ids=document_ids, run_at=clock.now() + dt.timedelta(seconds=wait))


@job(queue="einvoice", words=lazy("Fetch what the law wants kept"))
def fetch_files(document_ids: list[int]) -> None:
    """What is not there then is fetched with the hourly sweep."""
    fetching.fetch(document_ids)


@schedule("25 * * * *", words=lazy("Send and fetch what the provider did not take or give"))
def catch_up_hourly() -> None:
    """Every company of Colombia."""
    with every_company():
        found = [company.id for company in companies.active_companies() if company.country == "CO"]
    for company_id in found:
        enqueue(catch_up, key=f"einvoice_co.catch_up:{company_id}:{clock.now():%Y-%m-%dT%H}", company_id=company_id)


@job(queue="einvoice", max_attempts=3, words=lazy("Send and fetch what the provider did not take or give"))
def catch_up() -> None:
    """In batches, each a job of its own."""
    for function, ids in ((attach, attaching.left_lying()), (fetch_files, fetching.without_files())):
        for start in range(0, len(ids), BATCH):
            enqueue(function, document_ids=ids[start:start + BATCH])
