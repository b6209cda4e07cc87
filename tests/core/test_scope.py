"""Companies never see each other's rows: in selects, counts, subqueries, updates, deletes, and when writing."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, aliased, mapped_column

from core import scope
from core.db import BigId, CompanyScoped, Model, db, find
from core.errors import NotFound
from core.models import Company
from core.scope import NoCompany, company_scope, every_company, nobody


class Thing(CompanyScoped, Model):
    """A business row of these tests; its table exists while they run."""

    __tablename__ = "test_scope_thing"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))


@pytest.fixture(autouse=True)
def things(app: Flask, company: Company, other_company: Company) -> Iterator[dict[str, int]]:
    """Two things of the company, one of the other; ids by name."""
    Thing.__table__.create(db.session.connection())  # type: ignore[attr-defined]
    made = {name: Thing(name=name) for name in ("mine", "mine too")}
    db.session.add_all(made.values())
    db.session.flush()
    with company_scope(other_company):
        made["theirs"] = Thing(name="theirs")
        db.session.add(made["theirs"])
        db.session.flush()
    ids = {name: one.id for name, one in made.items()}
    for one in made.values():
        db.session.expunge(one)
    yield ids
    db.session.rollback()


def names() -> list[str]:
    with every_company():
        return sorted(db.session.scalars(sa.select(Thing.name)))


def test_the_table_of_these_tests_is_not_the_product_s(app: Flask) -> None:
    from core import schema

    assert not schema.only_tables_of("core")(Thing.__table__, "test_scope_thing", "table", False, None)


def test_a_select_finds_only_the_company_s_rows() -> None:
    assert sorted(db.session.scalars(sa.select(Thing.name))) == ["mine", "mine too"]
    assert sorted(one.name for one in db.session.scalars(sa.select(Thing))) == ["mine", "mine too"]


def test_counts_subqueries_aliases_and_exists_are_limited_too(other_company: Company) -> None:
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Thing)) == 2
    inner = sa.select(Thing.id).where(Thing.name == "theirs").scalar_subquery()
    assert db.session.scalar(sa.select(inner)) is None
    again = aliased(Thing)
    assert db.session.scalars(sa.select(again.name).where(again.name == "theirs")).all() == []
    assert not db.session.scalar(sa.select(sa.exists().where(Thing.name == "theirs")))
    assert db.session.scalars(sa.select(Company.id).where(
        Company.id.in_(sa.select(Thing.company_id)))).all() != [other_company.id]


def test_a_join_of_two_aliases_finds_no_foreign_row() -> None:
    one, two = aliased(Thing), aliased(Thing)
    pairs = db.session.execute(sa.select(one.name, two.name).join(two, one.id != two.id)).all()
    assert sorted(pairs) == [("mine", "mine too"), ("mine too", "mine")]


def test_a_cte_is_limited() -> None:
    part = sa.select(Thing.name).cte()
    assert sorted(db.session.scalars(sa.select(part.c.name))) == ["mine", "mine too"]


def test_update_and_delete_leave_other_companies_alone() -> None:
    db.session.execute(sa.update(Thing).values(name="changed"))
    assert names() == ["changed", "changed", "theirs"]
    db.session.execute(sa.delete(Thing))
    assert names() == ["theirs"]


def test_a_foreign_id_is_not_found_even_when_the_row_is_in_the_session(things: dict[str, int]) -> None:
    with every_company():
        assert db.session.get(Thing, things["theirs"]) is not None
    with pytest.raises(NotFound):
        find(Thing, things["theirs"])
    assert find(Thing, things["mine"]).name == "mine"


def test_without_a_company_nothing_is_read_or_written(company: Company) -> None:
    with nobody():
        inside = sa.select(Company.id).where(Company.id.in_(sa.select(Thing.company_id)))
        for statement in (sa.select(Thing), sa.select(sa.func.count()).select_from(Thing), inside,
                          sa.update(Thing).values(name="x"), sa.delete(Thing)):
            with pytest.raises(NoCompany):
                db.session.execute(statement)
        db.session.add(Thing(name="nobody's"))
        with pytest.raises(NoCompany):
            db.session.flush()
        db.session.rollback()
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Company)) == 2


def test_sweepers_may_see_all_and_the_limit_is_back_afterwards(company: Company) -> None:
    with every_company():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Thing)) == 3
        with company_scope(company):
            assert db.session.scalar(sa.select(sa.func.count()).select_from(Thing)) == 2
        assert scope.is_every_company()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Thing)) == 2


def test_a_row_of_another_company_cannot_be_written(other_company: Company) -> None:
    db.session.add(Thing(name="smuggled", company_id=other_company.id))
    with pytest.raises(ValueError, match="not to the one in scope"):
        db.session.flush()
    db.session.rollback()


def test_the_scope_ends_with_its_block_also_after_an_error(company: Company, other_company: Company) -> None:
    with pytest.raises(RuntimeError), company_scope(other_company), scope.acting_as(7):
        raise RuntimeError
    assert scope.current_company_id() == company.id and scope.current_user_id() is None


def test_another_thread_does_not_inherit_the_company() -> None:
    seen: list[int | None] = []
    thread = threading.Thread(target=lambda: seen.append(scope.company_id_or_none()))
    thread.start()
    thread.join()
    assert seen == [None]


def test_a_company_that_is_gone_is_said_so() -> None:
    with company_scope(999_999), pytest.raises(NoCompany, match="999999"):
        scope.current_company()
