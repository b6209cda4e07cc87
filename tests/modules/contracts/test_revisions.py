"""Raising prices: by plan, by zone and tag; promised ones left alone; told, undone, billed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from core.db import db
from modules.contracts import revisions, services
from modules.contracts.errors import NotPossible, WrongValue
from modules.contracts.models import PlanPrice
from modules.contracts.revisions import RevisionData
from modules.crm import services as crm
from modules.crm.models import Tag, Zone
from modules.notifications.models import Message
from tests.modules.contracts.situations import DECEMBER, lines

JANUARY = dt.date(2027, 1, 1)


def draft(**values):
    data = {"name": "January", "valid_from": JANUARY, "percent": Decimal(8), "rounding": Decimal(10), **values}
    return revisions.draft(RevisionData(**data))


@pytest.fixture
def north(isp):
    zone = Zone(name="Norte")
    db.session.add(zone)
    db.session.flush()
    return zone


@pytest.fixture
def town(make_contract, make_customer, north):
    """Four contracts: two in the north, of which one has a promised price; one with a price of its own; a plain one."""
    return {
        "north": make_contract(customer=make_customer("Norte", zone_id=north.id, emails="n@example.com")),
        "promised": make_contract(customer=make_customer("Promesa", zone_id=north.id), price=Decimal("9000"),
                                  price_until=dt.date(2027, 6, 30)),
        "own": make_contract("Propio", price=Decimal("10000")),
        "plain": make_contract("Llano", price=None)}


def billed(town, bill, month=JANUARY):
    bill(month)
    return {name: lines(contract, month)[0][1] for name, contract in town.items()}


def test_all_prices_of_a_plan_are_raised_and_promises_left_alone(town, bill, plan):
    revision = draft(plan_ids=[plan.id])
    outlook = revisions.outlook(revision)
    assert (outlook.contracts, outlook.spared) == (3, 1)
    assert (outlook.before, outlook.after) == (Decimal("34200"), Decimal("36940"))
    revisions.apply(revision)
    db.session.commit()
    assert (revision.contracts, revision.spared) == (3, 1)
    assert plan.price_on(DECEMBER) == 12100 and plan.price_on(JANUARY) == 13070
    assert billed(town, bill) == {"north": "13070.00", "promised": "9000.00", "own": "10800.00", "plain": "13070.00"}


def test_prices_of_a_zone_are_raised_contract_by_contract(town, bill, plan, north):
    revision = draft(zone_ids=[north.id])
    revisions.apply(revision)
    db.session.commit()
    assert (revision.contracts, revision.spared) == (1, 1) and plan.price_on(JANUARY) == 12100
    assert billed(town, bill) == {"north": "13070.00", "promised": "9000.00", "own": "10000.00", "plain": "12100.00"}


def test_a_tag_limits_and_an_amount_lowers(town, bill, isp):
    tag = Tag(name="VIP")
    db.session.add(tag)
    db.session.flush()
    crm.update_customer(town["own"].customer, tag_ids=[tag.id])
    revisions.apply(draft(percent=None, amount=Decimal("-1234"), rounding=Decimal("0.01"), tag_ids=[tag.id]))
    db.session.commit()
    assert billed(town, bill)["own"] == "8766.00"


def test_what_was_shown_before_is_shown_after(town, plan):
    revision = draft()
    before = revisions.outlook(revision)
    revisions.apply(revision)
    after = revisions.outlook(revision)
    assert (after.contracts, after.before, after.after) == (before.contracts, before.before, before.after)


def test_applying_twice_raises_once(town, plan):
    revision = draft()
    revisions.apply(revision)
    revisions.apply(revision)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PlanPrice).where(
        PlanPrice.revision_id == revision.id)) == 1
    assert plan.price_on(JANUARY) == 13070


def test_a_revision_is_undone_as_long_as_nobody_is_billed_by_it(town, plan, bill):
    revision = draft()
    revisions.apply(revision)
    db.session.commit()
    bill(DECEMBER)
    assert revisions.can_undo(revision)
    revisions.undo(revision)
    db.session.commit()
    assert revision.state == "cancelled" and plan.price_on(JANUARY) == 12100
    assert billed(town, bill)["own"] == "10000.00"


def test_it_cannot_be_undone_once_somebody_paid_the_new_price(town, bill):
    revision = draft()
    revisions.apply(revision)
    db.session.commit()
    bill(JANUARY)
    assert not revisions.can_undo(revision)
    with pytest.raises(NotPossible, match="billed by its prices"):
        revisions.undo(revision)


def test_months_that_are_billed_are_not_revised(town, bill):
    bill(DECEMBER)
    with pytest.raises(WrongValue, match="01/01/2027"):
        draft(valid_from=dt.date(2026, 12, 15))


def test_a_plan_that_changes_its_price_that_very_day_is_not_raised_twice(town, plan):
    plan.prices.append(PlanPrice(valid_from=JANUARY, price=Decimal(15000)))
    db.session.flush()
    with pytest.raises(WrongValue, match="Plan H50"):
        revisions.apply(draft())


@pytest.mark.parametrize("wrong", [
    {"name": " "}, {"percent": None}, {"amount": Decimal(5)}, {"percent": Decimal(0)}, {"percent": Decimal(-100)},
    {"rounding": Decimal(0)}])
def test_revisions_that_cannot_be_are_refused(town, wrong):
    with pytest.raises(WrongValue):
        draft(**wrong)


def test_a_revision_that_touches_nobody_is_refused(isp, north, make_plan):
    make_plan()
    with pytest.raises(NotPossible, match="no contract"):
        revisions.apply(draft(zone_ids=[north.id]))


def test_subscribers_are_told_once_of_the_old_and_the_new_price(town, plan, work):
    revision = draft()
    revisions.announce(revision)
    db.session.commit()
    work()
    found = {message.customer_id: message for message in db.session.scalars(
        sa.select(Message).where(Message.kind == "contracts.price_change"))}
    assert len(found) == 3 and town["promised"].customer_id not in found
    text = found[town["north"].customer_id].body
    assert "12,100.00" in text and "13,070.00" in text
    assert revisions.tell(revision) == 0
    with pytest.raises(NotPossible, match="told"):
        revisions.announce(revision)


def test_contracts_that_end_before_or_change_their_plan_are_looked_at_by_that_day(town, make_plan, plan):
    services.end(town["plain"], dt.date(2026, 12, 31))
    services.change_plan(town["own"], make_plan("H100", "20000"), DECEMBER)
    outlook = revisions.outlook(draft())
    assert {one.number: (one.plan, one.before) for one in outlook.sample} == {
        town["north"].number: ("Plan H50", Decimal(12100)), town["own"].number: ("Plan H100", Decimal(20000))}


def test_subscribers_are_told_by_itself_on_the_day_that_was_wanted(town, work):
    revision = draft(notice_days=30)
    assert revision.tell_on == dt.date(2026, 12, 2)
    assert revisions.tell_due(dt.date(2026, 12, 2)) == 0  # a draft is not told of
    revisions.apply(revision)
    assert revisions.tell_due(dt.date(2026, 12, 1)) == 0 and revision.notified_at is None
    assert revisions.tell_due(dt.date(2026, 12, 2)) == 1
    assert revisions.tell_due(dt.date(2026, 12, 3)) == 0
    db.session.commit()
    work()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Message).where(
        Message.kind == "contracts.price_change")) == 3


def test_who_sets_prices_too_late_tells_at_once(town):
    revision = draft(notice_days=90)
    revisions.apply(revision)
    assert revision.notified_at is not None


def test_without_a_day_subscribers_are_told_only_by_hand(town):
    revision = draft(notice_days=None)
    revisions.apply(revision)
    assert revisions.tell_due(dt.date(2026, 12, 31)) == 0 and revision.notified_at is None
