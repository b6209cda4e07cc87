"""Numbers that we give ourselves: each document keeps its own until the authority has decided, whatever is lost."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import sqlalchemy as sa

from core import clock, jobs, storage
from core.db import db
from core.errors import Rejected, Unavailable, Unknown
from core.lists import output
from core.lists.ask import Ask
from core.lists.query import Query
from modules.accounting.models import Invoice
from modules.einvoice import checks, files, services
from modules.einvoice.answers import Answer, No, Taken, Wait, Yes
from modules.einvoice.files import Kept
from modules.einvoice.lists import DOCUMENTS
from modules.einvoice.models import Document
from modules.einvoice.models import Sequence as Numbering
from modules.einvoice.own_numbers import OwnNumbers, Row, Stop
from tests.modules.einvoice.conftest import DAY, FakeIssuer

WRONG = [{"code": "35", "message": "DOCUMENTO INVÁLIDO"}]


class Authority:
    """A wire whose other end is in memory: what it got, and what it is told to answer, by number."""

    width = 4

    def __init__(self) -> None:
        self.book: dict[int, dict[str, Any]] = {}
        self.tricks: dict[int, list[Any]] = {}
        self.sent: list[int] = []
        self.asked: list[int] = []
        self._lock = threading.Lock()

    def day(self, row: Row, today: dt.date) -> dt.date:
        return max(row.issue_date, today) if row.issue_date > today else row.issue_date

    def numbered(self, row: Row, number: int, date: dt.date) -> dict[str, Any]:
        return {**row.request, "number": number, "date": date.isoformat()}

    def send(self, row: Row) -> Answer:
        with self._lock:
            assert row.number is not None
            self.sent.append(row.number)
            trick = self.tricks.get(row.number, [])
            answer = trick.pop(0) if trick else None
        if isinstance(answer, Unavailable | Stop | Rejected | No):
            raise answer if isinstance(answer, Exception) else _Told(answer)
        self.book[row.number] = row.request
        if isinstance(answer, Unknown):
            raise answer
        return answer or self._yes(row)

    def ask(self, row: Row) -> Answer | None:
        assert row.number is not None
        self.asked.append(row.number)
        trick = self.tricks.get(-row.number, [])
        if trick:
            answer = trick.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer  # type: ignore[no-any-return]
        return self._yes(row) if row.number in self.book else None

    def _yes(self, row: Row) -> Yes:
        return Yes(f"code-{row.number}", response={"ok": True}, data={"hash": f"h{row.number}"},
                   files=(Kept(files.XML, f"{row.number}.xml", "application/xml", f"<n>{row.number}</n>".encode()),))


class _Told(Exception):
    """Carries a refusal out of `send`."""


@pytest.fixture
def authority(issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch) -> Authority:
    found = Authority()
    plain = found.send

    def send(row: Row) -> Answer:
        try:
            return plain(row)
        except _Told as told:
            return told.args[0]  # type: ignore[no-any-return]

    monkeypatch.setattr(found, "send", send)
    return found


@pytest.fixture
def opened(issuer: FakeIssuer, make_invoice: Callable[..., Invoice]) -> Callable[[int], list[Document]]:
    """`opened(3)`: three documents that wait."""

    def make(count: int) -> list[Document]:
        ids = [make_invoice(f"Ana {index}").id for index in range(count)]
        services.open_documents(ids)
        db.session.commit()
        return documents()

    return make


def documents() -> Sequence[Document]:
    db.session.expire_all()
    return db.session.scalars(sa.select(Document).order_by(Document.id)).all()


def work(authority: Authority) -> Unavailable | None:
    """Let a worker do all that can be done now; what it would come back for."""
    sequence_id = db.session.scalars(sa.select(Numbering.id)).one()
    try:
        OwnNumbers(sequence_id, db.session.commit, lambda environment: authority).run()
    except Unavailable as error:
        db.session.rollback()
        return error
    return None


def numbers() -> list[tuple[str, int | None]]:
    return [(one.state, one.number) for one in documents()]


def test_documents_are_numbered_in_order_and_keep_what_the_authority_gave(
        authority: Authority, opened: Callable[[int], list[Document]]) -> None:
    opened(3)
    assert work(authority) is None
    assert numbers() == [("authorized", 1), ("authorized", 2), ("authorized", 3)]
    first = documents()[0]
    assert (first.authorization_code, first.data["hash"], first.request["number"]) == ("code-1", "h1", 1)
    kept = files.of_documents([first.id])[first.id]
    assert kept[files.XML].name == "1.xml"
    assert db.session.scalars(sa.select(Invoice.legal_number).order_by(Invoice.id)).all() == [
        f"B 0003-0000000{number}" for number in (1, 2, 3)]


def test_the_xml_goes_with_the_pdf_and_all_of_them_in_one_zip(
        authority: Authority, opened: Callable[[int], list[Document]], tmp_path: Path) -> None:
    opened(2)
    work(authority)
    sent = {row.invoice_id: row.id for row in documents()}
    found = files.Attached().files(list(sent))
    assert {one: storage.read(ids[0]) for one, ids in found.items()} == {
        invoice_id: f"<n>{number}</n>".encode() for number, invoice_id in enumerate(sent, 1)}
    made = output.Output(DOCUMENTS, "bundle", Query(Ask(DOCUMENTS, {})), [], ["xml"])
    with output.snapshot() as source:
        made.write(tmp_path / "all.zip", source)
    assert sorted(name.rsplit("/", 1)[1] for name in ZipFile(tmp_path / "all.zip").namelist()) == ["1.xml", "2.xml"]


def test_an_answer_that_was_lost_is_asked_for_and_never_sent_again(
        authority: Authority, opened: Callable[[int], list[Document]]) -> None:
    opened(3)
    authority.tricks[2] = [Unknown("no answer")]
    assert work(authority) is None
    assert numbers() == [("authorized", 1), ("authorized", 2), ("authorized", 3)]
    assert sorted(authority.sent) == [1, 2, 3] and authority.asked == [2]


def test_what_never_came_is_sent_again_under_its_number(
        authority: Authority, opened: Callable[[int], list[Document]]) -> None:
    opened(2)
    authority.tricks[1] = [Unavailable("down")]
    assert work(authority) is not None
    assert numbers() == [("pending", None), ("authorized", 2)]
    assert checks.numbers_no_gap()[0]
    assert work(authority) is None
    assert numbers() == [("authorized", 1), ("authorized", 2)]


def test_a_worker_that_was_killed_leaves_numbers_that_are_asked_about(
        authority: Authority, opened: Callable[[int], list[Document]]) -> None:
    rows = opened(2)
    services.claim([services.Claim(rows[0].id, 1, DAY, {"number": 1})])
    services.advance(rows[0].sequence_id or 0, 1, DAY)
    db.session.commit()
    assert work(authority) is None
    assert authority.asked == [1] and sorted(authority.sent) == [1, 2]
    assert numbers() == [("authorized", 1), ("authorized", 2)]


def test_a_refused_document_keeps_its_number_for_when_it_is_mended(
        authority: Authority, opened: Callable[[int], list[Document]]) -> None:
    opened(2)
    authority.tricks[1] = [No(WRONG)]
    assert work(authority) is None
    assert numbers() == [("rejected", None), ("authorized", 2)]
    assert (documents()[0].cause, documents()[0].tried_number) == ("35", 1)
    services.retry(documents()[0])
    db.session.commit()
    assert work(authority) is None
    assert numbers() == [("authorized", 1), ("authorized", 2)]


@pytest.mark.parametrize("give_up", [True, False])
def test_a_number_that_will_never_be_a_document_is_no_gap(
        authority: Authority, opened: Callable[[int], list[Document]], give_up: bool) -> None:
    opened(3)
    authority.tricks[2] = [No(WRONG, used_up=not give_up)]
    assert work(authority) is None
    assert checks.numbers_no_gap()[0]
    if give_up:
        services.abandon(documents()[1], "Se facturó dos veces")
    else:
        services.retry(documents()[1])
    db.session.commit()
    assert work(authority) is None
    assert numbers() == [("authorized", 1), ("cancelled", None) if give_up else ("authorized", 4), ("authorized", 3)]
    assert checks.numbers_no_gap()[0]
    assert db.session.scalars(sa.select(Numbering)).one().skipped == [[2, 2]]


def test_what_the_authority_still_works_on_is_asked_about_when_it_said(
        authority: Authority, opened: Callable[[int], list[Document]], monkeypatch: pytest.MonkeyPatch) -> None:
    opened(1)
    authority.tricks[1] = [Wait(30, "EN PROCESO", {"estado": "EN PROCESO"})]
    assert work(authority) is None
    (row,) = documents()
    assert (row.state, row.response, authority.asked) == ("unknown", {"estado": "EN PROCESO"}, [])
    later = clock.now() + dt.timedelta(seconds=31)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert work(authority) is None
    assert numbers() == [("authorized", 1)] and authority.sent == [1]


def test_refused_after_waiting(authority: Authority, opened: Callable[[int], list[Document]]) -> None:
    opened(1)
    authority.tricks |= {1: [Unknown("no answer")], -1: [No(WRONG)]}
    assert work(authority) is None
    assert numbers() == [("rejected", None)] and documents()[0].tried_number == 1


def test_a_question_that_fails_frees_nothing(authority: Authority, opened: Callable[[int], list[Document]]) -> None:
    opened(1)
    authority.tricks |= {1: [Unknown("no answer")], -1: [Unavailable("down")]}
    assert work(authority) is not None
    assert numbers() == [("unknown", 1)]
    assert work(authority) is None
    assert numbers() == [("authorized", 1)] and authority.sent == [1]


def test_a_sequence_is_stopped_until_a_person_has_looked(
        authority: Authority, opened: Callable[[int], list[Document]]) -> None:
    opened(2)
    authority.tricks |= {1: [Stop("resolution_used_up", "No number is left.")],
                         2: [Stop("resolution_used_up", "No number is left.")]}
    assert work(authority) is None
    assert [one.state for one in documents()] == ["pending", "pending"]
    assert db.session.scalars(sa.select(Numbering.blocked_code)).one() == "resolution_used_up"
    assert work(authority) is None and len(authority.sent) == 2
    services.continue_after(db.session.scalars(sa.select(Numbering)).one())
    db.session.commit()
    assert work(authority) is None
    assert numbers() == [("authorized", 1), ("authorized", 2)]


def test_answers_that_are_lost_again_and_again_make_it_rest(
        authority: Authority, opened: Callable[[int], list[Document]]) -> None:
    opened(1)
    authority.tricks |= {1: [Unknown("no answer")], -1: [Unknown("no answer")] * 3}
    assert work(authority) is not None
    assert numbers() == [("unknown", 1)]


def test_a_document_of_a_later_day_waits_for_it(
        authority: Authority, opened: Callable[[int], list[Document]], monkeypatch: pytest.MonkeyPatch) -> None:
    opened(1)
    authority.day = lambda row, today: today + dt.timedelta(days=1)  # type: ignore[method-assign]
    assert work(authority) is None
    (row,) = documents()
    assert row.state == "pending" and row.next_try is not None and row.next_try > clock.now() and not authority.sent


def test_another_worker_comes_back_for_what_waits(
        authority: Authority, opened: Callable[[int], list[Document]], issuer: FakeIssuer,
        monkeypatch: pytest.MonkeyPatch) -> None:
    from core.models import Job
    from modules.einvoice.jobs import authorize_sequence

    opened(1)
    authority.tricks[1] = [Wait(30)]
    monkeypatch.setattr(issuer, "work", lambda sequence_id, keep: OwnNumbers(
        sequence_id, keep, lambda environment: authority).run())
    sequence_id = db.session.scalars(sa.select(Numbering.id)).one()
    jobs.enqueue(authorize_sequence, sequence_id=sequence_id)
    authorize_sequence(sequence_id)
    keys = db.session.scalars(sa.select(Job.key).where(Job.key.like("einvoice.ask:%"))).all()
    assert len(keys) == 1


def test_a_number_that_somebody_else_has_is_left_to_him(
        authority: Authority, opened: Callable[[int], list[Document]]) -> None:
    opened(3)
    authority.tricks[-2] = [Taken("used by another program")]
    authority.tricks[2] = [Unknown("no answer")]
    assert work(authority) is None
    assert numbers() == [("authorized", 1), ("authorized", 4), ("authorized", 3)]
    assert db.session.scalars(sa.select(Numbering.skipped)).one() == [[2, 2]]


def test_somebody_else_s_document_under_a_number_of_ours_stops_the_sequence(
        authority: Authority, opened: Callable[[int], list[Document]]) -> None:
    opened(1)
    authority.tricks[1], authority.tricks[-1] = [Unknown("no answer")], [Taken("another document", alarm=True)]
    assert work(authority) is None
    sequence = db.session.scalars(sa.select(Numbering)).one()
    assert (sequence.blocked_code, sequence.blocked_reason) == ("foreign_document", "another document")
    services.continue_after(sequence)
    db.session.commit()
    assert work(authority) is None
    assert numbers() == [("authorized", 2)]
