"""The whole demonstration: installation, simulators, subscribers, this month billed, authorised, drawn and sent."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from flask import current_app

from core import clock, installation, months, schema, worker
from core.config import ROOT
from core.db import db
from core.errors import CannotRun
from core.i18n import _
from core.models import Company
from core.scope import company_scope
from modules.contracts import billing, waiting
from modules.contracts.models import BillingRun
from modules.demo import logins, services, takings_now
from modules.demo.logins import Login
from modules.demo.services import Say, Wishes
from modules.demo.surroundings import simulators

PATIENCE = 120


class Outcome:
    """What came of it."""

    def __init__(self, companies: Sequence[Company], people: Sequence[Login], url: str) -> None:
        self.companies, self.people, self.simulators_url = list(companies), list(people), url
        self.results: list[dict[str, Any]] = []
        # why waiting was given up, or ""
        self.trouble = ""
        self.seconds = 0.0


@contextmanager
def running(wishes: Wishes, simulators_port: int | None, say: Say) -> Iterator[Outcome]:
    """Do everything, and keep simulators and workers alive for the block."""
    began = time.monotonic()
    installation.prepare()
    schema.require_current()
    services.check(Wishes(wishes.subscribers, wishes.countries, wishes.seed, 0 if _all_loaded(wishes)
                          else wishes.history))
    with ExitStack() as stack:
        say(_("Starting the simulators of the outside services."))
        found = stack.enter_context(simulators(simulators_port))
        say(_("Loading a made-up provider."))
        companies = services.load(wishes, found, say)
        outcome = Outcome(companies, logins.make(companies), found.url)
        stack.enter_context(_workers())
        bill(outcome, say)
        if not outcome.trouble:
            say(_("Subscribers pay through the gateways' simulators."))
            takings_now.make(companies, found, say)
        outcome.seconds = time.monotonic() - began
        yield outcome


def _all_loaded(wishes: Wishes) -> bool:
    found = all(services.find(country) for country in wishes.countries)
    db.session.rollback()
    return found


def bill(outcome: Outcome, say: Say) -> None:
    """Bill this month for each company, and wait until all is authorised, drawn and sent."""
    runs: list[tuple[Company, BillingRun]] = []
    for company in outcome.companies:
        with company_scope(company):
            month = months.of(clock.today(company))
            say(_("Billing %(month)s for %(company)s.", month=months.show(month), company=company.code))
            runs.append((company, billing.start_run(company, month)))
            db.session.commit()
    with waiting.display() as display:
        watch = waiting.Watch(runs, everything=True, patience=PATIENCE, display=display)
        waiting.wait(watch)
    outcome.trouble = watch.trouble
    for company_id, run_id in watch.runs:
        with company_scope(company_id):
            run = db.session.get_one(BillingRun, run_id)
            outcome.results.append(billing.status(db.session.get_one(Company, company_id), run.month))
    db.session.rollback()


@contextmanager
def _workers() -> Iterator[None]:
    """With Redis: a worker and the scheduler as processes, unless some are there. Without it this process works."""
    if not current_app.extensions["abona"].redis_url or worker.is_working():
        yield
        return
    started = [_start("worker"), _start("scheduler")]
    try:
        _wait_for(worker.is_working, started)
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(60)


def _start(command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "from core.cli import main; main()", command], cwd=ROOT,
                            start_new_session=True)


def _wait_for(question: Callable[[], bool], processes: Sequence[subprocess.Popen[bytes]], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not question():
        if any(process.poll() is not None for process in processes) or time.monotonic() > end:
            raise CannotRun(_("To go on, the workers must start; run abona worker to see why they do not."))
        time.sleep(0.2)
