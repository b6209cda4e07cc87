"""Looking at a large file, and loading any, in the background; no transaction is open while rows are understood."""

from __future__ import annotations

import io

from core import clock, leases, processes, storage
from core.db import db, find
from core.errors import DomainError
from core.i18n import lazy, use_locale
from core.jobs import checkpoint, job, retry_later
from core.scope import current_company, current_company_id
from modules.importer import payment_files, reader, runs, services
from modules.importer.models import ImportRun
from modules.importer.outcome import SHOWN, outcome
from modules.importer.services import Examined

LEASE_SECONDS = 900


def lease_name(company_id: int) -> str:
    """One loading of a company at a time, on screen or by command."""
    return f"importer:{company_id}"


@job(max_attempts=3, words=lazy("Check a file"))
def check_run(run_id: int) -> None:
    """Look at the file of a run; a file that cannot be imported is no error of the program."""
    with use_locale(_language(run_id)):
        try:
            examined = _examined(run_id)
            for done in services.survey(examined):
                find(ImportRun, run_id).done = done
                checkpoint()
        except DomainError as refusal:
            db.session.rollback()
            run = find(ImportRun, run_id)
            run.state, run.error, run.result = "failed", str(refusal), {}
            return
        runs.keep_check(find(ImportRun, run_id), examined)


@job(max_attempts=3, words=lazy("Load customers"))
def load_run(run_id: int) -> None:
    """Load the file of a run; a chunk is committed at a time, so that a killed loading goes on."""
    name, owner = lease_name(current_company_id()), f"{processes.identity()}#run-{run_id}"
    if not leases.acquire(name, LEASE_SECONDS, owner):
        retry_later(10, "another import of this company is running")
    try:
        with use_locale(_language(run_id)):
            _load(run_id, name, owner)
    except Exception as error:
        db.session.rollback()
        run = find(ImportRun, run_id)
        run.state, run.error = "failed", str(error)[:2000]
        leases.release(name, owner)
        raise
    leases.release(name, owner)


def _load(run_id: int, lease: str, owner: str) -> None:
    examined = _examined(run_id)
    run = find(ImportRun, run_id)
    if run.state == "loaded":
        return
    run.state, run.began_at, run.total = "loading", run.began_at or clock.now(), len(examined.arrangement.customers)
    before, examined.counts = run.done, examined.counts + services.Counter(run.counts)
    for done in services.load(examined, before):
        run = find(ImportRun, run_id)
        run.done, run.counts = max(done, before), dict(examined.counts)
        checkpoint()
        leases.acquire(lease, LEASE_SECONDS, owner)
    run = find(ImportRun, run_id)
    services.remember(examined)
    run.result = outcome(examined, loaded=True, most=SHOWN)
    runs.keep_refusals(run, examined)
    run.state, run.finished_at, run.error = "loaded", clock.now(), ""


@job(max_attempts=3, words=lazy("Load payments"))
def load_payments(run_id: int) -> None:
    """Record the payments of a file, a chunk in a transaction; what a killed job recorded is found again."""
    name, owner = f"importer:payments:{current_company_id()}", f"{processes.identity()}#payments-{run_id}"
    if not leases.acquire(name, LEASE_SECONDS, owner):
        retry_later(5, "another file of payments of this company is being recorded")
    try:
        with use_locale(_language(run_id)):
            payment_files.load(run_id)
    except Exception as error:
        db.session.rollback()
        run = find(ImportRun, run_id)
        run.state, run.error = "failed", str(error)[:2000]
        leases.release(name, owner)
        raise
    leases.release(name, owner)


def _examined(run_id: int) -> Examined:
    """The file of a run understood as it was said."""
    run = find(ImportRun, run_id)
    data, name, given, company = storage.read(run.file_id), run.file.name, dict(run.given), current_company()
    country, today = company.country, clock.today(company)
    checkpoint()
    sheet = reader.read(io.BytesIO(data), name, given.get("page") or "")
    settled = services.settle(sheet, given)
    checkpoint()
    return services.understand(sheet, settled, country, today)


def _language(run_id: int) -> str:
    """Of the person who brought the file, else of the company."""
    run = find(ImportRun, run_id)
    return (run.user.locale if run.user else "") or current_company().locale
