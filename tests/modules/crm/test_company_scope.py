"""Whatever the shape of a statement, it sees only the rows of the company in scope."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import aliased

from core import scope
from core.db import db
from core.models import User
from modules.crm import services
from modules.crm.models import Customer, Email

Other = aliased(Customer)
SHAPES = {
    "count of rows": (sa.select(sa.func.count()).select_from(Customer), 1),
    "count of ids": (sa.select(sa.func.count(Customer.id)), 1),
    "subquery": (sa.select(sa.func.count()).select_from(sa.select(Customer.id).subquery()), 1),
    "common table": (sa.select(sa.func.count()).select_from(sa.select(Customer.id).cte()), 1),
    "union": (sa.select(sa.func.count()).select_from(
        sa.union_all(sa.select(Customer.id), sa.select(Email.id)).subquery()), 2),
    "exists": (sa.select(sa.exists().where(Customer.name == "Ajena")), False),
    "scalar subquery": (sa.select(sa.select(sa.func.count()).select_from(Customer).scalar_subquery()), 1),
    "join": (sa.select(sa.func.count()).select_from(Customer).join(Email, Email.customer_id == Customer.id), 1),
    "alias": (sa.select(sa.func.count()).select_from(Other), 1),
}


@pytest.fixture
def two_companies(company, other_company):
    services.create_customer(name="Propia", emails="p@example.com")
    with scope.company_scope(other_company):
        services.create_customer(name="Ajena", emails="a@example.com")
    db.session.flush()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_statement_of_any_shape_sees_one_company(two_companies, shape):
    statement, expected = SHAPES[shape]
    assert db.session.scalar(statement) == expected


@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_company_such_a_statement_raises(app, shape):
    with pytest.raises(scope.NoCompany):
        db.session.scalar(SHAPES[shape][0])


def test_updates_and_deletes_touch_one_company(two_companies, other_company):
    db.session.execute(sa.update(Customer).values(notes="x"))
    db.session.execute(sa.delete(Email).where(Email.customer_id.in_(sa.select(Customer.id))))
    with scope.company_scope(other_company):
        assert db.session.scalar(sa.select(Customer.notes)) == ""
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Email)) == 1


def test_tables_of_no_company_need_none(app):
    assert db.session.scalar(sa.select(sa.func.count()).select_from(User)) == 0


def test_sweepers_may_look_at_all(two_companies):
    with scope.every_company():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Customer)) == 2
