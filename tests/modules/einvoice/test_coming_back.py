"""What the authority has, or may have, is always come back for, whoever is killed or late at the worst moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock, jobs, leases
from core.db import db
from core.errors import Unavailable, Unknown
from core.models import Job
from modules.accounting.models import Invoice
from modules.einvoice import jobs as work
from modules.einvoice import services
from modules.einvoice.answers import Wait
from modules.einvoice.models import Document
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice.own_numbers import OwnNumbers
from tests.modules.einvoice.conftest import FakeIssuer
from tests.modules.einvoice.test_own_numbers import Authority

START = dt.datetime(2026, 11, 3, 15, tzinfo=dt.UTC)


class Killed(BaseException):
    """The process ends here."""


class Time:
    """The clock, moved by hand."""

    def __init__(self) -> None:
        self.moment = START

    def pass_(self, seconds: float) -> None:
        self.moment += dt.timedelta(seconds=seconds)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    found = Time()
    monkeypatch.setattr(clock, "now", lambda: found.moment)
    return found


@pytest.fixture
def authority(time: Time, issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch) -> Authority:
    found = Authority()
    monkeypatch.setattr(issuer, "work", lambda sequence_id, keep: OwnNumbers(
        sequence_id, keep, lambda environment: found).run())
    return found


@pytest.fixture
def opened(authority: Authority, make_invoice: Callable[..., Invoice]) -> Callable[[], int]:
    """A document that waits; the id of its sequence."""

    def make() -> int:
        services.open_documents([make_invoice().id])
        db.session.commit()
        return db.session.scalars(sa.select(Numbering.id)).one()

    return make


def state() -> str:
    db.session.expire_all()
    return db.session.scalars(sa.select(Document.state)).one()


def waiting() -> list[Job]:
    """The jobs that will still work on the sequence."""
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Job).where(
        Job.function == services.AUTHORIZE, Job.state.in_(("pending", "running")))))


def run() -> None:
    """Run what is due of the queue, until nothing is."""
    while any(jobs.run(job_id) for job_id, _queue in jobs.due(queues=("einvoice",))):
        continue


def killed_at(real: Callable[..., None]) -> Callable[..., None]:
    def recorded(record: Job, *args: Any, **values: Any) -> None:
        if record.function == services.AUTHORIZE:
            raise Killed
        real(record, *args, **values)

    return recorded


def die(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run what is due in a process that is killed before it can record what became of its work on the sequence."""
    with monkeypatch.context() as patched:
        for name in ("_put_back", "_finish"):
            patched.setattr(jobs, name, killed_at(getattr(jobs, name)))
        with pytest.raises(Killed):
            run()
    db.session.rollback()
    db.session.execute(sa.update(Job).where(Job.state == "running").values(  # what release_orphans does
        lease_until=clock.now() - dt.timedelta(seconds=1)))
    db.session.commit()


def test_who_is_killed_while_noting_that_the_authority_is_away_is_replaced(
        time: Time, authority: Authority, opened: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is lost, the question fails, and the process dies after noting the trouble, before its job waits."""
    opened()
    authority.tricks |= {1: [Unknown("no answer")], -1: [Unavailable("down")]}
    die(monkeypatch)
    assert state() == "unknown" and authority.book  # it was done, and we do not know
    run()  # the next process takes the job over while the trouble still has its time
    (left,) = waiting()
    assert (left.error, left.run_at > time.moment) == ("down", True)
    time.pass_(2)
    run()
    assert (state(), authority.sent, waiting()) == ("authorized", [1], [])


def test_many_who_come_too_early_leave_one_to_come_back(
        time: Time, authority: Authority, opened: Callable[[], int]) -> None:
    sequence_id = opened()
    authority.tricks[1] = [Unavailable("down")]
    run()
    before = len(waiting())
    for _one in range(5):
        jobs.enqueue(work.authorize_sequence, sequence_id=sequence_id)
        db.session.commit()
        run()
    assert (before, len(waiting())) == (1, 2)


def test_what_becomes_due_while_the_sequence_is_given_back_is_asked_about(
        time: Time, authority: Authority, opened: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    authority.tricks[1] = [Wait(30)]
    real = leases.release

    def slowly(name: str, owner: str | None = None) -> None:
        time.pass_(31)
        real(name, owner)

    monkeypatch.setattr(leases, "release", slowly)
    run()
    assert (state(), authority.asked) == ("authorized", [1])


def test_what_becomes_due_after_the_last_look_is_asked_about(
        time: Time, authority: Authority, opened: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    authority.tricks[1] = [Wait(30)]
    real = work._left
    looked: list[bool] = []

    def slowly(sequence_id: int) -> bool:
        found = real(sequence_id)
        if not looked:
            looked.append(found)
            time.pass_(31)
        return found

    monkeypatch.setattr(work, "_left", slowly)
    run()
    assert looked == [False]
    assert (state(), authority.asked, waiting()) == ("authorized", [1], [])


def test_who_finds_the_sequence_taken_leaves_what_is_due_to_its_holder(
        time: Time, authority: Authority, opened: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The job that was to ask comes just while another worker, which looked too early, gives the sequence back."""
    sequence_id = opened()
    authority.tricks[1] = [Wait(30)]
    run()
    real = leases.release
    came: list[str] = []

    def interrupted(name: str, owner: str | None = None) -> None:
        if not came:
            came.append(name)
            time.pass_(31)
            run()
        real(name, owner)

    monkeypatch.setattr(leases, "release", interrupted)
    work.authorize_sequence(sequence_id)
    assert came and (state(), authority.asked) == ("authorized", [1])
