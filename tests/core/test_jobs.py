"""Jobs: a row first; claimed once, done with its changes in one commit, tried again, put back, or failed in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock, heartbeats, housekeeping, jobs, processes, scope
from core.db import db
from core.errors import DomainError, Rejected, Unavailable, Unknown
from core.models import Company, Job, Lease, Role, User
from core.scope import company_scope

Freeze = Callable[..., dt.datetime]
ran: list[Any] = []


@dataclass(frozen=True)
class Happened:
    """An event of these tests."""

    ids: list[int]


def write_role(code: str) -> None:
    """A change that can be seen afterwards."""
    ran.append(code)
    db.session.add(Role(code=code, name=code))


def write_role_and_fail(code: str) -> None:
    write_role(code)
    raise ValueError("it broke")


def fail(kind: str) -> None:
    ran.append(kind)
    errors: dict[str, Exception] = {
        "domain": DomainError("To do this you must do that."), "rejected": Rejected("no", code="7"),
        "unknown": Unknown("sent, no answer"), "unavailable": Unavailable("closed", retry_after=None),
        "unavailable_for": Unavailable("closed", retry_after=77), "later": jobs.RetryLater(5, "not yet")}
    raise errors[kind]


def note_scope() -> None:
    ran.append((scope.company_id_or_none(), scope.current_user_id()))


def hear(event: Happened) -> None:
    ran.append(("hear", event.ids))


def hear_too(event: Happened) -> None:
    ran.append(("hear too", event.ids))


@pytest.fixture(autouse=True)
def declared(app: Any) -> Iterator[None]:
    """The functions above are jobs while the test runs."""
    kept = dict(jobs.functions), {key: list(names) for key, names in jobs.handlers.items()}
    ran.clear()
    for function in (write_role, write_role_and_fail, note_scope):
        jobs.job()(function)
    jobs.job(max_attempts=3)(fail)
    jobs.on(Happened)(hear)
    jobs.on(Happened)(hear_too)
    yield
    jobs.functions.clear()
    jobs.functions.update(kept[0])
    jobs.handlers.clear()
    jobs.handlers.update(kept[1])


def enqueued(function: Callable[..., Any], **values: Any) -> int:
    """A job row that is committed."""
    job_id = jobs.enqueue(function, **values)
    db.session.commit()
    assert job_id is not None
    return job_id


def row(job_id: int) -> Job:
    found = db.session.get(Job, job_id, populate_existing=True)
    assert found is not None
    return found


def roles() -> list[str]:
    return list(db.session.scalars(sa.select(Role.code).where(Role.code.like("t-%")).order_by(Role.code)))


# --- asking -------------------------------------------------------------------------------------------------


def test_a_job_runs_once_and_its_changes_stay_with_it() -> None:
    job_id = enqueued(write_role, code="t-1")
    assert jobs.run(job_id) and not jobs.run(job_id)
    assert (row(job_id).state, row(job_id).attempts, roles()) == ("done", 1, ["t-1"])
    assert row(job_id).finished_at is not None and row(job_id).lease_until is None


def test_a_rollback_leaves_no_job_and_wakes_nobody() -> None:
    jobs.enqueue(write_role, code="t-1")
    db.session.rollback()
    assert "jobs_to_wake" not in db.session.info
    assert jobs.run_jobs() == 0 and roles() == []


def test_the_same_key_is_asked_for_once_even_when_it_was_done_long_ago() -> None:
    first = enqueued(write_role, key="bill:7", code="t-1")
    assert jobs.enqueue(write_role, key="bill:7", code="t-2") is None
    jobs.run(first)
    assert jobs.enqueue(write_role, key="bill:7", code="t-3") is None
    db.session.commit()
    assert jobs.run_jobs() == 0 and roles() == ["t-1"]


def test_a_key_that_was_rolled_back_is_free_again() -> None:
    jobs.enqueue(write_role, key="bill:8", code="t-1")
    db.session.rollback()
    assert jobs.enqueue(write_role, key="bill:8", code="t-2") is not None


def test_an_event_is_one_row_per_handler_in_the_publisher_s_transaction() -> None:
    jobs.publish(Happened([1, 2]))
    db.session.rollback()
    assert jobs.run_jobs() == 0
    jobs.publish(Happened([1, 2]))
    db.session.commit()
    assert jobs.run_jobs() == 2
    assert sorted(ran) == [("hear", [1, 2]), ("hear too", [1, 2])]


@pytest.mark.parametrize(("country", "heard"), [("AR", ["hear"]), ("PE", ["hear", "hear too"])])
def test_a_country_s_module_hears_of_companies_of_its_country_alone(
    company: Company, country: str, heard: list[str]
) -> None:
    name = "modules.einvoice_pe.handlers.hear_too"
    jobs.handlers[Happened][1] = name
    jobs.functions[name] = replace(jobs.functions[jobs._name(hear_too)], name=name)
    company.country = country
    db.session.commit()
    with scope.company_scope(company):
        jobs.publish(Happened([4]))
        db.session.commit()
        jobs.run_jobs()
    assert sorted(name for name, _ids in ran) == heard


def test_one_handler_that_fails_does_not_stop_the_other() -> None:
    jobs.functions[jobs._name(hear)] = jobs.JobFunction(jobs._name(hear), lambda **_: 1 / 0, "default", 1)
    jobs.publish(Happened([3]))
    db.session.commit()
    jobs.run_jobs()
    assert ran == [("hear too", [3])]


def test_a_job_runs_for_the_company_and_the_person_that_asked(company: Company, make_user: Any) -> None:
    user = make_user()
    with scope.acting_as(user.id):
        enqueued(note_scope)
    with company_scope(company.id + 1000), scope.acting_as(None):
        jobs.run_jobs()
    assert ran == [(company.id, user.id)]


def test_an_unknown_function_cannot_be_asked_for() -> None:
    with pytest.raises(KeyError):
        jobs.enqueue("modules.nowhere.jobs.nothing")


# --- order and hour -----------------------------------------------------------------------------------------


def test_due_jobs_come_in_the_order_of_their_hour(frozen: Freeze) -> None:
    noon = frozen(2026, 11, 3, 12)
    late = enqueued(write_role, code="t-late", run_at=noon - dt.timedelta(minutes=1))
    early = enqueued(write_role, code="t-early", run_at=noon - dt.timedelta(minutes=9))
    future = enqueued(write_role, code="t-future", run_at=noon + dt.timedelta(minutes=1))
    same = enqueued(write_role, code="t-same", run_at=noon - dt.timedelta(minutes=1))
    assert [job_id for job_id, _queue in jobs.due()] == [early, late, same]
    assert not jobs.run(future)


def test_queues_are_asked_for_separately() -> None:
    jobs.job(queue="notify")(note_scope)
    one, other = enqueued(note_scope), enqueued(write_role, code="t-1")
    assert jobs.due(queues=("notify",)) == [(one, "notify")]
    assert [job_id for job_id, _queue in jobs.due(queues=("default",))] == [other]


# --- trying again -------------------------------------------------------------------------------------------


def test_an_error_undoes_the_work_notes_the_words_and_waits_longer_each_time(frozen: Freeze) -> None:
    moment = frozen(2026, 11, 3, 12)
    job_id = enqueued(write_role_and_fail, code="t-1")
    waits = []
    for _round in range(4):
        assert jobs.run(job_id)
        waits.append((row(job_id).run_at - clock.now()).total_seconds())
        assert (row(job_id).state, row(job_id).error, roles()) == ("pending", "ValueError: it broke", [])
        moment = frozen(*(row(job_id).run_at + dt.timedelta(seconds=1)).timetuple()[:6])
    assert waits == [2, 4, 8, 16] and row(job_id).attempts == 4 and moment


def test_the_longest_wait_is_a_quarter_of_an_hour(frozen: Freeze) -> None:
    frozen(2026, 11, 3, 12)
    jobs.job(max_attempts=50)(fail)
    job_id = enqueued(fail, kind="domain")
    row(job_id).attempts = 30
    db.session.commit()
    jobs.run(job_id)
    assert (row(job_id).run_at - clock.now()).total_seconds() == jobs.LONGEST_WAIT == 900


@pytest.mark.parametrize("kind, words", [("domain", "To do this you must do that."), ("rejected", "Rejected: no"),
                                         ("unknown", "Unknown: sent, no answer")])
def test_after_the_last_attempt_it_has_failed_in_words(kind: str, words: str) -> None:
    job_id = enqueued(fail, kind=kind)
    for _round in range(5):
        row(job_id).run_at = clock.now() - dt.timedelta(seconds=1)
        db.session.commit()
        jobs.run(job_id)
    assert (row(job_id).state, row(job_id).attempts, row(job_id).error) == ("failed", 3, words)
    assert len(ran) == 3 and row(job_id).finished_at is not None


def test_a_service_that_is_away_is_asked_again_for_ever_after_the_time_that_it_names(frozen: Freeze) -> None:
    frozen(2026, 11, 3, 12)
    job_id = enqueued(fail, kind="unavailable_for")
    jobs.run(job_id)
    assert (row(job_id).run_at - clock.now()).total_seconds() == 77
    for _round in range(6):
        row(job_id).run_at = clock.now() - dt.timedelta(seconds=1)
        db.session.commit()
        jobs.run(job_id)
    assert (row(job_id).state, row(job_id).error) == ("pending", "closed")


def test_who_asks_to_be_run_later_is_not_counted_as_an_error(frozen: Freeze) -> None:
    frozen(2026, 11, 3, 12)
    job_id = enqueued(fail, kind="later")
    jobs.run(job_id)
    assert (row(job_id).attempts, row(job_id).error, row(job_id).state) == (0, "not yet", "pending")
    assert (row(job_id).run_at - clock.now()).total_seconds() == 5


def test_a_failed_job_runs_again_at_the_wish_of_a_person() -> None:
    job_id = enqueued(fail, kind="domain")
    for _round in range(3):
        row(job_id).run_at = clock.now() - dt.timedelta(seconds=1)
        db.session.commit()
        jobs.run(job_id)
    assert row(job_id).state == "failed" and jobs.run_jobs() == 0
    name = jobs._name(fail)
    jobs.functions[name] = jobs.JobFunction(name, lambda kind: ran.append("cured"), "default", 3)
    jobs.run_again(row(job_id))
    db.session.commit()
    assert jobs.run_jobs() == 1
    assert (row(job_id).state, row(job_id).attempts, row(job_id).error, ran[-1]) == ("done", 1, "", "cured")


def test_a_job_of_a_module_that_was_switched_off_fails_and_says_so() -> None:
    job_id = enqueued(write_role, code="t-1")
    del jobs.functions[jobs._name(write_role)]
    jobs.run(job_id)
    assert row(job_id).state == "failed" and "switched off" in row(job_id).error


# --- leases -------------------------------------------------------------------------------------------------


def test_a_job_that_somebody_runs_is_not_taken_until_the_lease_is_over(frozen: Freeze) -> None:
    frozen(2026, 11, 3, 12)
    job_id = enqueued(write_role, code="t-1")
    taken = jobs._claim(job_id)
    assert taken is not None and not jobs.run(job_id) and jobs.due() == []
    frozen(2026, 11, 3, 12, 5, 1)
    assert jobs.due() == [(job_id, "default")] and jobs.run(job_id)
    assert (row(job_id).state, row(job_id).attempts) == ("done", 2)


def test_who_lost_the_lease_leaves_nothing_behind(frozen: Freeze) -> None:
    frozen(2026, 11, 3, 12)
    job_id = enqueued(write_role, code="t-1")

    def slow(code: str) -> None:
        write_role(code)
        frozen(2026, 11, 3, 12, 6)
        db.session.flush()
        db.session.execute(sa.update(Job).values(attempts=Job.attempts + 1))  # another thread has taken it over

    jobs.functions[jobs._name(write_role)] = jobs.JobFunction(jobs._name(write_role), slow, "default", 8)
    jobs.run(job_id)
    assert roles() == [] and row(job_id).state == "running"


def test_a_long_job_keeps_its_lease_by_its_heartbeats(frozen: Freeze) -> None:
    frozen(2026, 11, 3, 12)
    job_id = enqueued(write_role, code="t-1")

    def slow(code: str) -> None:
        frozen(2026, 11, 3, 12, 4)
        assert heartbeats.renew(jobs.LEASE) == 1
        ran.append(row(job_id).lease_until)

    jobs.functions[jobs._name(write_role)] = jobs.JobFunction(jobs._name(write_role), slow, "default", 8)
    jobs.run(job_id)
    assert ran == [dt.datetime(2026, 11, 3, 12, 9, tzinfo=dt.UTC)]
    assert heartbeats.renew(jobs.LEASE) == 0


def test_what_was_done_before_a_checkpoint_stays_when_the_rest_breaks() -> None:
    def in_two_steps(code: str) -> None:
        write_role(code + "a")
        jobs.checkpoint()
        write_role(code + "b")
        raise ValueError("it broke")

    jobs.functions[jobs._name(write_role)] = jobs.JobFunction(jobs._name(write_role), in_two_steps, "default", 8)
    job_id = enqueued(write_role, code="t-")
    jobs.run(job_id)
    assert roles() == ["t-a"] and row(job_id).state == "pending"


def test_while_a_job_talks_to_the_outside_no_transaction_is_open() -> None:
    def talk(code: str) -> None:
        write_role(code)
        with jobs.outside():
            ran.append(db.session().in_transaction())
        ran.append(roles())

    jobs.functions[jobs._name(write_role)] = jobs.JobFunction(jobs._name(write_role), talk, "default", 8)
    jobs.run(enqueued(write_role, code="t-1"))
    assert ran == ["t-1", False, ["t-1"]]


def test_a_checkpoint_of_a_job_that_was_taken_over_stops_it(frozen: Freeze) -> None:
    frozen(2026, 11, 3, 12)

    def superseded(code: str) -> None:
        db.session.execute(sa.update(Job).values(worker="elsewhere:1:1"))
        jobs.checkpoint()
        ran.append("went on")

    jobs.functions[jobs._name(write_role)] = jobs.JobFunction(jobs._name(write_role), superseded, "default", 8)
    job_id = enqueued(write_role, code="t-1")
    jobs.run(job_id)
    assert ran == [] and (row(job_id).state, row(job_id).worker) == ("running", "elsewhere:1:1")


def test_jobs_of_a_process_that_is_gone_are_given_back_at_once_others_are_not() -> None:
    gone, alive, far = (enqueued(write_role, code=f"t-{n}") for n in range(3))
    place, pid, _start = processes.identity().split(":")
    owners = {gone: f"{place}:{pid}:1", alive: processes.identity(), far: "another.1:1:1"}
    for job_id, owner in owners.items():
        jobs._claim(job_id)
        row(job_id).worker = owner
    db.session.commit()
    assert jobs.release_orphans() == 1
    assert [job_id for job_id, _queue in jobs.due()] == [gone]


def kill_workers_of(job_id: int, times: int) -> None:
    """As many workers in a row claim the job and are killed."""
    for _round in range(times):
        assert jobs._claim(job_id)
        row(job_id).lease_until = clock.now() - dt.timedelta(seconds=1)
        db.session.commit()


def test_a_job_whose_workers_are_killed_now_and_then_still_runs() -> None:
    job_id = enqueued(write_role, code="t-1")
    kill_workers_of(job_id, 20)
    jobs.run(job_id)
    assert (row(job_id).state, row(job_id).losses) == ("done", 20)


def test_a_job_that_kills_its_worker_every_time_is_given_up() -> None:
    job_id = enqueued(write_role, code="t-1")
    kill_workers_of(job_id, jobs.MOST_LOSSES + 1)
    assert jobs.run(job_id)
    assert row(job_id).state == "failed" and f"{jobs.MOST_LOSSES + 1} times" in row(job_id).error and ran == []


def test_a_job_that_gets_ahead_between_two_kills_is_not_given_up() -> None:
    def step(code: str) -> None:
        jobs.checkpoint()
        ran.append(row(job_id).losses)
        raise jobs.RetryLater(0, "more to do")

    jobs.functions[jobs._name(write_role)] = jobs.JobFunction(jobs._name(write_role), step, "default", 8)
    job_id = enqueued(write_role, code="t-1")
    kill_workers_of(job_id, 10)
    jobs.run(job_id)
    assert ran == [0]


# --- housekeeping -------------------------------------------------------------------------------------------


def test_old_finished_jobs_are_taken_away_but_keys_and_failures_stay(frozen: Freeze) -> None:
    now = frozen(2026, 11, 3, 12)
    tick = jobs._name(housekeeping.tidy)
    rows = {"old": (None, "x", "done", 91), "new": (None, "x", "done", 89), "failed": (None, "x", "failed", 91),
            "keyed": ("once:1", "x", "done", 91), "tick": (f"{tick}:1", tick, "done", 91)}
    made = {name: Job(key=key, function=function, state=state, finished_at=now - dt.timedelta(days=days))
            for name, (key, function, state, days) in rows.items()}
    db.session.add_all(made.values())
    db.session.commit()
    ids = {job.id: name for name, job in made.items()}
    housekeeping.tidy()
    db.session.commit()
    left = db.session.scalars(sa.select(Job.id).where(Job.id.in_(ids)))
    assert {ids[job_id] for job_id in left} == {"new", "failed", "keyed"}


def test_housekeeping_goes_on_until_nothing_old_is_left(frozen: Freeze, monkeypatch: pytest.MonkeyPatch) -> None:
    now = frozen(2026, 11, 3, 12)
    monkeypatch.setattr(housekeeping, "BATCH", 4)
    monkeypatch.setattr(housekeeping.forget_jobs, "__defaults__", (4,))
    db.session.add_all([Job(function="x", state="done", finished_at=now - dt.timedelta(days=100)) for _n in range(10)])
    db.session.add(Lease(name="gone", owner="x:1:1", until=now - dt.timedelta(days=2)))
    db.session.commit()
    housekeeping.tidy()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Job)) == 0
    assert db.session.get(Lease, "gone") is None


def test_the_system_itself_may_ask_for_a_job_without_company_or_person() -> None:
    enqueued(note_scope)
    jobs.run_jobs()
    assert ran == [(None, None)]
    assert db.session.scalars(sa.select(User.id)).all() == []
