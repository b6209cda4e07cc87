"""Loading a file in the background; a chunk is committed at a time, so a killed loading goes on."""

from __future__ import annotations

from core import clock, leases, processes
from core.db import db, find
from core.jobs import checkpoint, job, retry_later
from core.scope import current_company_id
from modules.importer import services
from modules.importer.models import ImportRun

LEASE_SECONDS = 900


@job(max_attempts=3)
def load_run(run_id: int) -> None:
    """Load the file of a run; doing it again does nothing twice."""
    name, owner = f"importer:{current_company_id()}", f"{processes.identity()}#run-{run_id}"
    if not leases.acquire(name, LEASE_SECONDS, owner):
        retry_later(10, "another import of this company is running")
    try:
        _load(run_id)
    except Exception as error:
        db.session.rollback()
        run = find(ImportRun, run_id)
        run.state, run.error = "failed", str(error)[:2000]
        leases.release(name, owner)
        raise
    leases.release(name, owner)


def _load(run_id: int) -> None:
    run = find(ImportRun, run_id)
    run.state = "loading"
    examined = services.examined_again(run)
    run.total = len(examined.steps)
    for done in services.load(examined):
        run.done = done
        checkpoint()
        run = find(ImportRun, run_id)
    services.remember(examined)
    run.result = services.outcome(examined, loaded=True)
    run.state, run.finished_at, run.error = "loaded", clock.now(), ""
