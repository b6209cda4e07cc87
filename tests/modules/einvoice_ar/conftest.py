"""Documents ready to be sent, and an ARCA in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.db import db
from core.models import Company, Lease
from core.scope import current_company
from core.simulators import Running, running
from modules.accounting.bulk import issue_many
from modules.accounting.drafts import DraftLine, InvoiceDraft
from modules.crm.models import Customer
from modules.einvoice import services
from modules.einvoice.models import Document, Sequence
from modules.einvoice_ar import access
from tests.modules.einvoice_ar.fake_arca import FakeArca, Killed
from tests.modules.einvoice_ar.foreign import Foreign

DAY = dt.date(2026, 11, 3)


@pytest.fixture
def arca(company: Company, monkeypatch: pytest.MonkeyPatch, frozen: Callable[..., Any]) -> FakeArca:
    """The company's ARCA on 3 November 2026, noon in Buenos Aires."""
    frozen(2026, 11, 3, 15)
    fake = FakeArca()
    monkeypatch.setattr(access, "connect", lambda _environment=None: fake)
    return fake


@pytest.fixture
def make_documents(company: Company) -> Callable[..., Sequence]:
    """`make_documents(5, kind="6")`: pending documents of invoices on one sequence."""
    return add_documents


def add_documents(count: int, kind: str = "6", series: str = "0003", date: dt.date = DAY, **changes: Any) -> Sequence:
    """Pending documents of new invoices of the company in scope; the totals run on from those already there."""
    place = services.ensure_sequences("AR", {("rehearsal", series, kind)})[("rehearsal", series, kind)]
    before = db.session.scalar(sa.select(sa.func.count()).select_from(Document)) or 0
    numbers = range(before + 1, before + count + 1)
    for index, invoice_id in zip(numbers, issue_invoices([100 + index for index in numbers], date), strict=True):
        db.session.add(Document(
            invoice_id=invoice_id, sequence_id=place, country="AR", environment="rehearsal", series=series,
            kind=kind, issue_date=date, request=detail(index, date) | changes))
    db.session.commit()
    return db.session.get_one(Sequence, place)


def issue_invoices(totals: list[int], date: dt.date) -> list[int]:
    """Invoices of these totals, to one customer; their ids."""
    customer = db.session.scalar(sa.select(Customer).limit(1)) or Customer(
        code="1", name="Ana", sort_name="ana", tax_id_kind="DNI", tax_id="30000001", tax_condition="CF")
    db.session.add(customer)
    db.session.flush()
    vat = ({"code": "VAT", "rate": "21"},)
    drafts = [InvoiceDraft(customer.id, date, (DraftLine("Internet", Decimal(1), Decimal(total),
                                                         price_includes_tax=True, taxes=vat),)) for total in totals]
    return issue_many(current_company(), drafts)


def detail(index: int, date: dt.date) -> dict[str, Any]:
    """A request without number, as the bridge makes it."""
    day = date.strftime("%Y%m%d")
    return {"Concepto": 2, "DocTipo": 96, "DocNro": 30000000 + index, "CbteFch": day, "ImpTotal": f"{100 + index}.00",
            "FchServDesde": day, "FchServHasta": day, "FchVtoPago": day}


@pytest.fixture
def work() -> Callable[[Sequence | int], None]:
    """Run the job of a sequence as a worker does, until it ends, waits, or is killed."""
    from core.jobs import RetryLater
    from modules.einvoice.jobs import authorize_sequence

    def run(sequence: Sequence | int) -> None:
        sequence_id = sequence if isinstance(sequence, int) else sequence.id
        try:
            authorize_sequence(sequence_id)
            db.session.commit()
        except RetryLater:
            db.session.rollback()
            table: Any = Sequence.__table__  # the time has passed
            db.session.execute(sa.update(table).where(table.c.id == sequence_id).values(next_try=None))
            db.session.commit()
        except Killed:
            db.session.rollback()
            db.session.execute(sa.delete(Lease))  # the dead process's lease counts no more
            db.session.commit()
        finally:
            db.session.expire_all()

    return run


@pytest.fixture
def settle(work: Callable[[int], None]) -> Callable[[Sequence], int]:
    """Run again and again until nothing is open; how many rounds it took."""

    def until_done(sequence: Sequence) -> int:
        sequence_id = sequence.id
        for rounds in range(1, 500):
            work(sequence_id)
            left = db.session.scalar(sa.select(sa.func.count()).select_from(Document).where(
                Document.sequence_id == sequence_id, Document.state.in_(("pending", "sending", "unknown"))))
            if not left:
                return rounds
        raise AssertionError("documents stayed open")

    return until_done


@pytest.fixture
def proven(arca: FakeArca) -> Callable[[Sequence], None]:
    """Every document authorised once, numbers from 1 without gap, here exactly as there."""

    def check(sequence: Sequence) -> None:
        rows = db.session.scalars(sa.select(Document).where(Document.sequence_id == sequence.id)
                                  .order_by(Document.number)).all()
        book = arca.book(int(sequence.series), int(sequence.kind))
        assert [row.state for row in rows] == ["authorized"] * len(rows)
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        assert len(book) == len(rows)
        assert [(row.request["DocNro"], row.authorization_code, row.issue_date.strftime("%Y%m%d")) for row in rows] == [
            (entry["DocNro"], entry["CAE"], entry["CbteFch"]) for entry in book]
        assert db.session.get_one(Sequence, sequence.id).last_number == len(rows)

    return check


@pytest.fixture(scope="session")
def _simulator() -> Iterator[Running]:
    with running(["arca"]) as server:
        yield server


@pytest.fixture
def simulator(_simulator: Running) -> Iterator[Running]:
    """ARCA's simulator on a free port, as after its start."""
    _simulator.reset("arca")
    yield _simulator
    _simulator.reset("arca")


@pytest.fixture(scope="session")
def _keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def foreign(simulator: Running, _keys: Path) -> Foreign:
    """Another program, not yet logged in, with a certificate called "otro"."""
    client = Foreign(simulator.url, _keys)
    if (_keys / "otro.crt").exists():
        client.keys["otro"] = (_keys / "otro.key", _keys / "otro.crt")
    else:
        client.certificate()
    return client


@pytest.fixture
def logged_in(foreign: Foreign) -> Foreign:
    """The same with a ticket for WSFEv1."""
    foreign.enter()
    return foreign
