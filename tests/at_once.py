"""Several who do something at the same moment, each with a connection and a transaction of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from core.db import db
from core.scope import company_scope


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
