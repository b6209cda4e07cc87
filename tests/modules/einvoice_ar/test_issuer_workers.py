"""Several workers at once on a database of their own: threads, real commits, real leases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import companies, config, jobs, schema
from core.app import create_app
from core.db import db
from core.scope import company_scope
from modules.einvoice import services
from modules.einvoice.models import Document, Sequence
from modules.einvoice_ar import access
from tests.installation import fresh_database
from tests.modules.einvoice_ar.conftest import add_documents
from tests.modules.einvoice_ar.fake_arca import FakeArca

DOCUMENTS, WORKERS = 60, 4


@pytest.fixture
def own_app(tmp_path: Path) -> Iterator[Flask]:
    """An app whose database is not wrapped in a test's transaction."""
    with fresh_database(tmp_path, migrated=True) as url:
        app = create_app(config.load(instance=tmp_path, database_url=url, redis_url="", secret_key="k", testing=True))
        with app.app_context():
            schema.upgrade()
            yield app
            db.session.remove()
            db.engine.dispose()


class SlowArca(FakeArca):
    """Takes its time, so that workers meet; notes whether two calls to authorise ever overlapped."""

    def __init__(self) -> None:
        super().__init__()
        self.limit, self.inside, self.overlapped = 5, 0, False

    def _authorize(self, point: int, kind: int, details: list[dict[str, Any]]) -> Any:
        self.inside += 1
        self.overlapped |= self.inside > 1
        time.sleep(0.02)
        try:
            return super()._authorize(point, kind, details)
        finally:
            self.inside -= 1


def in_threads(app: Flask, count: int, work: Callable[[], None]) -> list[BaseException]:
    failures: list[BaseException] = []

    def run() -> None:
        with app.app_context():
            try:
                work()
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=run) for _index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failures


@pytest.mark.slow
def test_workers_on_one_sequence_take_turns_and_send_all_once(own_app: Flask,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    arca = SlowArca()
    monkeypatch.setattr(access, "connect", lambda _environment=None: arca)
    company = companies.create_company("AR", "Río Cuarto Wireless S.A.", "30990000103", tax_condition="RI")
    db.session.commit()
    with company_scope(company):
        sequence_id = add_documents(DOCUMENTS).id
        for index in range(WORKERS * 3):
            services.enqueue_work([sequence_id], f"chunk{index}")
        db.session.commit()
    db.session.remove()

    failures = in_threads(own_app, WORKERS, lambda: [jobs.run(job_id) for job_id, _queue in jobs.due(100)] and None)

    assert not failures and not arca.overlapped
    with company_scope(companies.find_company("30990000103")):
        rows = db.session.scalars(sa.select(Document).order_by(Document.number)).all()
        assert [(row.state, row.number) for row in rows] == [("authorized", n) for n in range(1, DOCUMENTS + 1)]
        assert len(arca.book(3, 6)) == DOCUMENTS
        assert db.session.scalars(sa.select(Sequence.last_number)).one() == DOCUMENTS
