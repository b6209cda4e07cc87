"""The strict sequence: nothing double, no gap, whatever is lost and whoever is killed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import jobs
from core.db import db
from core.errors import Unavailable, Unknown
from modules.einvoice.models import Document, Sequence
from modules.einvoice_ar.errors import HeaderRefused
from tests.modules.einvoice_ar.fake_arca import FakeArca, Killed, at_random, on

Make = Callable[..., Sequence]
Run = Callable[..., Any]


def states(sequence: Sequence) -> list[str]:
    return list(db.session.scalars(sa.select(Document.state).where(Document.sequence_id == sequence.id)
                                   .order_by(Document.id)))


def test_batches_follow_each_other_until_nothing_is_pending(arca: FakeArca, make_documents: Make, work: Run,
                                                             proven: Run) -> None:
    arca.limit = 4
    sequence = make_documents(10)
    work(sequence)
    proven(sequence)
    assert arca.calls.count("authorize") == 3


def test_a_lost_answer_is_asked_about_and_not_sent_again(arca: FakeArca, make_documents: Make, settle: Run,
                                                         proven: Run) -> None:
    sequence = make_documents(3)
    arca.hook = on("after authorize", Unknown("cut"))
    settle(sequence)
    proven(sequence)
    assert arca.calls.count("authorize") == 1
    assert arca.calls.count("find") == 3


def test_a_request_that_never_arrived_is_sent_again_after_asking(arca: FakeArca, make_documents: Make, settle: Run,
                                                                 proven: Run) -> None:
    sequence = make_documents(3)
    arca.hook = on("before authorize", Unknown("cut"))
    settle(sequence)
    proven(sequence)
    assert arca.calls.count("authorize") == 2
    assert arca.calls.index("find") < len(arca.calls) - 1 - arca.calls[::-1].index("authorize")


def test_answers_that_are_lost_again_and_again_make_it_rest(arca: FakeArca, make_documents: Make, work: Run) -> None:
    sequence = make_documents(1)
    arca.hook = on("before authorize", Unknown("cut"), times=100)
    work(sequence)
    assert arca.calls.count("authorize") == 3
    assert states(sequence) == ["pending"]
    row = db.session.get_one(Sequence, sequence.id)
    assert row.trouble == "cut" and row.failures == 1


def test_while_asking_fails_the_documents_stay_unknown(arca: FakeArca, make_documents: Make, work: Run) -> None:
    sequence = make_documents(2)
    sent: list[str] = []
    arca.hook = lambda moment: _fail_after_first_send(sent, moment)
    work(sequence)
    work(sequence)
    assert states(sequence) == ["unknown", "unknown"]
    assert arca.calls.count("authorize") == 1
    assert db.session.get_one(Sequence, sequence.id).trouble


def _fail_after_first_send(sent: list[str], moment: str) -> None:
    if sent:
        raise Unavailable("no line")
    if moment == "after authorize":
        sent.append(moment)
        raise Unknown("cut")


@pytest.mark.parametrize("seed", range(12))
def test_at_20_percent_faults_everything_is_authorised_once(arca: FakeArca, make_documents: Make, settle: Run,
                                                            proven: Run, seed: int) -> None:
    arca.limit = 7
    sequence = make_documents(40)
    arca.hook = at_random(seed, 0.2)
    settle(sequence)
    proven(sequence)


MOMENTS = ["before last_number", "after last_number", "before authorize", "after authorize", "before batch_size"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_around_a_call_the_next_worker_ends_it(arca: FakeArca, make_documents: Make, settle: Run, proven: Run,
                                                      moment: str) -> None:
    arca.limit = 3
    sequence = make_documents(7)
    arca.hook = on(moment, Killed())
    settle(sequence)
    proven(sequence)


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_commit_the_next_worker_ends_it(arca: FakeArca, make_documents: Make, settle: Run, proven: Run,
                                                      work: Run, monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    """One run per commit: the process dies just before it, or just after it, with lost answers as well."""
    arca.limit = 3
    sequence = make_documents(6)
    real, count = db.session.commit, {"left": 0}

    def dying() -> None:
        count["left"] -= 1
        if count["left"] == 0 and not after:
            raise Killed
        real()
        if count["left"] == 0:
            raise Killed

    for place in range(1, 40):
        count["left"] = place
        arca.hook = on("after authorize", Unknown("cut"))
        monkeypatch.setattr(db.session, "commit", dying)
        work(sequence.id)
        monkeypatch.setattr(db.session, "commit", real)
        if count["left"] > 0:
            break
        sequence = make_documents(2)
    settle(sequence)
    proven(sequence)
    assert place > 10


def test_a_late_answer_after_arca_said_free_is_adopted(arca: FakeArca, make_documents: Make, settle: Run,
                                                       proven: Run) -> None:
    """The request times out, ARCA says the number is free, and only then registers it."""
    sequence = make_documents(1)
    late: list[dict[str, Any]] = []
    real = arca._authorize

    def slow(point: int, kind: int, details: list[dict[str, Any]]) -> Any:
        if not late:
            late.extend(details)
            raise Unknown("timeout")
        return real(point, kind, details)

    arca._authorize = slow  # type: ignore[method-assign]
    arca.hook = lambda moment: (arca.book(3, 6).append(late[0] | {"CAE": "76000000000000"})
                                if moment == "before last_number" and late and not arca.book(3, 6) else None)
    settle(sequence)
    proven(sequence)


def test_a_foreign_document_stops_the_sequence_with_its_reason(arca: FakeArca, make_documents: Make, work: Run) -> None:
    sequence = make_documents(2)
    work(sequence)
    arca.issue_elsewhere(3, 6, CbteFch="20261103")
    make_documents(1)
    work(sequence)
    row = db.session.get_one(Sequence, sequence.id)
    assert row.blocked_code == "foreign_document"
    assert "3" in row.blocked_reason
    assert states(sequence)[-1] == "pending"
    work(sequence)
    assert len(arca.book(3, 6)) == 3


def test_a_person_lets_it_go_on_after_the_foreign_document(arca: FakeArca, make_documents: Make, work: Run) -> None:
    from modules.einvoice import services

    sequence = make_documents(1)
    work(sequence)
    arca.issue_elsewhere(3, 6, CbteFch="20261103")
    make_documents(1)
    work(sequence)
    services.continue_after(db.session.get_one(Sequence, sequence.id), 2)
    db.session.commit()
    work(sequence)
    numbers = db.session.scalars(sa.select(Document.number).order_by(Document.id)).all()
    assert numbers == [1, 3]


def test_another_program_takes_the_number_between_asking_and_sending(arca: FakeArca, make_documents: Make,
                                                                     work: Run) -> None:
    sequence = make_documents(1)
    work(sequence)
    make_documents(2)
    taken = {"done": False}

    def hook(moment: str) -> None:
        if moment == "before authorize" and not taken["done"]:
            taken["done"] = True
            arca.issue_elsewhere(3, 6, CbteFch="20261103")

    arca.hook = hook
    work(sequence)
    assert db.session.get_one(Sequence, sequence.id).blocked_code == "foreign_document"
    assert states(sequence) == ["authorized", "pending", "pending"]


def test_a_number_smaller_than_ours_stops_the_sequence(arca: FakeArca, make_documents: Make, work: Run) -> None:
    sequence = make_documents(2)
    work(sequence)
    arca.book(3, 6).pop()
    make_documents(1)
    work(sequence)
    assert db.session.get_one(Sequence, sequence.id).blocked_code == "sequence_behind"


def test_a_refused_document_frees_its_number_and_the_rest_goes_on(arca: FakeArca, make_documents: Make,
                                                                  work: Run) -> None:
    sequence = make_documents(5)
    arca.refused[30000002] = "Documento invalido"
    work(sequence)
    assert states(sequence) == ["authorized", "rejected", "authorized", "authorized", "authorized"]
    refused = db.session.scalars(sa.select(Document).where(Document.state == "rejected")).one()
    assert (refused.number, refused.cause, refused.problems[0]["message"]) == (None, "10015", "Documento invalido")
    numbers = db.session.scalars(sa.select(Document.number).where(Document.number.is_not(None))
                                 .order_by(Document.id)).all()
    assert numbers == [1, 2, 3, 4]


def test_a_lower_limit_is_read_again(arca: FakeArca, make_documents: Make, work: Run, proven: Run) -> None:
    sequence = make_documents(2)
    work(sequence)
    arca.limit = 2
    make_documents(5)
    work(sequence)
    proven(sequence)


def test_a_closed_point_of_sale_stops_the_sequence_in_words(arca: FakeArca, make_documents: Make, work: Run) -> None:
    sequence = make_documents(1)
    arca.hook = on("before last_number", HeaderRefused("Punto de venta no habilitado", code="10005"))
    work(sequence)
    row = db.session.get_one(Sequence, sequence.id)
    assert row.blocked_code == "10005" and "Punto de venta no habilitado" in row.blocked_reason
    assert states(sequence) == ["pending"]


def test_documents_are_sent_in_order_of_date(arca: FakeArca, make_documents: Make, work: Run, proven: Run) -> None:
    sequence = make_documents(2, date=dt.date(2026, 11, 3))
    make_documents(2, date=dt.date(2026, 11, 1))
    work(sequence)
    assert [entry["CbteFch"] for entry in arca.book(3, 6)] == ["20261101", "20261101", "20261103", "20261103"]
    proven(sequence)


def test_a_document_older_than_the_window_is_dated_today_after_the_others(arca: FakeArca, make_documents: Make,
                                                                          work: Run, proven: Run) -> None:
    sequence = make_documents(1, date=dt.date(2026, 10, 20))
    make_documents(1, date=dt.date(2026, 10, 30))
    work(sequence)
    assert [entry["CbteFch"] for entry in arca.book(3, 6)] == ["20261030", "20261103"]
    assert arca.book(3, 6)[1]["FchVtoPago"] == "20261103"
    proven(sequence)


def test_a_document_behind_the_sequence_takes_its_last_date(arca: FakeArca, make_documents: Make, work: Run,
                                                            proven: Run) -> None:
    sequence = make_documents(1, date=dt.date(2026, 11, 3))
    work(sequence)
    make_documents(1, date=dt.date(2026, 11, 2))
    work(sequence)
    assert arca.book(3, 6)[1]["CbteFch"] == "20261103"
    proven(sequence)


def test_a_document_of_the_future_waits_for_its_day(arca: FakeArca, make_documents: Make, work: Run) -> None:
    sequence = make_documents(1, date=dt.date(2026, 11, 20))
    work(sequence)
    waiting = db.session.scalars(sa.select(Document)).one()
    assert waiting.state == "pending" and waiting.next_try is not None
    assert waiting.next_try.date() == dt.date(2026, 11, 10)


def test_the_date_of_the_last_document_is_learnt_from_arca(arca: FakeArca, make_documents: Make, work: Run) -> None:
    """Numbering begins after documents of an earlier program, the last of them younger than ours."""
    arca.issue_elsewhere(3, 6, CbteFch="20261102")
    sequence = make_documents(1, date=dt.date(2026, 11, 1))
    work(sequence)
    assert states(sequence) == ["authorized"]
    assert arca.book(3, 6)[1]["CbteFch"] == "20261102"


def test_two_workers_at_once_send_everything_once(arca: FakeArca, make_documents: Make, work: Run, proven: Run) -> None:
    """The second worker comes in the middle of the first one's call, finds the sequence taken and goes home."""
    from modules.einvoice.jobs import authorize_sequence

    arca.limit = 3
    sequence = make_documents(7)
    sequence_id = sequence.id

    def second(moment: str) -> None:
        if moment.startswith("before") and not arca.calls.count("nested"):
            arca.calls.append("nested")
            sent = arca.calls.count("authorize")
            authorize_sequence(sequence_id)
            assert arca.calls.count("authorize") == sent

    arca.hook = second
    work(sequence_id)
    proven(sequence)


def test_documents_that_come_while_the_lease_is_given_back_are_not_forgotten(
        arca: FakeArca, make_documents: Make, work: Run, proven: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from core import leases

    sequence = make_documents(1)
    real, once = leases.release, {"done": False}

    def release(name: str, owner: str | None = None) -> None:
        if not once["done"]:
            once["done"] = True
            make_documents(2)
        real(name, owner)

    monkeypatch.setattr(leases, "release", release)
    work(sequence)
    proven(sequence)


def test_a_batch_costs_the_same_few_statements_whatever_its_size(arca: FakeArca, make_documents: Make,
                                                                 work: Run) -> None:
    def statements(count: int) -> int:
        seen: list[str] = []
        sequence = make_documents(count)
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        sa.event.listen(sa.Engine, "before_cursor_execute", listener)
        try:
            work(sequence)
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", listener)
        return len([one for one in seen if not one.startswith(("SAVEPOINT", "RELEASE"))])

    statements(1)
    assert statements(100) <= statements(5) + 2


def test_jobs_are_asked_for_once_per_mark(company: Any, make_documents: Make) -> None:
    from modules.einvoice import services

    sequence = make_documents(1)
    before = jobs.open_jobs()
    services.enqueue_work([sequence.id], "chunk")
    services.enqueue_work([sequence.id], "chunk")
    assert jobs.open_jobs() == before + 1
