"""Customers who get further addresses while somebody edits them are found by both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import db, is_postgresql
from core.scope import company_scope
from modules.crm import bulk, services
from modules.crm.drafts import AddressData
from modules.crm.models import Customer
from tests.at_once import real_transactions
from tests.forks import eventually

COMPANY = 1
WAITING = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                  "AND wait_event_type = 'Lock'")


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with real_transactions(tmp_path_factory.mktemp("bulk_at_once"), COMPANY) as app:
        yield app


def test_an_edit_meanwhile_keeps_its_words(own: Flask) -> None:
    with own.app_context(), company_scope(COMPANY):
        if not is_postgresql():
            pytest.skip("SQLite has one writer at a time")
        ana = services.create_customer(name="Ana Ruiz")
        key = ana.id
        db.session.commit()
        services.update_customer(ana, trade_name="Panadería")  # not committed yet
        failed: list[Exception] = []
        other = threading.Thread(target=_add, args=(own, key, failed))
        other.start()
        eventually(_waits)
        db.session.commit()
        other.join(30)
        assert not failed and not other.is_alive()
        db.session.expire_all()
        search = db.session.get_one(Customer, key).search
        assert "panaderia" in search and "belgrano" in search


def _add(app: Flask, key: int, failed: list[Exception]) -> None:
    with app.app_context(), company_scope(COMPANY):
        try:
            bulk.add_addresses([(key, AddressData(kind="service", street="Belgrano", number="55"))])
            db.session.commit()
        except Exception as error:
            failed.append(error)
            db.session.rollback()


def _waits() -> Any:
    with db.engine.connect() as looker:
        return looker.scalar(WAITING)
