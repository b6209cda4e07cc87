"""The audit: who did what, in a chain that shows every record that was changed, taken away or put in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from flask import Flask

from core import audit, deeds, scope
from core.config import ROOT
from core.db import db
from core.models import AuditHead, AuditRecord, Company
from core.scope import every_company


def written(count: int, company: Company) -> list[int]:
    """So many records in as many transactions; their positions."""
    for number in range(count):
        audit.record("core.test", company, {"n": number}, reason=f"because {number}")
        db.session.commit()
    return list(db.session.scalars(sa.select(AuditRecord.position).order_by(AuditRecord.position)))


def change(**values: Any) -> None:
    """What somebody with a database client does to the third record."""
    db.session.execute(sa.update(AuditRecord).where(AuditRecord.position == 3).values(**values))
    db.session.commit()


def test_a_record_says_who_did_what_to_what_and_from_which_request(company: Company, make_user: Any) -> None:
    user = make_user()
    with scope.acting_as(user.id), structlog.contextvars.bound_contextvars(request_id="r-1"):
        entry = audit.record("core.test", company, {"amount": Decimal("12.30"), "on": dt.date(2026, 11, 3)}, "a reason")
    db.session.commit()
    assert (entry.user_id, entry.company_id, entry.object_type, entry.object_id) == (
        user.id, company.id, "core_company", company.id)
    assert entry.changes == {"amount": "12.30", "on": "2026-11-03"}
    assert (entry.label, entry.reason, entry.request_id) == (str(company), "a reason", "r-1")


def test_records_are_chained_in_the_order_of_their_transactions(company: Company) -> None:
    positions = written(4, company)
    assert positions == list(range(1, len(positions) + 1))
    with every_company():
        assert audit.verify() == (len(positions), None)


def test_several_records_of_one_transaction_are_chained_in_their_order(company: Company) -> None:
    for number in range(3):
        audit.record(f"core.step_{number}")
    db.session.commit()
    actions = list(db.session.scalars(sa.select(AuditRecord.action).order_by(AuditRecord.position)))
    assert actions[-3:] == ["core.step_0", "core.step_1", "core.step_2"]
    assert audit.verify()[1] is None


def test_what_is_rolled_back_was_never_written(company: Company) -> None:
    before = written(2, company)
    audit.record("core.test")
    db.session.rollback()
    assert written(1, company) == [*before, len(before) + 1]
    assert audit.verify()[1] is None


@pytest.mark.parametrize("values", [
    {"reason": "another"}, {"action": "core.other"}, {"changes": {"n": 99}}, {"user_id": None, "label": "x"},
    {"at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, {"object_id": 999}, {"hash": "0" * 64}, {"company_id": None}])
def test_a_record_that_was_altered_is_found(company: Company, values: dict[str, Any]) -> None:
    written(5, company)
    change(**values)
    assert audit.verify() == (3, 3)


def test_a_record_that_was_taken_away_is_found(company: Company) -> None:
    written(5, company)
    db.session.execute(sa.delete(AuditRecord).where(AuditRecord.position == 3))
    db.session.commit()
    assert audit.verify()[1] == 3


def test_the_last_records_taken_away_are_found_by_the_head(company: Company) -> None:
    count = len(written(5, company))
    db.session.execute(sa.delete(AuditRecord).where(AuditRecord.position > count - 2))
    db.session.commit()
    assert audit.verify() == (count - 2, count - 1)


def test_two_records_that_changed_places_are_found(company: Company) -> None:
    written(5, company)
    for old, new in ((3, -1), (4, 3), (-1, 4)):
        db.session.execute(sa.update(AuditRecord).where(AuditRecord.position == old).values(position=new))
    db.session.commit()
    assert audit.verify()[1] == 3


def test_an_altered_record_cannot_be_hidden_by_computing_its_hash_again(company: Company) -> None:
    written(5, company)
    entry = db.session.scalars(sa.select(AuditRecord).where(AuditRecord.position == 3)).one()
    former = db.session.scalars(sa.select(AuditRecord.hash).where(AuditRecord.position == 2)).one()
    entry.reason = "another"
    entry.hash = audit.digest(former, entry)
    db.session.commit()
    assert audit.verify()[1] == 4


def test_the_head_is_one_row(company: Company) -> None:
    count = len(written(3, company))
    head = db.session.scalars(sa.select(AuditHead)).one()
    assert head.position == count


def test_long_texts_are_cut_and_not_refused(app: Flask) -> None:
    entry = audit.record("core.test", reason="r" * 900)
    db.session.commit()
    assert len(entry.reason) == 500 and audit.verify()[1] is None


def test_a_request_that_fails_leaves_no_record(login: Callable[..., Any], company: Company) -> None:
    client = login("core.edit_company")
    before = db.session.scalar(sa.select(sa.func.count()).select_from(AuditRecord))
    client.post("/company", data={"name": "", "color": "#123456"})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditRecord)) == before


def test_every_action_that_is_put_on_record_has_words(app: Flask) -> None:
    """Found in the source: what a page shows of an action must not be its code."""
    found = set()
    for path in [*ROOT.glob("core/**/*.py"), *ROOT.glob("modules/**/*.py")]:
        for given in re.findall(r"audit\.record\(([^,]+),", path.read_text()):
            found.update(re.findall(r'"([a-z_]+\.[a-z_]+)"', given))
    assert len(found) > 80
    assert found - set(deeds.WORDS) == set()
