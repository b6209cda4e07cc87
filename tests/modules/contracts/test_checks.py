"""`abona check` finds what must never be, and nothing where all is well."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from core.db import db
from core.scope import every_company
from modules.contracts import extras
from modules.contracts.checks import billed_once_per_period, former_without_service
from modules.contracts.models import BilledPeriod, ChargeInstalment
from tests.modules.contracts.situations import DECEMBER, NOVEMBER


@pytest.fixture
def town(make_contract, profile, bill):
    """Two months of two contracts on one invoice, and one with instalments."""
    profile.group_by = "customer"
    first = make_contract("Ana")
    make_contract(customer=first.customer)
    other = make_contract("Beto")
    extras.add_charge(other, "Antenna", Decimal(300), instalments=3)
    db.session.commit()
    bill(NOVEMBER)
    bill(DECEMBER)
    return first, other


def answer():
    with every_company():
        return billed_once_per_period()


def test_a_town_in_order_has_no_findings(town):
    assert answer() == (True, 0, "")


@pytest.mark.parametrize(("harm", "words"), [
    (lambda town: sa.update(BilledPeriod).where(BilledPeriod.contract_id == town[1].id,
                                                BilledPeriod.month == DECEMBER).values(total=Decimal(1)), "total"),
    (lambda town: sa.update(BilledPeriod).where(BilledPeriod.contract_id == town[0].id).values(
        customer_id=town[1].customer_id), "customer"),
    (lambda town: sa.update(ChargeInstalment).where(ChargeInstalment.position == 1).values(contract_id=town[0].id),
     "another contract")])
def test_what_does_not_fit_is_found(town, harm, words):
    db.session.execute(harm(town).execution_options(synchronize_session=False))
    ok, count, detail = answer()
    assert not ok and count >= 1 and words in detail


def test_an_invoice_of_a_run_that_no_month_knows_is_found(town):
    month = sa.select(sa.func.min(BilledPeriod.id)).where(BilledPeriod.contract_id == town[1].id).scalar_subquery()
    db.session.execute(sa.update(ChargeInstalment).values(billed_period_id=None))
    db.session.execute(sa.delete(BilledPeriod).where(BilledPeriod.id == month)
                       .execution_options(synchronize_session=False))
    assert answer() == (False, 1, "1 invoices without a billed month")


def test_a_former_customer_whose_contract_is_in_use_is_found(town):
    """Databases of before may hold some; nothing makes new ones."""
    with every_company():
        assert former_without_service() == (True, 0, "")
        town[0].customer.active = False
        db.session.flush()
        ok, count, detail = former_without_service()
    assert (ok, count) == (False, 2) and town[0].number in detail
