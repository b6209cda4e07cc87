"""What of a company's work still is to be waited for."""

from __future__ import annotations

import datetime as dt

import pytest

from core import clock, jobs
from core.db import db
from core.models import Company, Job
from modules.contracts import stages

NOW = dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@jobs.job()
def work() -> None:
    """A job of these tests."""


def waiting(seen_at: dt.datetime, company: Company) -> int:
    with clock.freeze(seen_at):
        return stages.work_left(company)[0]


def test_what_is_due_is_waited_for(company: Company) -> None:
    with clock.freeze(NOW):
        jobs.enqueue(work, company_id=company.id)
    assert waiting(NOW + SECOND, company) == 1


def test_what_another_process_asked_for_while_one_looked_is_waited_for(company: Company) -> None:
    """The clock is read before the table: a job may be there that was due a moment after."""
    with clock.freeze(NOW):
        jobs.enqueue(work, company_id=company.id)
    assert waiting(NOW - dt.timedelta(milliseconds=20), company) == 1


def test_what_is_set_for_later_on_purpose_is_not(company: Company) -> None:
    with clock.freeze(NOW):
        jobs.enqueue(work, company_id=company.id, run_at=NOW + dt.timedelta(hours=1))
    assert waiting(NOW + SECOND, company) == 0
    assert waiting(NOW + dt.timedelta(hours=2), company) == 1


@pytest.mark.parametrize(("error", "attempts"), [("The tax authority does not answer.", 1), ("It closes at 2.", 0)])
def test_what_waits_after_a_trouble_is_waited_for_and_says_why(company: Company, error: str, attempts: int) -> None:
    with clock.freeze(NOW):
        key = jobs.enqueue(work, company_id=company.id, run_at=NOW + dt.timedelta(hours=1))
        db.session.get_one(Job, key).error, db.session.get_one(Job, key).attempts = error, attempts
        db.session.flush()
        assert stages.work_left(company) == (1, error)
