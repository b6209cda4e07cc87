"""Several who do something at the same moment, each with a connection and a transaction of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from core import companies, config, schema
from core.app import create_app
from core.db import db
from core.scope import company_scope
from tests.installation import fresh_database

ARGENTINE = ("AR", "Río Cuarto Wireless S.A.", "30990000103")


@contextmanager
def real_transactions(folder: Path, company: int, *named: str, prepare: Callable[[], Any] = lambda: None,
                      **values: str) -> Iterator[Flask]:
    """An app on a database of its own, whose transactions are real ones, with this company; `prepare()` runs in it."""
    with fresh_database(folder, migrated=True) as url:
        app = create_app(config.load(instance=folder, database_url=url, redis_url="", secret_key="k", testing=True))
        with app.app_context():
            schema.upgrade()
            made = companies.create_company(*(named or ARGENTINE), **(values or {"tax_condition": "RI"}))
            assert made.id == company
            with company_scope(company):
                prepare()
                db.session.commit()
        yield app
        with app.app_context():
            db.engine.dispose()


def together(app: Flask, company: int, *calls: Callable[[], Any]) -> list[Any]:
    """What each call answered (of a row its id) or raised, all begun at the same moment."""
    db.session.rollback()  # on SQLite a transaction that this thread left open would make all others wait
    gate, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        with app.app_context(), company_scope(company):
            try:
                gate.wait(20)
                answer = call()
                db.session.flush()
                answers[place] = answer.id if hasattr(answer, "id") else answer
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                answers[place] = error

    threads = [threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    db.session.rollback()
    return answers
